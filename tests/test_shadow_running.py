"""Shadows beside a running relay: the background worker follows them through kill -9, and counts each event once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path, PurePath

from relay.embedded import EmbeddedRedis
from relay.served import served
from relay.shadow import told_of
from tests.running import ROOT, Relay, environment_of, process, running
from tests.waiting import until

LIVE = """
sender: typeform
secrets: [TYPEFORM_SECRET]
lead: {id: "${hidden.lead_id}"}
rules:
  - name: contact
    update: {first_name: "${fields.nombre}"}
shadow: shadow/cotiza.yaml
"""
SHADOW = LIVE.replace("fields.nombre", "fields.nombre | upper")
BATCHES, BATCH = 6, 25


def test_a_shadow_is_followed_through_kills_and_counts_each_event_once(
    tmp_path: Path, redis_server: EmbeddedRedis
) -> None:
    (tmp_path / "rules" / "shadow").mkdir(parents=True)
    (tmp_path / "rules" / "shadow" / "cotiza.yaml").write_text(SHADOW)
    with running(tmp_path, LIVE, redis_url=redis_server.url) as relay:
        environment = environment_of(tmp_path, redis_server.url, relay.crm)
        command = ["workers.run", "background"]
        with process(command, environment):
            until(lambda: relay.store.shadows.get("cotiza"))
        sent = []
        for _ in range(BATCHES):
            one = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment)
            sent += [relay.send(nombre="Ana") for _ in range(BATCH)]
            before = events(relay)
            until(lambda: events(relay) > before)  # noqa: B023 -- it is done with before the next turn
            sent += [relay.send(nombre="ANA") for _ in range(BATCH)]
            one.send_signal(signal.SIGKILL)
            one.wait()
        with process(command, environment):
            until(lambda: behind(relay) == 0)

        told = told_of(relay.store, served(relay.store, PurePath())["cotiza"], most=5)
        assert told.events == len(sent) == 2 * BATCHES * BATCH
        assert told.changed == BATCHES * BATCH
        assert told.fields["first_name"]["changed"] == BATCHES * BATCH
        assert {body["first_name"] for body in relay.puts()} <= {"Ana", "ANA"}


def events(relay: Relay) -> int:
    followed = relay.store.shadows.get("cotiza")
    return followed.counts.get("events", 0) if followed else 0


def behind(relay: Relay) -> int:
    return told_of(relay.store, served(relay.store, PurePath())["cotiza"], most=1).behind
