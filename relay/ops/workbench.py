"""A hook file on the workbench: the text that a person is changing, beside what it makes of the last events.

Its pages and their JSON work with this. Whatever is tried is tried in memory; only ``save`` changes anything.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from relay import rulebook
from relay.backtest.report import Report
from relay.backtest.run import run
from relay.drafts.files import RuleFile, as_edited, path_of, read, save, sized
from relay.drafts.names import Names, names_in
from relay.drafts.patch import Hunk, hunks
from relay.drafts.reading import Draft, Drafts
from relay.drafts.trying import Tried, Verdict, explained, tried
from relay.errors import CommandError, Problem
from relay.explain import Explained
from relay.finding import Filter, page
from relay.hooks import Hook
from relay.model import StoredEvent
from relay.ops.means import Means
from relay.senders import ABOUT

#: Events that a draft is tried on as it is written.
MOST_TRIED = 20
#: What stands beside the text.
EVENTS, NAMES, DIFF, BACKTEST = SHOWS = ("events", "names", "diff", "backtest")
WORST_FIRST = list(Verdict)
#: Events that a backtest is of unless it is said otherwise, and how long it may take.
USUAL = 1_000
BACKTEST_S = 5.0
#: Examples of each thing.
EXAMPLES = 4
#: Characters of a reason at the most.
LONGEST_WHY = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person has in the editor, and wants to see beside it."""

    text: str
    #: The version of the file that they began with; '' where there was no file.
    began: str
    show: str = EVENTS
    #: Id of the event that is to be explained; '' for none.
    event: str = ""
    #: Whether the backtest is to run now, and over how many events.
    run: bool = False
    last: int = USUAL
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A draft, and all that is shown beside it."""

    hook: str
    asked: Asked
    #: The file as it is now.
    file: RuleFile
    draft: Draft
    #: What differs most first, then the newest.
    tried: tuple[Tried, ...]
    #: Another event of the hook that was chosen, where it is none of these.
    also: Tried | None
    #: From the file as it is now to the draft.
    hunks: tuple[Hunk, ...]
    #: The chosen event, and why the draft makes of it what it makes; None where none is chosen or nothing can be said.
    explained: Explained | None
    #: What others have changed of the file since the person began; empty where nobody has, or where that is not kept.
    theirs: tuple[Hunk, ...] = ()
    #: What the events bring; None where that is not shown.
    names: Names | None = None
    #: What the backtest found; None where it was not run.
    report: Report | None = None

    @property
    def changed(self) -> bool:
        """Whether the draft is another text than the file."""
        return self.draft.text != self.file.text or self.file.content is None

    @property
    def overtaken(self) -> bool:
        """Whether somebody else has changed the file since the person began."""
        return self.file.version != self.asked.began

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Say how many of the events come to what, the worst first."""
        found = Counter(one.verdict for one in self.tried)
        return {verdict: found[verdict] for verdict in Verdict if found[verdict]}


