"""The workbench: a hook's file changed and tried on its last events, saved where that is allowed, else a patch."""

from __future__ import annotations

import html
import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from relay import wiring
from relay.drafts.files import MOST_BYTES, version_of
from relay.noticing import Noticing
from relay.senders import typeform
from relay.settings import Settings
from relay.store import Store
from tests.desk import ANA, BEARER, Browser, logged_in, settings_of, text_of
from tests.doors import serving

SECRET = "the-very-secret-of-the-form"
RULES = """\
sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  id: ${hidden.lead_id}
rules:
  - name: contact details
    update:
      first_name: ${fields.nombre | title}
  - name: where they stand
    when: fields.estado
    update:
      metadata:
        estado_lead: ${fields.estado}
"""
PAGE, TRY, SAVE, PATCH = (f"/ops/hooks/cotiza/rules{end}" for end in ("", "/try", "/save", "/patch"))
API = "/ops/api/hooks/cotiza/rules"
FILE = f"{API}/file"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "cotiza.yaml").write_text(RULES)
    return settings_of(tmp_path, **variables(tmp_path, RELAY_RULES_EDITABLE="on"))


def variables(folder: Path, **more: str) -> dict[str, str]:
    return {
        "RELAY_RULES": str(folder / "rules"),
        "RELAY_OPS_TOKEN_ROLE": "operator",
        "TYPEFORM_SECRET": SECRET,
        **more,
    }


@pytest.fixture
def file(settings: Settings) -> Path:
    return settings.rules / "cotiza.yaml"


@pytest.fixture
def url(store: Store, settings: Settings) -> Iterator[str]:
    hooks = wiring.hooks(settings)
    store.door.know(hooks)
    store.rule_texts.keep(hooks.values())
    with serving(wiring.routes(settings, store, hooks)) as url:
        yield url


