"""Signatures that carry their moment, ``t=1790433227,v1=<hex>``: an HMAC-SHA256 over ``t``, a dot and the raw body.

Several senders sign so and differ in the names alone. A signature made too long ago, or ahead of our clock, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from relay.errors import BadSignature
from relay.senders.signing import any_matches, header_bytes, hmac_hex
from relay.sending import Request

#: Digits of a time in seconds or milliseconds: more are no time.
MOST_DIGITS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedSignature:
    """The signature header of one sender."""

    #: Its name as the sender writes it.
    header: str
    #: What stands before the HMAC: ``v1``.
    part: str
    #: Where to set the secret at the sender, for who sent none.
    where: str
    tolerance_s: int = 300

    def verify(self, request: Request, secrets: Sequence[str]) -> None:
        """Pass when any of the HMACs is one of ours, and fresh. Raises BadSignature."""
        given = request.headers.get(self.header.lower())
        if not given:
            raise BadSignature(f"there is no {self.header} header; {self.where}")
        parts = parts_of(given)
        moment = next((value for name, value in parts if name == "t"), "")
        signed = signed_bytes(moment, request.body)
        came = [header_bytes(value) for name, value in parts if name == self.part]
        if not any_matches(came, [hmac_hex(secret, signed) for secret in secrets if secret]):
            raise BadSignature(f"the {self.header} header does not match any of the hook's secrets")
        check_age(seconds_of(moment, self.header), request.received_ms, self.tolerance_s, header=self.header)

    def sign(self, request: Request, secret: str) -> Request:
        """Give the request as the sender would send it at this moment."""
        moment = str(request.received_ms // 1000)
        made = hmac_hex(secret, signed_bytes(moment, request.body)).decode()
        return replace(request, headers={**request.headers, self.header.lower(): f"t={moment},{self.part}={made}"})


def parts_of(header: str) -> list[tuple[str, str]]:
    """Part ``t=1,v1=a,v1=b`` into names and values; what has no ``=`` has no value."""
    pairs = (one.partition("=") for one in header.split(","))
    return [(name.strip(), value) for name, _, value in pairs]


def signed_bytes(moment: str, body: bytes) -> bytes:
    return header_bytes(moment) + b"." + body


def seconds_of(moment: str, header: str) -> int:
    """Read a moment written as a whole number. Raises BadSignature."""
    if not (moment.isascii() and moment.isdecimal() and len(moment) <= MOST_DIGITS):
        raise BadSignature(f"the moment in the {header} header is no whole number")
    return int(moment)


def check_age(moment_s: float, now_ms: int, tolerance_s: int, *, header: str) -> None:
    """Refuse what was signed too long ago, or ahead of our clock. Raises BadSignature."""
    age = now_ms / 1000 - moment_s
    if abs(age) <= tolerance_s:
        return
    told = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
    raise BadSignature(f"the {header} header is {told}, more than {tolerance_s} s; set the clocks, or send it anew")
