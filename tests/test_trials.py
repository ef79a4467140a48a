"""Examples held to what was recorded of them: each difference is found and named; a recording says what is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import rulebook, trials
from relay.commands.stand_ins import AnySecret
from relay.hooks import Hook
from relay.model import Json
from relay.senders import ABOUT
from relay.senders.examples import examples
from relay.trials import Deviation, Standing, Verdict, pages

RULES = Path(__file__).parent.parent / "rules"
NOW = 1_790_500_000_000
LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
FILE = """\
sender: generic
secrets: [S]
lead:
  id: ${fields.lead}
rules:
  - name: contact
    update:
      first_name: ${fields.nombre | title}
      email: ${fields.correo | email}
  - name: rich
    when: fields.uf >= 3000
    update:
      metadata:
        estado_lead: calificado
"""
EXAMPLE = f'{{"lead": "{LEAD}", "nombre": "ana", "correo": "ana@example.cl", "uf": 4000}}'


class Kept:
    """A folder with one hook file, its example, and what is recorded of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "h.yaml"
        (folder / "h").mkdir()
        self.example = folder / "h" / "one.json"
        self.recorded = folder / "h" / "one.expected.yaml"
        self.file.write_text(FILE)
        self.example.write_text(EXAMPLE)

    def hook(self) -> Hook:
        hooks, problems = rulebook.check(
            self.file.parent, environment=AnySecret({}), senders=ABOUT, destinations=("default",)
        )
        assert not rulebook.faults_among(problems)
        return hooks["h"]

    def judged(self) -> Verdict:
        (verdict,) = trials.judged(self.hook(), now_ms=NOW)
        return verdict

    def record(self) -> str:
        return trials.record(self.judged()).done

    def change(self, file: Path, old: str, new: str) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def shipped() -> Iterator[Hook]:
    for folder in (RULES, RULES / "examples"):
        hooks, _ = rulebook.check(folder, environment=AnySecret({}), senders=ABOUT, destinations=("default",))
        yield from hooks.values()


@pytest.mark.parametrize("hook", list(shipped()), ids=lambda hook: Path(hook.file).relative_to(RULES).as_posix())
def test_every_example_that_we_ship_is_mapped_as_it_was_recorded(hook: Hook) -> None:
    verdicts = list(trials.judged(hook, now_ms=NOW))

    assert verdicts
    assert [(one.example.name, one.standing, one.deviations) for one in verdicts] == [
        (one.example.name, Standing.AS_RECORDED, ()) for one in verdicts
    ]


def test_what_is_recorded_is_read_by_a_person(kept: Kept) -> None:
    assert kept.record() == "new"

    assert kept.recorded.read_text() == (
        "# What the rules of h make of one.json: 'relay test h' holds them to it,\n"
        "# 'relay test --record h' writes it anew. It counts as received at this time:\n"
        "received: 2026-09-27T09:06:40Z\n"
        "events:\n"
        f"  - lead: {LEAD}\n"
        "    update:\n"
        "      first_name: Ana\n"
        "      email: ana@example.cl\n"
        "      metadata:\n"
        "        estado_lead: calificado\n"
    )
    assert kept.judged().standing is Standing.AS_RECORDED


