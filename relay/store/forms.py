"""What the forms of a hook look like: the names that their events had, the versions of each form, what of it is meant.

Names and labels only, never a value. A form that no event came of for so long is forgotten, and so are those behind
the most lately used ones, and names beyond what a form has: whoever posts to a hook may send whatever names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from relay.shapes import Form, FormNoted, FormVersion, KindSeen, Meant, NameSeen, Questions, Shown
from relay.store.acts import Act, write_act
from relay.store.scripts import Scripts, store_errors

MOST_FORMS, MOST_NAMES, MOST_VERSIONS = 100, 300, 12
KEPT_MS = 400 * 86_400_000


class Forms:
    """Notes what forms look like, and gives it back."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client

    def add(self, process: str, call: int, noted: Sequence[FormNoted], *, now_ms: int) -> None:
        """Add what a process saw until ``now_ms`` by its own clock; the same call made again adds nothing."""
        args: list[str | int | bytes] = []
        for one in noted:
            names = {f"{part}.{key}": {"n": n, "k": kinds} for (part, key), (n, kinds) in one.names.items()}
            args += [one.hook, form_key(one.id, one.kind), one.title, one.events, max(0, now_ms - one.received_ms)]
            args += [one.at_ms, orjson.dumps(names), _packed(one.questions)]
        self._scripts.run("form_shapes", process, call, KEPT_MS, MOST_FORMS, MOST_NAMES, *args)

    def forms(self, hook: str) -> list[Form]:
        """Give the forms of a hook, the one that was used last first."""
        return self.all([hook])[hook][0]

    def all(self, hooks: Sequence[str]) -> dict[str, tuple[list[Form], dict[str, Meant]]]:
        """Give for each of these hooks its forms, the one that was used last first, and the changes that are meant."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for hook in hooks:
                key = f"relay:forms:{hook}"
                pipe.hgetall(key).hgetall(f"{key}:versions").hgetall(f"{key}:meant")
            found = pipe.execute()
        threes = zip(found[::3], found[1::3], found[2::3], strict=True)
        return {
            hook: (_forms(hook, shapes, versions), _meant(meant))
            for hook, (shapes, versions, meant) in zip(hooks, threes, strict=True)
        }

    def put_version(self, form: Form, names: Sequence[Shown], *, first_ms: int, learning: bool) -> bool:
        """Note that a form looks like this now; gives whether that is a new version."""
        key, packed = form_key(form.id, form.kind), _listed(names)
        more = ("1" if learning else "", packed, MOST_VERSIONS, KEPT_MS)
        return bool(self._scripts.run("form_version", form.hook, key, version_of(names), first_ms, *more))

    def mean(self, hook: str, change: str, meant: Meant, *, about: str) -> bool:
        """Note that a person means a change, with an act; gives False where that was said before."""
        act = Act(at_ms=meant.at_ms, who=meant.who, what="form meant", about=about, why=meant.why)
        note = orjson.dumps([meant.at_ms, meant.who, meant.why])
        return bool(self._scripts.run("meant", hook, change, note, write_act(act), KEPT_MS))


def _forms(hook: str, shapes: Mapping[bytes, bytes], versions: Mapping[bytes, bytes]) -> list[Form]:
    found = [_form(hook, id.decode(), orjson.loads(told), versions.get(id)) for id, told in shapes.items()]
    return sorted(found, key=lambda one: (-one.last_ms, one.id, one.kind))


def _meant(flat: Mapping[bytes, bytes]) -> dict[str, Meant]:
    told = [(change.decode(), orjson.loads(note)) for change, note in flat.items()]
    return {change: Meant(who, at_ms, why) for change, (at_ms, who, why) in told}


def form_key(id: str, kind: str) -> str:
    """Name a form within its hook: events of another kind have other names, though they are of the same form."""
    return f"{id}\n{kind}" if kind else id


def version_of(names: Sequence[Shown]) -> str:
    return sha256(_listed(sorted(names))).hexdigest()[:8]


def _listed(names: Sequence[Shown]) -> bytes:
    return orjson.dumps([list(one) for one in names])


def _packed(questions: Questions | None) -> bytes:
    if questions is None:
        return b""
    return orjson.dumps({"complete": questions.complete, "all": [list(one) for one in questions.all]})


def _form(hook: str, key: str, told: Mapping[str, Any], versions: bytes | None) -> Form:
    id, _, kind = key.partition("\n")
    return Form(
        hook=hook,
        id=id,
        kind=kind,
        title=told.get("t", ""),
        events=int(told["n"]),
        first_ms=int(told["f"]),
        last_ms=int(told["l"]),
        names=tuple(_name(name, one, told) for name, one in told["k"].items()),
        crowded=bool(told.get("x")),
        versions=tuple(_version(one) for one in orjson.loads(versions)) if versions else (),
    )


def _name(name: str, one: Mapping[str, Any], form: Mapping[str, Any]) -> NameSeen:
    part, _, key = name.partition(".")
    defined = one["d"] == form.get("c") if "d" in one else None
    last = int(one["d"]) if "d" in one else int(one["a"])
    return NameSeen(
        part=part,
        key=key,
        number=int(one["n"]),
        of=int(one["a"] - one["s"] + 1) if one["n"] else 0,
        absent=int(form["n"]) - last,
        first_ms=int(one["f"]),
        last_ms=int(one["l"]),
        values=int(one["v"]),
        kinds={kind: KindSeen(number=n, first=f, last=last, first_ms=ms) for kind, (n, f, last, ms) in _kinds(one)},
        label=one.get("b", ""),
        type=one.get("y", ""),
        question=one.get("i", ""),
        defined=defined,
    )


def _kinds(one: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    return [(kind, [int(part) for part in parts]) for kind, parts in one.get("k", {}).items()]


def _version(told: Mapping[str, Any]) -> FormVersion:
    return FormVersion(
        version=told["v"],
        first_ms=int(told["f"]),
        last_ms=int(told["l"]),
        names=tuple(Shown(*one) for one in orjson.loads(told["k"])),
        learning=bool(told.get("g")),
    )
