"""Which lead the events are about: by the id that the example brings, or else by what the lead is known by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import ExpressionError
from relay.lead_fields import is_uuid
from relay.new_hook.names import LEAD_WORDS, words_of_key
from relay.new_hook.seen import Place, Seen
from relay.new_hook.trial import Trial
from relay.sending import About


@dataclass(frozen=True)
class Lead:
    """What the example says of its lead."""

    #: Expression of the lead's id; empty where the lead is to be matched.
    id: str = ""
    #: The sender's own ids of the event, which say nothing of the lead.
    event_ids: tuple[Seen, ...] = ()
    #: The lead as the CRM itself told it.
    own: tuple[Seen, ...] = ()
    #: Where the same id stands once more.
    again: tuple[Seen, ...] = ()
    #: Places that are told of here, and not mapped again.
    spoken_for: frozenset[Place] = frozenset()


def choose_lead(seen: Sequence[Seen], about: About, trial: Trial) -> Lead:
    """Take the id where the sender usually carries it, or another that says that it is the lead's."""
    usual = [about.lead] if about.lead else []
    says_so = [one.expression for one in seen if one.group in ("fields", "hidden") and names_a_lead(one)]
    id = next((one for one in (*usual, *says_so) if gives_ids(one, trial)), "") if seen else about.lead
    again = tuple(one for one in seen if id and one.expression != id and is_same_id(one, id, trial))
    own = tuple(one for one in seen if id and is_beside(one, id))
    event_ids = tuple(one for one in seen if one.expression != id and is_event_id(one, about))
    places = (*own, *event_ids, *again, *(one for one in seen if one.expression == id))
    return Lead(id, event_ids, own, again, frozenset(one.place for one in places))


def names_a_lead(one: Seen) -> bool:
    return is_uuid(one.value) and any(map(speaks_of_a_lead, one.place))


def gives_ids(expression: str, trial: Trial) -> bool:
    """Whether some event has an id there, and none has anything else."""
    try:
        values = [value for value in trial.values(expression) if value is not None]
    except ExpressionError:
        return False
    return bool(values) and all(map(is_uuid, values))


def is_same_id(one: Seen, id: str, trial: Trial) -> bool:
    return is_uuid(one.value) and trial.values(one.expression) == trial.values(id)


def is_beside(one: Seen, id: str) -> bool:
    """Whether a value is part of a lead's object, as in ``fields.lead.id``: the CRM knows it already."""
    *holder, last = id.split(".")
    beside = list(one.place[: len(holder)]) == holder and one.expression != id
    return beside and last == "id" and len(holder) > 1 and speaks_of_a_lead(holder[-1])


def speaks_of_a_lead(key: str) -> bool:
    return bool(LEAD_WORDS & set(words_of_key(key)))


def is_event_id(one: Seen, about: About) -> bool:
    """Whether a field is where a customer maps the event's own id; that of other senders is no field."""
    names = {path.removesuffix("+").rpartition(".")[2] for path in about.ids if path.endswith("+")}
    return one.group == "fields" and len(one.place) == 2 and one.key in names
