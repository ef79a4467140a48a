"""Log lines: one for one fact, with a fixed name and ids, and nothing that somebody outside can put into them."""

from __future__ import annotations

import ast
import json
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.errors import StoreError
from relay.logs import FACTS, JSON, TEXT, formatter, set_up
from tests.test_layers import modules, source_of

CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
DOCS = Path(__file__).parent.parent / "docs" / "logs.md"


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """The relay's logger; it and the one of all others are left behind as they were found."""
    loggers = [logging.getLogger("relay"), logging.getLogger()]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    yield loggers[0]
    for logger, given, level, propagate in before:
        logger.handlers[:], logger.propagate = given, propagate
        logger.setLevel(level)
    logging.captureWarnings(False)


def record(name: str = "event.accepted", level: int = logging.INFO, **ids: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": name, "levelno": level, "levelname": logging.getLevelName(level), **ids})


def line(name: str = "event.accepted", level: int = logging.INFO, **ids: object) -> str:
    return formatter(TEXT).format(record(name, level, **ids))


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Give the lines on standard error, each of which is one JSON object."""
    return [json.loads(one) for one in capsys.readouterr().err.splitlines()]


def test_a_line_for_machines_has_time_level_name_and_ids_in_this_order() -> None:
    one = record("event.rejected", logging.WARNING, hook="cotiza", status=401, created=1_795_433_400.25)

    assert formatter(JSON).format(one) == (
        '{"at":"2026-11-23T11:30:00.250Z","level":"warning","event":"event.rejected","hook":"cotiza","status":401}'
    )


def test_a_line_for_people_has_time_level_name_and_ids() -> None:
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING event\.rejected hook=cotiza status=401",
        line("event.rejected", logging.WARNING, hook="cotiza", status=401),
    )


OUTSIDE = [
    ("cotiza", "cotiza"),
    (42, "42"),
    (None, "None"),
    (["e1", "e2"], "e1,e2"),
    ((), '""'),
    ("", '""'),
    ("Redis is away", '"Redis is away"'),
    ("ñandú", "ñandú"),
    ("Ñandú & Cía", '"Ñandú & Cía"'),
    ('say "no"', r'"say \"no\""'),
    # What comes from outside, such as the name of an unknown hook, begins no line and steers no terminal.
    ("x\n2026-11-23 21:40:01 INFO event.accepted", r'"x\n2026-11-23 21:40:01 INFO event.accepted"'),
    ("x\r\ny", r'"x\r\ny"'),
    ("\x1b[31mred", r'"\u001b[31mred"'),
    ("a\u2028b\x85c", r'"a\u2028b\u0085c"'),
]


@pytest.mark.parametrize(("value", "text"), OUTSIDE)
def test_a_value_stands_in_one_piece(value: object, text: str) -> None:
    assert line(it=value).endswith(f" it={text}")


@pytest.mark.parametrize("value", [value for value, _ in OUTSIDE])
def test_a_value_in_json_is_the_value_and_breaks_no_line(value: object) -> None:
    text = formatter(JSON).format(record(it=value))

    assert "\n" not in text
    assert "\r" not in text
    assert json.loads(text)["it"] == (list(value) if isinstance(value, tuple) else value)


def test_a_plain_fact_has_no_traceback(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info")

    try:
        raise ValueError("a person's data")
    except ValueError as error:
        log.error("event.unreadable", extra={"hook": "cotiza", "fault": type(error).__name__})

    [one] = written(capsys)
    assert (one["event"], one["fault"]) == ("event.unreadable", "ValueError")
    assert "exception" not in one


def broken() -> None:
    try:
        raise KeyError("ana@example.com")
    except KeyError as error:
        raise StoreError("Redis is away") from error


def test_a_fault_of_our_own_has_its_traceback_without_what_others_say(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up("info")

    try:
        broken()
    except StoreError:
        log.exception("attempt.broken", extra={"lead": "lead-a"})

    [one] = written(capsys)
    assert (one["level"], one["event"], one["lead"]) == ("error", "attempt.broken", "lead-a")
    lines = one["exception"].splitlines()
    head = "Traceback (most recent call last):"
    assert [at for at in lines if not at.startswith(" ")] == [head, "KeyError", head, "StoreError: Redis is away"]
    assert "test_logs.py" in one["exception"]
    assert "ana@example.com" not in json.dumps([at for at in lines if "raise" not in at])


def test_a_traceback_for_people_stands_below_its_line(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info", TEXT)

    try:
        broken()
    except StoreError:
        log.exception("attempt.broken", extra={"lead": "lead-a"})

    first, second, *_, last = capsys.readouterr().err.splitlines()
    assert first.endswith("ERROR attempt.broken lead=lead-a")
    assert (second, last) == ("Traceback (most recent call last):", "StoreError: Redis is away")


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("debug", ["web.started", "event.accepted", "event.rejected"]),
        ("info", ["event.accepted", "event.rejected"]),
        ("warning", ["event.rejected"]),
        ("error", []),
    ],
)
def test_facts_are_written_from_the_wanted_level_on(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], level: str, names: list[str]
) -> None:
    set_up(level)

    log.debug("web.started")
    log.info("event.accepted")
    log.warning("event.rejected")

    assert [one["event"] for one in written(capsys)] == names


def test_set_up_twice_writes_each_fact_once(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info")
    set_up("info")

    log.info("web.started")
    logging.getLogger("rq.worker").warning("hm")

    assert [one["event"] for one in written(capsys)] == ["web.started", "library.said"]


def test_facts_go_to_standard_error_and_to_nobody_elses_log(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    set_up("info")

    log.info("web.started")

    assert capsys.readouterr().out == ""
    assert caplog.messages == []


def test_what_a_library_says_is_a_fact_too_without_what_it_asked_for(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up("error")

    logging.getLogger("urllib3.connectionpool").warning("Retrying: %s", "/leads?search=ana@example.com (1 left)")
    logging.getLogger("urllib3.connectionpool").info("not to be heard")

    [one] = written(capsys)
    assert {**one, "at": ""} == {
        "at": "",
        "level": "warning",
        "event": "library.said",
        "logger": "urllib3.connectionpool",
        "words": "Retrying: /leads?... (1 left)",
    }


def test_a_warning_of_python_is_one_line(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        set_up("info")
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    [one] = written(capsys)
    assert (one["event"], one["logger"]) == ("library.said", "py.warnings")


def test_a_fault_in_a_page_is_a_library_word_with_its_traceback(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flask logs by the app's name, which is ours."""
    set_up("info", TEXT)

    try:
        broken()
    except StoreError:
        log.exception("Exception on /hooks/a\nb [POST]")

    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first.endswith(r'ERROR library.said logger=relay words="Exception on /hooks/a\nb [POST]"')
    assert second == "Traceback (most recent call last):"


def log_calls() -> Iterator[tuple[str, str, set[str]]]:
    """Find every log call of the relay: where it stands, its fact, and the fields it gives."""
    for module in modules():
        tree = ast.parse(source_of(module))
        for function in [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]:
            given = {
                target.id: node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
                    of = ast.unparse(node.func.value)
                    if of == "log" or of.startswith("logging.getLogger"):
                        yield f"{module}:{node.lineno}", *fact_of(node, given)


def fact_of(call: ast.Call, given: dict[str, ast.expr]) -> tuple[str, set[str]]:
    (name,) = call.args
    assert isinstance(name, ast.Constant), "the name of a fact is written out"
    extras = [one.value for one in call.keywords if one.arg == "extra"]
    fields = [given[one.id] if isinstance(one, ast.Name) else one for one in extras]
    keys = [key for one in fields if isinstance(one, ast.Dict) for key in one.keys]
    assert len(extras) == len([one for one in fields if isinstance(one, ast.Dict)])
    return str(name.value), {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def test_every_line_that_is_logged_stands_in_the_table_with_all_its_fields() -> None:
    used: dict[str, set[str]] = {"library.said": {"logger", "words"}}
    for at, name, fields in log_calls():
        assert name in FACTS, at
        assert fields <= set(FACTS[name].fields), at
        used[name] = used.get(name, set()) | fields

    assert used == {name: set(fact.fields) for name, fact in FACTS.items()}


def test_no_field_takes_the_place_of_what_every_line_has() -> None:
    usual = {"at", "level", "event", "exception"} | set(vars(record()))

    assert [name for name, fact in FACTS.items() if usual & set(fact.fields)] == []


def test_the_page_on_logs_is_the_table() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) \| (.*?) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)

    told = {name: (meaning, tuple(re.findall(r"`(\w+)`", fields))) for name, meaning, fields in rows}
    assert told == {name: (fact.meaning, fact.fields) for name, fact in FACTS.items()}
