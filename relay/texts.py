"""Marks English texts that people read and that the page shows in their language."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 -- the name that gettext's tools look for
    """Give the text back. It is gathered for the translations, and translated only where it is shown."""
    return text
