"""What is certain of a condition before any event comes: that it can never hold, or always does.

The rulebook warns of it while it reads a hook file. Only what holds of every event is said: where it can't be known,
nothing is. No comparison with a missing value holds, and a condition that can't be computed does not hold either.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any, NamedTuple

from jinja2 import nodes

from relay.expressions.filters import TESTS
from relay.expressions.missing import is_missing
from relay.expressions.parts import READER, chain_of, written

Compare = Callable[[Any, Any], bool]
COMPARES: dict[str, Compare] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda value, several: value in several,
    "notin": lambda value, several: value not in several,
}
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}
FLIPPED = {"eq": "eq", "ne": "ne", "lt": "gt", "lteq": "gteq", "gt": "lt", "gteq": "lteq"}
#: Before a comparison's name, where the whole comparison must not hold: a missing value passes then.
DENIED = "not "
#: Kinds of values, no two of which a value can be at once.
APART = ("text", "number", "list", "true", "false")

Subject = tuple[str | int, ...]


#: What a filter gives whatever it is given.
KINDS_OF_FILTERS = {"number": "a number", "round": "a number", "length": "a number", "bool": "true/false"}


class Fact(NamedTuple):
    """What one part of a condition asks of a name."""

    subject: Subject
    #: A comparison's name, a test's, ``truthy`` or ``falsy``.
    kind: str
    value: Any = None
    #: The node that says so.
    node: nodes.Node | None = None

    def allows(self, value: object) -> bool:
        """Whether a value passes; one that can't be compared does not."""
        denied = self.kind.startswith(DENIED)
        if compare := COMPARES.get(self.kind.removeprefix(DENIED)):
            try:
                return bool(compare(value, self.value)) is not denied
            except TypeError:
                return False
        if self.kind in TESTS:
            return TESTS[self.kind](value)
        return bool(value) is (self.kind == "truthy")

    def __str__(self) -> str:
        name = written(self.subject)
        if sign := SIGNS.get(self.kind.removeprefix(DENIED)):
            return f"{DENIED if self.kind.startswith(DENIED) else ''}{name} {sign} {spelled(self.value)}"
        return {"truthy": name, "falsy": f"not {name}"}.get(self.kind, f"{name} is {self.kind}")


class Certain(NamedTuple):
    """What is certain of a condition, and the node that makes it so."""

    words: str
    node: nodes.Node


#: What certain names are for every event of a hook, by subject: all values that they can have.
Fixed = Mapping[Subject, Sequence[object]]


def why_never(tree: nodes.Expr, fixed: Fixed) -> Certain | None:
    """Say why a condition can never hold; None where it may."""
    if truth_of(tree) is False:
        return Certain("never holds: it is false for every event", tree)
    return never(tree, [], fixed)


def never(tree: nodes.Node, given: list[Fact], fixed: Fixed) -> Certain | None:
    """Look for what excludes itself in the parts that must all hold, and in each way that an ``or`` leaves open."""
    parts = list(conjuncts(tree))
    facts = [*given, *(fact for part in parts for fact in facts_of(part))]
    if found := exclusion(facts, fixed):
        return found
    for part in parts:
        if isinstance(part, nodes.Or):
            ways = [never(way, facts, fixed) for way in disjuncts(part)]
            if all(ways):
                return ways[0]
    return None


def why_always(tree: nodes.Expr) -> Certain | None:
    """Say why a condition always holds though it looks as if it depended on the event; None where it may not."""
    if isinstance(tree, nodes.Const) and isinstance(tree.value, str):
        return Certain("always holds: it is a text in quotes; leave out the quotes around it", tree)
    ways = list(disjuncts(tree))
    facts = [fact for way in ways for fact in facts_of(way)]
    for way in ways if len(ways) > 1 else ():
        if isinstance(way, nodes.Const) and way.value not in (True, False):
            name = next((written(fact.subject) for fact in facts if fact.kind == "eq"), "fields.x")
            value = spelled(way.value)
            return Certain(f"always holds: {value} stands alone behind or; write {name} == {value}", way)
    differing = [fact for fact in facts if fact.kind == "ne"] if len(ways) > 1 else []
    for one, other in combinations(differing, 2):
        if one.subject == other.subject and one.value != other.value:
            words = f"holds whatever {written(one.subject)} is, for it can't be both; write and between them"
            return Certain(words, other.node or tree)
    return None


def truth_of(tree: nodes.Node) -> bool | None:
    """Say whether a condition holds, where that is the same for every event."""
    if isinstance(tree, nodes.And):
        return both(truth_of(tree.left), truth_of(tree.right))
    if isinstance(tree, nodes.Or):
        return opposite(both(opposite(truth_of(tree.left)), opposite(truth_of(tree.right))))
    if isinstance(tree, nodes.Not):
        return opposite(truth_of(tree.node))
    if isinstance(tree, nodes.Expr) and tree.find(nodes.Name) is None:
        # What can't be computed before there is an event is not known.
        with suppress(Exception):
            return bool(tree.as_const(nodes.EvalContext(READER)))
    return None


def both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return True if left and right else None


def opposite(held: bool | None) -> bool | None:
    return None if held is None else not held


