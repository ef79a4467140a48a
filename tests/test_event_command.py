"""``relay event`` tells why an event became what it became, and shows no secret of it unless it is asked to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from relay import receive
from relay.embedded import EmbeddedRedis
from relay.hooks import Hook
from relay.senders import google_ads
from relay.sending import Request
from relay.store import Store
from tests.desk import Desk, desk_over
from tests.example_hooks import example_hook
from tests.hook_texts import hook_of
from tests.test_explain_event import GENERIC, NEWER, came

KEY = "the key of the form"


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    """A desk whose rules are newer than those that mapped what has come in."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "h.yaml").write_text(NEWER)
    desk = desk_over(store, redis_server.url, tmp_path)
    return replace(desk, environment={**desk.environment, "RELAY_RULES": str(tmp_path / "rules")})


def in_words(text: str) -> str:
    return " ".join(text.split())


def event_of(desk: Desk, hook: Hook) -> str:
    desk.world.store.rule_texts.keep([hook])
    return came(desk.world.store, hook).id


def test_each_rule_says_whether_it_held_and_why(desk: Desk) -> None:
    shown = desk.relay("event", event_of(desk, hook_of(GENERIC))).stdout

    assert "contact 6 held it has no condition" in in_words(shown)
    why = "fields.uf | number >= 3000 (fields.uf is '2.500', fields.uf | number is 2500)"
    assert f"qualified 8 did not hold {why}" in in_words(shown)
    assert "first_name Ana contact 7 in flight" in in_words(shown)
    assert "verified by S: " in in_words(shown)
    assert "user-agent: curl/8" in shown
    assert "authorization: (masked, 8 characters)" in shown
    assert "not asked" not in shown


def test_every_part_and_value_is_told_on_demand(desk: Desk) -> None:
    shown = in_words(desk.relay("event", event_of(desk, hook_of(GENERIC)), "--explain").stdout)

    assert "did not hold: and" in shown
    assert "not asked: fields.form == 'Xy' (fields.form is missing)" in shown
    assert "line 7: first_name = 'Ana' fields.nombre | title (fields.nombre is 'ana')" in shown
    assert "line 7: phone left out fields.tel (fields.tel is missing)" in shown
    assert "lead, line 4: fields.lead_id is '7c9e6679-7425-40de-944b-e07fc1f90ae7'" in shown


def test_where_its_rules_are_not_kept_those_of_now_are_marked_as_such(desk: Desk) -> None:
    hook = hook_of(GENERIC)
    shown = desk.relay("event", came(desk.world.store, hook).id).stdout

    assert f"version {hook.version} of its hook file is not kept: these are the rules of now" in shown
    assert "qualified 8 did not hold fields.form == 'Xy' (fields.form is missing)" in in_words(shown)


def test_a_script_is_given_all_of_it(desk: Desk) -> None:
    told = desk.json("event", event_of(desk, hook_of(GENERIC)))

    assert told["headers"] == {"user-agent": "curl/8", "authorization": "(masked, 8 characters)"}
    explanation = told["explanation"]
    assert explanation["verified"]["secret_name"] == "S"
    assert (explanation["as_then"], explanation["version"]) == (True, hook_of(GENERIC).version)
    assert [(one["name"], one["held"]) for one in explanation["rules"]] == [("contact", True), ("qualified", False)]
    part = explanation["rules"][1]["when"]["parts"][0]
    assert (part["held"], part["seen"][0]) == (False, {"source": "fields.uf", "value": "2.500", "missing": False})
    (first, *_) = explanation["update"]
    assert (first["register"], first["value"], first["rule"], first["line"]) == ("first_name", "Ana", "contact", 7)


def test_a_body_is_shown_without_its_secrets_unless_they_are_asked_for(desk: Desk) -> None:
    hook = replace(example_hook("google_ads"), secrets=(KEY,))
    body = json.dumps({"lead_id": "1", "google_key": KEY, "user_column_data": []}).encode()
    one = google_ads.sign(Request(headers={}, body=body, received_ms=1), KEY)
    (accepted,) = receive.receive(one, hook=hook, store=desk.world.store.door)

    masked = desk.relay("event", accepted.id, "--body").stdout

    assert json.loads(masked)["google_key"] == f"(masked, {len(KEY)} characters)"
    assert KEY not in json.dumps(desk.json("event", accepted.id, "--body"))
    assert desk.relay("event", accepted.id, "--body", "--unmasked").stdout.encode() == one.body
    assert KEY in desk.json("event", accepted.id, "--body", "--unmasked")["body"]
