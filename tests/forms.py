"""Typeform answers that come in by a hook file given as text, over the real adapter, mapping and store."""

from __future__ import annotations

import itertools

import orjson

from relay import receive
from relay.hooks import Hook
from relay.senders import typeform
from relay.sending import Request
from relay.store import Store
from tests.hook_texts import LEAD

_serial = itertools.count()


def come_in(store: Store, hook: Hook, *, lead: str | None = LEAD, **answers: str) -> str:
    """Accept a form response with these answers; gives our id of it."""
    response = {
        "form_id": "f",
        "token": f"response {next(_serial)}",
        "submitted_at": "2026-09-26T14:33:47Z",
        "hidden": {"lead_id": lead} if lead else {},
        "answers": [{"type": "text", "text": text, "field": {"ref": ref}} for ref, text in answers.items()],
    }
    body = orjson.dumps({"event_type": "form_response", "form_response": response})
    request = Request(headers={"content-type": "application/json"}, body=body, received_ms=store.events.now_ms())
    (event,) = typeform.parse(request)
    return store.door.accept([receive.mapped(event, request, sender=typeform, hook=hook)])[0].id
