"""What the forms of hooks look like, and which rules read of them what is no longer there.

Before it, ``noticing`` told the store of each event's names, and ``drift`` judges them. Here that is held against the
hook files that are loaded, whichever process asks; alarms, pages and commands say it in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath

from relay.drift import GONE, Changes, Drift, all_names, changes, drifts, shown, since_of, still_learnt
from relay.errors import StoreError
from relay.finding import Filter
from relay.hooks import Hook
from relay.model import Json
from relay.senders.example_names import names_in_examples
from relay.served import served
from relay.shapes import FIELDS, HIDDEN, Form, FormVersion, Meant, NameSeen, Shown
from relay.store import Store
from relay.store.forms import version_of
from relay.telling import times
from relay.texts import N_

#: That a form still looks the same is noted so often.
SAME_MS = 3_600_000
#: Of one event since, and of many.
LOST = (
    N_("%(how)s reads %(field)s, which %(what)s no longer has since %(time)s (%(number)s event since)"),
    N_("%(how)s reads %(field)s, which %(what)s no longer has since %(time)s (%(number)s events since)"),
)
TURNED = (
    N_("%(how)s reads %(field)s, which is %(kind)s in %(what)s since %(time)s (%(number)s event) and was %(names)s"),
    N_("%(how)s reads %(field)s, which is %(kind)s in %(what)s since %(time)s (%(number)s events) and was %(names)s"),
)
#: Kinds of values, as sentences have them.
KINDS = {"text": "text", "number": "a number", "boolean": "true/false", "list": "a list", "object": "an object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """One change of a form that a rule does not know of."""

    drift: Drift
    hook: str
    #: Path of the hook file, for words to a person.
    file: str
    #: Set where a person said that it is meant.
    meant: Meant | None = None

    @property
    def id(self) -> str:
        return self.drift.id

    @property
    def wanted(self) -> Filter:
        """What finds the events since."""
        return Filter(state="", hook=self.hook, since_ms=self.drift.since_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTold:
    """One form, and what rules read of it that has changed."""

    form: Form
    drifted: tuple[Drifted, ...]


def look(store: Store, hooks: Mapping[str, Hook], names: Sequence[str] | None = None) -> dict[str, list[FormTold]]:
    """Give the forms of these hooks, of all that are loaded unless named, judged by the hook files given."""
    return {
        name: [FormTold(form=form, drifted=tuple(_drifted(form, hooks.get(name), meant))) for form in forms]
        for name, (forms, meant) in store.forms.all(sorted(hooks) if names is None else names).items()
    }


def _drifted(form: Form, hook: Hook | None, meant: Mapping[str, Meant]) -> Iterator[Drifted]:
    for one in drifts(form, hook) if hook else ():
        yield Drifted(drift=one, hook=form.hook, file=hook.file if hook else "", meant=meant.get(one.id))


def open_drifts(told: Iterable[FormTold]) -> list[Drifted]:
    """Give the changes that nobody has said to be meant."""
    return [one for form in told for one in form.drifted if one.meant is None]


def watch(store: Store, folder: PurePath) -> list[Drifted]:
    """Look at all forms: note those that look otherwise than before, and give the changes that need a person."""
    told = look(store, served(store, folder))
    note_versions(store, [one.form for forms in told.values() for one in forms])
    return [one for forms in told.values() for one in open_drifts(forms)]


def note_versions(store: Store, forms: Iterable[Form]) -> None:
    """Put down what each form looks like, where that is new, or now and then. Raises StoreError."""
    for form in forms:
        if form.crowded:
            continue
        names, last = shown(form), form.versions[-1] if form.versions else None
        if last is None or last.version != version_of(names) or form.last_ms - last.last_ms > SAME_MS or last.learning:
            first_ms = since_of(form, last) if last else form.first_ms
            store.forms.put_version(form, names, first_ms=first_ms, learning=still_learnt(form))


def names_seen(store: Store, hook: str) -> dict[str, frozenset[str]]:
    """Give the names that events of a hook had, by the part of the event: ``fields`` and ``hidden``."""
    forms = store.forms.forms(hook)
    return {part: all_names(forms, part) for part in (FIELDS, HIDDEN)}


def names_known(store: Store, hook: Hook) -> Mapping[str, frozenset[str]]:
    """Give the names in the examples beside a hook's file and in its events; those alone where Redis is away."""
    told = dict(names_in_examples(hook))
    with suppress(StoreError):
        for part, names in names_seen(store, hook.name).items():
            told[part] = told.get(part, frozenset()) | names
    return told


