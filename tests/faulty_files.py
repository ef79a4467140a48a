"""The table ``faulty_files.md``: hook files with faults, and what ``relay check`` says of each.

A section's own blocks stand before the lines of each of its cases. ``python -m tests.faulty_files`` writes the answers
anew: read what has changed as the person would who has the fault.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

from relay.commands.check import text_of, told
from relay.errors import Problem
from relay.rulebook import check_paths
from relay.rulebook.hook_file import Known
from relay.senders import ABOUT
from relay.senders.example_names import names_in_examples

TABLE = Path(__file__).with_name("faulty_files.md")
USUAL = "rules/cotiza.yaml"
#: A block, with the path of its file where that is not the usual one. An arrow is a tab.
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = {"TYPEFORM_SECRET": "s3cret-of-typeform", "META_SECRET": "s3cret-of-meta", "BLANK": " "}
KNOWN = Known(
    environment=ENVIRONMENT,
    senders=ABOUT,
    destinations=("default", "acme"),
    seen=names_in_examples,
)


@dataclass
class Case:
    """One faulty folder of hook files."""

    title: str
    #: Text by path.
    files: dict[str, str] = field(default_factory=dict)
    #: What the table says that is said of it.
    answer: str = ""

    def problems(self) -> tuple[Problem, ...]:
        """Check it in an empty folder, which is the working folder."""
        for name, text in self.files.items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check_paths([Path("rules")], KNOWN)[1]


def said(problems: tuple[Problem, ...]) -> str:
    """Give what a person reads."""
    text_of.cache_clear()
    return "".join(f"{line}\n" for problem in problems for line in told(problem))


def sections() -> Iterator[tuple[str, list[str]]]:
    """Give each section's text before its first case, and the texts of its cases."""
    for section in re.split(r"^(?=## )", TABLE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        before, *several = re.split(r"^(?=### )", section, flags=re.MULTILINE)
        yield before, several


def cases() -> Iterator[Case]:
    for before, several in sections():
        frame = {path or USUAL: text for _, path, text in BLOCK.findall(before)}
        for one in several:
            yield case_of(one, frame)


def case_of(text: str, frame: dict[str, str]) -> Case:
    case = Case(text.splitlines()[0].removeprefix("### "), dict(frame))
    for kind, path, block in BLOCK.findall(text):
        if kind == "text":
            case.answer = block
        else:
            name = path or USUAL
            case.files[name] = frame.get(name, "") + block.replace("→", "\t")
    return case


def write_anew() -> None:
    """Write what is said now of every case into the table."""
    text = TABLE.read_text(encoding="utf-8")
    for case in cases():
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            answer = said(case.problems())
        start = text.index(f"### {case.title}\n")
        end = min((at for mark in ("\n## ", "\n### ") if (at := text.find(mark, start + 1)) > 0), default=-1)
        part = text[start : end if end > 0 else len(text)]
        block = f"```text\n{answer}```"
        whole = BLOCK.sub(lambda found: block if found[1] == "text" else found[0], part)  # noqa: B023 -- used at once
        text = text.replace(part, whole if "```text" in part else f"{part.rstrip()}\n\n{block}\n")
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    write_anew()
