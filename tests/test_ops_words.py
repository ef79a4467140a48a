"""The desk in the reader's language: every text translated, chosen by the browser or by hand, numbers and times too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import flask
import pytest
from babel.messages import Catalog

from relay.ops import readable, words
from relay.ops.gather import FOLDER, catalogue_of, gathered, untranslated
from relay.store import Store
from tests.desk import Browser, logged_in, served, text_of

AT = round(datetime(2026, 11, 25, 23, 43, 1, tzinfo=UTC).timestamp() * 1000)
TRANSLATED = sorted(set(words.TONGUES) - {"en"})


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


def ids(catalogue: Catalog) -> set[str]:
    return {str(message.id) for message in catalogue if message.id}


@pytest.mark.parametrize("tongue", TRANSLATED)
def test_every_text_has_its_translation_and_no_translation_is_left_over(tongue: str) -> None:
    asked, there = gathered(tongue), catalogue_of(tongue)

    assert untranslated(asked) == [], "run 'make texts', and translate what is empty"
    assert ids(there) - ids(asked) == set(), "run 'make texts': nobody says this any more"
    assert (FOLDER / f"{tongue}.po").read_text().count("fuzzy") == 0


@pytest.mark.parametrize("tongue", TRANSLATED)
def test_a_translation_names_what_its_text_names(tongue: str) -> None:
    """A name that is missing or misspelt would break the page, or say less."""
    for message in catalogue_of(tongue):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = {frozenset(re.findall(r"%\(\w+\)s", text)) for text in texts}
        assert {frozenset(re.findall(r"%\(\w+\)s", text)) for text in said} == wanted, message.id


def test_the_gathering_finds_texts_in_templates_and_in_python() -> None:
    found = ids(gathered("es"))

    assert {"Log out everywhere", "The name or the password is wrong.", "in flight", "Overview"} <= found
    assert str(("%(num)s new kind of failure", "%(num)s new kinds of failure")) in found
    assert untranslated(gathered("de")), "a language without a catalogue has nothing"


@pytest.mark.parametrize(
    ("accepted", "tongue"),
    [
        ("es-CL,es;q=0.9,en;q=0.8", "es"),
        ("es", "es"),
        ("en-GB,es;q=0.5", "en"),
        ("pt-BR,es;q=0.5", "es"),
        ("de", "en"),
        ("", "en"),
        ("*", "en"),
        ("es-x-!!", "es"),
        ("zz_zz-zz", "en"),
    ],
)
def test_the_page_speaks_the_first_language_of_the_browser_that_it_knows(url: str, accepted: str, tongue: str) -> None:
    page = Browser(url).get("/ops/login", **{"Accept-Language": accepted}).text

    assert f'<html lang="{tongue}">' in page
    assert ("Contraseña" in page, "Password" in page) == (tongue == "es", tongue == "en")


def test_a_chosen_language_stays_chosen(url: str) -> None:
    browser = Browser(url)
    spanish = {"Accept-Language": "es-CL"}

    answer = browser.get("/ops/language/en?next=/ops/account", **spanish)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/account")
    assert '<html lang="en">' in browser.get("/ops/login", **spanish).text
    browser.get("/ops/language/zz", **spanish)
    assert '<html lang="en">' in browser.get("/ops/login", **spanish).text


def test_the_overview_in_spanish(store: Store, url: str) -> None:
    store.client.hset(f"relay:n:{store.events.today()}", mapping={"cotiza:accepted": 1234, "cotiza:d": 1234})

    said = text_of(logged_in(url, "pedro").get("/ops/", **{"Accept-Language": "es-CL"}).text)

    assert "No hay ningún worker activo, no se entrega nada." in said
    assert "aceptados hoy 1.234" in said
    assert "default fluyendo 0 0 ninguna" in said


@pytest.mark.parametrize(
    ("accepted", "zone", "said"),
    [
        ("en-GB", "", "25 Nov 2026, 23:43:01 (UTC)"),
        ("en-GB", "America/Santiago", "25 Nov 2026, 20:43:01 (UTC-03:00)"),
        ("es", "Asia/Kolkata", "26 nov 2026, 05:13:01 (UTC+05:30)"),
        ("en", "../../etc/passwd", "25 Nov 2026, 23:43:01 (UTC)"),
        ("en", "Nowhere/Here", "25 Nov 2026, 23:43:01 (UTC)"),
        ("en", "/etc/localtime", "25 Nov 2026, 23:43:01 (UTC)"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_the_browser_and_says_which(accepted: str, zone: str, said: str) -> None:
    with asked(accepted, zone):
        assert readable.whole(AT) == said
        assert f'title="{said}"' in readable.moment(AT)
        assert 'datetime="2026-11-25T23:43:01.000Z"' in readable.moment(AT)


@pytest.mark.parametrize(
    ("ms", "english", "spanish"),
    [
        (0, "0 sec", "0 s"),
        (1_500, "1.5 sec", "1,5 s"),
        (59_000, "59 sec", "59 s"),
        (60_000, "1 min", "1 min"),
        (7_200_000, "2 hr", "2 h"),
        (86_400_000 * 3, "3 days", "3 d"),
    ],
)
def test_a_length_of_time_is_written_in_its_largest_unit(ms: int, english: str, spanish: str) -> None:
    for tongue, said in (("en", english), ("es", spanish)):
        with asked(tongue):
            assert readable.span(ms).replace("\xa0", " ") == said


@pytest.mark.parametrize(
    ("accepted", "written"), [("en", "12,345.5"), ("es", "12.345,5"), ("es-MX", "12,345.5"), ("es-ES", "12.345,5")]
)
def test_a_number_is_written_as_at_the_readers_place(accepted: str, written: str) -> None:
    with asked(accepted):
        assert readable.number(12345.5) == written


def test_what_the_page_says_of_its_zone() -> None:
    with asked("en", "America/Santiago"):
        assert re.fullmatch(r"America/Santiago, UTC-0[34]:00", readable.zone_name())
    with asked("en"):
        assert readable.zone_name() == "UTC"


def test_words_that_nobody_translated_stay_as_they_are() -> None:
    with asked("es"):
        assert [words.words(one) for one in ("dead", "a word of the CRM: 100 %", "")] == [
            "fallido",
            "a word of the CRM: 100 %",
            "",
        ]


def asked(accepted: str, zone: str = "") -> flask.ctx.RequestContext:
    headers = {"Accept-Language": accepted, "Cookie": f"{readable.ZONE_COOKIE}={zone}"}
    return flask.Flask("words").test_request_context(headers=headers)
