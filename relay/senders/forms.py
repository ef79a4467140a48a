"""Form posts, for the senders that make them: urlencoded, or multipart where files came along.

A key that comes several times gives a list. Files are left out: they stay in the raw body.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from urllib.parse import parse_qsl

from relay.errors import BadBody
from relay.model import Json
from relay.sending import Request

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
MOST_FIELDS = 1_000


def is_form(request: Request) -> bool:
    """Whether the body is a form: ``curl -d '{...}'`` says that it is one and sends JSON."""
    declared = request.headers.get("content-type", "").lstrip().lower()
    return declared.startswith(MULTIPART) or (declared.startswith(URLENCODED) and request.body[:1] not in (b"{", b"["))


def read_form(request: Request) -> dict[str, Json]:
    """Read the fields of a form post. Raises BadBody."""
    # Slow to load for a command that reads no form; the web process has loaded them with Flask.
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415
    from werkzeug.http import parse_options_header  # noqa: PLC0415

    if not request.body:
        raise BadBody("the body is empty")
    mimetype, options = parse_options_header(request.headers.get("content-type", ""))
    try:
        pairs = (
            multipart_pairs(request.body, options) if mimetype.lower() == MULTIPART else urlencoded_pairs(request.body)
        )
    except (ValueError, HTTPException) as error:
        raise BadBody(f"the body can't be read as a form of at most {MOST_FIELDS} fields in UTF-8") from error
    return gathered(pairs)


def urlencoded_pairs(body: bytes) -> Iterable[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)


def multipart_pairs(body: bytes, options: dict[str, str]) -> Iterable[tuple[str, str]]:
    from werkzeug.formparser import FormDataParser  # noqa: PLC0415 -- as above

    # A file stays in memory, no larger than the body; werkzeug's own choice leaves a temporary file open.
    parser = FormDataParser(stream_factory=lambda *_, **__: BytesIO(), max_form_parts=MOST_FIELDS, silent=False)
    _, form, _ = parser.parse(BytesIO(body), MULTIPART, len(body), options)
    return form.items(multi=True)


def gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, Json]:
    """Give the fields by name, those that came several times as a list in their order."""
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return {key: several if len(several) > 1 else several[0] for key, several in values.items()}
