"""The hook files as they are in use: read again while the relay runs, each as soon as it was changed and is right.

Before it stands the folder, in which people, deployments and editors write as they please. Here a file that stands
still is read; without a fault it is in use from the next request on, else its last good version goes on and people are
told. After it the door, the background worker and the pages take a hook as a whole: one that is replaced stays what it
was for whoever has it in hand.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol

from relay.errors import Problem, RuleError, StoreError
from relay.hooks import Hook
from relay.rulebook import faults_among, hook_files, nothing_in
from relay.rulebook.standing_still import SETTLE_S, Content, StandingStill
from relay.store import Store

#: The folder is looked at so often: as soon as what was seen moving may stand still.
LOOK_S = SETTLE_S
#: Who sees a fault says so again after so long.
SAY_AGAIN_S = 5.0
#: For so many times the time to settle one waits for what is being written.
PATIENCE = 4
#: The folder itself, beside the names of hooks.
FOLDER = ""


class Read(Protocol):
    """Gives the hook of a file's bytes, or None, and all that is wrong or doubtful."""

    def __call__(self, file: PurePath, content: bytes, *, again: bool = False) -> tuple[Hook | None, Sequence[Problem]]:
        """Read it; ``again`` says that it was loaded once, so that what has no effect and does no harm is no fault."""


log = logging.getLogger("relay")


@dataclass(frozen=True, slots=True)
class InUse:
    """What is in use at one moment; it is replaced as a whole."""

    hooks: Mapping[str, Hook] = field(default_factory=dict)
    #: What is wrong with files, by hook.
    faults: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)

    @property
    def unserved(self) -> Collection[str]:
        """The hooks whose files have faults, and of which there is no good version."""
        return [name for name in self.faults if name != FOLDER and name not in self.hooks]


class RulesNow(Mapping[str, Hook]):
    """Hooks as their files say them. Whoever asks for one whose file has faults is given these as a RuleError."""

    def __init__(self, hooks: Mapping[str, Hook], faults: Mapping[str, tuple[Problem, ...]]) -> None:
        self._right = {name: hook for name, hook in hooks.items() if name not in faults}
        self.faults = faults

    def __getitem__(self, name: str) -> Hook:
        if name in self.faults:
            raise RuleError(self.faults[name])
        return self._right[name]

    def __contains__(self, name: object) -> bool:
        return name in self._right

    def __iter__(self) -> Iterator[str]:
        return iter(self._right)

    def __len__(self) -> int:
        return len(self._right)