@pytest.mark.parametrize(
    ("file", "change", "deviations"),
    [
        (
            "rules",
            ("fields.nombre | title", "fields.nombre | upper"),
            [Deviation(what="first_name", recorded="Ana", made="ANA", line=7, rule="contact", rule_line=8)],
        ),
        (
            "rules",
            ("fields.correo | email", "fields.telefono | email"),
            [
                Deviation(
                    what="email",
                    recorded="ana@example.cl",
                    made=...,
                    line=8,
                    rule="contact",
                    rule_line=9,
                    words="left out: there is no value",
                )
            ],
        ),
        (
            "rules",
            ("fields.nombre | title", "fields.nombre | rest"),
            [
                Deviation(
                    what="first_name",
                    recorded="Ana",
                    made=...,
                    line=7,
                    rule="contact",
                    rule_line=8,
                    words="left out: | rest gave nothing",
                )
            ],
        ),
        (
            "rules",
            (">= 3000", ">= 5000"),
            [
                Deviation(
                    what="metadata.estado_lead",
                    recorded="calificado",
                    made=...,
                    line=10,
                    rule="rich",
                    rule_line=10,
                    words="it did not hold",
                )
            ],
        ),
        (
            "example",
            ("ana@example.cl", "ana"),
            [
                Deviation(
                    what="email",
                    recorded="ana@example.cl",
                    made=...,
                    line=8,
                    rule="contact",
                    rule_line=9,
                    words="held back: is not an e-mail address",
                ),
                Deviation(what="faults 1", recorded=..., made="rule contact: email is not an e-mail address", line=5),
            ],
        ),
        (
            "example",
            (LEAD, "nobody"),
            [
                Deviation(what="lead", recorded=LEAD, made=..., line=5, rule_line=4),
                Deviation(what="parked", recorded=..., made="fields.lead is not a lead id", line=5),
            ],
        ),
        (
            "rules",
            ("estado_lead: calificado", "estado_lead: calificado\n        uf: ${fields.uf}"),
            [Deviation(what="metadata.uf", recorded=..., made=4000, line=9, rule="rich", rule_line=15)],
        ),
        (
            "rules",
            ("  - name: rich\n", "  - name: rich\n    deliver: each\n"),
            [
                Deviation(what="first_name", recorded="Ana", made=..., line=7, rule="contact", rule_line=8),
            ],
        ),
        (
            "recorded",
            ("estado_lead: calificado", "estado_lead: true"),
            [
                Deviation(
                    what="metadata.estado_lead", recorded=True, made="calificado", line=10, rule="rich", rule_line=14
                )
            ],
        ),
        (
            "example",
            (EXAMPLE, "[]"),
            [
                Deviation(what="event 1", recorded="an event", made=..., line=5),
                Deviation(what="refused", recorded=..., made="the body is an empty list", line=3),
            ],
        ),
        (
            "example",
            (EXAMPLE, f"[{EXAMPLE}, {EXAMPLE}]"),
            [Deviation(what="event 2", recorded=..., made="an event", line=4)],
        ),
        (
            "example",
            (EXAMPLE, "7"),
            [Deviation(what="refused", recorded=..., made="the body is a number, not an object", line=3)],
        ),
    ],
)
def test_what_differs_is_named_with_its_rule_and_line(
    kept: Kept, file: str, change: tuple[str, str], deviations: list[Deviation]
) -> None:
    kept.record()

    kept.change({"rules": kept.file, "example": kept.example, "recorded": kept.recorded}[file], *change)

    verdict = kept.judged()
    assert verdict.standing is Standing.DIFFERS
    found = [one for one in verdict.deviations if one.what in {each.what for each in deviations}]
    assert found == deviations, verdict.deviations


def test_a_rule_that_is_called_otherwise_and_a_line_that_moved_are_no_difference(kept: Kept) -> None:
    kept.change(kept.example, "4000", '"many"')
    kept.record()
    assert "dead: \"rule 'rich': when: text is compared" in kept.recorded.read_text()

    kept.change(kept.file, "sender: generic", "# A remark.\nsender: generic")
    kept.change(kept.file, "name: contact", "name: about them")

    assert kept.judged().standing is Standing.AS_RECORDED


def test_an_expectation_written_by_hand_may_be_written_in_any_way(kept: Kept) -> None:
    kept.recorded.write_text(
        f"received: 2026-09-27\nevents: [{{update: {{email: ana@example.cl, 'metadata': {{estado_lead: calificado}},"
        f' "first_name": Ana}}, lead: {LEAD}}}] # as it should be\n'
    )

    assert kept.judged().standing is Standing.AS_RECORDED
    assert kept.record() == "unchanged"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("received: soon\nevents: []\n", 1, "'received' must be a time, as in 2026-11-26T03:00:00Z"),
        ("events: []\n", 1, "'received' must be a time, as in 2026-11-26T03:00:00Z"),
        ("received: 2026-11-26\n- a: b\n", 2, "is not YAML: "),
        ("received: 2026-11-26\nevents: 3\n", 1, "must be an object with 'received' and a list of 'events'"),
        ("received: 2026-11-26\nevents: []\nevents: []\n", 3, "has the key 'events' twice"),
        ("received: 2026-11-26\nevents: &a [*a]\n", 2, "is nested too deeply"),
    ],
)
def test_a_recorded_file_that_can_not_be_read_says_where_and_is_written_anew(
    kept: Kept, text: str, line: int, words: str
) -> None:
    kept.recorded.write_text(text)

    verdict = kept.judged()

    assert (verdict.standing, verdict.line) == (Standing.UNREADABLE, line)
    assert verdict.words.startswith(words)
    assert kept.record() == "changed"
    assert kept.judged().standing is Standing.AS_RECORDED


def test_an_example_that_can_not_be_read_is_left_as_it_was_recorded(kept: Kept) -> None:
    kept.record()
    before = kept.recorded.read_bytes()
    kept.example.write_text("{")

    verdict = kept.judged()

    assert verdict.standing is Standing.UNREADABLE
    assert f"{kept.example}:1: is not JSON" in verdict.words
    assert kept.record() == "left"
    assert kept.recorded.read_bytes() == before


def test_a_recorded_file_without_its_example_is_found(kept: Kept) -> None:
    kept.record()
    kept.example.unlink()

    verdict = kept.judged()

    assert verdict.standing is Standing.NO_EXAMPLE
    assert verdict.words == "there is no example one.json beside it: put it back, or remove this file"
    assert kept.record() == "left"


