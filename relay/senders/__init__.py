"""The adapters: one module for each sender, one line for each in SENDERS."""

from __future__ import annotations

from collections.abc import Mapping

from relay.hooks import Hook
from relay.senders import (
    calendly,
    cloudevents,
    contact_form_7,
    elementor,
    fillout,
    generic,
    github,
    google_ads,
    google_forms,
    gravity_forms,
    hubspot,
    jotform,
    lead_api,
    linkedin,
    make,
    meta,
    shopify,
    standard_webhooks,
    stripe,
    tally,
    tiktok,
    typeform,
    unbounce,
    webflow,
    wpforms,
    zapier,
)
from relay.senders.base import Sender
from relay.senders.described import described
from relay.sending import About

SENDERS: Mapping[str, Sender] = {
    "calendly": calendly,
    "cloudevents": cloudevents,
    "contact_form_7": contact_form_7,
    "elementor": elementor,
    "fillout": fillout,
    "generic": generic,
    "github": github,
    "google_ads": google_ads,
    "google_forms": google_forms,
    "gravity_forms": gravity_forms,
    "hubspot": hubspot,
    "jotform": jotform,
    "lead_api": lead_api,
    "linkedin": linkedin,
    "make": make,
    "meta": meta,
    "shopify": shopify,
    "standard_webhooks": standard_webhooks,
    "stripe": stripe,
    "tally": tally,
    "tiktok": tiktok,
    "typeform": typeform,
    "unbounce": unbounce,
    "webflow": webflow,
    "wpforms": wpforms,
    "zapier": zapier,
}


def adapter_of(hook: Hook) -> Sender:
    """Give the adapter that reads a hook's requests."""
    return SENDERS[hook.sender] if hook.signature is None else described(hook.signature)


#: What hook files are checked with.
ABOUT: Mapping[str, About] = {name: sender.about for name, sender in SENDERS.items()}
