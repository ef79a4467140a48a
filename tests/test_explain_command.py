"""``relay explain`` and ``relay try`` tell of an event that came in what each rule and filter made of it, and why."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from relay.embedded import EmbeddedRedis
from relay.hooks import Hook
from relay.store import Store
from tests.desk import Desk, desk_over, on_a_terminal
from tests.hook_texts import LEAD, hook_of
from tests.test_event_command import in_words
from tests.test_explain_event import ANA, GENERIC, NEWER, accepted, posted


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    """A desk whose rules are newer than those that mapped what has come in."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "h.yaml").write_text(NEWER.replace("fields.form == 'Xy'", "fields.tel is missing"))
    desk = desk_over(store, redis_server.url, tmp_path)
    return replace(desk, environment={**desk.environment, "RELAY_RULES": str(tmp_path / "rules")})


def event_of(desk: Desk, hook: Hook, **fields: object) -> str:
    desk.world.store.rule_texts.keep([hook])
    (event,) = accepted(desk.world.store, hook, posted(hook, {**ANA, **fields}))
    return event.id


def test_each_rule_each_value_and_the_lead_are_told_by_the_rules_that_mapped_it(desk: Desk) -> None:
    hook = hook_of(GENERIC)
    done = desk.relay("explain", event_of(desk, hook))

    said = in_words(done.stdout)
    assert done.returncode == 0
    assert f"hook h (generic), h.yaml, version {hook.version}, which mapped it lead {LEAD}" in said
    assert "✓ contact h.yaml:6 held it has no condition" in said
    assert "first_name line 7 'Ana' fields.nombre is 'ana' | title -> 'Ana'" in said
    assert "phone line 7 left out fields.tel is missing" in said
    assert "✗ qualified h.yaml:8 did not hold ✗ all of ✗ fields.uf | number >= 3000 (fields.uf is '2.500'" in said
    assert "fields.uf is '2.500' | number -> 2500" in said
    assert "- fields.form == 'Xy' not asked" in said
    assert "it would set metadata.estado" in said
    assert f"lead h.yaml:4 '{LEAD}' fields.lead_id is '{LEAD}'" in said


def test_the_rules_of_now_explain_it_when_they_are_asked(desk: Desk) -> None:
    id = event_of(desk, hook_of(GENERIC))

    said = in_words(desk.relay("explain", id, "--now").stdout)

    assert "of now" in said
    assert "✓ qualified h.yaml:8 held" in said
    assert "these rules would set otherwise: metadata.estado" in said


def test_a_value_that_a_filter_refused_names_the_filter(desk: Desk) -> None:
    id = event_of(desk, hook_of(GENERIC.replace("fields.tel}", "fields.tel | phone('CL')}")), tel="12")

    said = in_words(desk.relay("explain", id).stdout)

    assert "phone line 7 held back: is not a phone number of CL" in said
    assert "fields.tel is '12' | phone('CL') failed: it is not a phone number of CL" in said
    assert "held back by rule contact: phone is not a phone number of CL" in said


def test_the_lead_of_an_event_that_failed_as_a_whole_is_not_said_to_be_unknown(desk: Desk) -> None:
    id = event_of(desk, hook_of(GENERIC.replace("fields.tel}", "fields.tel | required}")))

    said = in_words(desk.relay("explain", id).stdout)

    assert "dead" in said
    assert "lead not known" not in said
    assert f"lead h.yaml:4 '{LEAD}'" in said


def test_a_script_is_given_each_step(desk: Desk) -> None:
    told = desk.json("explain", event_of(desk, hook_of(GENERIC)))

    assert told["event"]["hook"] == "h"
    explanation = told["explanation"]
    (way,) = explanation["rules"][0]["settings"][0]["filtered"]
    assert way["start"] == {"source": "fields.nombre", "value": "ana", "missing": False}
    assert way["steps"] == [{"filter": "title", "verdict": "changed", "value": "Ana", "missing": False, "words": ""}]
    (condition,) = explanation["rules"][1]["filtered"]
    assert [step["value"] for step in condition["steps"]] == [2500]
    assert explanation["lead"]["seen"][0]["source"] == "fields.lead_id"


def test_an_event_that_is_not_kept_is_nothing(desk: Desk) -> None:
    done = desk.relay("explain", "nobody")

    assert (done.returncode, done.stderr.strip()) == (3, "event nobody: is not kept")


def test_on_a_terminal_no_line_is_wider_than_it(desk: Desk) -> None:
    id = event_of(desk, hook_of(GENERIC), nombre="maría josé " * 15)

    with on_a_terminal(desk, "explain", id, columns=80) as (_, pieces):
        lines = [line for line in plain("".join(pieces)).splitlines() if line.strip()]

    assert len(lines) > 10
    assert max(map(len, lines)) <= 80
    assert any(line.startswith(" " * 10 + "| title") for line in lines)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_the_last_event_that_came_in_is_tried_or_the_one_that_is_named(desk: Desk) -> None:
    first = event_of(desk, hook_of(GENERIC))
    last = event_of(desk, hook_of(GENERIC), event_id="e2", nombre="eva", uf="900")
    before = desk.json("events", "--hook", "h")

    newest, named = desk.relay("try", "h"), desk.relay("try", "h", "--event", first)

    assert newest.stdout.startswith(f"{last} by ")
    assert "first_name 'Eva' contact, line 7" in in_words(newest.stdout)
    assert "✗ qualified" in newest.stdout
    assert f"would be delivered to lead {LEAD}" in named.stdout
    assert "metadata.estado 'calificado' qualified, line 10" in in_words(named.stdout)
    assert desk.json("events", "--hook", "h") == before


def test_where_no_event_is_kept_the_examples_are_named(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "rules" / "h").mkdir()
    (tmp_path / "rules" / "h" / "full.json").write_text("{}")

    last, named = desk.relay("try", "h"), desk.relay("try", "h", "--event", "e9")

    assert (last.returncode, named.returncode) == (3, 3)
    words = "name one with --event, a file or an event's id; of its examples there are full"
    assert in_words(last.stderr) == f"hook 'h': no event of it is kept; {words}"
    assert in_words(named.stderr) == f"hook 'h': 'e9' is no file, no example, and no event that is kept; {words}"
