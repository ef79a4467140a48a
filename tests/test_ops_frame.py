"""What every page of the desk has: headers, a frame that everybody can use, faults in words, files with a hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import relay
from relay.ops.assets import ASSETS
from relay.store import Store
from tests.desk import JSON, Browser, logged_in, served, text_of

HTMX = ("2.0.11", "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TEMPLATES = Path(relay.__file__).parent / "ops" / "templates"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


@pytest.mark.parametrize(
    "path", ["/", "/ops", "/ops/", "/ops/login", "/ops/nothing", "/ops/api/status", "/ops/static/x", "/ops/enter/x"]
)
@pytest.mark.parametrize("name", ["", "carolina"])
def test_every_answer_lets_the_browser_do_nothing_else(url: str, path: str, name: str) -> None:
    browser = logged_in(url, name) if name else Browser(url)

    headers = browser.get(path).headers

    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("template", sorted(one.name for one in TEMPLATES.glob("*.html")))
def test_no_page_has_a_script_or_a_style_of_its_own(template: str) -> None:
    text = (TEMPLATES / template).read_text(encoding="utf-8")

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|<script(?! src=)", text)


def test_what_leads_to_the_desk(url: str) -> None:
    assert Browser(url).get("/").headers["Location"] == "/ops/"
    assert Browser(url).get("/ops").status_code == 308
    assert Browser(url).get("/status.json").status_code == 404


def test_files_are_kept_for_ever_under_names_that_hold_their_hash(url: str) -> None:
    page = Browser(url).get("/ops/login").text

    files = re.findall(r'(?:href|src)="(/ops/static/[^"]+)"', page)
    assert {file.rpartition(".")[2] for file in files} == {"css", "js", "svg"}
    for file in set(files):
        found = Browser(url).get(file)
        assert found.status_code == 200
        assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert hashlib.sha256(found.content).hexdigest()[:12] == file.split(".")[-2]


def test_a_file_comes_small_only_to_who_can_read_it(url: str) -> None:
    path = f"/ops/static/{ASSETS['desk.css'].name}"

    small, whole = (Browser(url).get(path, **{"Accept-Encoding": coding}) for coding in ("gzip", "identity"))

    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in whole.headers
    assert int(small.headers["Content-Length"]) < int(whole.headers["Content-Length"]) / 2
    assert small.content == whole.content


def test_htmx_is_the_one_that_was_taken_in() -> None:
    version, digest = HTMX

    assert hashlib.sha256(ASSETS["htmx.min.js"].body).hexdigest() == digest
    assert f'version:"{version}"' in ASSETS["htmx.min.js"].body.decode()
    assert version in (TEMPLATES.parent / "static" / "LICENSES.md").read_text()


def test_htmx_may_run_nothing_and_keep_nothing(url: str) -> None:
    page = Browser(url).get("/ops/login").text

    for rule in ("includeIndicatorStyles", "allowEval", "allowScriptTags"):
        assert f'"{rule}": false' in page
    assert '"selfRequestsOnly": true' in page
    assert '"historyCacheSize": 0' in page, "pages with people's phones stay out of the browser's storage"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/ops/nothing", 404, ("Not here", "There is nothing at this address.")),
        ("POST", "/ops/", 405, ("Not like this", "This address takes another method.")),
        ("POST", "/ops/logout", 400, ("That can't be read", "The form is too old, or did not come from this page.")),
        ("POST", "/ops/users/pedro/logout", 403, ("Not allowed", "Your role doesn't allow this.")),
    ],
)
def test_a_fault_is_a_page_in_words_and_for_a_script_it_is_json(
    url: str, method: str, path: str, status: int, words: tuple[str, str]
) -> None:
    viewer = logged_in(url, "pedro")
    title, advice = words

    page, numbers = viewer.ask(method, path), viewer.ask(method, path, headers=JSON)

    assert (page.status_code, numbers.status_code) == (status, status)
    assert f"{title} {advice}" in text_of(page.text).replace("&#39;", "'")
    assert "Log out" in page.text, "it is a page of the desk like the others"
    assert numbers.json()["error"] == title.lower()
    assert numbers.json()["message"].startswith(advice)


def test_a_form_that_is_too_large_is_refused_in_words(store: Store, tmp_path: Path) -> None:
    with served(store, tmp_path, RELAY_MAX_BODY="2000") as url:
        answer = logged_in(url, "carolina").post("/ops/logout", {"x": "x" * 3000})

    assert answer.status_code == 413
    assert "Too large" in text_of(answer.text)


def test_a_page_that_breaks_says_so_without_a_trace(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with served(store, tmp_path) as url:
        browser = logged_in(url, "carolina")
        # A count that is none: what nobody foresaw.
        store.client.hset(f"relay:n:{store.events.today()}", mapping={"cotiza:accepted": "many"})

        answer = browser.get("/ops/")

    assert answer.status_code == 500
    assert "The page broke" in text_of(answer.text)
    assert "Traceback" not in answer.text
    (told,) = [one for one in caplog.records if one.getMessage() == "page.broken"]
    assert told.__dict__["endpoint"] == "ops.overview"


def test_the_frame_can_be_used_by_everybody(url: str) -> None:
    page = logged_in(url, "carolina").get("/ops/").text

    assert '<a class="skip" href="#main">Skip to the content</a>' in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert '<a href="/ops/" aria-current="page">Overview</a>' in page
    assert page.count("<h1>") == 1
    assert page.count("<table>") == page.count("<caption"), "every table says what it is"
    for name in re.findall(r'<input(?![^>]*type="hidden")[^>]* id="(\w+)"', page):
        assert f'<label for="{name}"' in page or f'for="{name}">' in page


def test_the_chosen_theme_is_there_before_the_page_is_drawn(url: str) -> None:
    browser = Browser(url)
    assert '<html lang="en">' in browser.get("/ops/login").text

    for chosen, written in (("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><b>', "")):
        answer = browser.get("/ops/login", Cookie=f"relay_theme={chosen}")
        assert f'<html lang="en"{written}>' in answer.text
