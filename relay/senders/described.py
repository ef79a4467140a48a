"""A generic sender that signs: its adapter is made of the Scheme that the hook file describes.

``adapter_of`` gives it for a hook with ``signature:``. Ids and kinds come from the headers that the scheme names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from relay.model import Event
from relay.senders import generic
from relay.senders.any_body import events_of
from relay.senders.schemes import Signature
from relay.sending import About, Request, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The adapter of one scheme. It keeps nothing between two requests."""

    name: str
    about: About
    signature: Signature

    def verify(self, request: Request, secrets: Sequence[str]) -> None:
        """Pass when any of the secrets signed this request. Raises BadSignature."""
        self.signature.verify(request, secrets)

    def parse(self, request: Request) -> list[Event]:
        """Give the events of a verified request. Raises BadBody."""
        scheme = self.signature.scheme
        id = self.header(request, scheme.id) or self.header(request, "idempotency-key")
        return events_of(request, id=id, kind=self.header(request, scheme.kind))

    def sign(self, request: Request, secret: str) -> Request:
        """Give the request as the sender would send it."""
        return self.signature.sign(request, secret)

    @staticmethod
    def header(request: Request, name: str) -> str:
        return request.headers.get(name.lower(), "").strip() if name else ""


@cache
def described(scheme: Scheme) -> Described:
    """Give the adapter of a scheme."""
    signature = Signature(
        scheme=scheme, where="have the sender sign with the hook's secret, as the hook file describes"
    )
    return Described(name=generic.name, about=about_of(scheme), signature=signature)


def about_of(scheme: Scheme) -> About:
    """Keep the headers of the event's id and kind with it: without them its body would give another event."""
    named = [name.lower() for name in (scheme.id, scheme.kind) if name]
    ids = (*generic.about.ids, scheme.id.lower()) if scheme.id else generic.about.ids
    return replace(generic.about, ids=ids, headers=tuple(dict.fromkeys((*generic.about.headers, *named))))
