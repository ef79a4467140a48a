"""Shadows: other rules for a hook, mapped beside those in use and never sent. Here their files are named and read.

A hook file names one by ``shadow: shadow/cotiza.yaml``. It is in a folder beside, since each file in the folder of the
rules is a hook itself; what is wrong with it is no fault of its hook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from relay.errors import Problem
from relay.hooks import Hook
from relay.rulebook.yaml_nodes import Entry, Page

ENDINGS = (".yaml", ".yml")


class ReadHook(Protocol):
    """Reads the bytes of a hook file."""

    def __call__(self, file: Path, content: bytes, /) -> tuple[Hook | None, tuple[Problem, ...]]:
        """Give the hook, or None, and all that is wrong or doubtful."""


def read_shadow_key(page: Page, entry: Entry | None, name: str) -> str:
    """Read where a hook's shadow is: a path from the hook file's folder; '' where there is none."""
    text = page.text_of(entry, "shadow") if entry is not None else None
    if entry is None or text is None:
        return ""
    path = PurePosixPath(text)
    example = f"as in shadow/{name}.yaml"
    if path.is_absolute() or ".." in path.parts or "\\" in text:
        page.fault(entry.at, f"shadow must be a path inside the folder of this file, {example}, not {text!r}")
    elif path.suffix not in ENDINGS:
        page.fault(entry.at, f"shadow must be a hook file, which ends in .yaml, {example}, not {text!r}")
    elif len(path.parts) < 2:
        words = f"would be a hook itself in the folder of this file; put it into a folder beside, {example}"
        page.fault(entry.at, f"shadow {text!r} {words}")
    return text


def shadow_file(hook: Hook) -> Path | None:
    """Give the path of a hook's shadow; None where it has none."""
    return Path(hook.file).parent / hook.shadow if hook.shadow else None


def read_shadow(hook: Hook, content: bytes, read: ReadHook) -> tuple[Hook | None, tuple[Problem, ...]]:
    """Read a hook's shadow as rules of that very hook. A shadow of its own is not looked at."""
    file = shadow_file(hook)
    assert file is not None
    shadow, problems = read(file, content)
    if shadow is not None and shadow.sender != hook.sender:
        words = f"a shadow maps the events of its hook, whose sender is {hook.sender!r}, not {shadow.sender!r}"
        return None, (*problems, Problem(file=file.as_posix(), line=1, words=words))
    return shadow and replace(shadow, name=hook.name, shadow=""), problems


def shadow_problems(hooks: Mapping[str, Hook], read: ReadHook) -> list[Problem]:
    """Say what is wrong with the shadows of these hooks: warnings, since no hook is kept from being loaded."""
    found: list[Problem] = []
    for hook in hooks.values():
        if (file := shadow_file(hook)) is None:
            continue
        try:
            found += read_shadow(hook, file.read_bytes(), read)[1]
        except OSError as error:
            found.append(Problem(file=file.as_posix(), words=f"can't be read: {error.strerror}"))
    return [replace(one, severity="warning") for one in found]
