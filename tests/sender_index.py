"""The index of the senders' pages, as it must stand: ``python -m tests.sender_index`` writes it."""

from __future__ import annotations

from pathlib import Path

from relay.senders import SENDERS
from relay.senders.base import Fetching, Handshaking, Sender

DOCS = Path(__file__).parent.parent / "docs" / "senders"
INDEX = DOCS / "README.md"

HEAD = """# Senders

Every sender has a page: where to click, which secret, how the lead's id travels, what rules can read. A whole hook file
of each is in `rules/examples/`, with example events beside it.

| sender | `sender:` | how it is verified | the lead's id |
|---|---|---|---|
"""
TAIL = """
- **experimental**: the shape of its requests is not confirmed by its maker.
- **asks first**: it calls by GET or OPTIONS before it sends, and the relay answers by itself.
- **answers fetched**: its events only say that there is a lead; the relay asks for the answers, with a token that the
  hook file names.
"""


def index() -> str:
    """Give the whole text, a row for each sender in the order of their titles; any other one comes last."""
    ordered = sorted(SENDERS.values(), key=lambda one: (one.about.described, one.about.title.lower()))
    return HEAD + "".join(row(one) for one in ordered) + TAIL


def row(sender: Sender) -> str:
    about = sender.about
    notes = [
        word
        for word, holds in (
            ("experimental", about.experimental),
            ("asks first", isinstance(sender, Handshaking)),
            ("answers fetched", isinstance(sender, Fetching)),
        )
        if holds
    ]
    title = f"[{about.title}]({sender.name}.md)" + (f" ({', '.join(notes)})" if notes else "")
    lead = f"`{about.lead}`" if about.lead else "found by phone or e-mail"
    return f"| {title} | `{sender.name}` | {about.proof} | {lead} |\n"


if __name__ == "__main__":
    INDEX.write_text(index(), encoding="utf-8")
