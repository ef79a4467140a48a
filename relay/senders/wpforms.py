"""WPForms with its Webhooks addon: one signed JSON object for each entry, under the keys that the customer typed.

The addon gives an entry no id of its own; one comes with the smart tag {entry_id}. It sends once and heeds no answer.
Source: the Webhooks addon of WPForms, its class Process; wpforms.com/docs/how-to-install-and-use-the-webhooks-addon.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.errors import BadSignature
from relay.model import Event, Json
from relay.senders.base import object_of, read_json
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form
from relay.senders.plain_keys import with_plain_keys
from relay.senders.timed import TimedSignature
from relay.sending import About, Request

name = "wpforms"
about = About(
    title="WPForms",
    proof="the webhook's secret, set at Settings > Webhooks of the form",
    variable="WPFORMS_SECRET",
    lead="fields.lead_id",
    ids=("entry_id+",),
    given={"form": ("id", "title"), "campaign": ()},
)

SIGNATURE = TimedSignature(
    header="X-WPForms-Webhook-Signature",
    part="v",
    where="set a secret at the WPForms webhook, the same as the hook's",
)
#: Stands between the choices of a question where several may be taken.
BETWEEN_CHOICES = "||"


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the signature. That of a form post is made over JSON that is never sent, so it can't be checked."""
    if is_form(request):
        raise BadSignature("a form post of WPForms can't be checked; set the webhook's request format to JSON")
    SIGNATURE.verify(request, secrets)


sign = SIGNATURE.sign


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    fields = with_plain_keys({key: value_of(value) for key, value in body.items()})
    return [
        Event(
            id=given_id(fields.get("event_id"), fields.get("entry_id")) or id_of_day(body, request.received_ms),
            fields=fields,
            form={"id": fields.get("form_id"), "title": fields.get("form_name")},
            raw=body,
            body=request.body,
        )
    ]


def value_of(value: Json) -> Json:
    """Give a date as it was shown, several choices as a list, and anything else as it is."""
    if isinstance(value, dict) and "value" in value:
        return value_of(value["value"])
    if isinstance(value, str) and BETWEEN_CHOICES in value:
        return value.split(BETWEEN_CHOICES)
    return value
