"""An explanation as a person reads it, on 80 columns: rule by rule, with each value on its way through its filters.

``relay explain`` and ``relay try`` print it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.padding import Padding
from rich.text import Text

from relay.commands.explained import HELD, part_words, quoted, seen_words
from relay.commands.screen import out
from relay.explain import Explained
from relay.expressions.parts import Part, Seen
from relay.expressions.steps import Filtering, Step
from relay.mapping.explain import LeadSeen, NameSeen, RuleSeen, Setting
from relay.model import Json

MARKS = {True: ("✓ ", "green"), False: ("✗ ", "yellow"), None: ("! ", "red")}
NOT_ASKED = ("- ", "dim")
STYLES = {"failed": "red", "emptied": "yellow", "kept": "dim"}

#: What stands on a line, and how far in.
Line = tuple[int, Text]


def say(text: Text, indent: int = 0) -> None:
    """Print a line that goes on below at its own indentation."""
    out.print(Padding(text, (0, 0, 0, indent), expand=False), soft_wrap=False)


def show_explanation(told: Explained) -> None:
    """Print every rule with all that it saw and made, then how the lead is known."""
    if told.words:
        say(Text(told.words, "yellow"))
    if told.explanation is None:
        return
    for rule in told.explanation.rules:
        out.print()
        for indent, text in rule_lines(rule, told.file):
            say(text, indent)
    if told.explanation.rules:
        out.print()
    for indent, text in lead_lines(told.explanation.lead, told.file):
        say(text, indent)


def rule_lines(rule: RuleSeen, file: str) -> Iterator[Line]:
    mark, style = MARKS[rule.held] if rule.considered else NOT_ASKED
    verdict = HELD[rule.held][0] if rule.considered else "not come to"
    words = f": {rule.words}" if rule.words else ""
    yield 0, Text.assemble((mark, style), (rule.name, "bold"), f"  {file}:{rule.line}  ", (f"{verdict}{words}", style))
    if rule.when is not None:
        yield from part_lines(rule.when, 2)
        yield from ways(rule.filtered, 6)
    elif rule.considered:
        yield 4, Text("it has no condition", "dim")
    for setting in rule.settings:
        yield from setting_lines(setting)
    if not rule.settings and rule.registers:
        yield 4, Text(f"it would set {', '.join(rule.registers)}", "dim")


def part_lines(part: Part, indent: int) -> Iterator[Line]:
    mark, style = MARKS[part.held] if part.asked else NOT_ASKED
    joined = {"and": "all of", "or": "one of", "not": "not"}.get(part.joint, "") if part.parts else ""
    said = joined or (part_words(part) if part.asked else part.source)
    yield indent, Text.assemble((mark, style), said, ("" if part.asked else "  not asked", "dim"))
    for one in part.parts:
        yield from part_lines(one, indent + 2)


def setting_lines(one: Setting) -> Iterator[Line]:
    """Say what a rule made of one field, and how it came about."""
    yield 4, Text.assemble((one.register, "bold"), f"  line {one.line}  ", outcome(one))
    if one.overridden_by:
        yield 8, Text(f"then set by rule {one.overridden_by}", "yellow")
    if one.literal:
        return
    yield from came_about(one.source, one.seen, one.filtered)


def outcome(one: Setting) -> Text:
    if one.fault:
        return Text(f"held back: {one.fault}", "red")
    if one.missing:
        return Text("left out", "yellow")
    return Text("cleared", "yellow") if one.value is None else Text(quoted(one.value), "green")


def came_about(source: str, seen: tuple[Seen, ...], filtered: tuple[Filtering, ...]) -> Iterator[Line]:
    """Give the expression, the value of each name in it, and what each filter made of its value; nothing twice."""
    starts = {one.start.source for one in filtered}
    names = [one for one in seen if one.source not in starts]
    if [source] not in ([one.source for one in names], [one.source for one in filtered]):
        yield 8, Text(source, "cyan")
    for one in names:
        yield 8, Text(seen_words(one))
    yield from ways(filtered, 8)


def ways(filtered: Iterable[Filtering], indent: int) -> Iterator[Line]:
    for one in filtered:
        yield indent, Text(seen_words(one.start))
        for step in one.steps:
            yield indent + 2, step_line(step)


def step_line(step: Step) -> Text:
    return Text.assemble(("| ", "dim"), f"{step.filter}  ", (step_words(step), STYLES.get(step.verdict, "")))


def step_words(step: Step) -> str:
    """Say what a filter made of its value; of one that was given nothing and gave nothing there is nothing to say."""
    if step.verdict == "failed":
        return f"failed: it {step.words}"
    if step.verdict == "emptied":
        return "gave nothing"
    if step.verdict == "kept":
        return "" if step.missing else "the same"
    return f"-> {quoted(step.value)}"


def lead_lines(lead: LeadSeen, file: str) -> Iterator[Line]:
    """Say how its lead is known."""
    if lead.value is not None:
        yield 0, Text.assemble(("lead", "bold"), f"  {file}:{lead.line}  ", found(lead.value, lead.words))
        yield from came_about(lead.source, lead.seen, lead.filtered)
    if lead.names:
        yield 0, Text.assemble(("lead", "bold"), f"  found by the first of these that is known, else {lead.missing}")
    for number, one in enumerate(lead.names, 1):
        yield from name_lines(number, one, file)


def name_lines(number: int, one: NameSeen, file: str) -> Iterator[Line]:
    known = one.name.value if one.name else None
    yield 4, Text.assemble(f"{number}. {one.kind}  {file}:{one.line}  ", found(one.value, one.words, known))
    yield from came_about(one.source, one.seen, one.filtered)


def found(value: Seen, words: str, known: Json = None) -> Text:
    if words:
        return Text(words, "red")
    return Text("missing", "yellow") if value.missing else Text(quoted(known or value.value), "green")
