"""``python -m bench [--quick] [--json FILE] [--only NAME,...]``: measures, prints a table, writes the numbers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from bench import accepting, backtesting, challenge, checking, delivering, desk, growing, storing, through, wire
from bench.figures import Bench, Figure, show, write

BENCHES: tuple[Bench, ...] = (
    *accepting.BENCHES,
    *delivering.BENCHES,
    *through.BENCHES,
    *wire.BENCHES,
    *challenge.BENCHES,
    *storing.BENCHES,
    *growing.BENCHES,
    *desk.BENCHES,
    *checking.BENCHES,
    *backtesting.BENCHES,
)


def main() -> int:
    wanted = arguments()
    console = Console()
    figures: list[Figure] = []
    try:
        for bench in BENCHES:
            if not wanted.only or wanted.only & set(bench.names):
                with console.status(f"measuring {', '.join(bench.names)}"):
                    figures += bench.run(wanted.quick)
    finally:
        # What was measured before a bench broke down is worth having.
        show(figures, console)
        if wanted.json:
            write(figures, wanted.json)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Lead Relay against its floors.")
    parser.add_argument("--quick", action="store_true", help="a look in a minute or two: fewer and shorter runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there as well")
    parser.add_argument("--only", type=names, default=set(), metavar="NAME,...", help="measure only these figures")
    return parser.parse_args()


def names(text: str) -> set[str]:
    """Read the names of figures. Raises ArgumentTypeError where there is no such figure."""
    known = {name for bench in BENCHES for name in bench.names}
    wanted = set(text.split(","))
    if unknown := wanted - known:
        words = f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
        raise argparse.ArgumentTypeError(words)
    return wanted


if __name__ == "__main__":
    sys.exit(main())
