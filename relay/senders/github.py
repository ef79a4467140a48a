"""GitHub: one signed event in each request, its kind and id in the headers, its JSON bare or as a form's one field.

Sources: docs.github.com, "Validating webhook deliveries" and "Webhook events and payloads".
"""

from __future__ import annotations

from collections.abc import Mapping

from relay.model import Event, Json
from relay.senders.base import object_of, read_json
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.plain_keys import with_plain_keys
from relay.senders.schemes import Signature
from relay.sending import About, Request, Scheme

name = "github"
about = About(
    title="GitHub",
    proof="the webhook's secret, set at Settings > Webhooks, HMAC-SHA256 in the header X-Hub-Signature-256",
    variable="GITHUB_WEBHOOK_SECRET",
    lead="fields.client_payload.lead_id",
    ids=("x-github-delivery", "delivery+"),
    headers=("x-github-delivery", "x-github-event"),
)

SIGNATURE = Signature(
    scheme=Scheme(header="X-Hub-Signature-256", prefix="sha256=", id="X-GitHub-Delivery", kind="X-GitHub-Event"),
    where="set a secret at the GitHub webhook, the same as the hook's",
)
verify = SIGNATURE.verify
sign = SIGNATURE.sign

#: What GitHub sends once, to see whether anybody is there.
PING = "ping"


def parse(request: Request) -> list[Event]:
    body = body_of(request)
    kind = request.headers.get("x-github-event", "")
    return [
        Event(
            id=given_id(request.headers.get("x-github-delivery")) or id_of_day(body, request.received_ms),
            fields=with_plain_keys(body),
            kind=kind,
            test=kind == PING,
            raw=body,
            body=request.body,
        )
    ]


def body_of(request: Request) -> Mapping[str, Json]:
    """Read the JSON. A webhook whose content type was left at GitHub's first choice sends it in a form."""
    if not is_form(request):
        return object_of(read_json(request.body), "the body")
    form = read_form(request)
    text = form.get("payload")
    if not isinstance(text, str):
        return object_of(None, "the form's payload")
    return object_of(read_json(text.encode(), "the form's payload"), "the form's payload")
