"""What an event can be found by beside its ids: phones, e-mails, click ids and its form. Pure, and quick: the door
calls it for every event. The store keeps terms under keyed hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from relay.model import Event, Json, Mapped, Name, State

#: Names under which ad platforms hand over the id of a click.
CLICK_IDS = frozenset(
    ("gclid", "gbraid", "wbraid", "fbclid", "fbc", "ttclid", "li_fat_id", "msclkid", "twclid", "click_id", "gcl_id")
)
EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
PHONE = re.compile(r"\+?[\d\s().\-/]+")
DATE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d|\d\d[-/]\d\d[-/]\d{4}")
NO_DIGIT = re.compile(r"\D")
#: A phone is found by its last digits, whether or not its country stands before it.
LAST_DIGITS = 8
MOST_DIGITS = 15
MOST_TERMS = 16
LONGEST = 500


class Term(NamedTuple):
    """One thing to find an event by."""

    #: ``email``, ``phone``, ``click`` or ``form``.
    kind: str
    #: An e-mail in lower case, the last eight digits of a phone, a click id, or a form's id, both as they are.
    value: str


def terms_of(event: Event) -> tuple[Term, ...]:
    """Give what an event is found by, each once, sixteen at the most."""
    found: dict[Term, None] = {}
    if form := event.form.get("id"):
        found[Term("form", str(form)[:LONGEST])] = None
    for values in (event.hidden, event.fields, event.campaign):
        for term in _terms_in(values):
            found[term] = None
    return tuple(found)[:MOST_TERMS]


def _terms_in(values: Mapping[str, Json]) -> Iterator[Term]:
    for name, value in values.items():
        if type(value) is str and value:
            if name in CLICK_IDS:
                yield Term("click", value[:LONGEST])
            elif (term := contact_in(value)) is not None:
                yield term


def contact_in(text: str) -> Term | None:
    """Read a text that is an e-mail or a phone; None where it is neither."""
    if "@" in text:
        bare = text.strip().lower()
        return Term("email", bare) if len(bare) <= LONGEST and EMAIL.fullmatch(bare) else None
    bare = text.strip()
    if len(bare) > 2 * MOST_DIGITS or not PHONE.fullmatch(bare) or DATE.match(bare):
        return None
    digits = NO_DIGIT.sub("", bare)
    return Term("phone", digits[-LAST_DIGITS:]) if LAST_DIGITS <= len(digits) <= MOST_DIGITS else None


def to_file(terms: Iterable[Term], mapped: Mapped) -> list[Term]:
    """Give the terms to keep for an event: an e-mail under which its lead is known, or awaited, finds it already."""
    held = mapped.names if mapped.state in (State.IN_FLIGHT, State.PARKED) else ()
    known = {Term("email", name.value) for name in held if name.kind == "email"}
    return [term for term in terms if term not in known]


def typed(text: str) -> list[Term]:
    """Give the terms that a person may mean by what they typed into a search box."""
    bare = text.strip()
    contact = contact_in(bare)
    return [*([contact] if contact else []), Term("click", bare[:LONGEST]), Term("form", bare[:LONGEST])]


def phones_and_emails(text: str) -> list[Name]:
    """Give the names by which a lead may be known that is looked for by this text."""
    bare = text.strip()
    if "@" in bare:
        return [Name("email", bare.lower())]
    digits = NO_DIGIT.sub("", bare)
    if PHONE.fullmatch(bare) and bare.startswith("+") and LAST_DIGITS <= len(digits) <= MOST_DIGITS:
        return [Name("phone", f"+{digits}")]
    return []
