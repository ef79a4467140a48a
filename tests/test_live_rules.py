"""Hook files that change while the relay runs: each is taken over by itself, whole, once it is right."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from relay import wiring
from relay.alarms import sightings
from relay.errors import RuleError, StoreError
from relay.live_rules import LiveRules
from relay.settings import Settings, load
from relay.store import Store
from relay.store.serving import BELIEVED_MS
from tests.doors import serving
from tests.hook_texts import rule, rules
from tests.waiting import until

SETTLE_S = 0.05
ENVIRONMENT = {"S": "s", "LEADS_API_URL": "http://crm", "LEADS_API_KEY": "k"}


def text(title: str) -> str:
    return rules(rule("one", f"{{title: '{title}'}}"))


FAULTY = rules(rule("one", "{titel: nothing}"))
FAULT = "h.yaml:7:14: rule 'one' sets unknown field 'titel'; did you mean 'title'?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "h.yaml").write_text(text("first"))
    return folder


@pytest.fixture
def settings(folder: Path) -> Settings:
    return load({**ENVIRONMENT, "RELAY_RULES": str(folder), "RELAY_HOME": str(folder.parent)})


@pytest.fixture
def live(settings: Settings, store: Store) -> LiveRules:
    return begun(settings, store)


def begun(settings: Settings, store: Store, *, settle_s: float = SETTLE_S) -> LiveRules:
    """Start as a web process does."""
    one = wiring.live_rules(settings, store, serves=True, settle_s=settle_s)
    one.begin()
    return one


def titles(live: LiveRules) -> dict[str, object]:
    """Give what the first rule of each hook that is in use sets."""
    found = {}
    for name, hook in live.items():
        outcome = hook.rules[0].run({})
        assert outcome is not None
        found[name] = outcome.set["title"]
    return found


def lines(store: Store) -> dict[str, list[str]]:
    """Give the faults that are told of each hook, without their folder."""
    return {name: [line.rpartition("/")[2] for line in one.lines] for name, one in store.serving.faulty().items()}


def test_a_changed_file_is_in_use_once_it_stands_still_and_its_text_is_kept_by_then(
    folder: Path, live: LiveRules, store: Store
) -> None:
    before = live["h"]
    assert titles(live) == {"h": "first"}

    (folder / "h.yaml").write_text(text("second"))
    live.look()
    assert live["h"] is before
    until(live.look)

    assert titles(live) == {"h": "second"}
    assert store.rule_texts.text("h", live["h"].version) == text("second")
    assert store.serving.version("h") == live["h"].version
    assert before.text.decode() == text("first"), "who has it in hand keeps it"


def test_what_is_half_written_is_not_taken_over_though_it_reads_well(
    settings: Settings, folder: Path, store: Store
) -> None:
    live = begun(settings, store, settle_s=0.5)
    whole = rules(rule("one", "{title: second}"), rule("two", "{last_name: Rojas}"))
    half = whole[: whole.index("  - name: two")]

    with (folder / "h.yaml").open("w") as file:
        file.write(half)
        file.flush()
        live.look()
        file.write(whole[len(half) :])
    until(live.look)

    assert [rule.name for rule in live["h"].rules] == ["one", "two"]
    assert len(store.rule_texts.versions("h")) == 2


def test_a_faulty_change_keeps_its_own_hook_at_the_last_good_version_and_no_other(
    folder: Path, live: LiveRules, store: Store
) -> None:
    (folder / "other.yaml").write_text(text("first"))
    until(live.look)

    (folder / "h.yaml").write_text(FAULTY)
    (folder / "other.yaml").write_text(text("second"))
    until(live.look)

    assert titles(live) == {"h": "first", "other": "second"}
    assert lines(store) == {"h": [FAULT]}
    found = store.serving.faulty()["h"]
    assert found.served == store.serving.versions()["h"]
    assert found.served.version == live["h"].version


def test_a_fault_is_an_alarm_until_it_is_mended(
    folder: Path, live: LiveRules, settings: Settings, store: Store
) -> None:
    (folder / "h.yaml").write_text(FAULTY)
    until(live.look)
    (seen,) = [one for one in sightings(store, settings, []) if one.name.startswith("rules:")]

    (folder / "h.yaml").write_text(text("second"))
    until(live.look)

    words = f"its file has faults, and its last good version {store.rule_texts.versions('h')[1].version} goes on: "
    assert (seen.name, seen.about, seen.words) == ("rules:h", "rules of hook h", f"{words}{folder}/{FAULT}")
    assert [one for one in sightings(store, settings, []) if one.name.startswith("rules:")] == []
    assert titles(live) == {"h": "second"}


def test_a_file_that_is_put_back_as_it_was_has_no_fault_any_more(folder: Path, live: LiveRules, store: Store) -> None:
    (folder / "h.yaml").write_text(FAULTY)
    until(live.look)
    since = store.serving.versions()["h"]

    (folder / "h.yaml").write_text(text("first"))
    until(live.look)

    assert lines(store) == {}
    assert store.serving.versions()["h"] == since


def test_a_secret_that_is_not_set_is_a_fault_of_the_change(folder: Path, live: LiveRules, store: Store) -> None:
    (folder / "h.yaml").write_text(text("second").replace("secrets: [S]", "secrets: [S, NEW]"))
    until(live.look)

    assert titles(live) == {"h": "first"}
    assert lines(store) == {"h": ["h.yaml:2:14: secret 'NEW' is not set; set this environment variable"]}


def test_a_destination_without_an_address_is_a_fault_of_the_change(folder: Path, store: Store) -> None:
    acme = {"LEADS_API_URL__ACME": "http://crm", "LEADS_API_KEY__ACME": "k", "S": "s"}
    (folder / "h.yaml").write_text("destination: acme\n" + text("first"))
    live = begun(load({**acme, "RELAY_RULES": str(folder), "RELAY_HOME": str(folder)}), store)

    (folder / "h.yaml").write_text(text("second"))
    until(live.look)

    assert titles(live) == {"h": "first"}
    ((words,),) = lines(store).values()
    assert words == "h.yaml: LEADS_API_URL is not set, and the hook delivers to it; set it, and start the relay again"


def test_an_added_file_is_a_new_hook_and_a_removed_one_is_served_no_more(
    folder: Path, live: LiveRules, store: Store
) -> None:
    (folder / "new.yaml").write_text(text("new"))
    until(live.look)
    added = titles(live), store.door.loaded()

    (folder / "h.yaml").unlink()
    until(live.look)

    assert added == ({"h": "first", "new": "new"}, {"h", "new"})
    assert titles(live) == {"new": "new"}
    assert store.door.loaded() == {"new"}
    assert store.door.ever_known("h"), "its senders are told to come back later"
    assert store.serving.versions().keys() == {"new"}


def test_a_file_that_is_away_for_a_moment_is_served_on(settings: Settings, folder: Path, store: Store) -> None:
    (folder / "other.yaml").write_text(text("other"))
    live = begun(settings, store, settle_s=0.5)

    (folder / "h.yaml").unlink()
    live.look()
    (folder / "h.yaml").write_text(text("second"))
    live.look()
    assert titles(live)["h"] == "first"
    until(live.look)

    assert titles(live)["h"] == "second"


@pytest.mark.parametrize("emptied", ["the folder is gone", "all files are gone"])
def test_a_folder_without_any_hook_file_is_a_fault_and_all_hooks_go_on(
    emptied: str, folder: Path, live: LiveRules, store: Store, settings: Settings
) -> None:
    (folder / "h.yaml").unlink()
    if emptied == "the folder is gone":
        folder.rmdir()
    until(live.look)

    assert titles(live) == {"h": "first"}
    assert lines(store).keys() == {""}
    (seen,) = [one for one in sightings(store, settings, []) if one.name == "rules:"]
    assert seen.words.startswith("no hook file is found, and what was loaded goes on: ")


def test_a_second_file_for_a_hook_is_a_fault_and_the_hook_goes_on(folder: Path, live: LiveRules, store: Store) -> None:
    (folder / "h.yml").write_text(text("second"))
    until(live.look)

    assert titles(live) == {"h": "first"}
    ((words,),) = lines(store).values()
    assert words == "h.yaml too; rename one of the two"


def test_a_file_put_there_with_the_old_times_and_size_is_seen(folder: Path, live: LiveRules) -> None:
    file = folder / "h.yaml"
    about = file.stat()
    other = folder.parent / "other"
    other.write_text(text("third"))

    shutil.copyfile(other, file)
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    until(live.look)

    assert file.stat().st_size == about.st_size
    assert file.stat().st_mtime_ns == about.st_mtime_ns
    assert titles(live) == {"h": "third"}


def test_a_version_whose_text_can_not_be_kept_is_not_used_until_it_can(
    folder: Path, live: LiveRules, client: redis.Redis
) -> None:
    (folder / "h.yaml").write_text(text("second"))
    live.look()
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreError):
            until(live.look)
        held_back = titles(live)
    finally:
        client.config_set("maxmemory", 0)
    until(live.look)

    assert held_back == {"h": "first"}
    assert titles(live) == {"h": "second"}


def test_the_rules_of_now_wait_for_what_is_being_written_and_are_refused_where_they_have_a_fault(
    folder: Path, live: LiveRules
) -> None:
    (folder / "h.yaml").write_text(text("second"))
    assert live.fresh()["h"].text.decode() == text("second")

    (folder / "h.yaml").write_text(FAULTY)
    (folder / "other.yaml").write_text(text("third"))
    now = live.fresh()
    with pytest.raises(RuleError, match="unknown field 'titel'"):
        now.get("h")
    assert (list(now), "h" in now) == (["other"], False)
    assert now["other"].text.decode() == text("third")

    shutil.rmtree(folder)
    with pytest.raises(RuleError, match="no such folder"):
        live.fresh()


def test_a_process_that_missed_the_last_good_version_takes_it_from_the_others(
    folder: Path, live: LiveRules, settings: Settings, store: Store
) -> None:
    late = begun(settings, store)
    (folder / "h.yaml").write_text(text("second"))
    until(live.look)

    (folder / "h.yaml").write_text(FAULTY)
    until(live.look)
    until(late.look)

    assert (titles(live), titles(late)) == ({"h": "second"}, {"h": "second"})
    assert store.serving.version("h") == live["h"].version == late["h"].version


def test_a_start_with_a_faulty_file_takes_the_version_that_senders_met_last(
    folder: Path, live: LiveRules, settings: Settings, store: Store
) -> None:
    (folder / "other.yaml").write_text(text("other"))
    (folder / "h.yaml").write_text(text("of another machine"))
    elsewhere = wiring.rules_aside(settings, store)
    elsewhere.begin()
    assert store.rule_texts.versions("h")[0].version == elsewhere["h"].version
    (folder / "h.yaml").write_text(FAULTY)

    again = begun(settings, store)

    assert titles(again) == {"h": "first", "other": "other"}
    assert lines(store) == {"h": [FAULT]}


def test_a_start_with_a_faulty_file_of_which_there_is_no_good_version_serves_the_others(
    folder: Path, settings: Settings, store: Store
) -> None:
    (folder / "h.yaml").write_text(FAULTY)
    (folder / "other.yaml").write_text(text("other"))

    live = begun(settings, store)

    assert titles(live) == {"other": "other"}
    found = store.serving.faulty()["h"]
    assert found.served is None
    words = [one.words for one in sightings(store, settings, []) if one.name == "rules:h"]
    assert words[0].startswith(
        "its file has faults and there is no good version: senders are answered 503 and come back later: "
    )


@pytest.fixture
def url(folder: Path, settings: Settings, store: Store) -> Iterator[str]:
    (folder / "bad.yaml").write_text(FAULTY)
    with serving(wiring.routes(settings, store, begun(settings, store))) as url:
        yield url


def test_senders_of_a_hook_that_can_not_be_served_are_told_to_come_back(url: str) -> None:
    answers = {name: requests.post(f"{url}/hooks/{name}", timeout=10) for name in ("h", "bad", "never")}

    assert {name: one.status_code for name, one in answers.items()} == {"h": 401, "bad": 503, "never": 404}
    assert answers["bad"].headers["Retry-After"] == "60"


def test_a_process_with_faulty_rules_is_ready_and_says_how_many(url: str) -> None:
    answer = requests.get(f"{url}/ready", timeout=10)

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "hooks": 1, "faulty_rules": 1}


def test_a_process_that_died_tells_of_no_fault_for_ever(
    folder: Path, live: LiveRules, store: Store, client: redis.Redis
) -> None:
    (folder / "h.yaml").write_text(FAULTY)
    until(live.look)
    packed = client.hget("relay:rule-faults", "h")
    assert isinstance(packed, bytes)
    long_ago = str(store.events.now_ms() - BELIEVED_MS - 1)

    seen = packed.decode().rpartition('"seen":')
    client.hset("relay:rule-faults", "h", seen[0] + '"seen":' + long_ago + "}")

    assert store.serving.faulty() == {}
