"""Hook files change under load, before real gunicorn processes: no event is lost, refused, or mapped by half a rule."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from relay.embedded import EmbeddedRedis
from tests.reloading import SETTLE_S
from tests.running import HOOK, Relay, running
from tests.waiting import until

CHANGES = 300
SENDERS = 3
FAULTY = "rulez: []\n"


def version(number: int) -> str:
    """Give a hook file whose every rule sets this number, so that a mixture of two would show."""
    head = "sender: typeform\nsecrets: [TYPEFORM_SECRET]\nlead: {id: '${hidden.lead_id}'}\nrules:\n"
    return head + "".join(
        f"  - name: rule {place}\n    update: {{metadata: {{m{place}: '{number}'}}}}\n" for place in range(12)
    )


def rename(file: Path, text: str) -> None:
    """Write as editors do that are careful: beside it, then in its place."""
    beside = file.with_name(".new")
    beside.write_text(text)
    beside.rename(file)


def truncate(file: Path, text: str) -> str:
    """Write as the others do, the first half first, which reads well; gives it where it had time to stand still."""
    half = text[: text.index("  - name: rule 6")]
    began = time.monotonic()
    with file.open("w") as out:
        out.write(half)
        out.flush()
        out.write(text[len(half) :])
    return half if time.monotonic() - began > SETTLE_S / 2 else ""


@pytest.fixture
def relay(tmp_path: Path, redis_server: EmbeddedRedis) -> Iterator[Relay]:
    url = redis_server.url
    with running(tmp_path, version(0), redis_url=url, webs=2, app="tests.reloading:web()") as relay:
        yield relay


def set_by(relay: Relay, event: str) -> set[object]:
    """Give the values that stand in an event's stored updates, one of each rule."""
    stored = relay.event(event)
    (update,) = stored.updates
    assert len(update.set) == str(relay.store.rule_texts.text(HOOK, stored.version)).count("- name:")
    return set(update.set.values())


def alarm(relay: Relay) -> str:
    return next((one.words for one in relay.store.alarms.current() if one.name == f"rules:{HOOK}"), "")


def test_events_stream_while_their_rules_change_hundreds_of_times_and_each_is_mapped_by_one_whole_version(
    relay: Relay,
) -> None:
    file, dice, over = relay.settings.rules / f"{HOOK}.yaml", random.Random(5), threading.Event()
    written = {version(0)}

    def send_on() -> list[str]:
        sent = []
        while not over.is_set():
            sent.append(relay.send(nombre="Ana"))
        return sent

    with ThreadPoolExecutor(SENDERS) as pool:
        streams = [pool.submit(send_on) for _ in range(SENDERS)]
        try:
            for number in range(1, CHANGES + 1):
                text = version(number)
                if dice.random() < 0.25:
                    text += FAULTY
                else:
                    written.add(text)
                written.add(truncate(file, text) if dice.random() < 0.6 else rename(file, text) or "")
                time.sleep(dice.random() * 3 * SETTLE_S)
        finally:
            over.set()
        events = [event for stream in streams for event in stream.result()]

    used = {event: relay.store.rule_texts.text(HOOK, relay.event(event).version) for event in events}
    assert len(events) > CHANGES
    assert set(used.values()) <= written
    assert len(set(used.values())) > CHANGES / 10
    for event, text in used.items():
        (number,) = set_by(relay, event)
        assert version(int(str(number))).startswith(str(text))


def test_a_faulty_change_goes_on_with_the_last_good_version_through_a_kill_and_alarms_until_it_is_mended(
    relay: Relay,
) -> None:
    file = relay.settings.rules / f"{HOOK}.yaml"
    file.write_text(version(1))
    until(lambda: set_by(relay, relay.send(nombre="Ana")) == {"1"})
    file.write_text(version(2) + FAULTY)
    until(lambda: alarm(relay))

    for child in Path(f"/proc/{relay.web.pid}/task/{relay.web.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    until(lambda: answers(relay))
    events = [relay.send(nombre="Ana") for _ in range(10)]

    assert [set_by(relay, event) for event in events] == 10 * [{"1"}]
    assert f"{HOOK}.yaml:29:1: the file has the unknown key 'rulez'" in alarm(relay)
    assert f'relay_rules_faulty{{hook="{HOOK}"}} 1.0' in relay.metrics()

    file.write_text(version(3))
    until(lambda: set_by(relay, relay.send(nombre="Ana")) == {"3"})
    until(lambda: not alarm(relay))
    assert f'relay_rules_faulty{{hook="{HOOK}"}} 0.0' in relay.metrics()
    told = [line for line in relay.lines() if line["event"] == "rules.faulty"]
    assert {line["version"] for line in told} == {relay.event(events[0]).version}


def answers(relay: Relay) -> bool:
    """Whether both processes are there again, as far as one can tell from without."""
    with suppress(requests.RequestException):
        return all(requests.get(f"{relay.url}/ready", timeout=5).json()["faulty_rules"] == 1 for _ in range(20))
    return False
