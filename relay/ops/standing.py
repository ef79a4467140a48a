"""How all stands, for the overview: gathered once a second at the most, and judged in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from relay.inbox import Row, rows
from relay.ops.figures import asked_for_words
from relay.ops.means import Means
from relay.ops.readable import number
from relay.ops.words import _, ngettext, words
from relay.silence import Silence
from relay.status import Status, status
from relay.store.groups import Group
from relay.store.proofs import Proof
from relay.texts import N_

#: States of a gate that need a person, and whether something is wrong: a pause was meant.
STUCK = {"held": (N_("held"), "bad"), "open": (N_("open"), "bad"), "paused": (N_("paused"), "warn")}
#: Kinds of failure that are named on the overview.
NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that the overview shows, but the plot."""

    found: Status
    #: The first groups of failures that nobody has seen, in words.
    news: tuple[Row, ...]
    #: When each hook last had an event, in ms since 1970.
    last: Mapping[str, int]
    #: How quiet each hook is.
    quiet: Mapping[str, Silence]
    proof: Proof | None
    #: Names that rules of each hook read and its forms no longer give.
    drifted: Mapping[str, int]

    @property
    def unseen(self) -> tuple[Group, ...]:
        return tuple(group for group in self.found.groups if group.count and not group.acked_by)

    @property
    def unbalanced(self) -> tuple[str, ...]:
        """The hooks for which the counters of today do not add up."""
        return tuple(one.hook for one in self.found.hooks if one.left_over)

    @property
    def silent(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.quiet.items() if one.silent)

    @property
    def holds(self) -> bool:
        """Whether the sum holds, by the counters and by the last full audit, if there was one."""
        return not self.unbalanced and (self.proof is None or self.proof.holds)


def look(means: Means, quiet: Mapping[str, Silence], drifted: Mapping[str, int]) -> Standing:
    """Look at everything. Raises StoreError."""
    store = means.store
    found = status(store, means.settings)
    unseen = [group for group in found.groups if group.count and not group.acked_by]
    return Standing(
        found=found,
        news=tuple(rows(store, unseen[:NAMED])),
        last=store.meters.last(),
        quiet=quiet,
        proof=store.proofs.last(),
        drifted=drifted,
    )


@dataclass(frozen=True, slots=True)
class Worry:
    """Something that needs a person."""

    words: str
    #: 'bad' or 'warn'.
    kind: str


def worries(standing: Standing) -> list[Worry]:
    """Say what needs a person, the worst first."""
    return sorted(_worries(standing), key=lambda one: one.kind != "bad")


def _worries(standing: Standing) -> Iterator[Worry]:
    found = standing.found
    if not found.workers:
        yield Worry(_("No worker is alive, nothing is delivered"), "bad")
    if found.errands and not found.background:
        yield Worry(_("No background worker is alive"), "bad")
    yield from _of_files(found)
    yield from _of_gates(found)
    if not standing.holds:
        yield Worry(_("the sum does not hold"), "bad")
    yield from _of_failures(standing)
    if standing.drifted:
        yield Worry(_("%(hooks)s: a form changed", hooks=", ".join(sorted(standing.drifted))), "bad")
    silent = standing.silent
    if silent:
        yield Worry(_("%(hooks)s quiet beyond habit", hooks=", ".join(silent)), "warn")


def _of_files(found: Status) -> Iterator[Worry]:
    """Hook files that have faults: bad where nothing serves instead."""
    serving = [one.hook for one in found.faulty_files if one.served or not one.hook]
    refused = [one.hook for one in found.faulty_files if one.hook and not one.served]
    if refused:
        yield Worry(
            _("the rules of %(hooks)s have faults, and senders are answered 503", hooks=", ".join(refused)), "bad"
        )
    if "" in serving:
        yield Worry(_("no hook file is found; what was loaded goes on"), "bad")
    if named := [hook for hook in serving if hook]:
        words = _("the rules of %(hooks)s have faults; the last good version goes on", hooks=", ".join(named))
        yield Worry(words, "warn")


def _of_gates(found: Status) -> Iterator[Worry]:
    gates = [(gate.destination, gate.state) for gate in found.gates]
    gates += [(_("asking for %(what)s", what=asked_for_words(gate.destination)), gate.state) for gate in found.errands]
    for what, state in gates:
        if state in STUCK:
            word, kind = STUCK[state]
            yield Worry(_("%(what)s is %(state)s", what=what, state=words(word)), kind)
    for hook in found.paused:
        yield Worry(_("%(what)s is %(state)s", what=hook, state=_("paused")), "warn")


def _of_failures(standing: Standing) -> Iterator[Worry]:
    kinds = len(standing.unseen)
    if kinds:
        kinds_said = ngettext("%(num)s new kind of failure", "%(num)s new kinds of failure", kinds, num=number(kinds))
        yield Worry(f"{kinds_said} ({events_in(standing.unseen)})", "warn")


def events_in(groups: Sequence[Group]) -> str:
    count = sum(group.count for group in groups)
    return ngettext("%(num)s event", "%(num)s events", count, num=number(count))


def headline(found: list[Worry]) -> tuple[str, str]:
    """Give the sentence at the top, and whether it is 'good', 'warn' or 'bad'."""
    if not found:
        return _("All is well."), "good"
    return f"{'; '.join(one.words for one in found)}.", found[0].kind


def known_about(standing: Standing) -> str:
    """Say what failed and was seen already; empty where there is none."""
    seen = [group for group in standing.found.groups if group.count and group.acked_by]
    if not seen:
        return ""
    kinds = ngettext("%(num)s kind of failure", "%(num)s kinds of failure", len(seen), num=number(len(seen)))
    return _("Besides, %(kinds)s (%(events)s) that somebody has seen.", kinds=kinds, events=events_in(seen))
