"""Every faulty hook file of the table gets exactly the words that stand below it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faulty_files import ENVIRONMENT, Case, cases, said

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_is_said_of_a_faulty_file_is_what_the_table_holds(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert said(case.problems()) == case.answer


def test_the_table_is_long_enough_and_names_each_case_once() -> None:
    faulty = [case for case in CASES if any(" warning: " not in line for line in case.answer.splitlines())]

    assert len(faulty) >= 60
    assert len({case.title for case in CASES}) == len(CASES)
    assert sum(" warning: " in case.answer for case in CASES) >= 10


def test_no_answer_holds_a_secret() -> None:
    answers = "".join(case.answer for case in CASES)

    assert not any(secret in answers for secret in ENVIRONMENT.values() if secret.strip())
    assert "5f0c1b7ae2" not in answers
