"""All that there is to say of one hook: how it is set up at its sender, its secrets, its rules, its file, its versions.

Of secrets only whether each is set, and until when it holds: never a value, nor anything of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from relay import rulebook
from relay.coverage import HookCovered, RuleCovered, covered
from relay.forms import Drifted, FormTold, look, open_drifts
from relay.hooks import Hook, Rule
from relay.mapping.explain import condition_of, source_of
from relay.model import Json
from relay.ops.hook_rows import Row, row_json
from relay.ops.means import Means
from relay.refusals import Refusals, fitting, refusals, refusals_json
from relay.senders import ABOUT, adapter_of
from relay.senders.base import Fetching
from relay.senders.examples import examples
from relay.sending import About
from relay.settings import DAY_MS, Settings
from relay.store.alarms import Alarm
from relay.store.errands import FETCH
from relay.store.gates import Gate
from relay.store.meters import Speed
from relay.store.rule_texts import RulesVersion
from relay.telling import errands_json, times
from relay.texts import N_

#: Groups of refused requests that are shown.
MOST_REFUSED = 3
#: Days over which it is told how often rules held, the one of now among them.
COVERED_DAYS = 6
#: Of a secret that proves who sends.
PROOF = N_("proves that a request is the sender's; any of them may match")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A variable that holds a secret; nothing of its value."""

    name: str
    #: What it is for: ``token``, ``verify_token``, or '' for one that requests are verified with.
    key: str
    #: What it is, in English.
    what: str
    set: bool
    #: When it runs out, in ms since 1970; 0 where the environment does not say.
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTold:
    """A rule, as its file says it."""

    name: str
    line: int
    #: When it holds; '' where it always does.
    when: str
    when_line: int
    #: Register, what the file says of it, and the line.
    sets: tuple[tuple[str, str, int], ...]
    each: bool
    stop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One hook."""

    row: Row
    #: The hook file that is loaded, else the last that was, without its secrets; None where that is not kept.
    hook: Hook | None
    loaded: bool
    about: About | None
    address: str
    secrets: tuple[Secret, ...]
    #: How the asking for its answers fares; None where the sender sends them, or nothing was asked yet.
    asking: Gate | None
    #: Whether its answers are asked for at its sender.
    fetches: bool
    rules: tuple[RuleTold, ...]
    #: How its lead is known: name and expression, each with its line.
    lead: tuple[tuple[str, str, int], ...]
    versions: tuple[RulesVersion, ...]
    speed: Speed | None
    refused: tuple[Refusals, ...]
    alarms: tuple[Alarm, ...]
    #: What the file on disk is like beside the one that is loaded: '', 'changed' or 'gone'.
    on_disk: str
    #: Names of its example events.
    examples: tuple[str, ...]
    #: How often each rule held lately; None where the file is not loaded.
    covered: HookCovered | None
    #: What its forms look like, and have lost.
    forms: tuple[FormTold, ...]

    @property
    def lost(self) -> list[Drifted]:
        """What its rules read and its forms no longer give, where nobody has said that this is meant."""
        return open_drifts(self.forms)

    def rule_covered(self, name: str) -> RuleCovered | None:
        """How often a rule held lately; None where nothing was counted."""
        several = self.covered.rules if self.covered and self.covered.events else ()
        return next((one for one in several if one.name == name), None)

    @property
    def file(self) -> str:
        """The name of the hook file, as pages say it; '' where it is not known."""
        return PurePath(self.hook.file).name if self.hook else ""


def told_of(means: Means, row: Row, *, address: str, alarms: Iterable[Alarm]) -> Told:
    """Gather it all. Raises StoreError."""
    store = means.store
    versions = tuple(store.rule_texts.versions(row.name))
    now = means.hooks.get(row.name)
    hook = now or last_known(means, row.name, versions)
    secrets = tuple(secrets_of(hook, means.settings)) if hook else ()
    fetches = hook is not None and isinstance(adapter_of(hook), Fetching)
    queue = f"{FETCH}:{row.name}"
    gates = store.gates.errands() if fetches else []
    return Told(
        row=row,
        hook=hook,
        loaded=now is not None,
        about=ABOUT.get(hook.sender) if hook else None,
        address=address,
        secrets=secrets,
        asking=next((gate for gate in gates if gate.destination == queue), None),
        fetches=fetches,
        rules=tuple(rule_told(rule) for rule in hook.rules) if hook else (),
        lead=tuple(lead_told(hook)) if hook else (),
        versions=versions,
        speed=store.meters.speed().get(row.name),
        refused=tuple(refusals(fitting(store.events.rejected(), hook=row.name), means.hooks)[:MOST_REFUSED]),
        alarms=tuple(alarms_of(row.name, secrets, alarms)),
        on_disk=on_disk(now) if now else "",
        examples=tuple(one.name for one in examples(Path(now.file))) if now else (),
        covered=covered(store, now, since_ms=store.events.now_ms() - COVERED_DAYS * DAY_MS) if now else None,
        forms=tuple(look(store, means.hooks, [row.name])[row.name]),
    )


def last_known(means: Means, name: str, versions: Sequence[RulesVersion]) -> Hook | None:
    """Read the last version that is kept of a hook file that is not loaded now; None where it can't be read."""
    text = means.store.rule_texts.text(name, versions[0].version) if versions else None
    return None if text is None else rulebook.read_text(PurePath(f"{name}.yaml"), text, ABOUT)


