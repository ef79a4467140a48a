"""``python -m bench.faults --seconds N --json FILE``: a long run; exit code 1 when anything is wrong."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.faults import Result, play

MOST_SHOWN = 20


def main() -> int:
    asked = _asked()
    seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
    folder = Path(tempfile.mkdtemp(prefix="relay-faults-"))
    result = play(folder, seconds=asked.seconds, seed=seed)
    if asked.json:
        asked.json.write_text(json.dumps(result.as_json(), indent=2) + "\n")
    _show(result, Console())
    if result.holds:
        shutil.rmtree(folder)
    else:
        print(f"what Redis kept and the processes said is in {folder}")
    return 0 if result.holds else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long things are killed")
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--seed", type=int, help="the dice fall the same way for the same seed; the timing does not")
    return parser.parse_args()


def _show(result: Result, screen: Console) -> None:
    table = Table(
        "what",
        "number",
        "longest recovery",
        title=f"killed for {result.seconds:g} s, seed {result.seed}",
        title_justify="left",
    )
    for kind, number in result.kills.items():
        table.add_row(f"killed: {kind}", str(number), f"{result.recoveries_s[kind]:.2f} s")
    for what, found in _rows(result):
        table.add_row(what, found)
    screen.print(table)
    for sentence in result.findings[:MOST_SHOWN]:
        print(sentence)
    print("all holds" if result.holds else "NOT all holds")


def _rows(result: Result) -> Iterator[tuple[str, str]]:
    yield "events with a 200", str(result.accepted)
    for end, number in result.ends.items():
        yield f"  of these {end}", str(number)
    yield "came again and were known", str(result.duplicates)
    yield "refused by the door, sent again", str(result.refused_by_door)
    yield "unanswered, sent again", str(result.unanswered)
    yield "PUTs", str(result.puts)
    yield "at rest after", f"{result.settled_after_s:.1f} s"
    yield "events lost", str(result.lost)
    yield "stale registers", str(result.stale_registers)
    yield "overlapping PUTs", str(result.overlapping_puts)
    yield "mapped again", f"{result.mapped_again} events, {result.mapped_otherwise} differ"
    yield "the sum", "holds" if result.sum_holds else "DOES NOT HOLD"


if __name__ == "__main__":
    sys.exit(main())
