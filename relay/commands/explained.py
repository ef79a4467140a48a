"""Why an event became what it became, as ``relay event`` shows it: rule by rule, or each part with its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from relay import rulebook
from relay.commands.follow import shown
from relay.commands.screen import out
from relay.commands.stand_ins import AnySecret
from relay.commands.told import plain_table
from relay.explain import Explained
from relay.expressions.parts import Part, Seen, deciding
from relay.hooks import Hook
from relay.mapping.explain import LeadSeen, RuleSeen, Setting
from relay.model import Json, StoredEvent
from relay.senders import ABOUT
from relay.settings import Settings

HELD = {True: ("held", "green"), False: ("did not hold", "yellow"), None: ("failed", "red")}


def hooks_now(now: Settings) -> dict[str, Hook]:
    """Load what can be loaded of the hook files: to explain an event none needs its secrets, nor the others."""
    environment = AnySecret(now.environment)
    hooks, _ = rulebook.check(now.rules, environment=environment, senders=ABOUT, destinations=now.destinations)
    return hooks


def verified_text(told: Explained) -> Text:
    words, name = told.verification
    return Text(f"by {name}: {words}" if name else words)


def headers_text(event: StoredEvent) -> Text:
    """Show the headers that are kept, a line each."""
    return Text("\n".join(f"{name}: {value}" for name, value in {**event.came, **event.headers}.items()))


def show_rules(told: Explained, *, whole: bool) -> None:
    """Say of each rule whether it held and why; ``whole`` shows every part and value."""
    if told.words:
        out.print(Text(told.words, "yellow"))
    if told.differs:
        fields = ", ".join(told.differs)
        out.print(Text(f"these rules would set otherwise: {fields}; the update above is what was mapped", "yellow"))
    if told.explanation is None or not told.explanation.rules:
        return
    table = plain_table("rule", "line", "", "why")
    for rule in told.explanation.rules:
        verdict, style = HELD[rule.held] if rule.considered else ("not come to", "dim")
        table.add_row(Text(rule.name), str(rule.line), Text(verdict, style), Text(why(rule)))
        for line in details(rule) if whole else ():
            table.add_row("", "", "", line)
    out.print(table)
    if whole:
        for line in lead_lines(told.explanation.lead):
            out.print(line)


def why(rule: RuleSeen) -> str:
    """Say in one line why a rule held or did not."""
    if rule.words:
        return rule.words
    if rule.when is None:
        return "it has no condition"
    return "; ".join(part_words(one) for one in deciding(rule.when))


def part_words(part: Part) -> str:
    """Say a part of a condition with the values that it saw: ``form.id == 'Xy' (form.id is 'Ab')``."""
    said = ", ".join(seen_words(one) for one in part.seen)
    words = f": {part.words}" if part.words else ""
    return f"{part.source} ({said}){words}" if said else f"{part.source}{words}"


def seen_words(one: Seen) -> str:
    return f"{one.source} is missing" if one.missing else f"{one.source} is {quoted(one.value)}"


def quoted(value: Json) -> str:
    return repr(value) if isinstance(value, str) else shown(value)


def details(rule: RuleSeen) -> Iterator[Text]:
    """Give every part of a rule's condition, then what it made of each register."""
    if rule.when is not None:
        yield from part_lines(rule.when, 0)
    for one in rule.settings:
        yield setting_line(one)


def part_lines(part: Part, depth: int) -> Iterator[Text]:
    verdict, style = HELD[part.held] if part.asked else ("not asked", "dim")
    yield Text.assemble("  " * depth, (f"{verdict}: ", style), part.joint or part_words(part))
    for one in part.parts:
        yield from part_lines(one, depth + 1)


def setting_line(one: Setting) -> Text:
    line = Text(f"line {one.line}: {one.register} ")
    if one.fault:
        line.append(f"held back: {one.fault}", "yellow")
    elif one.missing:
        line.append("left out", "dim")
    else:
        line.append(f"= {quoted(one.value)}")
    if not one.literal:
        line.append(f"  {one.source}{in_brackets(one.seen)}", "dim")
    if one.overridden_by:
        line.append(f"  then set by {one.overridden_by}", "yellow")
    return line


def in_brackets(seen: Iterable[Seen]) -> str:
    said = ", ".join(seen_words(one) for one in seen)
    return f" ({said})" if said else ""


def lead_lines(lead: LeadSeen) -> Iterator[Text]:
    """Say what the lead was read from."""
    if lead.value is not None:
        words = f": {lead.words}" if lead.words else ""
        yield Text(f"lead, line {lead.line}: {seen_words(lead.value)}{words}")
    for number, one in enumerate(lead.names, 1):
        words = f": {one.words}" if one.words else ""
        yield Text(f"lead, line {one.line}: {number}. by {one.kind}: {seen_words(one.value)}{words}")
