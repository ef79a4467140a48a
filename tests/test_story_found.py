"""The story of a lead that is found: an ad lead whose answers are fetched, and whom nobody knows at first."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from relay.audit import audit
from relay.embedded import EmbeddedRedis
from relay.model import State
from tests.running import Relay, running
from tests.waiting import until

FORM = """
sender: typeform
secrets: [TYPEFORM_SECRET]
lead: {id: "${hidden.lead_id}"}
rules:
  - name: contact details
    update: {phone: "${fields.telefono | phone('CL')}", title: "${fields.cargo}"}
"""
ADS = """
sender: meta
secrets: [META_APP_SECRET]
token: META_TOKEN
verify_token: META_VERIFY_TOKEN
lead:
  match: {phone: "${fields.phone_number | phone('CL')}", email: "${fields.email}"}
rules:
  - name: answers
    update:
      first_name: ${fields.full_name | first_word}
      metadata: {campaign: "${campaign.campaign_name}"}
"""


@pytest.fixture
def relay(tmp_path: Path, redis_server: EmbeddedRedis) -> Iterator[Relay]:
    with running(tmp_path, FORM, redis_url=redis_server.url, more={"anuncios": ADS}) as one:
        yield one


def test_an_ad_lead_waits_for_its_lead_and_reaches_it_as_soon_as_a_form_says_who_that_is(relay: Relay) -> None:
    asked = "hub.mode=subscribe&hub.challenge=42&hub.verify_token=a word"
    assert requests.get(f"{relay.url}/hooks/anuncios?{asked}", timeout=10).text == "42"

    # Nobody knows this person yet: the answers are fetched, the event is kept.
    ad = relay.until(State.PARKED, relay.tell_of_ad_lead("1029384756102938"))
    assert ad.reason
    assert (ad.reason.kind, ad.names[0].value) == ("unknown lead", "+56987654321")

    # A form tells whose phone that is, and the ad lead goes on by itself.
    form = relay.send(telefono="9 8765 4321", cargo="Gerenta")
    relay.until(State.DELIVERED, form)
    relay.until(State.DELIVERED, ad.id)
    lead = relay.lead_at_the_crm()
    assert (lead["phone"], lead["first_name"], lead["title"]) == ("+56987654321", "María", "Gerenta")
    assert lead["metadata"] == {"campaign": "Lanzamiento"}

    # The next ad lead of the same person needs no waiting; one whose token has run out waits, and nothing is buried.
    relay.crm.put_far("graph", error="expired")
    held = [relay.tell_of_ad_lead(str(number)) for number in range(3)]
    until(lambda: [gate.state for gate in relay.store.gates.errands()] == ["held"])
    assert {relay.event(id).state for id in held} == {State.IN_FLIGHT}
    (gate,) = relay.store.gates.errands()
    assert gate.words.startswith("Meta: the token has expired or was revoked; set a new one")

    relay.crm.put_far("graph")
    until(lambda: {relay.event(id).state for id in held} <= {State.DELIVERED, State.SUPERSEDED})
    assert relay.store.gates.errands() == []
    assert audit(relay.store).holds


def horses_of(relay: Relay) -> list[int]:
    """Give the processes in which the background's jobs run at this moment."""
    assert relay.background
    pid = relay.background.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


def test_errands_outlive_every_process_that_runs_them(relay: Relay) -> None:
    """Jobs are killed again and again in the midst of their fetches: their leases end, and others go on."""
    ids = [relay.tell_of_ad_lead(str(10**12 + number)) for number in range(60)]

    kills, deadline = 0, time.monotonic() + 40
    while kills < 8 and time.monotonic() < deadline:
        ids.append(relay.tell_of_ad_lead(str(2 * 10**12 + len(ids))))
        for horse in horses_of(relay):
            with suppress(ProcessLookupError):
                os.kill(horse, signal.SIGKILL)
                kills += 1
        time.sleep(0.15)
    assert kills >= 3

    until(lambda: {relay.event(id).state for id in ids} == {State.PARKED})
    assert audit(relay.store).holds
    form = relay.send(telefono="9 8765 4321", cargo="Gerenta")
    relay.until(State.DELIVERED, form)
    until(lambda: {relay.event(id).state for id in ids} <= {State.DELIVERED, State.SUPERSEDED})
    assert relay.store.events.parked() == []
    assert audit(relay.store).holds
