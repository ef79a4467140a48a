"""Writes a hook file for a sender: out of an example event, or, without one, out of what is known of the sender.

seen     what the example holds, value by value, and how each looks
trial    whether an expression would pass on the example's own values
names    what keys mean, in Spanish, English and Portuguese
contact  values into the lead's own fields
more     all others into metadata
lead     which lead it is about
page     the file's text, with a comment beside each line

``relay new`` calls ``write``. The text holds kinds of values, never a value: an example may be of a real person.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.model import Event
from relay.new_hook.contact import Contact, read_contact
from relay.new_hook.lead import choose_lead
from relay.new_hook.more import metadata_lines
from relay.new_hook.page import Plan, text_of_file
from relay.new_hook.seen import seen_in
from relay.new_hook.trial import Trial
from relay.sending import About

__all__ = ["write"]


def write(hook: str, sender: str, about: About, *, events: Sequence[Event] = (), region: str = "CL") -> str:
    """Give the text of a hook file that maps these events, which are one example, or that waits for field names."""
    seen = seen_in(events)
    trial = Trial(events)
    lead = choose_lead(seen, about, trial)
    rest = [one for one in seen if one.place not in lead.spoken_for]
    answered = any(one.group == "fields" for one in seen)
    contact = read_contact(rest, trial, region) if answered else Contact.guessed(region)
    used = {one.place for line in contact.lines for one in line.seen}
    more = metadata_lines([one for one in rest if one.place not in used], trial)
    kinds = tuple(dict.fromkeys(event.kind for event in events if event.kind))
    return text_of_file(Plan(hook, sender, about, lead, contact, more, bool(events), kinds, region))