class LiveRules(Mapping[str, Hook]):
    """Hooks by name, as they are in use at the moment of asking. For any thread; ``look`` is for a beat."""

    def __init__(
        self, folder: Path, read: Read, store: Store, *, serves: bool = False, settle_s: float = SETTLE_S
    ) -> None:
        """Look at nothing yet. ``serves`` is for the web: what it has in use is what senders meet."""
        self._folder = folder
        self._read = read
        self._store = store
        self._serves = serves
        self._settle_s = settle_s
        self._lock = threading.Lock()
        self._files = StandingStill(settle_s)
        self._now = InUse()
        #: What was made of the files of a hook that stand still.
        self._made: dict[str, tuple[list[tuple[Path, Content]], Hook | None, tuple[Problem, ...]]] = {}
        #: Last good versions out of the store, by hook, and when it was asked for them; None where there is none.
        self._restored: dict[str, tuple[float, Hook | None]] = {}
        #: Versions that were taken over and of which the store is to be told; faults that it was told of, and when.
        self._taken: dict[str, str] = {}
        self._told: Collection[str] = ()
        self._to_tell = True
        self._told_at = 0.0

    def __getitem__(self, name: str) -> Hook:
        return self._now.hooks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now.hooks)

    def __len__(self) -> int:
        return len(self._now.hooks)

    # As they were at one moment, also where another thread takes something over while one goes through them.
    def keys(self) -> KeysView[str]:
        return self._now.hooks.keys()

    def values(self) -> ValuesView[Hook]:
        return self._now.hooks.values()

    def items(self) -> ItemsView[str, Hook]:
        return self._now.hooks.items()

    @property
    def in_use(self) -> InUse:
        return self._now

    def begin(self) -> None:
        """Look for the first time, once nothing is being written: what serves is told of all hooks at once."""
        with self._lock:
            self._until(lambda: self._look_at_files()[1])
        self._until(self.look)

    def fresh(self) -> RulesNow:
        """Give the hooks as their files say them now. Raises RuleError where there are no files, and StoreError."""
        self._until(self.look)
        if FOLDER in self._now.faults:
            raise RuleError(self.faults())
        return RulesNow(self._now.hooks, self._now.faults)

    def faults(self) -> tuple[Problem, ...]:
        """Give all faults of all files."""
        return tuple(one for several in self._now.faults.values() for one in several)

    def look(self) -> bool:
        """Look at the folder once, and take over what was changed and is right; gives whether all stands still.

        Raises StoreError where a version can't be kept, and then what was in use stays: no event is mapped by rules
        whose text is not in the store.
        """
        with self._lock:
            found, still = self._found()
            if found != self._now:
                self._take_over(found)
            self._tell()
            return still

    def _until(self, still: Callable[[], bool]) -> None:
        for _ in range(10 * PATIENCE):
            if still():
                return
            time.sleep(self._settle_s / 10)

    def _look_at_files(self) -> tuple[Problem, bool]:
        """Look at the folder; gives what is wrong if there is no file in it, and whether all files stand still."""
        try:
            files, fault = hook_files(self._folder), nothing_in(self._folder)
        except FileNotFoundError:
            files, fault = [], nothing_in(self._folder)
        except OSError as error:
            files, fault = [], Problem(file=self._folder.as_posix(), words=f"can't be read: {error.strerror}")
        return fault, self._files.look(files)

    def _found(self) -> tuple[InUse, bool]:
        """Give what is to be in use by the files that stand still, and whether all do."""
        fault, still = self._look_at_files()
        by_hook: dict[str, list[tuple[Path, Content]]] = {}
        for file, content in self._files.items():
            by_hook.setdefault(file.stem, []).append((file, content))
        if not by_hook:
            # All at once is a mount that is away or a deployment half done, more likely than a person's wish.
            return InUse(self._now.hooks, {FOLDER: (fault,)}), still
        return self._of_files(by_hook), still

    def _of_files(self, by_hook: Mapping[str, list[tuple[Path, Content]]]) -> InUse:
        hooks: dict[str, Hook] = {}
        faults: dict[str, tuple[Problem, ...]] = {}
        for name, files in by_hook.items():
            hook, wrong = self._make(name, files)
            if wrong:
                faults[name] = wrong
                hook = self._last_good(name, files[0][0])
            if hook is not None:
                hooks[name] = hook
        self._made = {name: made for name, made in self._made.items() if name in by_hook}
        return InUse(hooks, faults)

    def _make(self, name: str, files: list[tuple[Path, Content]]) -> tuple[Hook | None, tuple[Problem, ...]]:
        """Read the files of one hook, where they were changed; there ought to be one."""
        made = self._made.get(name)
        if made is None or made[0] != files:
            made = self._made[name] = (files, *self._read_anew(name, files))
            self._restored.pop(name, None)
        return made[1:]

    def _read_anew(self, name: str, files: list[tuple[Path, Content]]) -> tuple[Hook | None, tuple[Problem, ...]]:
        (file, content), *others = files
        if others:
            words = f"hook {name!r} is in {file.as_posix()} too; rename one of the two"
            return None, tuple(Problem(file=other.as_posix(), line=1, words=words) for other, _ in others)
        if content.held is None:
            return None, (Problem(file=file.as_posix(), words=content.fault),)
        hook, problems = self._read(file, content.held)
        return hook, faults_among(problems)

    def _last_good(self, name: str, file: Path) -> Hook | None:
        """Give what serves in place of a file with faults: the version that any process has taken over last.

        This process may have missed it, or have been started since; while they differ, the same event would be mapped
        by one or by the other.
        """
        asked_at, found = self._restored.get(name, (float("-inf"), None))
        mine = self._now.hooks.get(name) or found
        if time.monotonic() - asked_at > SAY_AGAIN_S:
            with suppress(StoreError):  # it is asked again at the next look
                version = self._store.serving.version(name)
                if mine is None or version not in ("", mine.version):
                    text = self._last_text(name, version)
                    mine = (self._read(file, text.encode(), again=True)[0] if text is not None else None) or mine
                self._restored[name] = (time.monotonic(), mine)
        return mine

    def _last_text(self, name: str, served: str) -> str | None:
        """Give the text of the version that senders met last, else of the one that anybody loaded last."""
        texts = self._store.rule_texts
        versions = [served, *(one.version for one in texts.versions(name))]
        return next((text for one in versions if one and (text := texts.text(name, one)) is not None), None)

    def _take_over(self, found: InUse) -> None:
        before = self._now
        if found.hooks != before.hooks:
            try:
                self._store.rule_texts.hold(found.hooks.values())
            except StoreError:
                # At the start nothing is in use yet, and the door keeps the texts before it accepts anything.
                if before.hooks:
                    raise
            if self._serves and found.hooks:
                self._store.door.know(found.hooks)
        self._now = found
        self._to_tell = True
        self._taken |= {
            name: hook.version
            for name, hook in found.hooks.items()
            if name not in found.faults and FOLDER not in found.faults and before.hooks.get(name) is not hook
        }
        self._log(before)

    def _log(self, before: InUse) -> None:
        log_changes(before, self._now)

    def _tell(self) -> None:
        """Tell the store what serves and what is wrong: at once when that has changed, and of faults again and again.

        Where that fails it is told after the next look.
        """
        now = self._now
        again = now.faults and time.monotonic() - self._told_at > SAY_AGAIN_S
        if not self._to_tell and not again:
            return
        served = list(now.hooks) if self._serves else None
        mended = [name for name in self._told if name not in now.faults]
        faults = {name: [str(one) for one in several] for name, several in now.faults.items()}
        with suppress(StoreError):
            self._store.serving.note(served=served, taken=self._taken, faults=faults, mended=mended)
            self._told, self._to_tell, self._told_at = tuple(faults), False, time.monotonic()
            self._taken = {}


class RulesAside(LiveRules):
    """The same for what comes and goes beside those that serve: it leaves it to them to log, and to tell the store."""

    def _log(self, before: InUse) -> None:
        """Log nothing."""

    def _tell(self) -> None:
        """Tell nothing."""


def log_changes(before: InUse, now: InUse) -> None:
    """Log one line for each hook that is in use from now on, or no more, and for each file with faults."""
    for name, hook in now.hooks.items():
        known = before.hooks.get(name)
        if known is None or known.version != hook.version:
            extra = {"hook": name, "version": hook.version, "before": known.version if known else ""}
            log.info("rules.loaded", extra=extra)
    for name in before.hooks.keys() - now.hooks.keys():
        log.warning("rules.gone", extra={"hook": name, "version": before.hooks[name].version})
    for name, several in now.faults.items():
        if before.faults.get(name) != several:
            goes_on = now.hooks[name].version if name in now.hooks else ""
            log.error("rules.faulty", extra={"hook": name, "faults": list(map(str, several)), "version": goes_on})
