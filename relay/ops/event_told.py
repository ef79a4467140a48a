"""One event in words, as its page tells it: where it stands and why, its way step by step, and field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from relay.explain import Explained
from relay.model import Json, Reason, Registers, Stamp, State, StoredEvent
from relay.ops.event_rows import plain
from relay.ops.readable import number, short, span
from relay.ops.sentences import say, say_answer
from relay.ops.words import _, ngettext, words
from relay.replay.plan import value_of
from relay.store.gates import Gate, Pause
from relay.store.letters import Dropped, Edit
from relay.telling import why_ignored
from relay.texts import N_
from relay.timeline import Happening, Journey

#: What keeps deliveries back at a destination, for who reads of one event.
GATES = {
    "held": N_("the lead API refuses our key"),
    "open": N_("many deliveries have failed in a row, and one is tried every few seconds"),
    "slowed": N_("the lead API asked for a rest"),
}
#: What helps, by the kind of the reason.
CURES = {
    "mapping": N_("Mend the rule or the form, then replay it by the rules of now."),
    "refused": N_("The CRM refuses a value: mend the rule, or edit the value, then replay it."),
    "lead not found": N_("The CRM has no such lead. Once it has, replay it as mapped."),
    "unreachable": N_("The CRM did not answer for too long. Once it does, replay it as mapped."),
    "fetch": N_("The sender did not give its answers: check the token, then replay it by the rules of now."),
    "unknown lead": N_("It goes on by itself once its lead becomes known, or when somebody links it to one."),
    "ambiguous": N_("Several leads are known by the same: somebody has to say which one it is."),
    "lead gone": N_("It goes on by itself once its lead becomes known again, or when somebody links it to one."),
    "no id": N_("Mend the hook file or the form, then replay it by the rules of now."),
    "no identity": N_("Mend the hook file or the form, then replay it by the rules of now."),
}
#: A sender's clock and ours may differ by as much without a word.
SAME_TIME_MS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the event itself."""

    journey: Journey
    told: Explained
    #: What keeps it back: a person, or how its destination fares; None where nothing does.
    pause: Pause | None = None
    gate: Gate | None = None
    #: Who dropped it, and what people changed of it.
    dropped: Dropped | None = None
    edits: Sequence[Edit] = ()
    #: Events that have set its fields since, or superseded it, by id, as far as they are kept.
    others: Mapping[str, StoredEvent]


def headline(event: StoredEvent, around: Around) -> str:
    """Say in one sentence where an event stands, and why."""
    if event.state is State.IN_FLIGHT:
        return in_flight(event, around)
    if event.state is State.DELIVERED:
        return delivered(around.journey.happenings)
    if event.state is State.DISCARDED:
        return dropped(around.dropped)
    return given_up(reason_of(event)) if event.state is State.DEAD else unsent(event)


def unsent(event: StoredEvent) -> str:
    if event.state is State.SUPERSEDED:
        return _("Newer events had set all that it wanted to set, so nothing was sent.")
    if event.state is State.PARKED:
        return _("It waits for a lead: %(why)s.", why=say(reason_of(event).words))
    return _("It is kept and not sent: %(why)s.", why=words(why_ignored(event)))


def reason_of(event: StoredEvent) -> Reason:
    return event.reason or Reason(kind=event.state.word, words=_("no reason is kept"))


def in_flight(event: StoredEvent, around: Around) -> str:
    if around.pause is not None:
        return _(
            "It is kept back: %(what)s is paused %(words)s.", what=say(around.pause.of), words=say(around.pause.words)
        )
    if not event.lead:
        asked = _("Its answers are asked for at %(sender)s.", sender=event.sender)
        return asked if event.fetch and not event.fetched else _("Its lead is looked for.")
    if around.gate is not None and around.gate.state in GATES:
        return _("It waits: %(why)s.", why=words(GATES[around.gate.state]))
    last = next((one for one in reversed(around.journey.happenings) if one.status is not None), None)
    due_ms = around.journey.due_ms
    if last is None or due_ms is None:
        return _("It waits for its delivery.")
    answered = str(last.status) if last.status else _("no answer")
    return _("The last attempt got %(answer)s; the next one is due at %(when)s.", answer=answered, when=short(due_ms))


def delivered(happenings: Iterable[Happening]) -> str:
    good = [one for one in happenings if one.status is not None and 200 <= one.status < 300]
    if not good:
        return _("The CRM took it.")
    return _("The CRM took it at %(when)s.", when=short(good[-1].at_ms))


