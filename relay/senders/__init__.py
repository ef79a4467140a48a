"""The adapters: one module for each sender, one line for each in SENDERS."""

from __future__ import annotations

from collections.abc import Mapping

from relay.model import About, Hook
from relay.senders import (
    calendly,
    contact_form_7,
    hubspot,
    lead_api,
    make,
    typeform,
    unbounce,
    wpforms,
    zapier,
)
from relay.senders.base import Sender

SENDERS: Mapping[str, Sender] = {
    "calendly": calendly,
    "contact_form_7": contact_form_7,
    "hubspot": hubspot,
    "lead_api": lead_api,
    "make": make,
    "typeform": typeform,
    "unbounce": unbounce,
    "wpforms": wpforms,
    "zapier": zapier,
}


def adapter_of(hook: Hook) -> Sender:
    """Give the adapter that reads a hook's requests."""
    return SENDERS[hook.sender]


#: What hook files are checked with.
ABOUT: Mapping[str, About] = {name: sender.about for name, sender in SENDERS.items()}