@pytest.fixture
def locked(store: Store, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """The same where nothing may be saved."""
    locked = settings_of(tmp_path, **variables(tmp_path))
    with serving(wiring.routes(locked, store, wiring.hooks(settings))) as url:
        yield url


@pytest.fixture
def carolina(url: str) -> Browser:
    return logged_in(url, "carolina")


def send(url: str, *, lead: str = ANA, **answers: str) -> str:
    """Have the door take an event; gives its id."""
    response = {
        "form_id": "Ab12Cd34",
        "token": uuid.uuid4().hex,
        "submitted_at": "2026-11-20T12:00:00Z",
        "hidden": {"lead_id": lead},
        "answers": [{"type": "text", "text": text, "field": {"ref": ref}} for ref, text in answers.items()],
    }
    told = {"event_id": uuid.uuid4().hex, "event_type": "form_response", "form_response": response}
    body = json.dumps(told).encode()
    headers = {"Content-Type": "application/json", **typeform.signature(body, SECRET)}
    answer = requests.post(f"{url}/hooks/cotiza", data=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    id: str = answer.json()["events"][0]
    return id


def draft(text: str, *, began: str = RULES, **more: str) -> dict[str, str]:
    """Give the fields of the form, with line ends as a browser sends them."""
    return {"text": text.replace("\n", "\r\n"), "began": version_of(began.encode()), **more}


def words_of(page: str) -> str:
    return html.unescape(text_of(page))


def tried(browser: Browser, text: str, **more: str) -> str:
    answer = browser.post(TRY, draft(text, **more))
    assert answer.status_code == 200, answer.text
    return words_of(answer.text)


def asked(url: str, method: str, path: str, **more: Any) -> requests.Response:
    return requests.request(method, url + path, headers=BEARER, timeout=20, **more)


def acts_of(store: Store) -> list[tuple[str, str, str, str]]:
    return [(act.who, act.what, act.about, act.why) for act in store.acts.last(10)]


def test_a_name_that_no_event_had_is_a_warning_of_the_draft(store: Store, settings: Settings) -> None:
    hooks, noticing = wiring.hooks(settings), Noticing(store)
    store.door.know(hooks)
    with serving(wiring.routes(settings, store, hooks, noticing)) as url:
        send(url, nombre="Ana", estado="nuevo")
        noticing.flush()

        told = words_of(tried(logged_in(url, "carolina"), RULES.replace("fields.estado}", "fields.stado}")))

    assert "no event or example ever had fields.stado; did you mean fields.estado?" in told
    assert "No fault: this file would be loaded." in told


def test_the_file_is_shown_as_it_is_with_its_last_events(url: str) -> None:
    for number in range(22):
        send(url, nombre=f"ana {number}")

    page = logged_in(url, "pedro").get(PAGE)

    found = re.search(r"<textarea[^>]*>\n(.*)</textarea>", page.text, re.DOTALL)
    assert found is not None
    assert html.unescape(found[1]) == RULES
    words = words_of(page.text)
    assert f"version {version_of(RULES.encode())}, in use" in words
    assert (
        "This is the file as it is. Change it, and see here at once what would become of its last 20 events." in words
    )
    assert page.text.count('<li class="try ') == 20
    assert "No fault: this file would be loaded." in words


def test_a_draft_is_tried_on_the_last_events_and_nothing_is_changed(
    store: Store, file: Path, carolina: Browser
) -> None:
    first = send(carolina.url, nombre="ana", estado="nuevo")
    send(carolina.url, nombre="eva")
    records = [store.events.event(first), store.meters.last()]

    words = tried(carolina, RULES.replace("| title", "| upper").replace("${fields.estado}", "${fields.etapa}"))

    assert "Of the last 2 events: 2 changed" in words
    assert "first_name Ana → ANA metadata. estado_lead nuevo no longer set" in words
    assert "first_name Eva → EVA" in words
    assert [store.events.event(first), store.meters.last()] == records
    assert file.read_text() == RULES
    assert acts_of(store) == []


@pytest.mark.parametrize(
    ("change", "verdict", "said"),
    [
        (("| title", "| title | required"), "same", "first_name Eva"),
        (("when: fields.estado", "when: fields.nombre"), "same", "first_name Eva"),
        (("nombre | title", "apellido | required"), "newly faulty", "contact details': first_name is required"),
        (("hidden.lead_id", "hidden.lead"), "no longer mapped", "hidden.lead is missing"),
        (("first_name", "email"), "newly faulty", "email is not an e-mail address"),
    ],
)
def test_each_event_says_what_the_draft_does_to_it(
    carolina: Browser, change: tuple[str, str], verdict: str, said: str
) -> None:
    send(carolina.url, nombre="eva")

    told = asked(carolina.url, "POST", f"{API}/try", json={"text": RULES.replace(*change)}).json()

    assert [one["verdict"] for one in told["events"]] == [verdict]
    assert said in tried(carolina, RULES.replace(*change))


def test_what_was_faulty_is_told_as_mended(file: Path, url: str) -> None:
    send(url, lead="not a uuid", nombre="eva")
    send(url, nombre="ana")

    told = asked(url, "POST", f"{API}/try", json={"text": RULES.replace("hidden.lead_id", f"'{ANA}'")}).json()

    assert [one["verdict"] for one in told["events"]] == ["newly mapped", "same"], "what differs stands first"
    assert told["events"][0]["difference"]["old"]["end"] == "parked"


def test_problems_are_told_by_line_as_the_check_tells_them(carolina: Browser) -> None:
    broken = RULES.replace("| title", "| titel").replace("sender: typeform", "sender: typefrm")

    answer = carolina.post(TRY, draft(broken))

    assert re.findall(r'data-problem="(\d+)"', answer.text) == ["1", "8"]
    words = words_of(answer.text)
    assert "It can't be read as a hook file yet:" in words
    assert "line 1 unknown sender 'typefrm'; did you mean 'typeform'?" in words
    assert "line 8 rule 'contact details': first_name: unknown filter 'titel'; did you mean 'title'?" in words
    assert html.escape("titel") in answer.text, "the text that was sent stands there again"
    problems = asked(carolina.url, "POST", f"{API}/try", json={"text": broken}).json()["problems"]
    assert [(one["line"], one["severity"]) for one in problems] == [(1, "fault"), (8, "fault")]


def test_a_script_is_given_what_stands_beside_the_text_alone(carolina: Browser) -> None:
    send(carolina.url, nombre="eva")

    good = carolina.post(TRY, draft(RULES.replace("title", "upper")), **{"HX-Request": "true"})
    bad = carolina.post(TRY, draft(RULES.replace("title", "titel")), **{"HX-Request": "true"})

    assert "<html" not in good.text + bad.text
    assert "<textarea" not in good.text + bad.text
    assert "HX-Reswap" not in good.headers
    assert bad.headers["HX-Reswap"] == "none", "what stood there stays while nothing can be said"
    for part in ("problems", "gist", "tabs", "overtaken"):
        assert f'id="{part}" hx-swap-oob="innerHTML"' in good.text


def test_an_event_is_explained_under_the_draft(carolina: Browser) -> None:
    id = send(carolina.url, nombre="eva", estado="nuevo")
    text = RULES.replace("when: fields.estado", "when: fields.estado == 'listo'")

    words = tried(carolina, text, event=id)

    assert "where they stand cotiza.yaml:9 did not hold fields.estado == 'listo'" in words
    assert "contact details cotiza.yaml:6 it held" in words
    assert "cotiza.yaml:9" not in tried(carolina, text, event="")


def test_an_older_event_that_was_chosen_stands_above_the_last_ones(store: Store, carolina: Browser) -> None:
    old = send(carolina.url, nombre="eva")
    for _ in range(20):
        send(carolina.url, nombre="ana")

    page = carolina.get(f"{PAGE}?event={old}")

    assert page.text.count('<li class="try ') == 21
    assert "The event that was chosen" in words_of(page.text)
    assert "contact details" in words_of(page.text)


def test_the_event_of_another_hook_is_not_explained(store: Store, settings: Settings, tmp_path: Path) -> None:
    (settings.rules / "otra.yaml").write_text(RULES)
    hooks = wiring.hooks(settings)
    with serving(wiring.routes(settings, store, hooks)) as url:
        id = send(url, nombre="eva")
        page = logged_in(url, "carolina").get(f"/ops/hooks/otra/rules?event={id}")

    assert f'value="{id}"' not in page.text


def test_the_diff_is_from_the_file_as_it_is(carolina: Browser) -> None:
    words = tried(carolina, RULES.replace("| title", "| upper"), show="diff")

    assert "8 - gone first_name: ${fields.nombre | title} 8 + new first_name: ${fields.nombre | upper}" in words
    assert "Nothing is changed." in tried(carolina, RULES, show="diff")


def test_the_names_that_the_events_bring_are_told_with_where_they_are_read(carolina: Browser) -> None:
    send(carolina.url, nombre="eva", comuna="Ñuñoa")
    send(carolina.url, nombre="ana")

    words = tried(carolina, RULES.replace("${fields.estado}", "${fields.etapa}"), show="names")

    assert "Read by the draft, and in none of the last 2 events fields.estado :10 fields.etapa :13" in words
    assert "fields.nombre ana 2 / 2 :8" in words
    assert "fields.comuna Ñuñoa 1 / 2 not read" in words
    assert f"hidden.lead_id {ANA} 2 / 2 :4" in words


def test_the_backtest_counts_what_would_differ_over_more_events(carolina: Browser) -> None:
    for number in range(30):
        send(carolina.url, nombre="ana" if number % 3 else "eva", estado="nuevo")
    text = RULES.replace("| title", "| upper").replace("when: fields.estado", "when: fields.nombre == 'eva'")

    words = tried(carolina, text, show="backtest", last="500")

    assert "The last 30 events, by the file as it is and by the draft:" in words
    assert "come to the same 0" in words
    assert "mapped otherwise 30" in words
    assert "first_name another value 30 Ana → ANA 20" in words
    assert "metadata. estado_lead no longer set 20 nuevo 20" in words
    assert "contact details 30 30 where they stand 30 10" in words


def test_a_machine_is_told_the_same_of_a_backtest(url: str) -> None:
    ids = [send(url, nombre="eva", estado="nuevo") for _ in range(3)]
    text = RULES.replace("${fields.estado}", "${fields.etapa}")

    told = asked(url, "POST", f"{API}/backtest", json={"text": text, "last": 500}).json()

    assert (told["events"], told["same"], told["counts"]["lost_field"], told["more"]) == (3, 0, 3, False)
    [field] = told["fields"]
    assert (field["field"], field["lost"], field["examples"][0]["event"] in ids) == ("metadata.estado_lead", 3, True)
    assert told["rules"][1] == {
        "rule": "where they stand",
        "old": {"held": 3, "gave": 3},
        "new": {"held": 3, "gave": 0},
    }
    for body in ({"text": text, "last": 7}, {"text": "sender: x"}, {"text": " "}):
        assert asked(url, "POST", f"{API}/backtest", json=body).status_code == 400


def test_what_is_typed_after_a_backtest_does_not_run_it_again(carolina: Browser) -> None:
    send(carolina.url, nombre="ana")

    words = tried(carolina, RULES.replace("| title", "| upper"), shown="backtest")

    assert "The text has changed since." in words
    assert "mapped otherwise" not in words


def test_a_draft_is_saved_and_noted_as_an_act(store: Store, file: Path, carolina: Browser) -> None:
    new = RULES.replace("| title", "| upper")

    answer = carolina.post(SAVE, draft(new, why=" los nombres\nen mayúsculas "))

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert file.read_bytes() == new.encode()
    was, now = version_of(RULES.encode()), version_of(new.encode())
    assert acts_of(store) == [("carolina", "save", "hook cotiza", f"{was} -> {now}: los nombres en mayúsculas")]
    assert f"Saved as version {now}; it is taken over within seconds." in words_of(carolina.get(PAGE).text)
    assert f"{was} -> {now}" in words_of(carolina.get("/ops/acts?what=save").text)


def test_a_draft_with_a_fault_is_not_saved(store: Store, file: Path, carolina: Browser) -> None:
    for change in (("| title", "| titel"), ("TYPEFORM_SECRET", "ANOTHER_SECRET"), (RULES, "")):
        answer = carolina.post(SAVE, draft(RULES.replace(*change)))

        assert answer.status_code == 400
        assert "It is not saved: it has faults." in words_of(answer.text)
    assert file.read_text() == RULES
    assert acts_of(store) == []


def test_a_draft_for_a_destination_without_an_address_is_not_saved(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    more = variables(tmp_path, RELAY_RULES_EDITABLE="on", LEADS_API_KEY__ACME="k", LEADS_API_URL="")
    bare = settings_of(tmp_path, **more)
    with serving(wiring.routes(bare, store, wiring.hooks(bare))) as url:
        answer = logged_in(url, "carolina").post(SAVE, draft("destination: acme\n" + RULES))

    assert answer.status_code == 400
    assert "LEADS_API_URL__ACME is not set, and the hook delivers to it" in words_of(answer.text)


def test_what_somebody_else_has_saved_meanwhile_is_shown_and_not_lost(
    store: Store, file: Path, carolina: Browser
) -> None:
    theirs, mine = RULES.replace("where they stand", "stage"), RULES.replace("| title", "| upper")
    file.write_text(theirs)

    answer = carolina.post(SAVE, draft(mine))

    words = words_of(answer.text)
    now, began = version_of(theirs.encode()), version_of(RULES.encode())
    assert answer.status_code == 409
    assert f"The file has changed since you began: it is version {now} now, not {began}." in words
    assert "- gone - name: where they stand 9 + new - name: stage" in words, "what they changed"
    for choice in ("Show mine beside theirs", "Take theirs, drop mine", "Save mine over theirs"):
        assert choice in words
    assert html.escape("| upper") in answer.text, "mine is still in the editor"
    assert file.read_text() == theirs
    assert carolina.post(SAVE, {**draft(mine), "over": began}).status_code == 409
    assert carolina.post(SAVE, {**draft(mine), "over": now}).status_code == 303
    assert file.read_text() == mine


def test_a_mark_at_the_start_of_a_file_is_no_change_of_theirs(
    store: Store, settings: Settings, file: Path, carolina: Browser
) -> None:
    marked = "\ufeff" + RULES
    file.write_text(marked)
    store.rule_texts.keep(wiring.hooks(settings).values())
    file.write_text(marked + "# theirs\n")

    words = tried(carolina, RULES, began=marked)

    [theirs] = re.findall("What they changed(.*?)Show mine", words)
    assert "+ new # theirs" in theirs
    assert "gone" not in theirs


def test_a_file_that_has_changed_is_told_while_it_is_tried(file: Path, carolina: Browser) -> None:
    file.write_text(RULES + "# theirs\n")

    assert "The file has changed since you began" in tried(carolina, RULES)


def test_a_folder_that_can_not_be_written_is_told_and_the_text_is_kept(file: Path, carolina: Browser) -> None:
    file.unlink()
    file.symlink_to("/sys/cotiza.yaml")  # where not even root may make a file

    answer = carolina.post(SAVE, {**draft(RULES), "began": ""})

    assert answer.status_code == 409
    assert f"{file.as_posix()}: can't be saved: " in words_of(answer.text)
    assert "contact details" in answer.text


def test_a_hook_file_that_is_gone_is_shown_as_it_was_last_and_can_be_put_back(file: Path, carolina: Browser) -> None:
    file.unlink()

    page = carolina.get(PAGE)

    assert "there is no such file now: what stands here was loaded last" in words_of(page.text)
    assert html.escape("${fields.nombre | title}") in page.text
    assert carolina.post(SAVE, {**draft(RULES), "began": ""}).status_code == 303
    assert file.read_text() == RULES


def test_a_file_with_faults_that_was_never_loaded_can_be_mended(settings: Settings, carolina: Browser) -> None:
    (settings.rules / "nueva.yaml").write_text("sender: typefrm\n")

    page = carolina.get("/ops/hooks/nueva/rules")

    assert "unknown sender 'typefrm'" in words_of(page.text)
    assert "not loaded" in words_of(page.text)
    for strange in ("nada", "..%2Fcotiza", "cotiza.yaml", "%2E%2E"):
        assert carolina.get(f"/ops/hooks/{strange}/rules").status_code == 404, strange


def test_where_nothing_may_be_saved_a_patch_is_offered_and_a_save_refused(locked: str, file: Path) -> None:
    operator = logged_in(locked, "carolina")
    words = words_of(operator.get(PAGE).text)

    assert "Nothing is saved from here" in words
    assert "Download the patch" in words
    assert 'formaction="/ops/hooks/cotiza/rules/save"' not in operator.get(PAGE).text
    assert operator.post(SAVE, draft(RULES + "# mine\n")).status_code == 403
    saved = asked(locked, "PUT", FILE, json={"text": RULES + "# mine\n", "began": version_of(RULES.encode())})
    assert saved.status_code == 403
    assert "RELAY_RULES_EDITABLE" in saved.json()["message"]
    assert file.read_text() == RULES


def test_a_viewer_tries_and_takes_a_patch_and_saves_nothing(url: str, file: Path) -> None:
    viewer, new = logged_in(url, "pedro"), RULES.replace("| title", "| upper")

    assert viewer.post(TRY, draft(new)).status_code == 200
    assert viewer.post(PATCH, draft(new)).status_code == 200
    assert viewer.post(SAVE, draft(new)).status_code == 403
    assert "Saving is for operators" in words_of(viewer.get(PAGE).text)
    assert file.read_text() == RULES


@pytest.mark.parametrize("tool", [("git", "apply"), ("patch", "-p1")], ids=["git", "patch"])
def test_the_patch_is_applied_where_the_file_is_kept(
    tmp_path: Path, file: Path, carolina: Browser, monkeypatch: pytest.MonkeyPatch, tool: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    new = RULES.replace("| title", "| upper").removesuffix("\n")

    answer = carolina.post(PATCH, draft(new))

    assert answer.headers["Content-Disposition"] == 'attachment; filename="cotiza.patch"'
    assert answer.headers["Content-Type"] == "text/x-diff; charset=utf-8"
    subprocess.run([*tool], input=answer.content, cwd=tmp_path, check=True, capture_output=True)
    assert file.read_text() == new
    assert carolina.post(PATCH, draft(new)).status_code == 400, "there is nothing to change any more"


def test_a_text_that_is_too_long_is_a_problem_of_the_draft(file: Path, carolina: Browser) -> None:
    words = tried(carolina, RULES + "#" * MOST_BYTES)

    assert f"a hook file that is edited here may have {MOST_BYTES}" in words
    assert carolina.post(SAVE, draft("#" * MOST_BYTES + RULES)).status_code == 400
    assert file.read_text() == RULES


def test_line_ends_of_windows_stay_when_a_file_is_saved(file: Path, carolina: Browser) -> None:
    windows = RULES.replace("\n", "\r\n")
    file.write_bytes(windows.encode())
    new = RULES.replace("| title", "| upper")

    assert carolina.post(SAVE, draft(new, began=windows)).status_code == 303
    assert file.read_bytes() == new.replace("\n", "\r\n").encode()


def test_a_machine_reads_tries_and_saves(store: Store, url: str, file: Path) -> None:
    send(url, nombre="eva")
    told = asked(url, "GET", FILE).json()
    new = told["text"].replace("| title", "| upper")

    draft = asked(url, "POST", f"{API}/try", json={"text": new}).json()
    body = {"text": new, "began": told["version"], "why": "mayúsculas"}
    saved = asked(url, "PUT", FILE, json=body)
    again = asked(url, "PUT", FILE, json=body)
    late = asked(url, "PUT", FILE, json={**body, "text": new + "# late\n"})
    faulty = asked(url, "PUT", FILE, json={**body, "text": "sender: nobody\n"})

    assert (told["hook"], told["text"], told["loaded"]) == ("cotiza", RULES, told["version"])
    assert (draft["sound"], draft["problems"]) == (True, [])
    assert draft["events"][0]["difference"]["fields"] == [
        {
            "field": "first_name",
            "kind": "changed",
            "old": "Eva",
            "new": "EVA",
            "old_rule": "contact details",
            "new_rule": "contact details",
        }
    ]
    assert draft["patch"].startswith("--- a/")
    assert saved.json() == {"hook": "cotiza", "version": version_of(new.encode()), "before": told["version"]}
    assert again.status_code == 200, "it was so already"
    assert late.status_code == 409
    assert (faulty.status_code, "unknown sender 'nobody'" in faulty.json()["message"]) == (400, True)
    assert file.read_text() == new
    assert [act[0] for act in acts_of(store)] == ["token"]


def test_the_versions_of_a_file_tell_what_each_changed(store: Store, settings: Settings, url: str, file: Path) -> None:
    new = RULES.replace("| title", "| upper")
    file.write_text(new)
    store.rule_texts.keep(wiring.hooks(settings).values())
    viewer, was, now = logged_in(url, "pedro"), version_of(RULES.encode()), version_of(new.encode())

    words = words_of(viewer.get(f"{PAGE}/versions").text)

    assert words.index(now) < words.index(was)
    assert f"What it changed of {was} +1 -1" in words
    assert "The first one that is kept." in words
    told = asked(url, "GET", f"{API}/versions").json()["versions"]
    assert [(one["version"], one["before"], one["in_use"]) for one in told] == [(now, was, False), (was, "", True)]
    assert (told[0]["lines_added"], told[0]["lines_removed"]) == (1, 1)


def test_a_past_version_is_read_and_tried_again(url: str, file: Path) -> None:
    was, new = version_of(RULES.encode()), RULES.replace("| title", "| upper")
    file.write_text(new)
    send(url, nombre="eva")
    viewer = logged_in(url, "pedro")

    page = viewer.get(f"{PAGE}/versions/{was}").text
    bench = viewer.get(f"{PAGE}?version={was}").text

    assert '<li id="line-8"><code>      first_name: ${fields.nombre | title}</code></li>' in page
    assert "- gone first_name: ${fields.nombre | title}" in words_of(page)
    assert html.escape("${fields.nombre | title}") in bench
    assert "first_name EVA → Eva" in words_of(bench)
    assert asked(url, "GET", f"{API}/versions/{was}").json()["text"] == RULES
    for path in (f"{PAGE}/versions/deadbeef", f"{PAGE}?version=deadbeef", f"{PAGE}/versions/../secret"):
        assert viewer.get(path).status_code == 404


def test_an_event_leads_to_the_version_that_mapped_it_and_to_the_workbench(carolina: Browser) -> None:
    id = send(carolina.url, nombre="eva")

    page = carolina.get(f"/ops/events/{id}").text

    version = version_of(RULES.encode())
    assert f'href="{PAGE}/versions/{version}"' in page
    assert f'href="{PAGE}/versions/{version}#line-8"' in page
    assert f'href="{PAGE}?event={id}"' in page
    assert f'href="{PAGE}"' in carolina.get("/ops/hooks/cotiza").text


def test_no_secret_stands_in_the_page_nor_in_what_is_tried(carolina: Browser) -> None:
    id = send(carolina.url, nombre="eva")

    for page in (carolina.get(f"{PAGE}?event={id}"), carolina.post(TRY, draft(RULES.replace("title", "upper")))):
        assert SECRET not in page.text


def test_the_page_speaks_spanish(carolina: Browser) -> None:
    send(carolina.url, nombre="eva")

    text = RULES.replace("title", "upper")
    words = words_of(carolina.post(TRY, draft(text), **{"Accept-Language": "es-CL"}).text)

    assert "Reglas de cotiza" in words
    assert "con cambios" in words
