"""How long ``relay check`` takes for two hundred hook files, against reading their YAML alone.

Both are whole processes, from their start to their end, and both are measured in the processor's time: what else the
machine does at the moment changes them alike.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Bench, Figure, medians, ratios

ROOT = Path(__file__).parent.parent
FILES = 200
#: Reads every file and composes its nodes, with the same library, and does nothing with them.
FLOOR = """
import sys, pathlib, yaml
for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    yaml.compose(file.read_text(), Loader=yaml.CSafeLoader)
"""
#: So many times the time of reading alone.
AIM = 16.0


def check(quick: bool) -> list[Figure]:
    """Measure the ratio of their times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        ours, floor = [], []
        seconds([sys.executable, "-m", "relay", "check", str(folder)], cwd=folder)
        for _ in range(3 if quick else 7):
            ours.append(seconds([sys.executable, "-m", "relay", "check", str(folder)], cwd=folder))
            floor.append(seconds([sys.executable, "-c", FLOOR, str(folder)], cwd=folder))
    return [
        Figure(
            name="check_ratio",
            runs=ratios(ours, floor),
            aim=AIM,
            more=False,
            floor="a process that composes the YAML of the same 200 files and ends, in the processor's time",
            details=medians(check_s=ours, yaml_s=floor),
        )
    ]


def write_files(folder: Path) -> None:
    """Write hook files like the one of the first example, each with names of its own: nothing is read twice."""
    text = (ROOT / "rules" / "cotiza.yaml").read_text(encoding="utf-8")
    for number in range(FILES):
        own = re.sub(r"(fields|hidden)\.(\w+)", lambda found: f"{found[1]}.{found[2]}_{number}", text)  # noqa: B023
        (folder / f"hook{number}.yaml").write_text(own, encoding="utf-8")


def seconds(command: Sequence[str], *, cwd: Path) -> float:
    """Run a process to its good end, and give the processor's time that it took."""
    before = os.times()
    environment = {**os.environ, "TYPEFORM_SECRET": "s3cret", "RELAY_HOME": str(cwd / "home")}
    environment.pop("REDIS_URL", None)
    # As where the relay is installed: its modules are compiled once, at the run that is not counted.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, check=True, capture_output=True, cwd=cwd, env=environment)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


BENCHES = (Bench(names=("check_ratio",), run=check),)
