"""What people did: who, when, what, about what, by which filter, how many, and why; newest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import flask

from relay import inbox
from relay.errors import CommandError
from relay.finding import read_time
from relay.inbox import Row
from relay.lead_fields import is_uuid
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.filtering import SINCE
from relay.ops.means import Means
from relay.ops.readable import zone
from relay.ops.sentences import say
from relay.store import Store
from relay.store.acts import KEPT, Act
from relay.telling import act_json
from relay.texts import N_

SIZE = 50
MOST_JSON = 500
#: Read at first; all of the list only where these are not enough.
FIRST = 500
OUR_ID = re.compile(r"[a-z2-7]{20}")
#: A group, as ``finding.described`` writes it.
GROUP = re.compile(r"\bgroup '(\w+)'")
#: What people can do, as the list has it.
WHATS = (
    *(N_("drop"), N_("replay"), N_("cancel"), N_("pause"), N_("resume"), N_("slow"), N_("probe"), N_("link")),
    *(N_("import"), N_("acknowledge"), N_("reopen"), N_("log out"), N_("send"), N_("form meant"), N_("save")),
)

#: Those of which we say how they were done, beside what a person wrote.
OUR_WHYS = ("replay", "cancel", "slow", "link", "send")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which acts are asked for; an empty part asks for nothing."""

    who: str = ""
    what: str = ""
    since_ms: int = 0
    #: Where to go on: a time in ms, and how many acts of that time were given.
    after: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Some acts, newest first."""

    acts: tuple[Act, ...]
    #: Where the next ones begin; '' where there are none.
    next: str = ""


def add(desk: Desk, means: Means) -> None:
    """Put the list, and its twin in JSON, into the desk."""
    store = means.store

    @desk.page("/acts")
    def acts() -> Answer:
        args = flask.request.args
        said = {name: args.get(name, "").strip() for name in ("who", "what", "since")}
        fault, found = "", Listed(acts=())
        try:
            found = some(store, wanted_by(store, args), SIZE)
        except CommandError as error:
            fault = str(error)
        people = sorted({act.who for act in store.acts.last(FIRST)} | ({said["who"]} - {""}))
        shown = flask.render_template(
            "acts.html",
            acts=found.acts,
            groups=groups_of(store, found.acts),
            group_of=group_of,
            split=split,
            links=links,
            href_of=href_of,
            about_told=about_told,
            why_told=why_told,
            said={name: text for name, text in said.items() if text},
            people=people,
            whats=WHATS,
            since=SINCE,
            fault=fault,
            found=found,
            after=args.get("after", ""),
            kept=KEPT,
        )
        return shown, 400 if fault else 200

    @desk.api("/acts")
    def acts_json() -> flask.Response:
        size = flask.request.args.get("size", str(SIZE))
        if not size.isdecimal() or not 1 <= int(size) <= MOST_JSON:
            raise CommandError(f"size: must be a whole number from 1 to {MOST_JSON}, not {size!r}")
        found = some(store, wanted_by(store, flask.request.args), int(size))
        return json_answer({"acts": [act_json(act) for act in found.acts], "next": found.next})


def wanted_by(store: Store, said: Mapping[str, str]) -> Wanted:
    """Read what an address asks for. Raises CommandError."""
    since, after = said.get("since", "").strip(), said.get("after", "")
    return Wanted(
        who=said.get("who", "").strip(),
        what=said.get("what", "").strip(),
        since_ms=read_time(since, now_ms=store.events.now_ms(), zone=zone()) if since else 0,
        after=read_place(after) if after else None,
    )


def read_place(after: str) -> tuple[int, int]:
    """Read ``<ms>.<how many of that ms were given>``."""
    at_ms, _, given = after.partition(".")
    if not at_ms.isdecimal() or not given.isdecimal():
        raise CommandError("that place in the list can't be read: begin at its start")
    return int(at_ms), int(given)


def some(store: Store, wanted: Wanted, size: int) -> Listed:
    """Give the newest acts that are asked for, behind ``wanted.after``."""
    for most in (FIRST, KEPT):
        listed = store.acts.last(most)
        fitting = list(fits(listed, wanted))
        if len(fitting) > size or len(listed) < most or (listed and listed[-1].at_ms < wanted.since_ms):
            break
    given = tuple(fitting[:size])
    return Listed(acts=given, next=place_behind(listed, given[-1]) if len(fitting) > size else "")


def fits(acts: Sequence[Act], wanted: Wanted) -> Iterator[Act]:
    """Give the acts that are asked for. New ones at the top move no place: it is one in time."""
    at_ms, given = wanted.after or (0, 0)
    for act in acts:
        if wanted.after and act.at_ms >= at_ms:
            skipped = act.at_ms > at_ms or given > 0
            given -= act.at_ms == at_ms
            if skipped:
                continue
        if act.at_ms >= wanted.since_ms and wanted.who in ("", act.who) and wanted.what in ("", act.what):
            yield act


def place_behind(acts: Sequence[Act], last: Act) -> str:
    """Name the place behind an act: its time, and how many acts of that time there are up to it."""
    place = next(number for number, act in enumerate(acts) if act is last)
    return f"{last.at_ms}.{sum(act.at_ms == last.at_ms for act in acts[: place + 1])}"


def groups_of(store: Store, acts: Sequence[Act]) -> dict[str, Row]:
    """Give the groups that these acts, or their filters, are about, by their ids, as far as they are known."""
    named = dict.fromkeys(group for act in acts for group in (group_of(act), split(act.filter)[1]) if group)
    return {row.group.id: row for row in inbox.rows(store, store.groups.some(named))}


def group_of(act: Act) -> str:
    """Give the id of the group that an act is about; '' where it is about something else."""
    return act.about.removeprefix("group ") if act.about.startswith("group ") else ""


def split(filter: str) -> tuple[str, str, str]:
    """Part the words of a filter at its group: what stands before, its id, what stands behind."""
    found = GROUP.search(filter)
    return (filter[: found.start(1)], found[1], filter[found.end(1) :]) if found else (filter, "", "")


def about_told(act: Act) -> str:
    """Say what an act was about: ``destination default``, ``3 events``; ids and names stay."""
    return say(act.about)


def why_told(act: Act) -> str:
    """Say why, or how, something was done, where that is not what a person wrote."""
    return say(act.why) if act.what in OUR_WHYS else act.why


def href_of(act: Act) -> str:
    """Give the address of what an act was about; '' where that is no one thing, or has no page."""
    kind, _, name = act.about.partition(" ")
    if OUR_ID.fullmatch(act.about):
        return links.event(act.about)
    if is_uuid(act.about.rpartition("/")[2]):
        return links.lead(act.about)
    if kind == "hook":
        return links.hook(name)
    if kind == "group":
        return links.inbox(name)
    if kind == "destination":
        return links.destination(name)
    return links.replay_of(act.replay) if act.replay else ""
