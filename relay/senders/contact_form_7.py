"""Contact Form 7 with the plugin CF7 to Webhook: one JSON object for each mail, under the names of the form's tags.

The plugin signs nothing and gives no id; the secret comes in a header that it is told to add. It sends once.
Source: github.com/mariovalney/cf7-to-zapier, the plugin's code.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.model import Event
from relay.senders.base import alone, object_of
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.hand_made import read_hand_made
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import verify_token, with_token
from relay.sending import About, Request

name = "contact_form_7"
about = About(
    title="Contact Form 7",
    proof="a long random text, sent as the header Authorization: Bearer that the plugin CF7 to Webhook adds",
    variable="CONTACT_FORM_7_TOKEN",
    lead="fields.lead_id",
    ids=("event_id+",),
    hidden=True,
)

#: Begins the names of what Contact Form 7 itself knows of a mail: ``_url``, ``_post_id``.
SPECIAL = "_"


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="add one at the form's tab Webhook, with the hook's secret")


sign = with_token


def parse(request: Request) -> list[Event]:
    body = object_of(read_form(request) if is_form(request) else read_hand_made(request.body), "the body")
    # The plugin sends a list for a menu and for radio buttons too: one choice is taken for what it is.
    plain = {key: alone(value) for key, value in body.items()}
    fields = with_plain_keys({key: value for key, value in plain.items() if not key.startswith(SPECIAL)})
    return [
        Event(
            id=given_id(fields.get("event_id")) or id_of_day(body, request.received_ms),
            fields=fields,
            hidden={key.removeprefix(SPECIAL): value for key, value in plain.items() if key.startswith(SPECIAL)},
            raw=body,
            body=request.body,
        )
    ]
