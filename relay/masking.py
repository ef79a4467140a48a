"""What of a request may be kept and shown: its headers without what would let anybody send in its sender's name.

The door masks headers before an event is stored; who shows a body masks the secrets in it. What is masked says how
long it was, so that a person sees whether anything was sent at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from functools import lru_cache

from relay.model import Json

MOST_HEADERS = 16
LONGEST_NAME = 64
LONGEST_VALUE = 200
#: A shorter secret would be found by chance.
SHORTEST_SECRET = 4

#: Parts of a header's name that say that its value proves who sends, or stands for somebody.
SECRET_NAME = re.compile(
    r"auth|cookie|token|secret|signature|hmac|key|passw|pwd|credential|session|jwt|digest|csrf|xsrf|assertion|cert"
)
#: Where a request came from: that is the sender's visitor, or a machine of no meaning.
ADDRESS_NAME = re.compile(r"forwarded|(^|-)ip($|-)|client-?ip|remote-addr|connecting|^via$|ip-?country")
#: What every request has, or what proxies add: nothing that the sender says.
BORING = frozenset(
    (
        *("host", "accept", "accept-encoding", "accept-language", "accept-charset", "content-length", "content-type"),
        *("connection", "keep-alive", "transfer-encoding", "te", "upgrade", "upgrade-insecure-requests", "expect"),
        *("cache-control", "pragma", "priority", "dnt", "cdn-loop", "cf-ray", "cf-visitor", "x-amzn-trace-id"),
        *("x-cloud-trace-context", "traceparent", "tracestate", "baggage", "sentry-trace", "newrelic", "b3"),
    )
)
BORING_START = ("x-b3-", "x-datadog-", "x-envoy-", "sec-fetch-", "sec-ch-")


#: Keys of a body under which nobody sends anything but a secret.
SECRET_KEYS = frozenset(
    (
        *("password", "passwd", "pwd", "contrasena", "secret", "client_secret", "api_key", "apikey", "api_token"),
        *("access_token", "refresh_token", "auth_token", "bearer_token", "authorization", "verify_token", "google_key"),
    )
)


class Fate(Enum):
    """What becomes of a header."""

    KEPT = "kept"
    MASKED = "masked"
    LEFT_OUT = "left out"


def masked(value: str) -> str:
    """Give what stands where a secret was."""
    return f"(masked, {len(value)} characters)"


def is_secret_key(key: object) -> bool:
    """Whether what stands under this key of a body is a secret, whoever sent it."""
    return isinstance(key, str) and key.lower().replace("-", "_") in SECRET_KEYS


def without_secrets(value: Json, known: Collection[str] = ()) -> Json:
    """Give a body with what stands under the keys of secrets masked, and each of the known secrets."""
    if isinstance(value, Mapping):
        return {
            key: masked(one) if isinstance(one, str) and one and is_secret_key(key) else without_secrets(one, known)
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_secrets(one, known) for one in value]
    if isinstance(value, str) and any(secret in value for secret in known):
        return masked(value)
    return value


@lru_cache(maxsize=1024)
def fate_of(name: str) -> Fate:
    """Say what becomes of a header by its name, in lower case."""
    if name in BORING or name.startswith(BORING_START) or ADDRESS_NAME.search(name) or len(name) > LONGEST_NAME:
        return Fate.LEFT_OUT
    return Fate.MASKED if SECRET_NAME.search(name) else Fate.KEPT


def what_came(
    headers: Mapping[str, str], *, without: Collection[str] = (), secrets: Iterable[str] = (), secret_header: str = ""
) -> dict[str, str]:
    """Give the headers that tell a person what the sender sent, masked and cut; names are in lower case.

    ``without`` are kept elsewhere. ``secrets`` are masked in whatever header they stand, and so is ``secret_header``.
    """
    came: dict[str, str] = {}
    known = [form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in forms_in_headers(secret)]
    for name, value in headers.items():
        fate = fate_of(name)
        if fate is Fate.LEFT_OUT or not value or name in without:
            continue
        if fate is Fate.MASKED or name == secret_header or any(secret in value for secret in known):
            came[name] = masked(value)
        else:
            came[name] = shown(value)
        if len(came) == MOST_HEADERS:
            break
    return came


def forms_in_headers(secret: str) -> tuple[str, ...]:
    """Give a secret as headers may hold it: WSGI shows their bytes as Latin-1."""
    return (secret,) if secret.isascii() else (secret, secret.encode().decode("latin-1"))


def shown(value: str) -> str:
    """Cut a value to what a person needs: of an address, neither the query nor who is let in by it."""
    if value[:6].lower() in ("bearer", "basic "):
        return masked(value)
    before, mark, query = value.partition("?")
    if mark and "/" in before:
        value = f"{before}?{masked(query)}"
    scheme, mark, rest = value.partition("://")
    if mark and "@" in rest.partition("/")[0]:
        who, _, where = rest.partition("@")
        value = f"{scheme}://{masked(who)}@{where}"
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
