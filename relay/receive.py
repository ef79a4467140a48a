"""The door: a sender's request becomes events, and they are the store's before we say that all is well.

Before: gunicorn hands over a request. Here: verify, parse, map, accept, and the answers of POST /hooks/<hook>.
After: a worker finds the leads due.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Protocol
from urllib.parse import quote

import flask
import orjson
from werkzeug.wsgi import get_content_length, get_input_stream

from relay.errors import BadBody, BadSignature, HookNotLoaded, Rejected, StoreError, TooLarge, UnknownHook
from relay.hooks import Hook
from relay.mapping import map_event
from relay.masking import what_came
from relay.model import Acceptance, Arrival, Event, Mapped
from relay.senders import adapter_of
from relay.senders.base import Handshaking, Reply, Sender
from relay.sending import Request
from relay.terms import terms_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: Events of one request, which the store takes in one step: more would hold up everybody else's.
MOST_EVENTS = 1_000
OTHER_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]
#: So much of a body that is too large is read all the same.
HEARD_OUT = 8 * 1_048_576
KINDS: Mapping[type[Rejected], str] = {
    UnknownHook: "unknown hook",
    HookNotLoaded: "hook not loaded",
    BadSignature: "bad signature",
    BadBody: "bad body",
    TooLarge: "too large",
}

log = logging.getLogger("relay")


class Notice(Protocol):
    """Is told of each event that was accepted for the first time; never raises."""

    def __call__(self, hook: Hook, event: Event, mapped: Mapped, *, received_ms: int) -> None:
        """Note what there is to learn from it."""


class EventStore(Protocol):
    """What the door needs of the store."""

    def accept(self, arrivals: Sequence[Arrival]) -> Sequence[Acceptance]:
        """Make all of them durable, or none. Raises StoreError."""

    def reject(self, hook: str, *, status: int, words: str, size: int) -> None:
        """Remember a rejected request for a person; never raises."""


def receive(
    request: Request, *, hook: Hook, store: EventStore, test: bool = False, notice: Notice | None = None
) -> Sequence[Acceptance]:
    """Verify, parse, map, accept. Raises Rejected or StoreError; when it returns, every event is durable.

    With ``test`` its events count as tests, whatever their sender says of them.
    """
    sender = adapter_of(hook)
    secret_name = verify(request, sender=sender, hook=hook)
    events = parse(request, sender=sender, hook=hook)
    if not events:
        return ()
    if test:
        events = [replace(one, test=True) for one in events]
    came = came_of(request, sender=sender, hook=hook)
    arrivals = [mapped(one, request, sender=sender, hook=hook, secret_name=secret_name, came=came) for one in events]
    acceptances = store.accept(arrivals)
    if notice is not None:
        for event, arrival, acceptance in zip(events, arrivals, acceptances, strict=True):
            if not acceptance.duplicate:
                notice(hook, event, arrival.mapped, received_ms=request.received_ms)
    return acceptances


def verify(request: Request, *, sender: Sender, hook: Hook) -> str:
    """Have the sender check the request; a check that breaks is one that failed.

    Gives the name of the secret that matched where the hook has several, else nothing.
    """
    try:
        found = matching(request, sender=sender, hook=hook) if len(hook.secrets) > 1 else ""
        if not found:
            # Of all secrets at once, also where each alone has failed: what is said of the request is then the same.
            sender.verify(request, hook.secrets)
    except BadSignature:
        raise
    except Exception as error:
        log.error("signature.unreadable", extra={"hook": hook.name, "fault": type(error).__name__})
        raise BadSignature(f"the signature can't be read as one of {title(sender)}") from error
    return found


def matching(request: Request, *, sender: Sender, hook: Hook) -> str:
    """Name the first secret that made this request; empty where none did."""
    for name, secret in zip(hook.secret_names, hook.secrets, strict=True):
        with suppress(BadSignature):
            sender.verify(request, (secret,))
            return name
    return ""


def came_of(request: Request, *, sender: Sender, hook: Hook) -> dict[str, str]:
    """Give the request's headers as they may be kept for a person."""
    signed_in = hook.signature.header.lower() if hook.signature else ""
    known = (*hook.secrets, *hook.keys.values()) if hook.keys else hook.secrets
    return what_came(request.headers, without=sender.about.headers, secrets=known, secret_header=signed_in)


