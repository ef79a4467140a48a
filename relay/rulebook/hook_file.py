"""Reads one hook file: sender, secrets, lead, tables, the event's own id and time, and its rules.

``rulebook`` calls it for each file of the folder. All that is wrong is said at once; a file with any fault is no hook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath

from relay.errors import Problem
from relay.expressions.certain import Fixed
from relay.expressions.flaws import Vocabulary
from relay.expressions.grammar import nearest, suggest
from relay.expressions.language import Language
from relay.expressions.readings import plain
from relay.hooks import Formula, Hook, LeadBy, Rule
from relay.model import Json
from relay.rulebook.doubts import say_not_given, say_unseen, say_unused, say_without_effect
from relay.rulebook.places import place_of
from relay.rulebook.rule_reading import read_rule
from relay.rulebook.shadow_reading import read_shadow_key
from relay.rulebook.signature_reading import read_signature
from relay.rulebook.wording import Wording
from relay.rulebook.yaml_nodes import WHOLE, Entry, Page, kind_of_node, scalar_of
from relay.rulebook.yaml_reading import Node, Pairs, Scalar
from relay.sending import About

KEYS = ("sender", "secrets", "lead", "rules", "destination", "tests", "tables", "event", "signature", "shadow")
LEAD_KEYS = ("id", "match", "missing", "nameless")
EVENT_KEYS = ("id", "time")
#: The words of ``lead: missing`` and of ``tests``, the usual one first.
MISSING = ("park", "create", "ignore")
TESTS = ("keep", "deliver")
MATCHES = ("phone", "email", "external_id")
NAME = re.compile(r"[a-z0-9_-]{1,64}")
#: What the name of an environment variable looks like, and a secret does not.
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
#: Each update of an event has a place of two digits in the store.
MOST_ALONE = 99

Entries = Mapping[str, Entry]
Tables = dict[str, dict[str, Json]]
#: Gives the keys of ``fields`` and ``hidden`` that events of a hook had, as far as that is known.
Seen = Callable[[Hook], Mapping[str, Collection[str]]]


@dataclass(frozen=True)
class Known:
    """What a hook file may name."""

    environment: Mapping[str, str]
    senders: Mapping[str, About]
    destinations: Collection[str]
    #: Where it is given, a name that no event had is a warning.
    seen: Seen | None = None
    #: Whether rules are compiled at once, for a door, or when they are first asked for.
    at_once: bool = True
    #: Whether it was loaded once and is read again: what has no effect is no fault then.
    again: bool = False


def read_hook(file: PurePath, content: bytes, known: Known) -> tuple[Hook | None, tuple[Problem, ...]]:
    """Read a hook file's bytes. Gives the hook, or None and every fault with its line."""
    page = Page(file.as_posix(), again=known.again)
    if not NAME.fullmatch(file.stem):
        page.fault(WHOLE, f"the name {file.stem!r} can't be part of a URL; use a to z, 0 to 9, - and _, 64 at the most")
    root = page.compose(content)
    entries = page.entries(root, "the file") if root else None
    hook = assemble(page, file.stem, content, entries, known) if entries is not None else None
    return (None if page.faulty else hook), page.in_order()


def assemble(page: Page, name: str, content: bytes, entries: Entries, known: Known) -> Hook:
    """Read every key; what can't be read leaves a fault and an empty value."""
    entries = dict(entries)
    foreign = {key for one in known.senders.values() for key in one.keys}
    page.known(entries, "the file", (*KEYS, *foreign))
    sender = read_sender(page, entries.get("sender"), known.senders)
    about = known.senders.get(sender)
    say_foreign(page, entries, about, foreign)
    tables = read_tables(page, entries.get("tables"))
    fixed: Fixed = {("hook", "name"): [name], ("event", "test"): [True, False]}
    wording = Wording(page, Language(tables), vocabulary(tables, about), fixed, known.at_once)
    event_id, event_time = read_event(wording, entries.get("event"))
    names = read_secrets(page, entries.get("secrets"), known.environment)
    key_names = read_keys(page, entries, about, known.environment) if about else {}
    hook = Hook(
        name=name,
        sender=sender,
        secrets=tuple(known.environment.get(one, "") for one in names),
        secret_names=names,
        lead=read_lead(wording, entries.get("lead")),
        rules=read_rules(wording, entries.get("rules")),
        version=sha256(content).hexdigest()[:8],
        file=page.file,
        text=content,
        destination=read_destination(page, entries.get("destination"), known.destinations),
        deliver_tests=page.option(entries.get("tests"), "tests", TESTS) == "deliver",
        keys={key: known.environment.get(one, "").strip() for key, one in key_names.items()},
        key_names=key_names,
        signature=read_signature(page, entries.get("signature"), about),
        tables=tables,
        event_id=event_id,
        event_time=event_time,
        shadow=read_shadow_key(page, entries.get("shadow"), name),
    )
    say_doubts(wording, entries, about, known.seen(hook) if known.seen and about else {})
    return hook