def history(form: Form) -> list[tuple[FormVersion, Changes | None]]:
    """Give the versions of a form, the last one first, each with what it changed; None for the first one known."""
    pairs = zip(form.versions, (None, *form.versions), strict=False)
    told = [(version, changes(before, version) if before else None) for version, before in pairs]
    return told[::-1]


def find(store: Store, hooks: Mapping[str, Hook], change: str, *, hook: str = "") -> Drifted | None:
    """Find a change by its id; None where there is none such now."""
    for forms in look(store, hooks, [hook] if hook else None).values():
        for one in (one for form in forms for one in form.drifted):
            if one.id == change:
                return one
    return None


def mean(store: Store, one: Drifted, meant: Meant) -> bool:
    """Have it count as meant, so that it needs nobody any more; gives False where that was said before."""
    about = f"{one.hook}: {one.drift.name.name}"
    return store.forms.mean(one.hook, one.id, meant, about=about)


def title_of(form: Form) -> str:
    """Name a form for a person, as its sender does; '' where it has no name."""
    return form.id or form.title


def sentence_of(one: Drifted, *, file: str, at: str) -> str:
    """Say what a rule reads that is no longer there, and where; ``at`` is when it was there last."""
    drift, use = one.drift, one.drift.uses[0]
    text = (LOST if drift.what == GONE else TURNED)[drift.events != 1]
    form = title_of(drift.form)
    return f"{file}:{use.line}: {text}" % {
        "how": f"rule {use.rule!r}" if use.rule else use.register,
        "field": drift.name.name,
        "what": f"form {form}" if form else "the hook",
        "time": at,
        "number": f"{drift.events:,}",
        "kind": KINDS.get(drift.now, drift.now),
        "names": " or ".join(KINDS[kind] for kind in drift.before),
    }


def form_json(told: FormTold) -> dict[str, Json]:
    form = told.form
    return {
        "hook": form.hook,
        "form": form.id,
        "title": form.title,
        "kind": form.kind,
        "events": form.events,
        **times("first", form.first_ms),
        **times("last", form.last_ms),
        "too_many_names": form.crowded,
        "names": [_name_json(one) for one in sorted(form.names, key=lambda one: (one.part, one.key))],
        "versions": [_version_json(version, changed) for version, changed in history(form)],
        "changes": [drifted_json(one) for one in told.drifted],
    }


def _name_json(one: NameSeen) -> dict[str, Json]:
    kinds: list[Json] = [*sorted(one.kinds)]
    return {
        "in": one.part,
        "name": one.key,
        "label": one.label,
        "type": one.type,
        "values": kinds,
        "events": one.number,
        "of": one.of,
        "absent": 0 if one.defined else one.absent,
        **times("first", one.first_ms),
        **times("last", one.last_ms),
    }


def _version_json(one: FormVersion, changed: Changes | None) -> dict[str, Json]:
    return {
        "version": one.version,
        **times("first", one.first_ms),
        **times("last", one.last_ms),
        "learning": one.learning,
        "names": [shown_json(name) for name in one.names],
        "added": [shown_json(name) for name in changed.added] if changed else [],
        "removed": [shown_json(name) for name in changed.removed] if changed else [],
        "altered": [[shown_json(old), shown_json(new)] for old, new in changed.altered] if changed else [],
    }


def shown_json(one: Shown) -> dict[str, Json]:
    return {"in": one.part, "name": one.key, "label": one.label, "type": one.type}


def drifted_json(one: Drifted) -> dict[str, Json]:
    drift = one.drift
    read: list[Json] = [
        {"rule": use.rule, "for": use.register, "line": use.line, "expression": use.source} for use in drift.uses
    ]
    return {
        "change": one.id,
        "hook": one.hook,
        "form": drift.form.id,
        "name": drift.name.name,
        "what": drift.what,
        "before": " or ".join(drift.before),
        "now": drift.now,
        "likely": drift.likely,
        "file": one.file,
        "read_by": read,
        **times("since", drift.since_ms),
        "events": drift.events,
        "meant": None
        if one.meant is None
        else {"by": one.meant.who, "why": one.meant.why, **times("at", one.meant.at_ms)},
    }