def parse(request: Request, *, sender: Sender, hook: Hook) -> list[Event]:
    """Have the sender read the body, and give no more events than the store takes at once.

    None at all is right too: some senders tell of other things at the same address, and would repeat what is refused.
    """
    try:
        events = sender.parse(request)
    except BadBody:
        raise
    except Exception as error:
        log.error("event.unreadable", extra={"hook": hook.name, "fault": type(error).__name__})
        raise BadBody(f"the body could not be read as a {title(sender)} event") from error
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"the body holds {len(events)} events; send at most {MOST_EVENTS} at a time")
    return events


def mapped(  # noqa: PLR0913 -- what there is to know of one event
    event: Event,
    request: Request,
    *,
    sender: Sender,
    hook: Hook,
    secret_name: str = "",
    came: Mapping[str, str] | None = None,
) -> Arrival:
    """Put together an event and what its hook file makes of it; ``came`` is the same for all events of a request."""
    made = map_event(event, hook, received_ms=request.received_ms)
    return Arrival(
        hook=hook.name,
        sender=hook.sender,
        version=hook.version,
        destination=hook.destination,
        kind=event.kind,
        test=event.test,
        content_type=request.headers.get("content-type", ""),
        body=event.body,
        headers={name: request.headers[name] for name in sender.about.headers if name in request.headers},
        mapped=made,
        came=came or {},
        secret_name=secret_name,
        door_ms=request.received_ms if depends_on_receipt(made, hook, request) else 0,
        terms=terms_of(event),
    )


def depends_on_receipt(made: Mapped, hook: Hook, request: Request) -> bool:
    """Whether the time of receipt had a part in what was made of an event: then it is kept, to map it so again."""
    return made.at_ms in (None, request.received_ms) or hook.event_id is not None or hook.event_time is not None


def shake_hands(request: Request, *, hook: Hook) -> Reply | None:
    """Have the sender answer; None where it has no handshake of this kind. Raises Rejected."""
    sender = adapter_of(hook)
    if not isinstance(sender, Handshaking):
        return None
    try:
        return sender.handshake(request, hook.secrets, hook.keys)
    except Rejected:
        raise
    except Exception as error:
        log.error("handshake.unreadable", extra={"hook": hook.name, "fault": type(error).__name__})
        raise BadBody(f"the handshake can't be read as one of {title(sender)}") from error


def title(sender: Sender) -> str:
    return sender.about.title


