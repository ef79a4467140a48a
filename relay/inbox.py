"""Failures in words: one sentence for each group of failures that look alike, as the command line and the page say it.

The store keeps the groups. Here each gets the name of its sender, its sentence, and what a person can do about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import shorten

from relay.finding import Filter
from relay.model import METADATA, Death, Json, Line
from relay.senders import SENDERS
from relay.store import Store
from relay.store.groups import Group
from relay.telling import times
from relay.texts import N_

#: Eighths of a block, for a trend in one line of text; no event is a line at the foot.
BARS = "▁▂▃▄▅▆▇█"
NONE = "·"
#: Of a sentence, where it becomes a name.
LONGEST_TITLE = 90
#: By kind of the reason. The first is said where a field is known that it is about, the second where none is.
SENTENCES: Mapping[str, tuple[str, str]] = {
    Death.REFUSED.value: (
        N_("%(hook)s: the CRM refused %(field)s: %(words)s"),
        N_("%(hook)s: the CRM refused the update: %(words)s"),
    ),
    Death.MAPPING.value: (
        N_("%(hook)s: the rules failed at %(field)s: %(words)s"),
        N_("%(hook)s: the rules failed: %(words)s"),
    ),
    Death.LEAD_NOT_FOUND.value: ("", N_("%(hook)s: the CRM does not know the lead: %(words)s")),
    Death.UNREACHABLE.value: ("", N_("%(hook)s: the CRM could not be reached for too long: %(words)s")),
    Death.FETCH.value: ("", N_("%(hook)s: the answers could not be fetched: %(words)s")),
    "unknown lead": ("", N_("%(hook)s: waits for its lead: %(words)s")),
    "lead gone": ("", N_("%(hook)s: the CRM no longer knows the lead that was found: %(words)s")),
    # Its words would say the same once more.
    "ambiguous": ("", N_("%(hook)s: several leads are known by the same phone, e-mail or id")),
    "no id": ("", N_("%(hook)s: the event does not say which lead it is about: %(words)s")),
    "no identity": ("", N_("%(hook)s: the event has nothing to find a lead by: %(words)s")),
    "value held back": (
        N_("%(hook)s: %(field)s was held back, the rest went on: %(words)s"),
        N_("%(hook)s: a value was held back, the rest went on: %(words)s"),
    ),
}
#: For kinds that have no sentence of their own.
OTHER = N_("%(hook)s: %(kind)s: %(words)s")
#: What a person does about it, by kind of the reason.
ADVICE: Mapping[str, str] = {
    Death.REFUSED.value: N_(
        "The CRM would refuse the same again. Mend the rule, and replay them by the rules of now; or mend what is "
        "missing in the CRM, and replay them as mapped."
    ),
    Death.MAPPING.value: N_(
        "The rule can't make sense of what came. Mend it in the hook file, which is taken over within seconds; then "
        "replay them by the rules of now."
    ),
    Death.LEAD_NOT_FOUND.value: N_(
        "The CRM has no lead of this id. Was it made later, replay them as mapped; was it deleted, drop them; is the "
        "id wrong, mend the link that opens the form."
    ),
    Death.UNREACHABLE.value: N_(
        "The CRM did not answer for a day. Once it does, replay them as mapped: what newer events have set since stays."
    ),
    Death.FETCH.value: N_(
        "The sender did not give the answers. See that the hook's token is valid and may read them; then replay them "
        "by the rules of now, which asks again."
    ),
    "unknown lead": N_(
        "They go on by themselves as soon as a lead is known by this: learnt from another event, imported, or linked "
        "by you."
    ),
    "ambiguous": N_("Several leads are known by this. Link it to the right one; then they go on."),
    "lead gone": N_(
        "The lead was deleted or merged at the CRM. Link what it is known by to the right one, or drop them."
    ),
    "no id": N_(
        "See that the link that opens the form carries the lead's id, or have the hook file find the lead by phone or "
        "e-mail; then replay them by the rules of now."
    ),
    "no identity": N_(
        "See that the form asks for what the hook file finds a lead by, and that it is read from the right field; then "
        "replay them by the rules of now."
    ),
    "value held back": N_(
        "They were delivered without this value. Mend the rule, or the question of the form; a replay by the rules of "
        "now sends what can be read then."
    ),
}
OTHER_ADVICE = N_("Open an event to see what happened; then replay them, or drop them.")
#: Reasons that lie in the hook file: as mapped the same would happen again.
OF_THE_RULES = frozenset((Death.MAPPING.value, Death.FETCH.value, "no id", "no identity", "value held back"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A group, and its failure in words."""

    group: Group
    line: Line

    @property
    def filter(self) -> Filter:
        """What finds its events, for a list of them and for every act on them."""
        return Filter(state=self.group.what, group=self.group.id)

    @property
    def remap(self) -> bool:
        """Whether a replay should take the rules of now."""
        return self.group.kind in OF_THE_RULES

    @property
    def advice(self) -> str:
        """What a person does about it, in English."""
        return ADVICE.get(self.group.kind, OTHER_ADVICE)

    @property
    def droppable(self) -> bool:
        """Whether its events can be dropped: those that went on without a value can't."""
        return self.group.what in ("dead", "parked")


