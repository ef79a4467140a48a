"""Judges whether a form has changed so that a rule reads what it no longer gives. Pure: what was seen is an argument.

Some senders send the form's own definition with each response; then a question is gone as soon as the definition does
not have it. The others send answers, and an optional question that nobody answers looks like one that was removed. So
a name is gone only when so many events in a row came without it as chance would bring about once in a billion, had
each event the name independently of the others with the share that it had before. Events that come one after the
other resemble each other, as those of one campaign do, so three times as many are asked for, and never fewer than
``LEAST_RUN``. The share is taken with care (one hit and one miss more than there were): a name that all of 100 events
had is gone after 14 without it, one that 20 of 20 had after 21, one that half had after about 90. A name that fewer
than half had is not judged: nobody waits for it. Hidden names come with the address that a visitor was given, which
differs between campaigns, so that nearly all events must have had them, and more must have come without.

What kind of value a name gives is judged alike: when all of the last few values are of a kind that it never had.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from typing import NamedTuple

from relay.expressions.formulas import Unit
from relay.expressions.parts import Condition, names_in
from relay.hooks import Hook, Rule
from relay.mapping.uses import Use, uses
from relay.model import Json
from relay.shapes import FIELDS, HIDDEN, Form, FormVersion, NameSeen, Shown
from relay.spelling import plain

#: A run without a name that is less likely than this, threefold, says that it is gone.
CHANCE, LIKENESS = 1e-9, 3
#: Fewest events without it, and least share of the events that had it, by part of the event.
LEAST_RUN = {FIELDS: 12, HIDDEN: 30}
LEAST_SHARE = {FIELDS: 0.5, HIDDEN: 0.95}
#: With fewer events that had it nothing is said.
LEAST_SEEN = 10
#: So many values of a new kind in a row are no exception.
LEAST_TURNED = 5
#: With fewer events a form is still being learnt.
LEARNT = 20
#: How alike a new name must be to be taken for the old one.
ALIKE = 0.5
GONE, TURNED = "gone", "turned"
#: What a condition may read for it to be known of a whole form whether it can hold.
OF_FORM = (("form", "id"), ("form", "title"), ("event", "kind"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One name that rules read and that a form no longer has, or has with another kind of value."""

    form: Form
    name: NameSeen
    #: GONE or TURNED.
    what: str
    #: Where it is read, in the order of the file.
    uses: tuple[Use, ...]
    #: When the last event came that was as before, in ms since 1970.
    since_ms: int
    #: Events since.
    events: int
    #: The likely new name; empty where none is like it.
    likely: str = ""
    #: Kinds of the values before, and the kind now, where they turned.
    before: tuple[str, ...] = ()
    now: str = ""

    @property
    def id(self) -> str:
        """The same as long as it lasts; another one where the name comes back and is lost again."""
        told = (self.form.id, self.form.kind, self.name.part, self.name.key, self.what, str(self.since_ms))
        return sha256("\0".join(told).encode()).hexdigest()[:12]


class Changes(NamedTuple):
    """What is different in one version of a form from the one before it."""

    added: tuple[Shown, ...]
    removed: tuple[Shown, ...]
    #: Labels or types that are others now: as before, and as now.
    altered: tuple[tuple[Shown, Shown], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.altered)


def drifts(form: Form, hook: Hook) -> Iterator[Drift]:
    """Give what a hook file reads of a form that has changed, in the order of the file."""
    if form.crowded:
        return
    names = {(one.part, one.key): one for one in form.names}
    read: dict[tuple[str, str], list[Use]] = {}
    for use in uses_of(form, hook):
        read.setdefault((use.names[0], use.names[1]), []).append(use)  # type: ignore[arg-type]
    for place, several in read.items():
        if name := names.get(place):
            missed = [use for use in several if not stood_in(use, names)]
            if is_gone(name) and missed:
                yield gone(form, name, missed)
            elif turned(name):
                yield of_another_kind(form, name, several)


def uses_of(form: Form, hook: Hook) -> Iterator[Use]:
    """Give what a hook file reads of this form's names; rules that can't hold for it read nothing of it."""
    others = {rule.name for rule in hook.rules if not concerns(rule, form)}
    for use in uses(hook):
        of_form = len(use.names) > 1 and use.names[0] in (FIELDS, HIDDEN) and isinstance(use.names[1], str)
        if of_form and not (use.rule and use.rule in others):
            yield use


def stood_in(use: Use, names: Mapping[tuple[str, str], NameSeen]) -> bool:
    """Whether the form has a name that is read where this one is missing: then its rule is made for both."""
    return any(is_there(names.get(chain[:2])) for chain in use.instead)  # type: ignore[arg-type]


def concerns(rule: Rule, form: Form) -> bool:
    """Whether a rule can hold for events of this form, as far as its condition says that of the form alone."""
    condition = rule.run.parts if isinstance(rule.run, Unit) else None
    return condition is None or all(may_hold(part, form) for part in conjuncts(condition))


def conjuncts(condition: Condition) -> Iterator[Condition]:
    if condition.joint == "and":
        for part in condition.parts:
            yield from conjuncts(part)
    else:
        yield condition


def may_hold(condition: Condition, form: Form) -> bool:
    """Whether a part of a condition may hold for this form; one that reads anything else may."""
    if not all(chain in OF_FORM for chain in names_in(condition.source)):
        return True
    return any(condition.holds(scope)[0] is not False for scope in scopes_of(form))


