"""The nouns of what senders send: a request as it came, what is known of a sender, and how one signs. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request as it came, before anything in it is believed."""

    #: Header names in lower case.
    headers: Mapping[str, str]
    body: bytes
    #: Milliseconds since 1970 at which the door saw it.
    received_ms: int
    method: str = "POST"
    #: The whole address as the sender called it, query included.
    url: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What stands behind the question mark; of a name that comes twice, the last."""
        # Not by urlsplit: it breaks on addresses whose host, a header of the caller's choice, holds a bracket.
        return dict(parse_qsl(self.url.partition("#")[0].partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What there is to know of a sender before it sends: for hook files, examples and the list of senders."""

    #: As its maker writes it: ``Contact Form 7``.
    title: str
    #: What proves that a request is the sender's: which secret it is, and where it is set at the sender.
    proof: str
    #: Where the lead's id usually travels, as an expression; empty where the sender can't carry one.
    lead: str = ""
    #: Usual name of the environment variable of the secret.
    variable: str = ""
    #: Content type of its requests.
    content_type: str = "application/json"
    #: Places in its body that make an event a new one, and that say when it happened: ``entry.*.changes.*.value.id``.
    ids: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    #: Headers, in lower case, that are part of an event and kept with it.
    headers: tuple[str, ...] = ()
    #: Further secrets that a hook file names, by their keys there, and what each is.
    keys: Mapping[str, str] = field(default_factory=dict)
    #: Keys that it gives to ``form`` and to ``campaign``; a name that is not here may hold any key.
    given: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"form": (), "campaign": ()})
    #: Whether it gives any ``hidden`` fields.
    hidden: bool = False
    #: Whether a hook file may say how it signs.
    described: bool = False
    #: Whether the shape of its requests is not confirmed by its maker.
    experimental: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a request is signed with an HMAC, as a hook file of a generic sender describes it."""

    #: Name of the header that holds the signature.
    header: str
    #: ``sha1``, ``sha256`` or ``sha512``.
    algorithm: str = "sha256"
    #: ``hex`` or ``base64``.
    encoding: str = "hex"
    #: What stands before each signature in the header: ``sha256=``, ``v1=``.
    prefix: str = ""
    #: What is signed, in this order: ``body``, ``timestamp``, ``id``, ``method``, ``url``, and any other text as it is.
    signed: tuple[str, ...] = ("body",)
    #: Header of the timestamp; or, with ``=`` at its end, what stands before it in the signature's own header.
    timestamp: str = ""
    #: Header of the event's id, and of the word for what happened.
    id: str = ""
    kind: str = ""
    #: Seconds by which the timestamp may differ from now.
    tolerance: int = 300
