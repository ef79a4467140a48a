"""What the door logs, and what it makes of a bug in an adapter."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from relay import receive
from relay.errors import BadBody, BadSignature, StoreError
from relay.model import Event
from relay.senders import typeform, zapier
from relay.sending import Request
from tests.doors import LEAD, MemoryStore, app_with, hook, post_zap, serving
from tests.sender_security import signed


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def url(memory: MemoryStore) -> Iterator[str]:
    """Serve the door over a store in memory."""
    with serving(app_with(memory)) as address:
        yield address


class Breaking:
    """A sender whose adapter has a bug."""

    name = "typeform"
    about = typeform.about

    def verify(self, request: Any, secrets: Sequence[str]) -> None:
        raise KeyError("Juana")

    def parse(self, request: Any) -> list[Event]:
        raise RecursionError("Juana")

    def sign(self, request: Request, secret: str) -> Request:
        return request


@contextmanager
def facts_logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """Give the facts logged meanwhile, each as a dict of all that its record holds."""
    facts: list[dict[str, Any]] = []
    with caplog.at_level(logging.DEBUG, logger="relay"):
        caplog.clear()
        yield facts
        facts += [vars(one) for one in caplog.records if one.name == "relay"]


def test_a_bug_in_reading_a_body_is_a_refusal_and_its_type_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    one = signed(zapier, b"{}")

    with facts_logged(caplog) as facts, pytest.raises(BadBody) as refusal:
        receive.parse(one, sender=Breaking(), hook=hook("cotiza", "typeform"))

    assert str(refusal.value) == "the body could not be read as a Typeform event"
    assert [(one["msg"], one["hook"], one["fault"]) for one in facts] == [
        ("event.unreadable", "cotiza", "RecursionError")
    ]
    assert "Juana" not in str(facts)


def test_a_bug_in_checking_a_signature_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    one = signed(zapier, b"{}")

    with facts_logged(caplog) as facts, pytest.raises(BadSignature) as refusal:
        receive.verify(one, sender=Breaking(), hook=hook("cotiza", "typeform"))

    assert str(refusal.value) == "the signature can't be read as one of Typeform"
    assert [(one["msg"], one["hook"], one["fault"]) for one in facts] == [
        ("signature.unreadable", "cotiza", "KeyError")
    ]
    assert "Juana" not in str(facts)


def test_what_the_door_logs_names_events_and_no_person(
    url: str, memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    with facts_logged(caplog) as facts:
        post_zap(url, {"event_id": "e1", "nombre": "Juana", "lead_id": LEAD})
        post_zap(url, b'["Juana"]')
        memory.fault = StoreError("Redis is away")
        post_zap(url, {"event_id": "e2", "nombre": "Juana"})

    assert [one["msg"] for one in facts] == ["event.accepted", "event.rejected", "store.away"]
    assert facts[0]["events"] == ["zap:e1"]
    assert (facts[1]["hook"], facts[1]["status"], facts[1]["kind"]) == ("zap", 400, "bad body")
    assert facts[2]["words"] == "Redis is away"
    assert "Juana" not in str(facts)
