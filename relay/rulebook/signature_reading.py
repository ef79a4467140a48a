"""Reads how a generic sender signs its requests, as its hook file describes it.

``hook_file`` calls it for the key ``signature``; the generic adapter verifies by what it gives.
"""

from __future__ import annotations

from ruamel.yaml.nodes import ScalarNode

from relay.expressions.grammar import suggest
from relay.model import About, Scheme
from relay.rulebook.yaml_nodes import Entry, Page, scalar_of

ALGORITHMS = ("sha256", "sha1", "sha512")
ENCODINGS = ("hex", "base64")
KEYS = ("header", "algorithm", "encoding", "prefix", "signed", "timestamp", "id", "kind", "tolerance")
#: Parts of a request that can be signed; any other text stands for itself.
PARTS = ("body", "timestamp", "id", "method", "url")


def read_signature(page: Page, entry: Entry | None, about: About | None) -> Scheme | None:
    """Read the description; None where there is none, or after a fault."""
    if entry is None:
        return None
    if about is not None and not about.described:
        page.fault(entry.line, f"signature belongs to sender: generic; it is known how {about.title} signs")
        return None
    entries = page.entries(entry, "signature")
    if entries is None:
        return None
    page.known(entries, "signature", KEYS)
    if "header" not in entries:
        page.fault(entry.line, "signature has no header; name the header that holds it, as in X-Signature")
    texts = {name: page.text(entries[name], f"signature: {name}") or "" for name in TEXTS if name in entries}
    signed = read_signed(page, entries["signed"]) if "signed" in entries else ("body",)
    if ("timestamp" in signed) != ("timestamp" in entries):
        page.fault(
            entry.line, "signature: timestamp must be both among the signed parts and a key that says where it stands"
        )
    if "id" in signed and "id" not in entries:
        page.fault(entry.line, "signature: id is signed; name its header, as in id: webhook-id")
    return Scheme(
        **texts,
        algorithm=page.option(entries.get("algorithm"), "signature: algorithm", ALGORITHMS),
        encoding=page.option(entries.get("encoding"), "signature: encoding", ENCODINGS),
        signed=signed,
        tolerance=read_tolerance(page, entries.get("tolerance")),
    )


TEXTS = ("header", "prefix", "timestamp", "id", "kind")


def read_signed(page: Page, entry: Entry) -> tuple[str, ...]:
    """Read what is signed, in order. The body must be part of it."""
    parts = tuple(page.text(one, "signature: a signed part") or "" for one in page.items(entry, "signature: signed"))
    for part in parts:
        if part.isalpha() and part not in PARTS:
            page.fault(entry.line, f"signature: signed: unknown part {part!r}{suggest(part, PARTS, 'parts')}")
    if "body" not in parts:
        page.fault(entry.line, "signature: signed leaves out the body; then anybody could change it")
    return parts


def read_tolerance(page: Page, entry: Entry | None) -> int:
    """Read a number of seconds, five minutes unless given."""
    if entry is None:
        return 300
    value = scalar_of(entry.node) if isinstance(entry.node, ScalarNode) else None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    page.fault(entry.line, "signature: tolerance must be a number of seconds, as in 300")
    return 300