def test_a_recording_keeps_the_events_that_did_not_change_byte_for_byte(kept: Kept) -> None:
    other = EXAMPLE.replace('"ana"', '"bea"')
    kept.example.write_text(f"[{EXAMPLE}, {other}, {EXAMPLE}]")
    kept.record()
    kept.change(kept.recorded, "first_name: Bea\n", "first_name: Bea # she asked for it\n")
    kept.change(kept.recorded, "received: 2026-09-27T09:06:40Z", "# A remark.\nreceived: 2026-01-01 # long ago")
    before = kept.recorded.read_text()

    kept.example.write_text(f"[{EXAMPLE.replace('ana@', 'a@')}, {other}]")
    assert kept.record() == "changed"

    after = kept.recorded.read_text()
    first, _, third = before.partition("    update:\n")[0], "", before.rfind(f"  - lead: {LEAD}\n")
    assert after == before[:third].replace("ana@example.cl", "a@example.cl", 1)
    assert after.startswith(first)
    assert kept.judged().standing is Standing.AS_RECORDED


def test_a_value_within_one_of_metadata_is_named_with_its_place(kept: Kept) -> None:
    kept.change(kept.file, "estado_lead: calificado", "visita: {dia: lunes, horas: [10, 12]}")
    kept.record()

    kept.change(kept.file, "[10, 12]", "[10, 13]")

    (one,) = kept.judged().deviations
    assert (one.what, one.recorded, one.made, one.rule) == ("metadata.visita horas 2", 12, 13, "rich")


def test_several_updates_of_one_event_are_told_in_their_order(kept: Kept) -> None:
    kept.change(kept.file, "  - name: rich\n", "  - name: rich\n    deliver: each\n")

    kept.record()

    assert kept.recorded.read_text().endswith(
        "    updates:\n"
        "      - update:\n"
        "          first_name: Ana\n"
        "          email: ana@example.cl\n"
        "      - deliver: each\n"
        "        update:\n"
        "          metadata:\n"
        "            estado_lead: calificado\n"
    )
    kept.change(kept.file, "calificado", "listo")
    (one,) = kept.judged().deviations
    assert (one.what, one.line, one.rule) == ("update 2, metadata.estado_lead", 13, "rich")


def test_the_hook_files_own_id_and_time_are_recorded_where_they_are_read(kept: Kept) -> None:
    kept.change(kept.file, "rules:\n", "event:\n  id: ${fields.id}\n  time: ${fields.at}\nrules:\n")
    kept.record()
    assert "id:" not in kept.recorded.read_text()

    kept.change(kept.example, "{", '{"id": "e-1", "at": "2026-01-02T03:04:05Z", ')

    assert [(one.what, one.made) for one in kept.judged().deviations] == [
        ("id", "e-1"),
        ("happened", "2026-01-02T03:04:05Z"),
    ]


def test_the_answers_that_a_sender_keeps_to_itself_stand_beside_the_example(tmp_path: Path) -> None:
    for name in ("linkedin.yaml", "linkedin/created.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((RULES / "examples" / name).read_bytes())
    hooks, _ = rulebook.check(tmp_path, environment=AnySecret({}), senders=ABOUT, destinations=("default",))
    (verdict,) = trials.judged(hooks["linkedin"], now_ms=NOW)
    assert "first_name': 'María" in str(verdict.ran and verdict.ran.page)

    (tmp_path / "linkedin" / "created.answers.json").write_text('{"formResponse": {"answers": []}}')

    (verdict,) = trials.judged(hooks["linkedin"], now_ms=NOW)
    assert verdict.ran is not None
    assert "María" not in str(verdict.ran.page)


def test_the_check_is_given_one_problem_for_each_example_without_its_values(kept: Kept) -> None:
    assert trials.problems([kept.hook()]) == []
    kept.record()
    assert trials.problems([kept.hook()]) == []

    kept.change(kept.file, "fields.correo", "fields.nombre")
    kept.change(kept.file, "fields.nombre | title", "fields.nombre | upper")

    (problem,) = trials.problems([kept.hook()])
    assert str(problem) == (
        f"{kept.recorded}:7: one.json is no longer mapped as recorded: first_name is another "
        "(rule 'contact', line 8 of h.yaml); 2 more; see relay test h"
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(st.text(min_size=1), inner, min_size=1, max_size=3)
        ),
        max_leaves=6,
    )
)
@settings(deadline=None, max_examples=200)
def test_whatever_is_written_is_read_as_the_same(value: Json) -> None:
    if '"ud' in ascii(value).replace("\\", '"'):
        return  # half a character: mapping lets none pass
    page: Mapping[str, Json] = {"events": [{"update": unlisted(value)}]}

    text = pages.written(page, hook="h", example="one.json", received_ms=NOW)

    read = pages.read(text)
    assert list(pages.leaves(read.page)) == list(pages.leaves(page))
    assert read.received_ms == NOW


def unlisted(value: Any) -> Any:
    """Give a value without lists within lists, of which updates have none."""
    if isinstance(value, dict):
        return {key: unlisted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [one if not isinstance(one, list) else str(one) for one in map(unlisted, value)]
    return value


def test_every_example_of_ours_has_its_recording() -> None:
    without = [
        example
        for hook in shipped()
        for example in examples(Path(hook.file))
        if not trials.judging.recorded_for(example).is_file()
    ]

    assert without == []