def given_up(reason: Reason) -> str:
    status = f" ({reason.status})" if reason.status else ""
    tried = ngettext("%(num)s attempt", "%(num)s attempts", reason.attempts, num=number(reason.attempts))
    said = {"kind": words(reason.kind), "status": status, "words": say(reason.words, reason.status), "tried": tried}
    if not reason.attempts:
        return _("Given up: %(kind)s%(status)s: %(words)s.", **said)
    return _("Given up after %(tried)s: %(kind)s%(status)s: %(words)s.", **said)


def dropped(told: Dropped | None) -> str:
    if told is None:
        return _("A person dropped it; the list of acts says why.")
    return _("%(who)s dropped it at %(when)s: %(why)s", who=told.who, when=short(told.at_ms), why=told.why)


def cure_of(event: StoredEvent) -> str:
    """Say what helps, where somebody has to do something."""
    needs = event.reason is not None and event.state in (State.DEAD, State.PARKED)
    return words(CURES.get(event.reason.kind, "")) if needs and event.reason else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an event's way."""

    at_ms: int
    #: '', 'good', 'warn' or 'bad'.
    kind: str
    words: str
    more: str = ""
    #: Another event that it is about.
    event: str = ""


def steps(event: StoredEvent, around: Around) -> list[Step]:
    """Tell an event's way, oldest first."""
    return [
        *door_steps(event, around.told),
        *sorted((*happened(event, around.journey), *ended(event)), key=lambda one: one.at_ms),
    ]


def door_steps(event: StoredEvent, told: Explained) -> Iterator[Step]:
    """Tell what the door did: received, verified, mapped."""
    at_ms = event.received_ms
    if abs(at_ms - event.stamp.at_ms) > SAME_TIME_MS:
        yield Step(
            at_ms=event.stamp.at_ms,
            kind="",
            words=_("It happened at %(sender)s", sender=event.sender),
            more=_("%(span)s before it came here", span=span(at_ms - event.stamp.at_ms)),
        )
    size = _("%(size)s bytes of %(type)s", size=number(len(event.body)), type=event.content_type or _("no type"))
    yield Step(at_ms=at_ms, kind="", words=_("Received by hook %(hook)s", hook=event.hook), more=size)
    secret = told.verification.secret_name
    by = _("Verified by %(secret)s", secret=secret) if secret else _("Verified")
    yield Step(at_ms=at_ms, kind="", words=by, more=proved(told.verification.words))
    yield mapped_step(event, told)


def proved(proof: str) -> str:
    """Say what proves a request: a constant of its sender's adapter, or a sentence."""
    said = words(proof)
    return said if said != proof else say(proof)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def mapped_step(event: StoredEvent, told: Explained) -> Step:
    fields = sum(len(update.set) for update in event.updates)
    rules = {rule for update in event.updates for rule in update.by.values()}
    if event.fetch and not event.fetched:
        what = _("Not mapped yet: its answers are not fetched")
    elif not fields:
        what = _("Mapped to nothing that could be sent")
    else:
        what = ngettext("Mapped: sets %(num)s field", "Mapped: sets %(num)s fields", fields, num=number(fields))
    by = ngettext("by one rule", "by %(num)s rules", len(rules), num=number(len(rules))) if rules else ""
    file = told.file or f"{event.hook}.yaml"
    version = _("%(file)s, version %(version)s", file=file, version=event.version)
    kind = "warn" if event.faults or not fields else ""
    return Step(at_ms=event.received_ms, kind=kind, words=what, more=", ".join(one for one in (by, version) if one))


def happened(event: StoredEvent, journey: Journey) -> Iterator[Step]:
    for one in journey.happenings:
        by = next((part.superseded_by for part in one.parts if part.superseded_by), "")
        if by:
            more = _("it had set all that this one wanted to set")
            yield Step(at_ms=one.at_ms, kind="warn", words=_("Superseded by"), more=more, event=by)
        elif one.status is None:
            yield Step(at_ms=one.at_ms, kind="", words=capital(say(one.words)))
        else:
            yield attempt(event, one)