def conjuncts(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Give the parts that must all hold."""
    left = [tree]
    while left:
        one = left.pop()
        if isinstance(one, nodes.And):
            left += [one.right, one.left]
        else:
            yield one


def disjuncts(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Give the parts one of which must hold."""
    left = [tree]
    while left:
        one = left.pop()
        if isinstance(one, nodes.Or):
            left += [one.right, one.left]
        else:
            yield one


def facts_of(part: nodes.Node) -> Iterator[Fact]:
    """Give what a part of a condition asks of names."""
    if isinstance(part, nodes.Compare):
        left = part.expr
        for operand in part.ops:
            yield from facts_of_pair(left, operand.op, operand.expr)
            left = operand.expr
    elif isinstance(part, nodes.Test) and (subject := chain_of(part.node)):
        yield Fact(subject, part.name, node=part.node)
    elif isinstance(part, nodes.Not):
        yield from facts_of_not(part.node)
    elif subject := chain_of(part):
        yield Fact(subject, "truthy", node=part)


def facts_of_pair(left: nodes.Expr, op: str, right: nodes.Expr) -> Iterator[Fact]:
    """Give what a comparison of a name with a constant asks, whichever way round it is written."""
    if op in ("in", "notin"):
        subject, values = chain_of(left), constants_of(right)
        if subject and values is not None and op == "in":
            yield Fact(subject, "in", values, left)
    elif (subject := chain_of(left)) and isinstance(right, nodes.Const):
        yield Fact(subject, op, right.value, left)
    elif (subject := chain_of(right)) and isinstance(left, nodes.Const):
        yield Fact(subject, FLIPPED[op], left.value, right)


def facts_of_not(part: nodes.Node) -> Iterator[Fact]:
    if isinstance(part, nodes.Test) and part.name in ("missing", "defined") and (subject := chain_of(part.node)):
        yield Fact(subject, "defined" if part.name == "missing" else "missing", node=part.node)
    elif isinstance(part, nodes.Compare) and len(part.ops) == 1:
        for fact in facts_of_pair(part.expr, part.ops[0].op, part.ops[0].expr):
            yield fact._replace(kind=DENIED + fact.kind)
    elif subject := chain_of(part):
        yield Fact(subject, "falsy", node=part)


def constants_of(node: nodes.Expr) -> list[Any] | None:
    """Give the items of a written list; None where one of them is no constant."""
    if not isinstance(node, (nodes.List, nodes.Tuple)):
        return None
    values = [item.value for item in node.items if isinstance(item, nodes.Const)]
    return values if len(values) == len(node.items) else None


def exclusion(facts: Sequence[Fact], fixed: Fixed) -> Certain | None:
    """Find facts about one name that can't all be so."""
    for subject in dict.fromkeys(fact.subject for fact in facts):
        about = [fact for fact in facts if fact.subject == subject]
        if found := excluded(about, fixed.get(subject)):
            return found
    return None


def excluded(facts: Sequence[Fact], possible: Sequence[object] | None) -> Certain | None:
    """Say why no value passes all facts of a name; None where one may."""
    name, last = written(facts[0].subject), facts[-1]
    if possible is not None and not passing(possible, facts):
        values = " or ".join(map(spelled, possible))
        return Certain(f"never holds: {name} is always {values}", last.node or nodes.Node())
    for one, other in combinations(facts, 2):
        if contrary([one, other]):
            return Certain(f"never holds: {one} and {other} exclude each other{remedy(one, other)}", other.node)  # type: ignore[arg-type]
    if contrary(facts):
        return Certain(f"never holds: {name} can't be all that is asked of it", last.node)  # type: ignore[arg-type]
    return None


def spelled(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(spelled, value))}]"
    return repr(value) if isinstance(value, str) else str(value).lower()


def remedy(one: Fact, other: Fact) -> str:
    if one.kind == other.kind == "eq":
        return f"; write or between them, or {written(one.subject)} in [{spelled(one.value)}, {spelled(other.value)}]"
    return ""


def contrary(facts: Sequence[Fact]) -> bool:
    """Whether no value at all passes these facts of one name."""
    kinds = {fact.kind for fact in facts}
    exact = [fact for fact in facts if fact.kind in ("eq", "in")]
    if exact:
        first = exact[0]
        values = [first.value] if first.kind == "eq" else first.value
        return not passing([same for value in values for same in equals(value)], facts)
    if "missing" in kinds and kinds & {"defined", "truthy", *COMPARES}:
        return True
    if {"truthy", "falsy"} <= kinds or len(kinds & set(APART)) > 1:
        return True
    return no_number(facts)


def passing(values: Iterable[object], facts: Sequence[Fact]) -> list[object]:
    return [value for value in values if all(fact.allows(value) for fact in facts)]


def equals(value: object) -> list[object]:
    """Give the values that equal this one and pass other tests: 1 is also true."""
    if value in (0, 1):
        return [int(value), bool(value)]
    return [] if is_missing(value) else [value]


def no_number(facts: Sequence[Fact]) -> bool:
    """Whether the bounds that numbers set leave nothing between them."""
    bounds = [
        fact for fact in facts if fact.kind in ("lt", "lteq", "gt", "gteq") and isinstance(fact.value, (int, float))
    ]
    lows = [(fact.value, fact.kind == "gt") for fact in bounds if fact.kind in ("gt", "gteq")]
    highs = [(fact.value, fact.kind == "lt") for fact in bounds if fact.kind in ("lt", "lteq")]
    return any(low > high or (low == high and (above or below)) for low, above in lows for high, below in highs)


def kind_given(tree: nodes.Expr) -> str:
    """Say what an expression always gives, where that is no text, and what to write; empty where it is not known."""
    if isinstance(tree, nodes.Filter) and tree.name in KINDS_OF_FILTERS:
        return f"| {tree.name} gives {KINDS_OF_FILTERS[tree.name]}; leave it out"
    if isinstance(tree, (nodes.Compare, nodes.Test, nodes.Not)):
        return "a condition gives true/false; write 'yes' if ... else 'no'"
    if isinstance(tree, (nodes.BinExpr, nodes.Neg)) and not isinstance(tree, (nodes.And, nodes.Or)):
        return "a computation gives a number; write text around it, as in UF ${...}"
    return ""
