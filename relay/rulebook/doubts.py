"""Says what of a hook file can have no effect, once all of it was read: rules behind a stop, values that are set again,
tables that nothing looks into, names that the form never had.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise

from relay.rulebook.places import place_of
from relay.rulebook.rule_reading import Draft
from relay.rulebook.wording import Named, Wording
from relay.rulebook.yaml_nodes import Page
from relay.rulebook.yaml_reading import Pairs, Scalar
from relay.sending import About


def say_without_effect(page: Page, drafts: Sequence[Draft]) -> None:
    """Say which rules no event ever comes to, and which values never stay."""
    for number, draft in enumerate(drafts):
        stop = next((one for one in drafts[:number] if one.stop and covers(one, draft)), None)
        if stop:
            how = "always holds" if stop.always else "holds whenever this one does"
            words = f"{stop.what} in line {line(stop)} {how} and stops the run before; put this rule above it"
            page.idle(draft.place, f"{draft.what} never runs: {words}")
        elif not draft.each:
            say_set_again(page, draft, drafts[number:])


def covers(stop: Draft, later: Draft) -> bool:
    """Whether a rule holds whenever the other does: always, or where each of its parts is a part of the other."""
    if stop.always:
        return True
    if stop.tree is None or later.tree is None:
        return False
    return stop.parts <= later.parts


def say_set_again(page: Page, draft: Draft, on: Sequence[Draft]) -> None:
    """Say which of a rule's values a later rule sets again for every event; ``on`` begins with the rule itself."""
    again = {register: later for register in draft.places if (later := setter_below(register, on))}
    if again and len(again) == len(draft.places):
        last = next(iter(again.values()))
        words = f"all that it sets is set again by {last.what} in line {line(last)}, which always holds"
        page.warn(draft.place, f"{draft.what} has no effect: {words}; put it below")
        return
    for register, last in again.items():
        words = f"is set again by {last.what} in line {line(last)}, which always holds; put this rule below it"
        page.warn(draft.places[register], f"{draft.what}: {register} {words}")


def setter_below(register: str, on: Sequence[Draft]) -> Draft | None:
    """Find the rule below that gives this register a value of its own whatever the event, and is always come to."""
    for above, draft in pairwise(on):
        if above.stop:
            return None
        if draft.always and not draft.each and register in draft.literals:
            return draft
    return None


def line(draft: Draft) -> int:
    return draft.place.line


def say_unused(wording: Wording, tables: Pairs) -> None:
    """Say which tables nothing looks into."""
    for key, _ in tables.pairs:
        if isinstance(key, Scalar) and key.text not in wording.tables:
            words = f"is used by no expression; look into it with | lookup({key.text!r}), or leave it out"
            wording.page.warn(place_of(key), f"table {key.text!r} {words}")


def say_not_given(wording: Wording, about: About) -> None:
    """Say where hidden fields are read of a sender that has none: a fault where the lead is found by them alone."""
    if about.hidden:
        return
    lead = [one for one in wording.named if one.what.startswith("lead: ")]
    alone = {one.what for one in lead if all(two.key.name == "hidden" for two in lead if two.what == one.what)}
    for one in wording.named:
        if one.key.name == "hidden":
            note = wording.page.idle if one.what in alone else wording.page.warn
            usual = f"; a lead's id usually is {about.lead}" if one.what == "lead: id" and about.lead else ""
            at = wording.inside(one.entry, one.start + one.key.start, one.key.length)
            note(at, f"{one.what}: {about.title} gives no hidden fields{usual or '; see fields'}")


def say_unseen(wording: Wording, seen: Mapping[str, Collection[str]]) -> None:
    """Say which fields no event of this hook ever had, as far as any is known."""
    if not seen.get("fields"):
        return
    for one in wording.named:
        name, key = one.key.name, one.key.key
        if name in ("fields", "hidden") and key not in seen.get(name, ()):
            meant = meant_by(name, key, seen)
            if is_spare(one, meant, wording.named, seen):
                continue
            at = wording.inside(one.entry, one.start + one.key.start, one.key.length)
            hint = f"; did you mean {meant}?" if meant else ""
            wording.page.warn(at, f"{one.what}: no event or example ever had {name}.{key}{hint}")


def meant_by(name: str, key: str, seen: Mapping[str, Collection[str]]) -> str:
    """Say which key was probably meant, of this name or of the other; empty where none is near."""
    other = "hidden" if name == "fields" else "fields"
    if key in seen.get(other, ()):
        return f"{other}.{key}"
    close = get_close_matches(key, sorted(seen.get(name, ())), n=1, cutoff=0.65)
    return f"{name}.{close[0]}" if close else ""


def is_spare(one: Named, meant: str, named: Sequence[Named], seen: Mapping[str, Collection[str]]) -> bool:
    """Whether it stands in for a name that was seen, and is no slip of it: ``fields.movil or fields.telefono``."""
    if not one.key.choice or one.what.endswith("when"):
        return False
    sides = [two.key for two in named if two.entry is one.entry and two.start == one.start]
    sides = [key for key in sides if key.choice == one.key.choice]
    others = [f"{key.name}.{key.key}" for key in sides if key.key in seen.get(key.name, ())]
    return bool(others) and (not meant or meant in others)