def door(  # noqa: PLR0913 -- what it is made of, named by the one who builds it
    hooks: Mapping[str, Hook],
    *,
    store: EventStore,
    known: Callable[[str], bool],
    max_body: int,
    public_url: str = "",
    note: Callable[[float], None] = lambda _: None,
    notice: Notice | None = None,
) -> flask.Blueprint:
    """Build the routes. ``known`` says whether there ever was a hook of that name; it may raise StoreError.

    ``public_url`` is how senders call us, where a proxy stands before us: some sign the address too. ``note`` is told
    how many seconds each accepted request took, ``notice`` of each event that was accepted for the first time.
    """
    views = _Door(
        hooks=hooks, store=store, known=known, max_body=max_body, public_url=public_url, note=note, notice=notice
    )
    blueprint = flask.Blueprint("door", __name__)
    for view, methods in ((views.post, ["POST"]), (views.other, OTHER_METHODS)):
        blueprint.add_url_rule(
            "/hooks/<hook>",
            endpoint=view.__name__,
            view_func=view,
            methods=methods,
            provide_automatic_options=False,
            # Most senders count a redirect as a failure: no spelling of the address is answered with one.
            strict_slashes=False,
            merge_slashes=False,
        )
    return blueprint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """The views, and what they need for as long as the app lives."""

    hooks: Mapping[str, Hook]
    store: EventStore
    known: Callable[[str], bool]
    max_body: int
    public_url: str
    note: Callable[[float], None]
    notice: Notice | None

    def post(self, hook: str) -> flask.Response:
        environ, body, began = flask.request.environ, b"", time.perf_counter()
        try:
            body = read_body(environ, self.max_body)
            request = self.request(environ, body)
            told = accepted(hook, receive(request, hook=self.find(hook), store=self.store, notice=self.notice))
            self.note(time.perf_counter() - began)
            return told
        except Rejected as error:
            return self.refuse(error, hook, size=len(body) or get_content_length(environ) or 0)
        except StoreError as error:
            log.error("store.away", extra={"hook": hook, "words": str(error)})
            words = f"hook '{hook}': events can't be stored now; send this one again later"
            return answer(503, {"error": "store unavailable", "message": words}, headers={"Retry-After": "5"})

    def other(self, hook: str) -> flask.Response:
        """Answer a handshake, for the senders that make one; everything else comes by POST."""
        try:
            reply = shake_hands(self.request(flask.request.environ, b""), hook=self.find(hook))
        except Rejected as error:
            return self.refuse(error, hook, size=0)
        except StoreError:
            reply = None
        if reply is not None:
            return flask.Response(reply.body, 200, reply.headers, content_type=reply.content_type)
        words = f"hook '{hook}': events come by POST, not by {flask.request.method}"
        return answer(405, {"error": "method not allowed", "message": words}, headers={"Allow": "POST"})

    def request(self, environ: WSGIEnvironment, body: bytes) -> Request:
        return request_of(environ, body, public_url=self.public_url)

    def find(self, name: str) -> Hook:
        hook = self.hooks.get(name)
        if hook is not None:
            return hook
        if self.known(name):
            raise HookNotLoaded("its hook file is not loaded now; send this event again later")
        raise UnknownHook("there is no hook of this name; check the address")

    def refuse(self, error: Rejected, hook: str, *, size: int) -> flask.Response:
        """Answer, and remember what a person can do something about: of strangers' guesses we keep nothing."""
        kind = KINDS.get(type(error), "rejected")
        log.warning("event.rejected", extra={"hook": hook, "status": error.status, "kind": kind})
        if hook in self.hooks:
            self.store.reject(hook, status=error.status, words=str(error), size=size)
        headers = {"Retry-After": "60"} if isinstance(error, HookNotLoaded) else {}
        return answer(error.status, {"error": kind, "message": f"hook '{hook}': {error}"}, headers=headers)


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """Read the body, of declared length or in chunks. Raises TooLarge, and BadBody when it breaks off.

    ``get_data`` would cut a chunked body at ``max_content_length`` and say nothing.
    """
    length = get_content_length(environ)
    stream = get_input_stream(environ)
    try:
        body = b"" if length and length > limit else stream.read(limit + 1)
    # Each server has its own exceptions for chunks that can't be read.
    except Exception as error:
        raise BadBody("the body broke off or its chunks can't be read") from error
    if len(body) > limit or (length and length > limit):
        hear_out(stream)
        raise TooLarge(f"the body is larger than {limit} bytes")
    if length and len(body) < length:
        raise BadBody(f"the body broke off after {len(body)} of {length} bytes")
    return body


def hear_out(stream: IO[bytes]) -> None:
    """Read the rest of a body that is too large, and forget it: a sender still writing would miss our answer."""
    left = HEARD_OUT
    with suppress(Exception):
        while left > 0 and (chunk := stream.read(65_536)):
            left -= len(chunk)


def request_of(environ: WSGIEnvironment, body: bytes, *, public_url: str = "") -> Request:
    """Take over what the sender sent, straight from WSGI: Flask's own views of it cost several times as much."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return Request(
        headers=headers,
        body=body,
        received_ms=time.time_ns() // 1_000_000,
        method=environ["REQUEST_METHOD"],
        url=(public_url or f"{environ['wsgi.url_scheme']}://{headers.get('host', '')}") + target_of(environ),
    )


def target_of(environ: WSGIEnvironment) -> str:
    """Give path and query as they stood on the request's first line; each server has its own name for it."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        return str(raw)
    query = environ.get("QUERY_STRING", "")
    return quote(environ.get("PATH_INFO", "")) + (f"?{query}" if query else "")


def accepted(hook: str, acceptances: Sequence[Acceptance]) -> flask.Response:
    """Say which events we have now, and how many of them we had before."""
    if log.isEnabledFor(logging.INFO):
        ids, states = [one.id for one in acceptances], [one.state.word for one in acceptances]
        log.info("event.accepted", extra={"hook": hook, "events": ids, "states": states})
    body: dict[str, object] = {"ok": True, "events": [one.id for one in acceptances]}
    if duplicates := sum(one.duplicate for one in acceptances):
        body["duplicates"] = duplicates
    return answer(200, body)


def answer(status: int, body: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> flask.Response:
    return flask.Response(orjson.dumps(body), status, headers, content_type="application/json")