def secrets_of(hook: Hook, settings: Settings) -> Iterator[Secret]:
    """Say of each secret that a hook file names whether it is set, and until when it holds."""
    keys = ABOUT[hook.sender].keys
    named = [(name, "", PROOF) for name in hook.secret_names]
    named += [(name, key, keys.get(key, "")) for key, name in hook.key_names.items()]
    for name, key, what in named:
        yield Secret(
            name=name,
            key=key,
            what=what,
            set=bool(settings.environment.get(name, "").strip()),
            expires_ms=settings.expiries.get(name, 0),
        )


def rule_told(rule: Rule) -> RuleTold:
    return RuleTold(
        name=rule.name,
        line=rule.line,
        when=condition_of(rule),
        when_line=rule.when_line,
        sets=tuple((register, source_of(rule, register), line) for register, line in rule.lines.items()),
        each=rule.each,
        stop=rule.stop,
    )


def lead_told(hook: Hook) -> Iterator[tuple[str, str, int]]:
    by = hook.lead
    if by.id is not None:
        yield "id", by.id.source, by.id.line
    yield from ((kind, formula.source, formula.line) for kind, formula in by.match)


def alarms_of(name: str, secrets: Iterable[Secret], alarms: Iterable[Alarm]) -> Iterator[Alarm]:
    """Give those of a hook: its silence, its file, its queue of errands, its secrets that run out, its forms."""
    names = {f"silent:{name}", f"rules:{name}"} | {f"expires:{one.name}" for one in secrets}
    queue, form = f":{FETCH}:{name}", f"form:{name}:"
    return (one for one in alarms if one.name in names or one.name.endswith(queue) or one.name.startswith(form))


def on_disk(hook: Hook) -> str:
    """Compare the file with what is loaded of it; '' where they are the same, or where that can't be said."""
    try:
        text = Path(hook.file).read_bytes()
    except FileNotFoundError:
        return "gone" if hook.text else ""
    except OSError:
        return ""
    return "changed" if hook.text and text != hook.text else ""


def told_json(told: Told) -> dict[str, Json]:
    """Give all of it as JSON but the text of the file."""
    hook, speed = told.hook, told.speed
    return row_json(told.row) | {
        "address": told.address,
        "file": hook.file if hook else "",
        "on_disk": told.on_disk or "as loaded",
        "destination": hook.destination if hook else "",
        "shadow": hook.shadow if hook else "",
        "delivers_tests": hook.deliver_tests if hook else False,
        "secrets": [
            {"name": one.name, "key": one.key, "set": one.set, **times("expires", one.expires_ms or None)}
            for one in told.secrets
        ],
        "asking": None if told.asking is None else errands_json(told.asking),
        "lead": [{"by": name, "expression": source, "line": line} for name, source, line in told.lead],
        "rules": [_rule_json(one) for one in told.rules],
        "versions": [
            {"version": one.version, **times("first", one.first_ms), **times("last", one.last_ms)}
            for one in told.versions
        ],
        "speed": None if not speed or not speed.number else _speed_json(speed),
        "refused": [refusals_json(one) for one in told.refused],
        "alarms": [{"alarm": one.name, "words": one.words, **times("began", one.began_ms)} for one in told.alarms],
        "examples": list(told.examples),
    }


def _rule_json(one: RuleTold) -> dict[str, Json]:
    sets: list[Json] = [{"field": register, "from": source, "line": line} for register, source, line in one.sets]
    return {
        "name": one.name,
        "line": one.line,
        "when": one.when,
        "sets": sets,
        "deliver_each": one.each,
        "stop": one.stop,
    }


def _speed_json(speed: Speed) -> dict[str, Json]:
    return {
        "events": speed.number,
        "mean_ms": round(speed.sum_ms / speed.number),
        "half_within_ms": speed.within_ms(0.5),
        "95_percent_within_ms": speed.within_ms(0.95),
    }


def text_of(means: Means, told: Told, version: str) -> tuple[str, str]:
    """Give version and text of a hook file: of the version that is asked for, else the one in use. Both '' for none."""
    hook = told.hook
    if hook and hook.text and version in ("", hook.version):
        return hook.version, hook.text.decode("utf-8-sig")
    if version not in {one.version for one in told.versions}:
        return "", ""
    return version, means.store.rule_texts.text(told.row.name, version) or ""