def scopes_of(form: Form) -> Iterator[dict[str, Json]]:
    """Give what conditions see of a form; an id of digits may be a number in its events."""
    ids: list[Json] = [form.id, int(form.id)] if form.id.isdecimal() else [form.id]
    for id in ids:
        yield {"form": {"id": id, "title": form.title}, "event": {"kind": form.kind}}


def is_there(name: NameSeen | None) -> bool:
    return name is not None and not is_gone(name)


def is_gone(name: NameSeen) -> bool:
    """Whether a form no longer has a name: by its definition, else by how many events came without it."""
    if name.defined is not None:
        return not name.defined
    if name.number < LEAST_SEEN or not name.absent or name.number < LEAST_SHARE[name.part] * name.of:
        return False
    return name.absent >= run_needed(name)


def run_needed(name: NameSeen) -> int:
    """Give how many events in a row without a name say that it is gone."""
    share = (name.number + 1) / (name.of + 2)
    return max(LEAST_RUN[name.part], math.ceil(LIKENESS * math.log(CHANCE) / math.log(1 - share)))


def turned(name: NameSeen) -> tuple[tuple[str, ...], str] | None:
    """Give the kinds that a name's values had, and the one that all of its last values have and none had before."""
    for kind, seen in name.kinds.items():
        others = {other: one for other, one in name.kinds.items() if other != kind}
        if seen.last == name.values and seen.number >= LEAST_TURNED and others:
            number, last = sum(one.number for one in others.values()), max(one.last for one in others.values())
            return (tuple(sorted(others)), kind) if number >= LEAST_SEEN and seen.first > last else None
    return None


def gone(form: Form, name: NameSeen, several: list[Use]) -> Drift:
    return Drift(
        form=form,
        name=name,
        what=GONE,
        uses=tuple(several),
        since_ms=name.last_ms,
        events=name.absent,
        likely=likely(form, name),
    )


def of_another_kind(form: Form, name: NameSeen, several: list[Use]) -> Drift:
    found = turned(name)
    assert found
    before, now = found
    seen = name.kinds[now]
    return Drift(
        form=form,
        name=name,
        what=TURNED,
        uses=tuple(several),
        since_ms=seen.first_ms,
        events=seen.number,
        before=before,
        now=now,
    )


def likely(form: Form, lost: NameSeen) -> str:
    """Give the name that a lost one has now: of the same question, or label; else the one most like it that is new."""
    there = [one for one in form.names if one.part == lost.part and one.key != lost.key and not is_gone(one)]
    for same in (
        [one for one in there if lost.question and one.question == lost.question],
        [one for one in there if lost.label and plain(one.label) == plain(lost.label)],
    ):
        if same:
            return same[0].key
    new = [(likeness(one, lost), one.key.isidentifier(), one.key) for one in there if one.first_ms >= lost.last_ms]
    best = max(new, default=(0.0, False, ""))
    return best[2] if best[0] >= ALIKE else ""


def likeness(one: NameSeen, other: NameSeen) -> float:
    """Compare keys, and labels where there are any; 1 is the same."""
    pairs = [(one.key, other.key)] + ([(one.label, other.label)] if one.label and other.label else [])
    return max(SequenceMatcher(None, plain(a), plain(b), autojunk=False).ratio() for a, b in pairs)


def shown(form: Form) -> tuple[Shown, ...]:
    """Give what a form looks like now, without the plain spellings that stand beside keys that people typed."""
    there = [one for one in form.names if not is_gone(one)]
    spelled = {(one.part, plain(one.key)) for one in there if plain(one.key) != one.key}
    kept = [one for one in there if (one.part, one.key) not in spelled]
    return tuple(sorted(Shown(one.part, one.key, one.label, type_of(one)) for one in kept))


def type_of(name: NameSeen) -> str:
    if name.type:
        return name.type
    found = turned(name)
    return found[1] if found else " or ".join(sorted(name.kinds))


def changes(before: FormVersion, after: FormVersion) -> Changes:
    """Compare two versions of a form."""
    old, new = ({one[:2]: one for one in version.names} for version in (before, after))
    return Changes(
        added=tuple(one for place, one in new.items() if place not in old),
        removed=tuple(one for place, one in old.items() if place not in new),
        altered=tuple((old[place], one) for place, one in new.items() if place in old and old[place] != one),
    )


def since_of(form: Form, before: FormVersion) -> int:
    """Give since when a form looks as it does, in ms since 1970: its last name came, or went, then.

    Of a label or a type that is another one now it is only known that this was lately, and of a name that came back
    that this was after the form had been seen without it.
    """
    there, were = ({one[:2] for one in names} for names in (shown(form), before.names))
    if there == were:
        return form.last_ms
    moments = [one.last_ms for one in form.names if is_gone(one)]
    moments += [one.first_ms for one in form.names if not is_gone(one)]
    back = [one for one in form.names if (one.part, one.key) in there - were and one.first_ms <= before.first_ms]
    return max([*moments, before.last_ms] if back else moments, default=form.first_ms)


def still_learnt(form: Form) -> bool:
    """Whether so few events were seen that names may still be missing; a form with a definition is known at once."""
    return form.events < LEARNT and all(one.defined is None for one in form.names)


def all_names(forms: Iterable[Form], part: str) -> frozenset[str]:
    return frozenset(one.key for form in forms for one in form.names if one.part == part)