def say_foreign(page: Page, entries: Entries, about: About | None, foreign: Collection[str]) -> None:
    """Say which keys belong to other senders."""
    for key in entries if about else ():
        if about and key in foreign and key not in about.keys:
            page.fault(
                entries[key].key, f"the file has the key {key!r}, which {about.title} does not need; leave it out"
            )


def say_doubts(wording: Wording, entries: Entries, about: About | None, seen: Mapping[str, Collection[str]]) -> None:
    """Say what of the file can have no effect."""
    tables = entries["tables"].node if "tables" in entries else None
    if isinstance(tables, Pairs):
        say_unused(wording, tables)
    if about:
        say_not_given(wording, about)
    say_unseen(wording, seen)


def vocabulary(tables: Tables, about: About | None) -> Vocabulary:
    """Give what expressions of this file may name: its tables, and what its sender gives."""
    return Vocabulary(tables=tables, sender=about.title, given=about.given) if about else Vocabulary(tables=tables)


def read_sender(page: Page, entry: Entry | None, senders: Collection[str]) -> str:
    if entry is None:
        page.fault(WHOLE, "the file has no sender; add one, as in sender: typeform (relay senders lists all)")
        return ""
    name = page.text_of(entry, "sender")
    if name and name not in senders:
        page.fault(entry.at, f"unknown sender {name!r}; {did_you_mean(name, senders)}")
    return name or ""


def did_you_mean(name: str, senders: Collection[str]) -> str:
    meant = nearest(name, senders)
    return f"did you mean {meant!r}?" if meant else "relay senders lists those that there are"


def read_destination(page: Page, entry: Entry | None, destinations: Collection[str]) -> str:
    if entry is None:
        return "default"
    name = page.text_of(entry, "destination")
    if name and name not in destinations:
        page.fault(entry.at, f"unknown destination {name!r}{suggest(name, destinations, 'destinations')}")
    return name or ""


