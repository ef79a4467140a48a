"""The text of a hook file: its head, its lead and its rules, with a comment beside each line that says what was seen.

The last step of ``new_hook``. All that is written here loads; only the secrets are to be set.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relay.model import METADATA
from relay.new_hook.contact import Contact, Line
from relay.new_hook.lead import Lead
from relay.sending import About

#: A key that YAML takes for text as it stands.
BARE = re.compile(r"(?!(?:yes|no|on|off|true|false|null|y|n)$)[a-z_][a-z0-9_]*")
LONGEST_COMMENT = 90
WAITS = """\
  # An event whose lead is not known yet waits (relay parked) and goes on when it is. The other words: create makes the
  # lead at the CRM, ignore lets the event be. See docs/leads.md.
  missing: park"""


@dataclass(frozen=True)
class Plan:
    """What the file is to say."""

    hook: str
    sender: str
    about: About
    lead: Lead
    contact: Contact
    #: Lines for metadata; one without an expression is told of in a comment.
    more: Sequence[Line]
    #: Whether there was an example.
    made_from: bool
    #: The sender's words for what happened in it.
    kinds: tuple[str, ...]
    region: str


def text_of_file(plan: Plan) -> str:
    parts = [head(plan), lead(plan), rules(plan)]
    return "\n\n".join("\n".join(lines).rstrip() for lines in parts) + "\n"


def head(plan: Plan) -> list[str]:
    """Write who sends, and which environment variables hold what proves it."""
    about, page = plan.about, f"docs/senders/{plan.sender}.md"
    lines = wrapped(f"{about.title}, received at POST /hooks/{plan.hook}. Set it up as {page} says.")
    if about.experimental:
        lines.append("# The shape of its requests is not confirmed by its maker.")
    if plan.made_from:
        lines.append("# The comment beside a line names the kind of value that the example holds there.")
    if plan.kinds:
        kinds = shortened(" or ".join(map(repr, plan.kinds)))
        lines += wrapped(f"The example is of event.kind {kinds}; a rule can say for which kinds it holds.")
    lines += [f"sender: {plan.sender}", *wrapped(f"This environment variable holds {about.proof}.")]
    lines.append(f"secrets: [{about.variable}]")
    for key, what in about.keys.items():
        lines += [*wrapped(f"This one holds {what}."), f"{key}: {variable_of(plan.sender, key)}"]
    if about.described:
        lines += wrapped(f"Where it signs its requests, say how under signature: see {page}.")
    return lines


def wrapped(text: str) -> list[str]:
    """Write a comment in as many lines as it needs."""
    return textwrap.wrap(text, 118, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def variable_of(sender: str, key: str) -> str:
    """Name the environment variable of a further secret: ``META_VERIFY_TOKEN``."""
    return f"{sender}_{key}".upper()


def lead(plan: Plan) -> list[str]:
    """Write which lead it is, and why it is looked for in this way."""
    if plan.lead.id:
        return [
            "lead:",
            "  # The lead's UUID. An event without it is parked; see docs/leads.md for leads that are to be found",
            "  # by phone or e-mail.",
            f"  id: {hole(plan.lead.id)}",
        ]
    return ["lead:", *match(plan), WAITS]


def match(plan: Plan) -> Iterator[str]:
    where = "in the example" if plan.made_from else "with these events"
    yield f"  # No lead id comes {where}, so the lead is found by what it is known by, tried in this order."
    if plan.about.lead:
        yield f"  # Surer is its UUID, where the sender can bring it: id: {hole(plan.about.lead)}"
    yield "  match:"
    guessed = Contact.guessed(plan.region)
    known = [name for name in ("phone", "email") if plan.contact.expression(name)]
    for name in known or ("phone", "email"):
        source = plan.contact if known else guessed
        yield f"    {name}: {hole(source.expression(name))}"


def rules(plan: Plan) -> list[str]:
    """Write the rules: the lead's own fields, what the visitor said, where the visitor came from."""
    said = [line for line in plan.more if line.seen[0].group == "fields"]
    came = [line for line in plan.more if line.seen[0].group != "fields"]
    parts = [
        rule("contact details", plan.contact.lines, ()),
        rule("answers", (), said),
        rule("where it came from", (), came),
    ]
    if not any(line.expression for line in (*plan.contact.lines, *plan.more)):
        parts.append(rule("contact details", Contact.guessed(plan.region).lines, ()))
    guessed = any(not line.seen for line in plan.contact.lines)
    hint = ["  # Write the names of your own fields here. What an event does not have is left out."] if guessed else []
    return ["rules:", *hint, *(line for part in parts for line in part), *told_of(plan)]


def rule(name: str, core: Sequence[Line], metadata: Sequence[Line]) -> list[str]:
    """Write one rule; nothing where it would set nothing."""
    written = [line for line in metadata if line.expression]
    left = [untaken(line) for line in metadata if not line.expression]
    if not core and not written:
        return left
    lines = [f"  - name: {name}", "    update:", *(entry(6, line.register, line) for line in core)]
    if written:
        lines.append("      metadata:")
    return [*lines, *(entry(8, line.register.removeprefix(METADATA), line) for line in written), *left, ""]


def untaken(line: Line) -> str:
    """Tell of a value that is not mapped, as it stands."""
    (one,) = line.seen
    how = f": take a part of it, as in {one.expression}[0].name" if isinstance(one.value, list) else ""
    return f"  # {one.expression} ({shortened(line.comment)}) is not mapped{how}."


def entry(indent: int, key: str, line: Line) -> str:
    name = key if BARE.fullmatch(key) else quoted(key)
    comment = f"  # {shortened(line.comment)}" if line.comment else ""
    return f"{' ' * indent}{name}: {hole(line.expression)}{comment}"


def told_of(plan: Plan) -> Iterator[str]:
    """Tell of what the example holds and no rule sets."""
    for one in plan.lead.event_ids:
        yield f"  # {one.expression} is the event's own id: a second one with it is a duplicate."
    for one in plan.lead.again:
        yield f"  # {one.expression} is the lead's id again."
    for one in plan.lead.own:
        yield f"  # {one.expression} comes from the CRM, so it is not sent back."


def hole(expression: str) -> str:
    """Write an expression as a value of YAML."""
    text = f"${{{expression}}}"
    return quoted(text) if ": " in text or " #" in text or not text.isprintable() else text


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def shortened(text: str) -> str:
    """Keep a comment in one line of a bearable length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= LONGEST_COMMENT else f"{line[:LONGEST_COMMENT]}..."