def rows(store: Store, groups: Iterable[Group]) -> list[Row]:
    """Put groups into words, in their order."""
    several = list(groups)
    titles = senders_of(store, several)
    return [Row(group=one, line=sentence(one, sender=titles.get(one.hook, ""))) for one in several]


def fitting(groups: Iterable[Group], wanted: Filter) -> list[Group]:
    """Give the groups that a filter means: by hook, kind, words, what their events are, and since when one failed."""
    return [
        one
        for one in groups
        if wanted.hook in ("", one.hook)
        and wanted.kind in ("", one.kind)
        and wanted.state in ("", one.what)
        and wanted.group in ("", one.id)
        and wanted.has_words(one.words, one.status)
        and (wanted.since_ms is None or one.last_ms >= wanted.since_ms)
        and (wanted.until_ms is None or one.last_ms < wanted.until_ms)
    ]


def about(store: Store, wanted: Filter) -> Row | None:
    """Give the group that a filter names, without its trend; None where it names none, or none that is known."""
    return next(iter(rows(store, store.groups.some([wanted.group] if wanted.group else []))), None)


def title(sentence: str) -> str:
    """Make a sentence short enough for a name."""
    return shorten(sentence, LONGEST_TITLE, placeholder=" …")


def row_json(row: Row) -> dict[str, Json]:
    """Give all of a group."""
    group = row.group
    return {
        "group": group.id,
        "sentence": str(row.line),
        "state": group.state,
        "what": group.what,
        "hook": group.hook,
        "kind": group.kind,
        "field": group.field,
        "words": group.words,
        "status": group.status,
        "events": group.count,
        "on_their_way": group.on_their_way,
        **times("since", group.since_ms),
        **times("last", group.last_ms),
        **times("closed", group.closed_ms or None),
        "times": group.times,
        "trend": list(group.trend),
        "seen_by": group.acked_by,
        **times("seen", group.acked_ms or None),
    }


def senders_of(store: Store, groups: Iterable[Group]) -> dict[str, str]:
    """Give the title of each hook's sender, as its events have it; hooks whose events are gone have none."""
    titles: dict[str, str] = {}
    for group in groups:
        ids = [] if group.hook in titles else store.groups.newest(group.id, 1) or store.groups.on_their_way(group.id, 1)
        if ids:
            event = store.events.event(ids[0])
            adapter = SENDERS.get(event.sender) if event else None
            if adapter is not None:
                titles[group.hook] = adapter.about.title
    return titles


def sentence(group: Group, *, sender: str = "") -> Line:
    """Say what fails, as ``Typeform cotiza: the CRM refused campaign_id: not found``; ``sender`` is its title."""
    about, bare = SENTENCES.get(group.kind, ("", OTHER))
    values = {
        "hook": group.hook if sender.casefold() == group.hook else f"{sender} {group.hook}".strip(),
        "field": group.field.removeprefix(METADATA),
        "kind": group.kind,
        "words": _without(group.field, group.words),
        # With one the words may be the CRM's own.
        "status": str(group.status or ""),
    }
    return Line(about if about and group.field else bare, values)


def _without(field: str, words: str) -> str:
    """Give the words without the name of the field at their beginning, where the sentence has it already."""
    for name in (field, field.removeprefix(METADATA)):
        if name and words.startswith((f"{name}: ", f"{name} ")):
            return words.removeprefix(name).removeprefix(":").strip()
    return words


def sparkline(trend: Iterable[int]) -> str:
    """Draw numbers as a line of blocks, the greatest at full height."""
    numbers = list(trend)
    most = max(numbers, default=0)
    return "".join(BARS[-(-number * len(BARS) // most) - 1] if number else NONE for number in numbers)
