"""What the store keeps in English is said in the reader's language: every sentence of the sources is known for it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.grouping import LONGEST, gist
from relay.inbox import title
from relay.ops import sentences
from relay.ops.gather import texts
from relay.ops.sentences.matching import INNER, NUMBERS, PLACE
from relay.ops.sentences.saying import Speaker
from tests.english import PROSE, ROOT, Sentence, english

#: Parts of the house whose words no page shows, and who reads them.
ELSEWHERE = {
    "relay/commands": "the command line",
    "relay/cli.py": "the command line",
    "relay/new_hook": "it writes hook files",
    "relay/sandbox": "a CRM to try things on",
    "relay/settings.py": "faults at the start, on the terminal",
    "relay/accounts.py": "faults at the start, on the terminal",
    "relay/wiring.py": "faults at the start, on the terminal",
    "relay/embedded.py": "faults at the start, on the terminal",
    "relay/redis_server.py": "faults at the start, on the terminal",
    "relay/gunicorn_conf.py": "faults at the start, on the terminal",
    "relay/supervisor.py": "the screen of relay up",
    "relay/parts.py": "the screen of relay up",
    "relay/doctor.py": "relay doctor",
    "relay/trials": "relay test",
    "relay/backtest/conditions.py": "relay diff",
    "relay/backtest/proof.py": "relay audit",
    "relay/backtest/spread.py": "relay diff",
    "relay/logs.py": "the log",
    "relay/expressions/glossary.py": "the schema, which editors show",
    "relay/rulebook/schema.py": "the schema, which editors show",
    "relay/metrics.py": "Prometheus",
    "relay/ops/api": "the description of the API",
    "relay/ops/scrape.py": "Prometheus",
    "relay/ops/gather.py": "make texts",
}
#: Texts that no person reads on a page, and what they are.
NOT_SAID = {
    "Lead Relay: …: … (over after … …)": "posted to RELAY_ALARM_URL",
    "Lead Relay: …: … (over after … s)": "posted to RELAY_ALARM_URL",
    (
        "ene enero|febrero|marzo|abr abril|mayo|junio|julio|ago agosto|sept septiembre set setiembre|octubre|noviembre"
        "|dic diciembre"
    ): "names of months",
    "lun lunes|martes|mie miercoles|jue jueves|vie viernes|sab sabado|dom domingo": "names of days",
    "…?(masked, … characters)": "within an address",
    "…://(masked, … characters)@…": "within an address",
    "Mapping[str, tuple[Stamp, str]]": "a type",
    "found another document": "as the library says it; the page of a hook file puts it plainly",
    "found undefined alias": "as the library says it; the page of a hook file puts it plainly",
    "tuple[int, int]": "a type",
    "not in": "an operator",
    **dict.fromkeys(
        ("unknown name '….…'; there are no ", "…: no event or example ever had ….…; did you mean ?"),
        "conditions that exclude each other: it is never said so",
    ),
    **dict.fromkeys(("not … … …", "not … … […]", "… is …", "not …"), "a condition"),
    "…\n\\ No newline at end of file\n": "a patch",
    "public, max-age=31536000, immutable": "a header",
    "20 per minute; 200 per hour": "a limit",
    '<time datetime="{}" title="{}">{}</time>': "HTML",
    "<test lead: dummy data for ": "Meta's mark of a test",
    "Bearer …": "a header",
    "yes or no": "a value of a form",
    **dict.fromkeys(("pause hook", "resume hook", "pause destination", "resume destination"), "verbs of a script"),
    "unknown queue …; there are …": "how a worker is started",
    **dict.fromkeys(
        (
            "unknown hook",
            "hook not loaded",
            "bad signature",
            "bad body",
            "method not allowed",
            "store unavailable",
            "hook '…': events come by POST, not by …",
            "hook '…': events can't be stored now; send this one again later",
            "there is no hook of this name; check the address",
            "its hook file is not loaded now; send this event again later",
        ),
        "told to the sender alone, and not kept",
    ),
    **dict.fromkeys(
        (
            "as loaded",
            "size: must be a whole number from 1 to …, not …",
            "days: must be a whole number from 1 to …, not …",
            "hook '…' is not loaded: its rules are counted while it is",
            "rate: say how many PUTs a second, or null to take back what was set",
            "ids: must be a list of at most … ids of events",
            "lead …: nothing is known of it here",
            "the body must be a JSON object with ids or a filter, and a mode",
            "force must be true or false, and name a text",
            "updates: say mode … with them",
            "give either ids or a filter",
            'filter must be an object of texts, as in {"state": "dead", "hook": "cotiza"}',
            "edited: give the id of one event",
            "updates must be a list of objects: for each update all fields that it is to set",
            "ids must be a list of texts",
            "ids: no more than … at once",
            "the body must be a JSON object of texts: event and kind, or name, and lead",
            "text: give the whole text of the hook file",
            "began and why: must be texts",
            "it is not saved: …",
            "the file has changed: it is version … now",
            'q: say what to look for, as in {"q": "+56 9 1234 5678"}',
            'the body must be a JSON object, as in {"why": "the campaign is wrong"}',
            "why: say why, in a text",
        ),
        "told by the API alone, in English",
    ),
}
#: Every text that has a translation.
KNOWN = {text for one in texts() for text in ((one,) if isinstance(one, str) else one)}


def blank(text: str) -> str:
    """Say a text of the catalogue without a letter of its own, so that letters are left of what was not said."""
    if text not in KNOWN:
        return text
    pieces = enumerate(PLACE.split(text))
    return "".join(f"%({one})s" if number % 2 else re.sub(r"[^\W\d_]", "·", one) for number, one in pieces)


def left_in_english(text: str) -> str:
    """Give what is left of a sentence, or a part of one, when it is said; '' where that is nothing but names."""
    bare = text.lstrip("; ,")
    said = Speaker(blank).find(bare) or Speaker(blank).part(bare)
    rest = said.text if said else bare
    return rest if PROSE.search(rest) else ""


def sources() -> Iterator[Path]:
    for path in sorted([*ROOT.glob("relay/**/*.py"), *ROOT.glob("workers/*.py")]):
        if not path.relative_to(ROOT).as_posix().startswith(tuple(ELSEWHERE)):
            yield path


SENTENCES = [one for path in sources() for one in english(path)]


def how_to_add(sentence: Sentence, text: str) -> str:
    return (
        f"{sentence}: pages in Spanish would show {text!r} in English ('{left_in_english(text)}' is left). Put it "
        "into the module of relay/ops/sentences that it is nearest to, with %(name)s for what stands in its places "
        f"(sentences in {sorted(INNER)}, numbers in {sorted(NUMBERS)}), run 'make texts', and translate it in es.po; "
        "where no page shows it, put it into NOT_SAID here and say why"
    )


def test_every_sentence_of_the_sources_can_be_said_in_other_languages() -> None:
    left = [
        how_to_add(one, text)
        for one in SENTENCES
        for text in one.texts
        if text not in NOT_SAID and left_in_english(text)
    ]

    assert not left, "\n".join(left)


def test_no_exception_is_left_over() -> None:
    there = {text for one in SENTENCES for text in one.texts}

    assert set(NOT_SAID) - there == set(), "nobody says this any more"
    assert [name for name in ELSEWHERE if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise Bad("the moon is missing here")', {"the moon is missing here"}),
        (
            'def f(n):\n    words = "one thing" if n == 1 else f"{n} things"\n    raise Bad(f"there is {words} here")',
            {"there is one thing here", "there is … things here"},
        ),
        (
            'def f(a: str) -> str:\n    return f"no {a} here"\nBad(f("such thing") + "; look again")',
            {"no such thing here; look again"},
        ),
        ('raise Bad(f"{file}:{line}: rule {rule!r} has no name")', {"…:…: rule … has no name"}),
        (
            'def f(x):\n    if x:\n        words = "it is far away"\n        Bad(f"so: {words}")\n'
            '    words = "it is near by"\n    Bad(f"but: {words}")',
            {"so: it is far away", "but: it is near by"},
        ),
        ('log.info("this goes to the log")', set()),
        ('N_("this is known")', set()),
        ('"""This is a docstring."""', set()),
    ],
)
def test_sentences_are_read_out_of_a_source(tmp_path: Path, source: str, found: set[str]) -> None:
    path = tmp_path / "one.py"
    path.write_text(source)

    assert {text for one in english(path, tmp_path) for text in one.texts} == found


def test_a_sentence_that_nobody_knows_is_found_out() -> None:
    assert left_in_english("the moon shines on …")
    assert left_in_english("…:…: rule …: phone shines on the moon")
    assert left_in_english("the rules have faults: the moon shines")
    assert not left_in_english("…:…: rule …: … is longer than … characters (and … more)")


def spanish(text: str, status: int | None = None) -> str:
    return sentences.say_in("es_CL", text, status)


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("is longer than 10,000 characters", "tiene más de 10.000 caracteres"),
        (
            "rules/cotiza.yaml:14: rule 'datos: todos': phone is not a phone number of CL (and 3 more)",
            "rules/cotiza.yaml:14: regla 'datos: todos': phone no es un teléfono de CL (y 3 más)",
        ),
        ('rules/x.yaml:3: rule "it\'s": when: divides by zero', 'rules/x.yaml:3: regla "it\'s": when: divide por cero'),
        ("no lead is known yet for phone or email", "aún no se conoce ningún lead por su teléfono o correo"),
        ("${hidden.lead_id} is missing", "falta ${hidden.lead_id}"),
        ("item 3 of the body is a list, not an object", "el elemento 3 del cuerpo es una lista, no un objeto"),
        (
            "there is no Tally-Signature header; set a signing secret at the Tally webhook, the same as the hook's",
            "no viene el encabezado Tally-Signature; pon en el webhook de Tally un signing secret igual al secreto del "
            "hook",
        ),
        (
            "the rules of now have faults: rules/b.yaml:4: is empty; rules/c.yaml:5:7: an alias (*) without its anchor "
            "(&); put the value in quotes if it is none",
            "las reglas de ahora tienen fallas: rules/b.yaml:4: está vacío; rules/c.yaml:5:7: un alias (*) sin su "
            "ancla (&); pon el valor entre comillas si no lo es",
        ),
        (
            "a form changed: rules/cotiza.yaml:9: rule 'datos' reads fields.correo, which form Ab12 no longer has "
            "since 2026-11-25 10:00 UTC (3 events since) (and 2 more)",
            "cambió un formulario: rules/cotiza.yaml:9: regla 'datos' lee fields.correo, que el formulario Ab12 ya no "
            "tiene desde 2026-11-25 10:00 UTC (3 eventos desde entonces) (y 2 más)",
        ),
        ("", ""),
    ],
)
def test_a_sentence_is_said_with_what_stands_in_its_places(english: str, said: str) -> None:
    assert spanish(english) == said


def test_english_stays_english() -> None:
    assert sentences.say_in("en_GB", "is not a date") == "is not a date"


@pytest.mark.parametrize("words", ["Invalid email", "campaign_id is not a UUID", "el CRM dice: no"])
def test_the_words_of_the_crm_stay_as_they_are(words: str) -> None:
    assert spanish(words, 400) == words
    assert spanish("the lead API answered 503", 503) == "la API de leads respondió 503"


@pytest.mark.parametrize("why", ["the body is empty", "is not a date", "1,234 events"])
def test_what_a_person_wrote_stays_as_it_is(why: str) -> None:
    assert spanish(f"dropped by ana: {why}") == f"descartado por ana: {why}"
    assert spanish(f"by ana since 2026-11-23 21:40 UTC: {why}") == f"por ana desde 2026-11-23 21:40 UTC: {why}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("the body is larger than 4096 bytes", "el cuerpo pesa más de … bytes"),
        (
            "the X-Sig header is 900 s old, more than 300 s; set the clocks, or send it anew",
            "el encabezado X-Sig tiene … s de antigüedad, más de … s; ajusta los relojes, o envíalo de nuevo",
        ),
    ],
)
def test_a_gist_is_said_though_it_has_no_values(words: str, said: str) -> None:
    assert spanish(gist(words, quotes=False)) == said


@pytest.mark.parametrize("length", range(70, 200, 13))
def test_a_sentence_that_is_cut_is_said_as_far_as_it_is_known(length: int) -> None:
    rule = "x" * (LONGEST - length)
    words = "phone is not a phone number; say its country, as in phone('CL'), if it is written without its +"

    said = spanish(f"rules/a.yaml:14: rule '{rule}': {words}"[:LONGEST])

    assert said.startswith(f"rules/a.yaml:14: regla '{rule}': phone no es un teléfono; indica su país")


def test_a_replay_that_is_named_after_a_group_is_named_so_in_every_language() -> None:
    name = title(
        "Typeform cotiza: the rules failed at phone: "
        "rules/cotiza.yaml:14: rule 'datos': phone is not a phone number of CL"
    )

    assert name.endswith("…")
    assert sentences.say_title_in("es_CL", name).startswith("Typeform cotiza: las reglas fallaron en phone: ")
    assert sentences.say_title_in("es_CL", "lo que pidió Ana") == "lo que pidió Ana"


def test_numbers_are_written_as_at_the_readers_place() -> None:
    assert sentences.say_in("es_MX", "is longer than 10,000 characters") == "tiene más de 10,000 caracteres"


def test_fifty_sentences_are_said_in_no_time() -> None:
    """Those of one page, none of which was said before."""
    words = [
        f"rules/cotiza.yaml:{n}: rule 'datos {n}': phone is not a phone number of CL (and {n} more)" for n in range(50)
    ]
    spanish("is not a date")

    began = time.process_time()
    for one in words:
        spanish(one)

    assert time.process_time() - began < 0.25


def test_a_long_list_of_what_others_say_is_left_as_it_is_in_no_time() -> None:
    words = "; ".join(f"campo_{number}: is not welcome {number}" for number in range(40))

    began = time.perf_counter()
    said = sentences.say_in("es_CL", words, 422)

    assert said == words
    assert time.perf_counter() - began < 2


def test_what_was_made_to_be_read_in_many_ways_is_left_as_it_is_in_no_time() -> None:
    words = "zz reads  , which is   in   since   (  event) and was  " * 36

    began = time.perf_counter()
    said = sentences.say_in("es_CL", words)

    assert said == words
    assert time.perf_counter() - began < 2
