"""Reads how a generic sender signs its requests, as its hook file describes it.

``hook_file`` calls it for the key ``signature``; the generic adapter verifies by what it gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from relay.expressions.grammar import suggest
from relay.rulebook.yaml_nodes import Entry, Page, scalar_of
from relay.rulebook.yaml_reading import Scalar
from relay.sending import About, Scheme

ALGORITHMS = ("sha256", "sha1", "sha512")
ENCODINGS = ("hex", "base64")
TEXTS = ("header", "prefix", "timestamp", "id", "kind")
KEYS = (*TEXTS, "algorithm", "encoding", "signed", "tolerance")
#: Keys whose value is the name of a header.
HEADERS = ("header", "id", "kind")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: What stands before the timestamp in the signature's own header: ``t=``.
MARK = re.compile(r"[A-Za-z0-9_-]+=")
#: Parts of a request that can be signed; any other text stands for itself.
PARTS = ("body", "timestamp", "id", "method", "url")
DAY_S = 86_400
#: Seconds of tolerance unless given.
USUAL_S = 300


def read_signature(page: Page, entry: Entry | None, about: About | None) -> Scheme | None:
    """Read the description; None where there is none, or after a fault."""
    if entry is None:
        return None
    if about is not None and not about.described:
        page.fault(entry.key, f"signature belongs to sender: generic; it is known how {about.title} signs")
        return None
    entries = page.entries(entry, "signature")
    if entries is None:
        return None
    page.known(entries, "signature", KEYS)
    if "header" not in entries:
        page.fault(entry.key, "signature has no header; name the header that holds it, as in X-Signature")
    given = {name: page.text_of(entries[name], f"signature: {name}") or "" for name in TEXTS if name in entries}
    texts = {"header": "", **given}
    signed = read_signed(page, entries["signed"]) if "signed" in entries else ("body",)
    say_no_headers(page, entries, texts)
    say_unfit(page, entry, entries, signed)
    return Scheme(
        **texts,
        algorithm=page.option(entries.get("algorithm"), "signature: algorithm", ALGORITHMS),
        encoding=page.option(entries.get("encoding"), "signature: encoding", ENCODINGS),
        signed=signed,
        tolerance=read_tolerance(page, entries.get("tolerance")),
    )


def read_signed(page: Page, entry: Entry) -> tuple[str, ...]:
    """Read what is signed, in order. The body must be part of it."""
    entries = page.items(entry, "signature: signed")
    parts = tuple(page.text_of(one, "signature: a signed part") or "" for one in entries)
    for one, part in zip(entries, parts, strict=True):
        if is_misspelled(one, part):
            hint = suggest(part, PARTS, "parts")
            quotes = "" if hint.endswith("?") else "; other text is put in quotes"
            page.fault(one.at, f"signature: signed: unknown part {part!r}{hint}{quotes}")
    if parts and "body" not in parts:
        page.fault(entry.at, "signature: signed leaves out the body; then anybody could change it")
    return parts


def is_misspelled(entry: Entry, part: str) -> bool:
    """Whether a word is meant as a part of the request and is none: one without quotes, or nearly a part."""
    if not part.isalpha() or part in PARTS:
        return False
    quoted = isinstance(entry.node, Scalar) and entry.node.style in ("'", '"')
    return not quoted or bool(get_close_matches(part.lower(), PARTS, n=1, cutoff=0.65))


def say_no_headers(page: Page, entries: Mapping[str, Entry], texts: Mapping[str, str]) -> None:
    """Say which names of headers can be none."""
    for name in HEADERS:
        if texts.get(name) and not HEADER.fullmatch(texts[name]):
            page.fault(entries[name].at, f"signature: {name} is no name of a header; write it as in X-Signature")
    mark = texts.get("timestamp", "")
    if mark and not (HEADER.fullmatch(mark) or MARK.fullmatch(mark)):
        words = "is neither a header, as in X-Timestamp, nor what stands before it in the signature's own, as in t="
        page.fault(entries["timestamp"].at, f"signature: timestamp {words}")


def say_unfit(page: Page, entry: Entry, entries: Mapping[str, Entry], signed: tuple[str, ...]) -> None:
    """Say which keys need one another."""
    if "timestamp" in signed and "timestamp" not in entries:
        words = "say where it stands, as in timestamp: X-Timestamp, or timestamp: t="
        page.fault(entry.key, f"signature: timestamp is signed; {words}")
    if "timestamp" in entries and signed and "timestamp" not in signed:
        words = "is not among the signed parts; then anybody could change it"
        page.fault(entries["timestamp"].key, f"signature: timestamp {words}")
    if "tolerance" in entries and "timestamp" not in entries:
        page.fault(entries["tolerance"].key, "signature: tolerance needs a timestamp; without one no age is known")
    if "id" in signed and "id" not in entries:
        page.fault(entry.key, "signature: id is signed; name its header, as in id: webhook-id")


def read_tolerance(page: Page, entry: Entry | None) -> int:
    """Read a number of seconds, a day at the most; five minutes unless given."""
    if entry is None:
        return USUAL_S
    value = scalar_of(entry.node)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= DAY_S:
        return value
    page.fault(entry.at, f"signature: tolerance must be a number of seconds up to {DAY_S}, as in {USUAL_S}")
    return USUAL_S
