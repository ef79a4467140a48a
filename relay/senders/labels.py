"""Answers by the labels that people gave their questions, for the senders that list them so."""

from __future__ import annotations

from collections.abc import Iterable

from relay.model import Json
from relay.senders.base import text_of


def by_label(answers: Iterable[tuple[Json, Json, Json]], what: str) -> dict[str, Json]:
    """Give the values of (label, key, value) by their labels; one whose label is taken, or empty, by its key.

    Forms with branches ask the same question in several places, and only one of them is answered: that one has the
    label. ``what`` names the key to the sender of an answer that has neither. Raises BadBody.
    """
    fields: dict[str, Json] = {}
    for label, key, value in answers:
        free = isinstance(label, str) and label.strip() and fields.get(label) is None
        fields[text_of(label if free else key, what)] = value
    return fields


def address_of(value: Json) -> Json:
    """Give a file's address, and anything else as it is."""
    return value.get("url", value) if isinstance(value, dict) else value
