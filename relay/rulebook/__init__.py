"""Loads the folder of hook files: ``rules/*.yaml`` in, hooks out, ready for the door.

It refuses to give any hook while one file has a fault, and then shows all faults of all files, each with file, line
and a suggestion. Folders beside the files hold example events and are not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from relay.errors import RuleError
from relay.hooks import Hook
from relay.rulebook.hook_file import Known, read_hook
from relay.sending import About

ENDINGS = (".yaml", ".yml")


def load(
    folder: Path, *, environment: Mapping[str, str], senders: Mapping[str, About], destinations: Collection[str]
) -> dict[str, Hook]:
    """Give every hook by its name. Raises RuleError with all faults of all files."""
    hooks, faults = check(folder, environment=environment, senders=senders, destinations=destinations)
    if faults:
        raise RuleError(faults)
    return hooks


def check(
    folder: Path, *, environment: Mapping[str, str], senders: Mapping[str, About], destinations: Collection[str]
) -> tuple[dict[str, Hook], list[str]]:
    """Give the hooks of the files without a fault, and all faults of the others."""
    if not folder.is_dir():
        return {}, [nothing_in(folder)]
    known = Known(environment=environment, senders=senders, destinations=destinations)
    hooks: dict[str, Hook] = {}
    faults: list[str] = []
    files = hook_files(folder)
    for file in files:
        hook, more = read_file(file, known, hooks)
        faults += more
        if hook:
            hooks[hook.name] = hook
    if not files:
        faults.append(nothing_in(folder))
    return hooks, faults


def nothing_in(folder: Path) -> str:
    """Say what is wrong where no hook file is found."""
    if not folder.is_dir():
        return f"{folder.as_posix()}: no such folder; set RELAY_RULES to the folder of the hook files"
    return f"{folder.as_posix()}: holds no hook file; add one, as in {(folder / 'cotiza.yaml').as_posix()}"


class Whatever(Mapping[str, str]):
    """Holds whatever is asked for: every variable is set, every destination is there."""

    def __getitem__(self, name: str) -> str:
        return name

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def read_text(file: PurePath, text: str, senders: Mapping[str, About]) -> Hook | None:
    """Read a version of a hook file that was loaded once, to look at and not to verify with: it has no secrets.

    None where it can't be read any more: a later relay may know other words.
    """
    known = Known(environment=Whatever(), senders=senders, destinations=Whatever())
    hook, _ = read_hook(file, text.encode(), known)
    return hook and replace(hook, secrets=(), keys={})


def hook_files(folder: Path) -> list[Path]:
    """List the hook files in order of their names; editors keep theirs behind a dot."""
    return sorted(
        file for file in folder.iterdir() if file.suffix in ENDINGS and file.is_file() and not file.name.startswith(".")
    )


def read_file(file: Path, known: Known, hooks: Mapping[str, Hook]) -> tuple[Hook | None, list[str]]:
    try:
        content = file.read_bytes()
    except OSError as error:
        return None, [f"{file.as_posix()}: can't be read: {error.strerror}"]
    if file.stem in hooks:
        other = hooks[file.stem].file
        return None, [f"{file.as_posix()}:1: hook {file.stem!r} is in {other} too; rename one of the two"]
    return read_hook(file, content, known)
