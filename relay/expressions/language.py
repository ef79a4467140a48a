"""Compiles the expressions of hook files and evaluates them on events, in Jinja2's sandbox.

Their text comes from hook files and has been checked (``grammar``). ``formulas`` makes values of fields of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from jinja2 import TemplateSyntaxError, lexer, nodes
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from relay.errors import ExpressionError
from relay.expressions.filters import FILTERS, QUICK, TESTS, WEIGHTS, lookup_in
from relay.expressions.missing import MISSING, Missing, is_missing, text_of
from relay.expressions.work import LARGEST_BITS, Evaluation, bounded, counted
from relay.hooks import Scope
from relay.model import Json

CLOSING = {"(": ")", "[": "]", "{": "}"}
#: One word of an expression, by the library's own patterns in its own order; a break of Windows' lines is none.
WORD = re.compile(
    "|".join(
        f"(?P<{kind}>(?{'ix' if kind in ('float', 'integer') else ''}:{pattern.pattern}))"
        for kind, pattern in (
            ("whitespace", lexer.whitespace_re),
            ("float", lexer.float_re),
            ("integer", lexer.integer_re),
            ("name", lexer.name_re),  # type: ignore[attr-defined]
            ("string", lexer.string_re),
            ("operator", lexer.operator_re),
        )
    ),
    re.DOTALL,
)

Evaluate: TypeAlias = Callable[[Scope], Any]
#: An expression that was read: a node over nodes.
Tree: TypeAlias = nodes.Expr
#: Any part of one.
Branch: TypeAlias = nodes.Node


class Language(ImmutableSandboxedEnvironment):
    """What expressions can say in one hook file, with its tables. Nothing can be called and no attribute reached."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, tables: Mapping[str, Mapping[str, Json]] | None = None) -> None:
        # What is constant is not computed while it is compiled: that takes the cube of an expression's length.
        super().__init__(undefined=Missing, optimized=False)
        self.tables = tables or {}
        self.globals = {}
        filters: dict[str, Callable[..., Any]] = {
            **FILTERS,
            "lookup": lookup_in(self.tables),
            "~": concat,
            "as_it_is": as_it_is,
        }
        self.filters = {name: counted(one, WEIGHTS.get(name, 1)) for name, one in filters.items()}
        self.filters |= {"cut": cut, **{name: FILTERS[name] for name in QUICK}}
        self.tests = {**TESTS, "in": counted(contains)}

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Take a key of an object or a place of a list; what is not there or blank is missing."""
        try:
            value = obj[argument]
        except (TypeError, LookupError):
            return MISSING
        if value is None or (isinstance(value, str) and (not value or value.isspace())):
            return MISSING
        return value

    # Never an attribute: a form may have a field called ``items``.
    getattr = getitem  # type: ignore[assignment]

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute with numbers only: text times a number could fill the memory."""
        if isinstance(left, Missing) or isinstance(right, Missing):
            return MISSING
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            raise ExpressionError(f"{operator} needs two numbers; write | number after text, or ~ to join texts")
        value = super().call_binop(context, operator, left, right)
        if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
            raise ExpressionError("is too large a number")
        return value

    def parse_expression(self, source: str) -> nodes.Expr:
        """Read one expression, whose nodes know their places. Raises TemplateSyntaxError, whose line is a place too.

        A place is the number of a character, from 1: expressions mostly have one line alone.
        """
        parser = Parser(self, "", state="variable")
        parser.stream = lexer.TokenStream(self.lexer.wrap(self.placed(source)), None, None)
        expression = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError(f"unexpected {parser.stream.current.value!r}", parser.stream.current.lineno)
        return expression

    def placed(self, source: str) -> Iterable[tuple[int, str, str]]:
        """Give the words of an expression, each with its place instead of its line.

        The library's own lexer takes three times as long. It says what is wrong where there is anything but words.
        """
        words = [(found.start() + 1, str(found.lastgroup), found[0]) for found in WORD.finditer(source)]
        if sum(len(text) for _, _, text in words) == len(source) and is_balanced(words):
            return words
        return self.placed_slowly(source)

    def placed_slowly(self, source: str) -> Iterator[tuple[int, str, str]]:
        place = 1
        try:
            for _, kind, text in self.lexer.tokeniter(source, None, None, "variable"):
                yield place, kind, text
                place += len(text)
        except TemplateSyntaxError as error:
            raise TemplateSyntaxError(error.message or "", place) from error

    def compile_unit(self, holes: Sequence[str], *, when: str | None = None) -> Evaluate:
        """Compile expressions into one function that gives a tuple of their values, or None where ``when`` is false."""
        unit: nodes.Expr = nodes.Tuple([self.parse_expression(hole) for hole in holes], "load", lineno=1)
        if when is not None:
            unit = nodes.CondExpr(self.parse_expression(when), unit, nodes.Const(None, lineno=1), lineno=1)
        plain = Plain().visit(unit)
        body = nodes.Template([nodes.Assign(nodes.Name("result", "store", lineno=1), plain, lineno=1)], lineno=1)
        body.set_environment(self)
        run = self.from_string(body).root_render_func

        def evaluate(scope: Scope) -> Any:
            context = Evaluation(self, scope)
            for _ in run(context):
                pass
            return context.vars["result"]

        return evaluate


