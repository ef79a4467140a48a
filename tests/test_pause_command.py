"""``relay pause`` and ``relay resume`` as a script sees them, and how other commands tell of a pause."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.embedded import EmbeddedRedis
from relay.model import State
from relay.store import Store
from tests.desk import ANA, Desk, desk_over
from tests.far_crm import update


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    store.door.know(["cotiza"])
    return desk_over(store, redis_server.url, tmp_path)


def test_a_hook_is_paused_and_resumed_and_its_events_are_delivered_then(desk: Desk) -> None:
    paused = desk.relay("pause", "cotiza", "--why", "the form is wrong", "--who", "ana", "--yes")
    event = desk.world.accept("e", ANA, update(phone="1"))
    shown = desk.relay("event", event)
    resumed = desk.relay("resume", "cotiza", "--yes")
    desk.world.deliver_all()

    assert (paused.stdout, paused.stderr, paused.returncode) == ("hook cotiza: paused\n", "", 0)
    assert "in flight: hook cotiza is paused by ana since 20" in shown.stdout
    assert (resumed.stdout, resumed.returncode) == ("hook cotiza: resumed\n1 event goes on\n", 0)
    assert desk.world.state(event) is State.DELIVERED


def test_a_destination_is_paused_and_resumed_and_status_says_so(desk: Desk) -> None:
    paused = desk.relay("pause", "--destination", "default", "--why", "the CRM moves", "--who", "ana", "--yes")
    desk.world.accept("e", ANA, update(phone="1"))
    shown = desk.relay("status")
    resumed = desk.relay("resume", "--destination", "default", "--yes")

    assert paused.stdout == "destination default: paused\n"
    assert "paused by a person: nothing is sent; relay resume lets it go on (by ana since 20" in shown.stdout
    assert resumed.stdout == "destination default: resumed\n1 lead goes on\n"


def test_status_shows_paused_hooks_and_how_much_they_keep_back(desk: Desk) -> None:
    desk.world.store.steering.pause_hook("cotiza", who="ana", why="a test")
    desk.world.accept("e", ANA, update(phone="1"))

    shown = desk.relay("status").stdout
    (told,) = desk.json("status")["paused_hooks"]

    assert any(line.split()[:4] == ["cotiza", "1", "by", "ana"] for line in shown.splitlines())
    assert (told["name"], told["who"], told["why"], told["events_kept_back"]) == ("cotiza", "ana", "a test", 1)


def test_what_is_paused_already_is_no_fault(desk: Desk) -> None:
    first = desk.json("pause", "cotiza", "--why", "x", "--yes")
    again = desk.relay("pause", "cotiza", "--why", "x", "--yes")

    assert first == {"hook": "cotiza", "state": "paused", "changed": True}
    assert (again.stdout, again.returncode) == ("hook cotiza: is paused already\n", 0)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["pause", "--why", "x"], "say which: a hook, or --destination NAME"),
        (["pause", "cotiza", "--destination", "default", "--why", "x"], "say which: a hook, or --destination NAME"),
        (["pause", "cotiza", "--why", " "], "--why: say why it is paused"),
        (["pause", "--destination", "acme", "--why", "x"], "--destination: 'acme' is not set; there are default"),
        (
            ["pause", "cotiza", "--why", "x"],
            "Pause hook cotiza, so that its events are accepted and kept back? nobody is there to answer: pass --yes",
        ),
    ],
)
def test_a_pause_that_is_not_clear_is_wrong_usage(desk: Desk, words: list[str], error: str) -> None:
    done = desk.relay(*words)

    assert (done.stderr, done.returncode) == (f"{error}\n", 2)
    assert desk.world.store.steering.paused_hooks() == {}


def test_a_hook_that_never_was_is_told_with_those_that_are(desk: Desk) -> None:
    done = desk.relay("pause", "cotisa", "--why", "x", "--yes")

    assert (done.stderr, done.returncode) == ("hook 'cotisa' is not known; there are cotiza\n", 1)
