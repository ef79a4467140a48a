"""Loads the folder of hook files: ``rules/*.yaml`` in, hooks out, ready for the door.

It refuses to give any hook while one file has a fault, and then shows all faults of all files, each with file, line
and a suggestion. Folders beside the files hold example events and are not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from relay.errors import Problem, RuleError
from relay.hooks import Hook
from relay.rulebook.hook_file import Known, read_hook
from relay.rulebook.shadow_reading import shadow_problems
from relay.sending import About

ENDINGS = (".yaml", ".yml")


def load(
    folder: Path, *, environment: Mapping[str, str], senders: Mapping[str, About], destinations: Collection[str]
) -> dict[str, Hook]:
    """Give every hook by its name; warnings stop none. Raises RuleError with all faults of all files."""
    hooks, problems = check(folder, environment=environment, senders=senders, destinations=destinations)
    if faults := faults_among(problems):
        raise RuleError(faults)
    return hooks


def check(
    folder: Path, *, environment: Mapping[str, str], senders: Mapping[str, About], destinations: Collection[str]
) -> tuple[dict[str, Hook], tuple[Problem, ...]]:
    """Give the hooks of the files without a fault, and all that is wrong or doubtful in any file."""
    return check_paths([folder], Known(environment=environment, senders=senders, destinations=destinations))


def check_paths(paths: Iterable[Path], known: Known) -> tuple[dict[str, Hook], tuple[Problem, ...]]:
    """Give the hooks of these files and folders, and all that is wrong or doubtful in any of them."""
    hooks: dict[str, Hook] = {}
    problems: list[Problem] = []
    first: dict[str, Path] = {}
    for path in paths:
        if not (files := files_of(path)):
            problems.append(nothing_in(path))
        for file in files:
            hook, more = read_file(file, known, first.setdefault(file.stem, file))
            problems += more
            if hook:
                hooks[hook.name] = hook
    problems += shadow_problems(hooks, lambda file, content: read_hook(file, content, known))
    return hooks, tuple(problems)


def files_of(path: Path) -> list[Path]:
    """Give the hook files of a folder; the path itself where it is none."""
    if path.is_dir():
        return hook_files(path)
    return [path] if path.suffix in ENDINGS else []


def faults_among(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Give those that keep a hook from being loaded."""
    return tuple(problem for problem in problems if problem.severity == "fault")


def nothing_in(folder: Path) -> Problem:
    """Say what is wrong where no hook file is found."""
    words = "no such folder; set RELAY_RULES to the folder of the hook files"
    if folder.is_file():
        words = f"is no hook file: the name of one ends with {' or '.join(ENDINGS)}"
    elif folder.is_dir():
        words = f"holds no hook file; add one, as in {(folder / 'cotiza.yaml').as_posix()}"
    return Problem(file=folder.as_posix(), words=words)


class Whatever(Mapping[str, str]):
    """Holds whatever is asked for: every variable is set, every destination is there."""

    def __getitem__(self, name: str) -> str:
        return name

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def read_draft(
    file: PurePath, text: str, senders: Mapping[str, About], destinations: Collection[str] | None = None
) -> tuple[Hook | None, tuple[Problem, ...]]:
    """Read a hook file's text that is not on disk, to look at and to try, not to verify with: it has no secrets.

    Gives the hook, or None where it has faults, and all that is wrong or doubtful. Whether secrets are set is not
    asked, nor whether a destination is there unless they are given.
    """
    known = Known(environment=Whatever(), senders=senders, destinations=destinations or Whatever())
    hook, problems = read_hook(file, text.encode(errors="surrogatepass"), known)
    return hook and replace(hook, secrets=(), keys={}), problems


def read_text(file: PurePath, text: str, senders: Mapping[str, About]) -> Hook | None:
    """Read a version of a hook file that was loaded once. It has no secrets.

    None where it can't be read any more: a later relay may know other words.
    """
    known = Known(environment=Whatever(), senders=senders, destinations=Whatever(), at_once=False, again=True)
    hook, _ = read_hook(file, text.encode(errors="surrogatepass"), known)
    return hook and replace(hook, secrets=(), keys={})


def hook_files(folder: Path) -> list[Path]:
    """List the hook files in order of their names; editors keep theirs behind a dot."""
    return sorted(
        file for file in folder.iterdir() if file.suffix in ENDINGS and file.is_file() and not file.name.startswith(".")
    )


def read_file(file: Path, known: Known, first: Path) -> tuple[Hook | None, tuple[Problem, ...]]:
    """Read a file, unless another one was first to be the hook of this name."""
    try:
        content = file.read_bytes()
    except OSError as error:
        return None, (Problem(file=file.as_posix(), words=f"can't be read: {error.strerror}"),)
    if file != first:
        words = f"hook {file.stem!r} is in {first.as_posix()} too; rename one of the two"
        return None, (Problem(file=file.as_posix(), line=1, words=words),)
    return read_hook(file, content, known)