def is_balanced(words: Iterable[tuple[int, str, str]]) -> bool:
    """Whether each bracket is closed by its own kind, if it is, and none is closed that was not opened."""
    opened: list[str] = []
    for _, kind, text in words:
        if kind == "operator" and text in CLOSING:
            opened.append(CLOSING[text])
        elif kind == "operator" and text in CLOSING.values() and (not opened or opened.pop() != text):
            return False
    return True


class Plain(NodeTransformer):
    """Turns what would be Python's own ``in``, ``str()`` and slices, or Jinja2's own undefined, into ours."""

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - the visitor's own names
        self.generic_visit(node)
        if len(node.ops) != 1 or node.ops[0].op not in ("in", "notin"):
            return with_counted_sides(node)
        test = nodes.Test(node.expr, "in", [node.ops[0].expr], [], None, None, lineno=node.lineno)
        return test if node.ops[0].op == "in" else nodes.Not(test, lineno=node.lineno)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(node.nodes[0], "~", node.nodes[1:], [], None, None, lineno=node.lineno)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = [one or nodes.Const(None) for one in (node.arg.start, node.arg.stop, node.arg.step)]
        return nodes.Filter(node.node, "cut", bounds, [], None, None, lineno=node.lineno)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802
        """Give an ``if`` without ``else`` our missing value: a key that an empty object does not have."""
        self.generic_visit(node)
        if node.expr2 is None:
            node.expr2 = nodes.Getitem(nodes.Dict([]), nodes.Const(""), "load", lineno=node.lineno)
        return node


def with_counted_sides(node: nodes.Compare) -> nodes.Compare:
    """Have a comparison of one long value with another counted; beside a constant there is nothing to go through."""
    sides = [node.expr, *(operand.expr for operand in node.ops)]
    if any(not isinstance(one, nodes.Const) and not isinstance(two, nodes.Const) for one, two in pairwise(sides)):
        node.expr, *others = (nodes.Filter(one, "as_it_is", [], [], None, None, lineno=node.lineno) for one in sides)
        for operand, one in zip(node.ops, others, strict=True):
            operand.expr = one
    return node


def as_it_is(value: object) -> object:
    return value


def cut(value: object, start: Any, stop: Any, step: Any) -> object:
    """Take a part of a text or a list, as in ``[:500]``; of anything else there is none."""
    if not isinstance(value, (str, list, tuple)) or any(isinstance(one, Missing) for one in (start, stop, step)):
        return MISSING
    try:
        part = value[slice(start, stop, step)]
    except (TypeError, ValueError) as error:
        raise ExpressionError("is cut at a place that is no whole number") from error
    return MISSING if is_missing(part) else part


def concat(*values: object) -> str:
    parts = [text_of(one) for one in values]
    return bounded(lambda: "".join(parts), size=sum(map(len, parts)))


def contains(value: object, container: Any) -> bool:
    if is_missing(value) or is_missing(container):
        return False
    return text_of(value) in container if isinstance(container, str) else value in container


def words_of(error: Exception) -> str:
    """Say what made an expression fail, never with the value."""
    if isinstance(error, ExpressionError):
        return str(error)
    if isinstance(error, ZeroDivisionError):
        return "divides by zero"
    if isinstance(error, OverflowError):
        return "is too large a number"
    if isinstance(error, TypeError) and "not supported between" in str(error):
        return "text is compared with a number; write | number after the text"
    return f"the expression can't be computed ({type(error).__name__})"
