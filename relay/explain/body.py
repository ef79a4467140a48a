"""What came in an event, as a person may see it: its body as a tree and as text, with every secret in it masked.

Secrets are what stands under a key that nobody uses for anything else, and the values of the hook's own secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from relay.errors import BadBody
from relay.hooks import Hook
from relay.masking import SECRET_KEYS, SHORTEST_SECRET, is_secret_key, masked, without_secrets
from relay.model import Json, StoredEvent
from relay.senders.forms import is_form, read_form
from relay.senders.hand_made import read_hand_made
from relay.sending import Request

KEYS = "|".join(re.escape(key).replace("_", "[_-]") for key in sorted(SECRET_KEYS))
IN_JSON = re.compile(rf'("(?:{KEYS})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")', re.IGNORECASE | re.DOTALL)
IN_FORM = re.compile(rf"((?:^|&)(?:{KEYS})=)([^&\s]+)", re.IGNORECASE)


class Body(NamedTuple):
    """A body as it may be shown."""

    #: Parsed JSON, or the fields of a form; None where it is neither.
    tree: Json
    #: As it came, with what is no UTF-8 replaced.
    text: str
    #: Whether anything in it is masked.
    masked: bool


def body_tree(event: StoredEvent, hook: Hook | None = None) -> Body:
    """Give an event's body; ``hook`` is the one of now, whose secrets are masked wherever they stand."""
    return shown(event.body, event.content_type, known_secrets(hook))


def answers_tree(event: StoredEvent, hook: Hook | None = None) -> Body:
    """Give what the sender answered when it was asked for the rest."""
    return shown(event.fetched, "application/json", known_secrets(hook))


def known_secrets(hook: Hook | None) -> list[str]:
    values = (*hook.secrets, *hook.keys.values()) if hook else ()
    return [one for one in values if len(one) >= SHORTEST_SECRET]


def shown(body: bytes, content_type: str, known: Collection[str]) -> Body:
    """Mask a body; never raises."""
    text = body.decode(errors="replace")
    tree = read(body, content_type)
    bare = without_secrets(tree, known)
    hidden = [*known, *(one for one in secrets_in(tree) if len(one) >= SHORTEST_SECRET)]
    said = without_forms(IN_FORM.sub(replaced, IN_JSON.sub(replaced, text)), hidden)
    if any(one in other for other in texts_in(read(said.encode(), content_type)) for one in hidden):
        # Written in a way that is not found in the text: then only what was read from it is shown.
        said = json.dumps(bare, ensure_ascii=False, indent=2)
    return Body(bare, said, said != text)


def read(body: bytes, content_type: str) -> Json:
    """Read a body as what it says it is; None where it can't be."""
    request = Request(headers={"content-type": content_type}, body=body, received_ms=0)
    try:
        return read_form(request) if is_form(request) else read_hand_made(body)
    except (BadBody, RecursionError):
        return None


def replaced(found: re.Match[str]) -> str:
    return found[1] + masked(found[2])


def secrets_in(value: Json) -> Iterator[str]:
    """Give what stands under the keys of secrets."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if isinstance(one, str) and is_secret_key(key):
                yield one
            yield from secrets_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from secrets_in(one)


def texts_in(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value


def without_forms(text: str, hidden: Collection[str]) -> str:
    """Mask secrets as JSON and forms write them."""
    for secret in sorted(set(hidden), key=len, reverse=True):
        forms = {re.escape(one) for one in forms_of(secret)}
        text = re.sub("|".join(sorted(forms, key=len, reverse=True)), masked(secret), text, flags=re.IGNORECASE)
    return text


def forms_of(secret: str) -> Iterator[str]:
    yield secret
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield escaped
        yield escaped.replace("/", "\\/")
    yield quote(secret, safe="", errors="replace")
    yield quote_plus(secret, errors="replace")
