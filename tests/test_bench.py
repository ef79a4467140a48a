"""The benchmarks run and write what they measured; how fast anything is, no test says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from bench.figures import Figure, ratios, short
from bench.load import whole

ROOT = Path(__file__).parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_quick_run_prints_its_figures_and_writes_them_as_json(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"

    ended = bench("--quick", "--only", "accept_ratio,wire_p50_ms,diff_ratio", "--json", str(written))

    assert ended.returncode == 0, ended.stderr
    figures = orjson.loads(written.read_bytes())
    assert {"accept_ratio", "wire_p50_ms", "wire_p95_ms", "diff_ratio", "diff_per_s", "details"} == figures.keys()
    assert figures["accept_ratio"] > 0
    assert figures["details"]["accept_ratio"]["aim"] == 0.45
    assert "accept_ratio" in ended.stdout


def test_a_figure_that_is_not_there_is_named() -> None:
    ended = bench("--only", "speed")

    assert ended.returncode == 2
    assert "no such figure: speed; there are accept_ratio, accept_ratio_everysec, bytes_done," in ended.stderr


def test_a_figure_is_the_median_of_its_runs() -> None:
    one = Figure(name="a", runs=ratios([10, 30, 20], [10, 10, 10]), aim=2, more=True, floor="")

    assert (one.value, one.passed) == (2, True)


@pytest.mark.parametrize(
    ("value", "aim", "more", "passed"),
    [
        (0.5, 0.45, True, True),
        (0.4, 0.45, True, False),
        (9, 10, False, True),
        (11, 10, False, False),
        (1, None, True, True),
    ],
)
def test_a_figure_passes_on_the_side_of_its_aim_that_is_better(
    value: float, aim: float | None, more: bool, passed: bool
) -> None:
    assert Figure(name="a", runs=[value], aim=aim, more=more, floor="").passed is passed


@pytest.mark.parametrize(("number", "text"), [(1234.5, "1,234"), (0.4567, "0.457"), (2.0, "2"), (49.96, "50")])
def test_a_number_is_shown_with_the_digits_that_matter(number: float, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{  }", True),
    ],
)
def test_the_load_takes_only_a_whole_answer_for_one(heard: bytes, expected: bool) -> None:
    assert whole(heard) is expected