def attempt(event: StoredEvent, one: Happening) -> Step:
    """Tell one PUT and its answer."""
    tried = _("attempt %(num)s", num=number(one.attempt)) if one.attempt > 1 else ""
    took = _("%(num)s ms", num=number(one.took_ms)) if one.took_ms else ""
    without = left_out(event, one)
    gone = _("without %(fields)s, which newer events had set", fields=", ".join(without)) if without else ""
    more = ", ".join(part for part in (took, tried, gone) if part)
    if not one.status:
        return Step(
            at_ms=one.at_ms,
            kind="bad",
            words=_("The CRM gave no answer: %(words)s", words=say_answer(one.words)),
            more=more,
        )
    if one.status < 300:
        return Step(at_ms=one.at_ms, kind="good", words=_("The CRM took it: %(status)s", status=one.status), more=more)
    said = f"{one.status} {say_answer(one.words)}".strip()
    return Step(at_ms=one.at_ms, kind="bad", words=_("The CRM answered %(said)s", said=said), more=more)


def left_out(event: StoredEvent, one: Happening) -> list[str]:
    """Name the registers of an event that an attempt did not send."""
    sent = {register for part in one.parts for registers in part.set.values() for register in registers}
    own = dict.fromkeys(register for update in event.updates for register in update.set)
    return [register for register in own if register not in sent] if sent else []


def ended(event: StoredEvent) -> Iterator[Step]:
    """Tell when it was given up, or parked."""
    if event.reason is None or event.state not in (State.DEAD, State.PARKED):
        return
    what = _("Given up: a dead letter") if event.state is State.DEAD else _("Parked until its lead is known")
    kind = "bad" if event.state is State.DEAD else "warn"
    more = f"{words(event.reason.kind)}: {say(event.reason.words, event.reason.status)}"
    yield Step(at_ms=event.reason.at_ms or event.received_ms, kind=kind, words=what, more=more)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedField:
    """One field that a person changed."""

    register: str
    #: None where it was cleared, or was not set at all.
    old: str | None
    new: str | None
    #: Whether it is left out now.
    left_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTold:
    """What a person changed of an event when it was replayed."""

    at_ms: int
    who: str
    fields: tuple[ChangedField, ...]


def edits_told(edits: Iterable[Edit]) -> list[EditTold]:
    return [EditTold(at_ms=one.at_ms, who=one.who, fields=tuple(changed(one))) for one in edits]


def changed(edit: Edit) -> Iterator[ChangedField]:
    """Give the fields of which an edit made something else."""
    old, new = (
        {name: value for some in updates for name, value in some.items()} for updates in (edit.before, edit.after)
    )
    for register in dict.fromkeys((*old, *new)):
        if register not in old or register not in new or old[register] != new[register]:
            yield ChangedField(
                register=register,
                old=plain(old[register]) if old.get(register) is not None else None,
                new=plain(new[register]) if new.get(register) is not None else None,
                left_out=register not in new,
            )


def all_of(updates: Iterable[Registers]) -> dict[str, Json]:
    return {register: value for values in updates for register, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field of an update: what it was to be, by which rule, and what has come of it since."""

    register: str
    value: Json
    rule: str
    #: Of the hook file; 0 where it is not known.
    line: int
    state: State
    alone: bool
    #: The later event that has set the field since; '' where none has.
    since: str = ""
    since_known: bool = False
    since_value: Json = None
    #: Whether the lead has this value by this event now.
    holds: bool = False


def field_rows(event: StoredEvent, around: Around) -> list[FieldRow]:
    """Give every field of every update of an event."""
    states = event.update_states or (event.state,) * len(event.updates)
    return [
        field_row(event, around, event.stamp._replace(place=place), state, register, value)
        for place, (update, state) in enumerate(zip(event.updates, states, strict=True))
        for register, value in update.set.items()
    ]


def field_row(  # noqa: PLR0913, PLR0917 -- one field of one update
    event: StoredEvent, around: Around, stamp: Stamp, state: State, register: str, value: Json
) -> FieldRow:
    update = event.updates[stamp.place]
    set_at, by = around.journey.clock.get(register, (None, ""))
    newer = set_at is not None and by != event.id and set_at > stamp
    known, since_value = value_of(around.others.get(by), set_at, register) if set_at is not None else (False, None)
    return FieldRow(
        register=register,
        value=value,
        rule=update.by[register],
        line=around.told.line_of(update.by[register], register),
        state=state,
        alone=update.each,
        since=by if newer else "",
        since_known=newer and known,
        since_value=since_value if newer else None,
        holds=by == event.id and set_at == stamp,
    )
