"""Meta Lead Ads: signed notifications, up to 1,000 in a request, each of which only names a lead to be fetched.

Sources: developers.facebook.com, "Webhooks: Getting Started" and "Webhooks for Leads". The answers: ``meta_answers``.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import orjson

from relay.errors import BadBody, BadSignature
from relay.model import Event, Json
from relay.senders.base import Reply, list_of, object_of, read_json
from relay.senders.event_ids import as_text, given_id
from relay.senders.meta_answers import ABOUT_CAMPAIGN, at_ms, fetch, with_answers
from relay.senders.signing import header_bytes, header_text, hmac_hex, matches
from relay.sending import About, Request

__all__ = ["about", "fetch", "handshake", "name", "parse", "sign", "verify", "with_answers"]

name = "meta"
about = About(
    title="Meta Lead Ads",
    proof="the app secret, shown at App settings > Basic of the app at developers.facebook.com",
    variable="META_APP_SECRET",
    ids=("entry.*.changes.*.value.leadgen_id",),
    times=("entry.*.changes.*.value.created_time", "entry.*.time"),
    keys={
        "token": "a page access token, or a system user's, with leads_retrieval",
        "verify_token": "the text that is typed into Verify Token where the webhook is set up",
    },
    given={"form": ("id", "page_id"), "campaign": ("adgroup_id", *ABOUT_CAMPAIGN)},
)

HEADER = "X-Hub-Signature-256"
PREFIX = b"sha256="
LEADGEN = "leadgen"
#: A surrogate pair is two escapes, as in the JSON that Meta signs.
NON_ASCII = re.compile(r"[^\x00-\x7f]")


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the HMAC over the raw body.

    Meta signs the body with every character beyond ASCII escaped. On the wire it mostly is; where it is not, because
    something on the way wrote it anew, the escaped form is tried too.
    """
    given = request.headers.get(HEADER.lower())
    if not given:
        raise BadSignature(f"there is no {HEADER} header; the webhook must belong to a Meta app with an app secret")
    signed = header_bytes(given)
    forms = [request.body] if request.body.isascii() else [request.body, escaped(request.body)]
    if not any(matches(signed, secrets, lambda secret, form=form: PREFIX + hmac_hex(secret, form)) for form in forms):  # type: ignore[misc]
        raise BadSignature(f"the {HEADER} header does not match any of the hook's secrets")


def escaped(body: bytes) -> bytes:
    r"""Write every character beyond ASCII as ``\u00e4``, in lower-case hex; the body as it is where it is no UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    return NON_ASCII.sub(lambda found: escape(found[0]), text).encode()


def escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def sign(request: Request, secret: str) -> Request:
    made = header_text(PREFIX + hmac_hex(secret, request.body))
    return replace(request, headers={**request.headers, HEADER.lower(): made})


def handshake(request: Request, secrets: Sequence[str], keys: Mapping[str, str]) -> Reply | None:  # noqa: ARG001
    """Give the challenge back to who knows our verify token."""
    asked = request.query
    if request.method != "GET" or "hub.challenge" not in asked:
        return None
    ours, theirs = keys.get("verify_token", ""), asked.get("hub.verify_token", "")
    if asked.get("hub.mode") != "subscribe" or not ours:
        raise BadSignature("this is no subscription of a webhook")
    if not hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass")):
        raise BadSignature("the verify token is not the hook's verify_token; type the same one at Meta")
    return Reply(asked["hub.challenge"].encode("utf-8", "surrogatepass"))


def parse(request: Request) -> list[Event]:
    """Give an event for each lead that is told of; changes of other fields are none of ours."""
    body = object_of(read_json(request.body), "the body")
    changes = list(changes_of(body))
    events = []
    for entry, change in changes:
        if change.get("field") == LEADGEN:
            value = object_of(change.get("value"), "the value of a change")
            alone = {**body, "entry": [{**entry, "changes": [change]}]}
            events.append(event_of(value, alone, request.body if len(changes) == 1 else orjson.dumps(alone)))
    return events


def changes_of(body: Mapping[str, Json]) -> Iterator[tuple[Mapping[str, Json], Mapping[str, Json]]]:
    """Give each change with its entry. Raises BadBody."""
    for one in list_of(body.get("entry"), "entry"):
        entry = object_of(one, "an entry")
        for change in list_of(entry.get("changes") or [], "the changes of an entry"):
            yield entry, object_of(change, "a change")


def event_of(value: Mapping[str, Json], raw: Json, own: bytes) -> Event:
    lead = given_id(value.get("leadgen_id"))
    if not lead:
        raise BadBody("a change has no leadgen_id")
    return Event(
        id=lead,
        fields={},
        form={"id": as_text(value.get("form_id")), "page_id": as_text(value.get("page_id"))},
        campaign={name: as_text(value[name]) for name in ("ad_id", "adgroup_id") if value.get(name)},
        kind=LEADGEN,
        at_ms=at_ms(value.get("created_time")),
        fetch=lead,
        raw=raw,
        body=own,
    )
