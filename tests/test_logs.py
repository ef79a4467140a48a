"""Log lines: one for one fact, with a fixed name and ids, and nothing that somebody outside can put into them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from relay.logs import FactFormatter, set_up


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """The relay's logger, left behind as it was found."""
    logger = logging.getLogger("relay")
    before = (logger.handlers[:], logger.level, logger.propagate)
    yield logger
    logger.handlers[:], level, logger.propagate = before
    logger.setLevel(level)


def line(name: str = "event.accepted", level: int = logging.INFO, **ids: object) -> str:
    record = logging.makeLogRecord({"msg": name, "levelno": level, "levelname": logging.getLevelName(level), **ids})
    return FactFormatter().format(record)


def test_a_line_has_time_level_name_and_ids() -> None:
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING event\.rejected hook=cotiza status=401",
        line("event.rejected", logging.WARNING, hook="cotiza", status=401),
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
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
    ],
)
def test_a_value_stands_in_one_piece(value: object, written: str) -> None:
    assert line(it=value).endswith(f" it={written}")


def test_a_plain_fact_has_no_traceback(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info")

    try:
        raise ValueError("a person's data")
    except ValueError as error:
        log.error("event.unreadable", extra={"hook": "cotiza", "fault": type(error).__name__})

    [written] = capsys.readouterr().err.splitlines()
    assert written.endswith("ERROR event.unreadable hook=cotiza fault=ValueError")


def test_a_fault_of_our_own_has_its_traceback(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info")

    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("attempt.broken", extra={"lead": "lead-a"})

    first, second, *_, last = capsys.readouterr().err.splitlines()
    assert first.endswith("ERROR attempt.broken lead=lead-a")
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: broken"


@pytest.mark.parametrize(
    ("level", "written"),
    [("debug", ["a", "b", "c"]), ("info", ["b", "c"]), ("warning", ["c"]), ("error", [])],
)
def test_facts_are_written_from_the_wanted_level_on(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], level: str, written: list[str]
) -> None:
    set_up(level)

    log.debug("a")
    log.info("b")
    log.warning("c")

    assert [one.split()[-1] for one in capsys.readouterr().err.splitlines()] == written


def test_set_up_twice_writes_each_fact_once(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info")
    set_up("info")

    log.info("web.started")

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_facts_go_to_standard_error_and_to_nobody_elses_log(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    set_up("info")

    log.info("web.started")

    assert capsys.readouterr().out == ""
    assert caplog.messages == []