def read_secrets(page: Page, entry: Entry | None, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Read names of environment variables, all of which must be set."""
    if entry is None:
        words = "name the environment variables that hold them, as in secrets: [TYPEFORM_SECRET]"
        page.fault(WHOLE, f"the file has no secrets; {words}")
        return ()
    several = page.items(entry, "secrets")
    names = [page.text_of(one, "a secret's name") or "" for one in several]
    for one, name in zip(several, names, strict=True):
        say_unset(page, one, "secret", name, environment)
    return tuple(names)


def say_unset(page: Page, entry: Entry, what: str, name: str, environment: Mapping[str, str]) -> None:
    """Say that a variable is not set. What does not look like the name of one may be the secret itself: it is kept."""
    if not name or environment.get(name, "").strip():
        return
    if VARIABLE.fullmatch(name):
        page.fault(entry.at, f"{what} {name!r} is not set; set this environment variable")
        return
    words = "must be the name of an environment variable that is set, as in TYPEFORM_SECRET, never the secret itself"
    page.fault(entry.at, f"{what} {words}")


def read_keys(page: Page, entries: Entries, about: About, environment: Mapping[str, str]) -> dict[str, str]:
    """Read the further secrets that this sender needs, each the name of an environment variable that must be set."""
    names = {}
    for key, what in about.keys.items():
        if key not in entries:
            page.fault(WHOLE, f"the file has no {key}; name the environment variable that holds {what}")
            continue
        names[key] = page.text_of(entries[key], key) or ""
        say_unset(page, entries[key], key, names[key], environment)
    return names


def read_event(wording: Wording, entry: Entry | None) -> tuple[Formula | None, Formula | None]:
    """Read the file's own expressions for the event's id and time."""
    entries = wording.page.entries(entry, "event") if entry else None
    if entries is None:
        return None, None
    wording.page.known(entries, "event", EVENT_KEYS)
    found = {key: wording.formula(entries[key], f"event: {key}") for key in EVENT_KEYS if key in entries}
    return found.get("id"), found.get("time")


def read_lead(wording: Wording, entry: Entry | None) -> LeadBy:
    page = wording.page
    if entry is None:
        page.fault(WHOLE, "the file has no lead; say how it is found: by id, as in ${hidden.lead_id}, or by match")
        return LeadBy()
    entries = page.entries(entry, "lead")
    if entries is None:
        return LeadBy()
    page.known(entries, "lead", LEAD_KEYS)
    if ("id" in entries) == ("match" in entries):
        page.fault(
            entry.key,
            "lead needs one of two: id, as in id: ${hidden.lead_id}, or match",
        )
    if "missing" in entries and "match" not in entries:
        page.fault(
            entries["missing"].key,
            "lead: missing belongs to match; leave it out: an event whose id is missing is parked",
        )
    missing = page.option(entries.get("missing"), "lead: missing", MISSING)
    nameless = page.text_of(entries["nameless"], "lead: nameless") if "nameless" in entries else ""
    if nameless and missing != "create":
        words = "is the first name of leads that are created; write missing: create, or leave it out"
        page.fault(entries["nameless"].key, f"lead: nameless {words}")
    return LeadBy(
        id=wording.formula(entries["id"], "lead: id") if "id" in entries else None,
        match=read_match(wording, entries["match"]) if "match" in entries else (),
        missing=missing,
        nameless=nameless or "Lead",
    )


def read_match(wording: Wording, entry: Entry) -> tuple[tuple[str, Formula], ...]:
    entries = wording.page.entries(entry, "lead: match")
    if entries is None:
        return ()
    wording.page.known(entries, "lead: match", MATCHES)
    if not entries:
        wording.page.fault(entry.at, f"lead: match is empty; match by {' or '.join(MATCHES)}")
    found = [(key, wording.formula(one, f"lead: match: {key}")) for key, one in entries.items() if key in MATCHES]
    return tuple((key, formula) for key, formula in found if formula)


def read_rules(wording: Wording, entry: Entry | None) -> tuple[Rule, ...]:
    page = wording.page
    if entry is None:
        page.fault(WHOLE, "the file has no rules; add one with a name and an update")
        return ()
    entries = page.items(entry, "rules")
    say_twice(page, [one.node for one in entries])
    read = [read_rule(wording, one, number) for number, one in enumerate(entries, 1)]
    say_without_effect(page, [draft for draft, _ in read if draft])
    rules = tuple(rule for _, rule in read if rule)
    if sum(rule.each for rule in rules) > MOST_ALONE:
        page.fault(entry.key, f"more than {MOST_ALONE} rules have 'deliver: each'; merge some of them")
    return rules


def say_twice(page: Page, nodes: list[Node]) -> None:
    """Say which names of rules are given twice: each value shows the name of the rule that set it."""
    seen: dict[str, int] = {}
    pairs = [pair for node in nodes if isinstance(node, Pairs) for pair in node.pairs]
    for key, value in pairs:
        if isinstance(key, Scalar) and key.text == "name" and isinstance(value, Scalar):
            if value.text in seen:
                words = f"rule {value.text!r} has the name of the rule in line {seen[value.text]}"
                page.fault(place_of(value), words)
            seen.setdefault(value.text, place_of(key).line)


def read_tables(page: Page, entry: Entry | None) -> Tables:
    """Read the tables for ``lookup``, their keys as they are compared: without case and accents."""
    entries = page.entries(entry, "tables") if entry else None
    return {name: read_table(page, one, f"table {name!r}") for name, one in (entries or {}).items()}


def read_table(page: Page, entry: Entry, what: str) -> dict[str, Json]:
    table: dict[str, Json] = {}
    spelled: dict[str, str] = {}
    for key, one in (page.entries(entry, what) or {}).items():
        if plain(key) in spelled:
            page.fault(one.key, f"{what}: {key!r} and {spelled[plain(key)]!r} are the same key")
        spelled[plain(key)] = key
        value = scalar_of(one.node)
        if value is None:
            kind = kind_of_node(one.node)
            page.fault(one.at, f"{what}: {key!r} must be text, a number or true/false, not {kind}")
        table[plain(key)] = value
    return table