class Workbench:
    """Puts drafts of one deployment's hook files beside their events. For any thread."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._drafts = Drafts(means.read)
        self._turn = threading.Lock()

    def there(self, hook: str) -> bool:
        """Whether there is such a hook, or was, or a file of that name. Raises StoreError."""
        if hook in self._means.hooks or self._means.store.door.ever_known(hook):
            return True
        folder = self._means.settings.rules
        return folder.is_dir() and hook in {file.stem for file in rulebook.hook_files(folder)}

    def file(self, hook: str) -> RuleFile:
        """Give the hook's file as it is now. Raises CommandError where it can't be read."""
        return read(path_of(self._means.settings.rules, hook))

    def bench(self, hook: str, asked: Asked) -> Bench:
        """Try a draft. Raises StoreError, and CommandError where the file can't be read."""
        file = self.file(hook)
        draft = self.draft(file, asked.text)
        events, now = self.events(hook), self.now(hook, file)
        chosen = self.chosen(hook, asked.event, events)
        also = [chosen] if chosen and chosen not in events else []
        overtaken = file.version != asked.began
        return Bench(
            hook=hook,
            asked=replace(asked, event=chosen.id if chosen else ""),
            file=file,
            draft=draft,
            tried=tuple(sorted(tried(events, now, draft.hook), key=lambda one: WORST_FIRST.index(one.verdict))),
            also=next(iter(tried(also, now, draft.hook)), None),
            hunks=tuple(hunks(file.text, draft.text)),
            explained=explained(chosen, draft.hook) if chosen and draft.hook else None,
            theirs=tuple(self._since(hook, asked.began, file)) if overtaken else (),
            names=names_in(events, now, draft.hook) if asked.show == NAMES else None,
            report=self.backtest(now, draft.hook, asked.last) if asked.run and draft.hook else None,
        )

    def backtest(self, now: Hook | None, draft: Hook, last: int) -> Report:
        """Hold a draft against the rules of now over the last events. Raises StoreError, and CommandError when busy."""
        if not self._turn.acquire(timeout=2 * BACKTEST_S):
            raise CommandError("too many backtests are running just now; wait a little, then try again")
        try:
            wanted = Filter(state="", hook=draft.name)
            return run(
                self._means.store, now, draft, wanted, limit=last, until=time.monotonic() + BACKTEST_S, most=EXAMPLES
            )
        finally:
            self._turn.release()

    def draft(self, file: RuleFile, text: str) -> Draft:
        """Read a text as this file; what can't be a file at all is a problem of it."""
        try:
            text = sized(text)
        except CommandError as error:
            return Draft(text=text, hook=None, problems=(Problem(file=file.path.as_posix(), words=str(error)),))
        return self._drafts.read(file.path, text)

    def now(self, hook: str, file: RuleFile) -> Hook | None:
        """Give the rules that a draft is held against: those of the file, else what is loaded, or was last."""
        there = self._drafts.read(file.path, file.text).hook if file.content is not None else None
        return there or self._means.hooks.get(hook) or self._last(hook)

    def _last(self, hook: str) -> Hook | None:
        text = self.last_text(hook)
        return None if text is None else rulebook.read_text(PurePath(f"{hook}.yaml"), text, ABOUT)

    def last_text(self, hook: str) -> str | None:
        """Give the text that was loaded last, as an editor has it; None where none is kept. Raises StoreError."""
        texts = self._means.store.rule_texts
        versions = texts.versions(hook)
        text = texts.text(hook, versions[0].version) if versions else None
        return None if text is None else as_edited(text)

    def events(self, hook: str, most: int = MOST_TRIED) -> Sequence[StoredEvent]:
        """Give the last events of a hook, newest first. Raises StoreError."""
        return page(self._means.store, Filter(state="", hook=hook), size=most).events

    def chosen(self, hook: str, id: str, events: Sequence[StoredEvent]) -> StoredEvent | None:
        """Find the event that is to be explained: of the last ones, or any other of this hook."""
        found = next((one for one in events if one.id == id), None)
        if found is None and id:
            found = self._means.store.events.event(id)
        return found if found and found.hook == hook else None

    def _since(self, hook: str, began: str, file: RuleFile) -> list[Hunk]:
        text = self._means.store.rule_texts.text(hook, began) if began else ""
        return [] if text is None else hunks(as_edited(text), file.text)

    def save(self, bench: Bench, *, who: str, text: str) -> RuleFile | None:
        """Put a draft in the file's place and write the act down; gives the file then.

        None, and nothing is done, where somebody else has changed the file meanwhile. Raises CommandError where it
        can't be written, StoreError where the act could not be noted.
        """
        saved = save(bench.file.path, text, began=bench.asked.began)
        if saved is None or saved.content is None:
            return None
        store = self._means.store
        told = f"{bench.asked.began or 'none'} -> {saved.version}"
        why = f"{told}: {bench.asked.why}" if bench.asked.why else told
        store.acts.note(who=who, what="save", about=f"hook {bench.hook}", why=why)
        return saved
