"""Signatures by a Scheme: an HMAC in a header, over the parts of the request that the scheme names.

Senders that sign in a usual way are one Scheme each; that of a generic sender comes from its hook file. A header may
hold several signatures, any of which may be ours: a sender that rotates its secret sends one for each.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from relay.errors import BadSignature
from relay.senders.base import digest
from relay.senders.signing import any_matches, header_bytes
from relay.senders.timed import check_age, seconds_of
from relay.sending import Request, Scheme

#: What may stand between the parts of a header; none of these is part of a signature in hex or base64.
BETWEEN = ",; "
#: A moment from here on is in milliseconds: in seconds it would be in the year 5138.
MILLISECONDS_FROM = 100_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How one sender signs. ``where`` says where its secret is set, ``key_of`` makes the HMAC's key of a secret."""

    scheme: Scheme
    where: str
    key_of: Callable[[str], bytes] = str.encode

    def verify(self, request: Request, secrets: Sequence[str]) -> None:
        """Pass when any signature of the header is one of ours, and fresh. Raises BadSignature."""
        scheme = self.scheme
        parts = self.parts_of(self.header_of(request, scheme.header))
        moment = self.moment_of(request, parts)
        message = self.message_of(request, moment)
        keys = [key for secret in secrets if secret and (key := self.key_of(secret))]
        made = [self.encoded(key, message) for key in keys]
        given = [self.comparable(one) for one in parts if one.startswith(scheme.prefix)]
        if not any_matches(given, made):
            raise BadSignature(f"the {scheme.header} header does not match any of the hook's secrets")
        if scheme.timestamp:
            self.check_moment(moment, request.received_ms)

    def sign(self, request: Request, secret: str) -> Request:
        """Give the request as the sender would send it at this moment, with an id of its own where it has none."""
        scheme = self.scheme
        moment = str(request.received_ms // 1000) if scheme.timestamp else ""
        headers = dict(request.headers)
        if scheme.id:
            headers.setdefault(scheme.id.lower(), f"msg_{digest(request.body)}")
        if scheme.timestamp and not self.inline:
            headers[scheme.timestamp.lower()] = moment
        whole = replace(request, headers=headers)
        made = scheme.prefix + self.encoded(self.key_of(secret), self.message_of(whole, moment)).decode()
        value = f"{scheme.timestamp}{moment}{self.between[0]}{made}" if self.inline else made
        return replace(whole, headers={**headers, scheme.header.lower(): value})

    @property
    def inline(self) -> bool:
        """Whether the timestamp stands in the header of the signature."""
        return self.scheme.timestamp.endswith("=")

    @property
    def between(self) -> str:
        """Give what stands between the parts of the header: ``v1,`` keeps its comma."""
        return "".join(one for one in BETWEEN if one not in self.scheme.prefix)

    def header_of(self, request: Request, name: str) -> str:
        value = request.headers.get(name.lower())
        if not value:
            raise BadSignature(f"there is no {name} header; {self.where}")
        return value

    def parts_of(self, header: str) -> list[str]:
        return [one for one in re.split(f"[{self.between}]+", header) if one]

    def moment_of(self, request: Request, parts: Sequence[str]) -> str:
        """Give the moment of signing as it is written; empty where the scheme has none."""
        mark = self.scheme.timestamp
        if not self.inline:
            return self.header_of(request, mark) if mark else ""
        found = next((one for one in parts if one.startswith(mark)), None)
        if found is None:
            raise BadSignature(f"there is no {mark} in the {self.scheme.header} header; {self.where}")
        return found.removeprefix(mark)

    def check_moment(self, moment: str, now_ms: int) -> None:
        name = self.scheme.header if self.inline else self.scheme.timestamp
        number = seconds_of(moment, name)
        seconds = number / 1000 if number >= MILLISECONDS_FROM else number
        check_age(seconds, now_ms, self.scheme.tolerance, header=name)

    def message_of(self, request: Request, moment: str) -> bytes:
        """Put together what is signed."""
        return b"".join(self.signed_part(part, request, moment) for part in self.scheme.signed)

    def signed_part(self, part: str, request: Request, moment: str) -> bytes:
        match part:
            case "body":
                return request.body
            case "timestamp":
                return header_bytes(moment)
            case "id":
                return header_bytes(self.header_of(request, self.scheme.id))
            case "method":
                return header_bytes(request.method)
            case "url":
                return header_bytes(request.url)
        return part.encode()

    def encoded(self, key: bytes, message: bytes) -> bytes:
        made = hmac.digest(key, message, self.scheme.algorithm)
        return made.hex().encode() if self.scheme.encoding == "hex" else b64encode(made)

    def comparable(self, part: str) -> bytes:
        """Give a signature of the header without its prefix; some senders write hex in capitals."""
        bare = header_bytes(part.removeprefix(self.scheme.prefix))
        return bare.lower() if self.scheme.encoding == "hex" else bare
