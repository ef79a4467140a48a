"""The adapters: one module for each sender, one line for each in SENDERS."""

from __future__ import annotations

from collections.abc import Mapping

from relay.model import About, Hook
from relay.senders import (
    calendly,
    contact_form_7,
    google_ads,
    hubspot,
    lead_api,
    linkedin,
    make,
    meta,
    tiktok,
    typeform,
    unbounce,
    wpforms,
    zapier,
)
from relay.senders.base import Sender

SENDERS: Mapping[str, Sender] = {
    "calendly": calendly,
    "contact_form_7": contact_form_7,
    "google_ads": google_ads,
    "hubspot": hubspot,
    "lead_api": lead_api,
    "linkedin": linkedin,
    "make": make,
    "meta": meta,
    "tiktok": tiktok,
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
