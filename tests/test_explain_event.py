"""An event that is kept is explained by the version of the hook file that mapped it, and what came is shown masked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import redis

from relay import receive
from relay.explain import Explained, Explainer
from relay.explain.as_json import explanation_json
from relay.explain.body import body_tree, shown
from relay.hooks import Hook
from relay.model import StoredEvent
from relay.replay import remapper
from relay.senders import adapter_of, google_ads
from relay.senders.base import Sender
from relay.sending import Request
from relay.store import Store
from tests.example_hooks import example_hook
from tests.hook_texts import LEAD, NOW, hook_of, rule, rules
from tests.sender_security import PAYLOADS, RECEIVED_MS, SECRET, every_example, sent

GENERIC = rules(
    rule("contact", '{first_name: "${fields.nombre | title}", phone: "${fields.tel}"}'),
    rule("qualified", '{metadata: {estado: "calificado"}}', "when: fields.uf | number >= 3000 and fields.form == 'Xy'"),
).replace("sender: typeform", "sender: generic").replace("hidden.lead_id", "fields.lead_id")  # fmt: skip
NEWER = GENERIC.replace("3000", "1000") + "# newer\n"
ANA = {"event_id": "e1", "nombre": "ana", "uf": "2.500", "lead_id": LEAD}


def accepted(store: Store, hook: Hook, request: Request) -> list[StoredEvent]:
    """Have a request come in at the door; gives its events as they are kept."""
    return list(store.events.events([one.id for one in receive.receive(request, hook=hook, store=store.door)]))


def posted(hook: Hook, content: Mapping[str, Any]) -> Request:
    headers = {"content-type": "application/json", "user-agent": "curl/8"}
    one = Request(headers=headers, body=json.dumps(content).encode(), received_ms=NOW, url="https://r.cl/hooks/h")
    return adapter_of(hook).sign(one, hook.secrets[-1])


def came(store: Store, hook: Hook) -> StoredEvent:
    (event,) = accepted(store, hook, posted(hook, ANA))
    return event


def verdicts(told: Explained) -> dict[str, bool | None]:
    assert told.explanation is not None
    return {one.name: one.held for one in told.explanation.rules}


def test_an_event_is_explained_by_the_version_that_mapped_it(store: Store) -> None:
    then, now = hook_of(GENERIC), hook_of(NEWER)
    store.rule_texts.keep([then])
    event = came(store, then)

    told = Explainer(store, {"h": now}).explain(event)

    assert (told.version, told.as_then, told.words, told.differs) == (then.version, True, "", ())
    assert verdicts(told) == {"contact": True, "qualified": False}
    assert told.line_of("contact", "first_name") == 7


def test_where_that_version_is_not_kept_the_rules_of_now_explain_it_and_that_is_said(store: Store) -> None:
    then = hook_of(GENERIC)
    newer = hook_of(NEWER.replace("and fields.form == 'Xy'", ""))
    event = came(store, then)

    told = Explainer(store, {"h": newer}).explain(event)

    assert (told.version, told.as_then) == (newer.version, False)
    assert told.words == f"version {then.version} of its hook file is not kept: these are the rules of now"
    assert verdicts(told)["qualified"] is True
    assert told.differs == ("metadata.estado",)


def test_without_its_hook_file_there_is_no_explanation_but_words(store: Store) -> None:
    event = came(store, hook_of(GENERIC))

    told = Explainer(store, {}).explain(event)

    assert told.explanation is None
    assert told.words == f"version {event.version} of its hook file is not kept, and hook 'h' is not loaded now"


def test_a_version_that_is_kept_explains_an_event_whose_hook_is_gone(store: Store) -> None:
    then = hook_of(GENERIC)
    store.rule_texts.keep([then])
    event = came(store, then)

    told = Explainer(store, {}).explain(event)

    assert (told.file, told.as_then) == ("h.yaml", True)
    assert verdicts(told) == {"contact": True, "qualified": False}


def test_a_version_that_can_not_be_read_any_more_is_as_one_that_is_not_kept(store: Store) -> None:
    then = hook_of(GENERIC)
    event = came(store, then)
    store.rule_texts.keep([replace(then, text=b"sender: nobody\n")])

    assert Explainer(store, {}).explain(event).explanation is None


def test_while_the_store_is_away_the_rules_of_now_explain(store: Store) -> None:
    event = came(store, hook_of(GENERIC))
    away = Store(redis.Redis(port=1, socket_connect_timeout=0.2), retention_ms=1)

    assert Explainer(away, {"h": hook_of(NEWER)}).explain(event).as_then is False


def test_a_body_that_can_not_be_read_now_is_said_in_words(store: Store) -> None:
    hook = hook_of(GENERIC)
    event = replace(came(store, hook), body=b"{")

    told = Explainer(store, {"h": hook}).explain(event)

    assert told.explanation is None
    assert told.words.startswith("its body can't be read as a generic event now: the body is not JSON")


def test_an_update_that_a_person_has_edited_is_told_apart_from_what_the_rules_say(store: Store) -> None:
    hook = hook_of(GENERIC)
    event = came(store, hook)
    (update,) = event.updates
    edited = replace(event, updates=(replace(update, set={**update.set, "first_name": "Eva"}),))

    assert Explainer(store, {"h": hook}).explain(edited).differs == ("first_name",)


def test_the_time_of_receipt_that_the_rules_saw_is_the_one_that_explains(store: Store) -> None:
    hook = hook_of(GENERIC.replace("${fields.tel}", "${event.time}").replace("phone", "last_name"))
    event = came(store, hook)
    assert event.updates[0].set["last_name"] == "2026-09-27T09:06:40Z"

    told = Explainer(store, {"h": hook}).explain(event)
    again = remapper({"h": hook})(event)
    afterwards = replace(event, updates=again.mapped.updates, door_ms=again.door_ms)

    assert event.received_ms != NOW
    assert told.differs == ()
    assert Explainer(store, {"h": hook}).explain(afterwards).differs == ()


def test_how_it_was_verified_names_the_secret_and_where_it_is_set(store: Store) -> None:
    one = hook_of(GENERIC)
    several = replace(one, secrets=("old", "new"), secret_names=("OLD_TOKEN", "NEW_TOKEN"))
    proof = adapter_of(one).about.proof

    assert Explainer(store, {"h": one}).explain(came(store, one)).verification == (proof, "S")
    event = accepted(store, several, posted(several, {**ANA, "event_id": "e2"}))[0]
    assert event.secret_name == "NEW_TOKEN"
    assert Explainer(store, {}).explain(event).verification.secret_name == "NEW_TOKEN"
    assert Explainer(store, {}).explain(came(store, one)).verification == (proof, "")


@every_example
def test_what_any_sender_sends_is_explained_as_it_was_mapped(store: Store, sender: Sender, path: Path) -> None:
    hook = replace(example_hook(sender.name), secrets=(SECRET,), signature=None)
    events = accepted(store, hook, sent(sender, path))

    for event in events:
        # Redis has its own clock, by which some examples come from the future.
        told = Explainer(store, {hook.name: hook}).explain(replace(event, received_ms=RECEIVED_MS))
        assert told.explanation is not None
        assert (told.differs, told.as_then) == ((), True)
        assert told.explanation.mapped.updates == event.updates
        assert told.explanation.mapped.faults == event.faults
        assert json.loads(json.dumps(explanation_json(told)))["version"] == hook.version
        assert SECRET not in body_tree(event, hook).text
        assert SECRET not in json.dumps(body_tree(event, hook).tree, ensure_ascii=False)


def test_the_key_of_google_ads_is_masked_in_its_body() -> None:
    path = PAYLOADS / "google_ads" / "lead.json"
    hook = replace(example_hook("google_ads"), secrets=(SECRET,))
    one = google_ads.sign(Request(headers={}, body=path.read_bytes(), received_ms=1), SECRET)

    body = shown(one.body, "application/json", ())

    assert body.masked
    assert isinstance(body.tree, dict)
    assert body.tree["google_key"] == f"(masked, {len(SECRET)} characters)"
    assert json.loads(body.text)["google_key"] == body.tree["google_key"]
    assert hook.secrets[0] not in body.text


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b'{"a": 1, "password": "x"}', "application/json", '{"a": 1, "password": "(masked, 1 characters)"}'),
        (b'{"API-Key":"a\\u00f1o12"}', "application/json", '{"API-Key":"(masked, 10 characters)"}'),
        (b'{"in": [{"access_token": "abcdef", "b": "abcdef"}]}', "application/json",
         '{"in": [{"access_token": "(masked, 6 characters)", "b": "(masked, 6 characters)"}]}'),
        (b"a=1&password=hunter2&b=2", "application/x-www-form-urlencoded",
         "a=1&password=(masked, 7 characters)&b=2"),
        (b'"password": "abc", broken', "application/json", '"password": "(masked, 3 characters)", broken'),
    ],
)  # fmt: skip
def test_what_stands_under_the_key_of_a_secret_is_masked(body: bytes, content_type: str, text: str) -> None:
    assert shown(body, content_type, ()).text == text


@pytest.mark.parametrize("secret", ["contraseña larga", 'with "quotes" & more', "a/b+c=d%e", "plain"])
def test_a_secret_of_the_hook_is_masked_however_it_is_written(secret: str) -> None:
    written = [
        (json.dumps({"a": f"x {secret} y"}).encode(), "application/json"),
        (json.dumps({"a": secret}, ensure_ascii=False).encode(), "application/json"),
        (
            json.dumps({"a": "".join(f"\\u{ord(c):04x}" for c in secret)}).replace("\\\\", "\\").encode(),
            "application/json",
        ),
        (urlencode({"a": secret}).encode(), "application/x-www-form-urlencoded"),
        (urlencode({"a": secret}).lower().encode(), "application/x-www-form-urlencoded"),
        (secret.encode(), "text/plain"),
    ]
    for body, content_type in written:
        found = shown(body, content_type, [secret])
        assert found.masked
        assert secret not in found.text
        assert secret not in json.dumps(found.tree, ensure_ascii=False)


@pytest.mark.parametrize(
    ("body", "content_type", "tree"),
    [
        (b'{"a": [1, null]}', "application/json", {"a": [1, None]}),
        (b"a=1&b=2&a=3", "application/x-www-form-urlencoded", {"a": ["1", "3"], "b": "2"}),
        (b"\xff\xfe", "application/json", None),
        (b"", "", None),
        (b"[" * 5_000, "application/json", None),
    ],
)
def test_a_body_is_read_as_what_it_is(body: bytes, content_type: str, tree: Any) -> None:
    found = shown(body, content_type, ())

    assert (found.tree, found.masked) == (tree, False)
    assert found.text == body.decode(errors="replace")
