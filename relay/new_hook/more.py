"""All other values of the example into metadata, each under its key in plain spelling, read as what it looks like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from relay.expressions.readings import plain
from relay.model import METADATA
from relay.new_hook.contact import Line
from relay.new_hook.names import ID_WORDS, words_of_key
from relay.new_hook.seen import DATE, NUMBER, TRUTHS, Seen
from relay.new_hook.trial import Trial
from relay.senders.plain_keys import plain as plain_key

LONGEST_KEY = 60


def metadata_lines(seen: Sequence[Seen], trial: Trial) -> list[Line]:
    """Give a line for each value. One that no expression can take whole has no expression."""
    lines: list[Line] = []
    taken: set[str] = set()
    for one in seen:
        if one.group == "form" and one.empty:
            continue
        key = free_key(one, taken)
        taken.add(key)
        register = METADATA + key
        lines.append(Line(register, trial.first_passing(register, list(readings(one))), (one,)))
    return lines


def readings(one: Seen) -> Iterator[str]:
    """Give expressions for a value, the most telling first; the plain one last."""
    filters = filters_of_text(one) if isinstance(one.value, str) else ["join(', ')"] if is_list(one) else []
    yield from (f"{one.expression} | {call}" for call in filters)
    if not is_list(one) or not filters:
        yield one.expression


def is_list(one: Seen) -> bool:
    return isinstance(one.value, (list, tuple)) and not any(isinstance(item, Mapping) for item in one.value)


def filters_of_text(one: Seen) -> list[str]:
    """Say how a text is read, in the order in which to try."""
    text = str(one.value).strip()
    if plain(text) in TRUTHS:
        return ["bool"]
    if DATE.fullmatch(text):
        return ["date", "date('mdy')"]
    counts = NUMBER.fullmatch(text) and not ID_WORDS & set(words_of_key(one.key))
    return ["number"] if counts and not (text.startswith("0") and text[1:2].isdecimal()) else []


def free_key(one: Seen, taken: set[str]) -> str:
    """Give the key's plain spelling, with its group before it, or a number behind it, where that is taken."""
    short = "_".join(filter(None, map(plain_key, one.place[1:])))[:LONGEST_KEY].strip("_") or "value"
    whole = f"{one.group}_{short}"
    candidates = [whole if one.group == "form" else short, whole, *(f"{short}_{number}" for number in range(2, 1_000))]
    return next(key for key in candidates if key not in taken)
