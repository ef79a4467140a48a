"""Addresses of other pages, for those that lead there; empty where no such page is served."""

from __future__ import annotations

from urllib.parse import urlencode

import flask

from relay.finding import Filter, words_of
from relay.ops.desk import PREFIX


def events(wanted: Filter) -> str:
    """Lead to the events that a filter finds."""
    return _served("events", f"/events?{urlencode(words_of(wanted))}")


def event(id: str) -> str:
    return _served("events", f"/events/{id}")


def lead(name: str) -> str:
    return _served("lead", f"/leads/{name}")


def hook(name: str) -> str:
    return _served("hooks", f"/hooks/{name}")


def rules(hook: str, line: int = 0, **query: str) -> str:
    """Lead to the workbench of a hook's file, there to a line."""
    asked = f"?{urlencode(query)}" if query else ""
    return _served("rules", f"/hooks/{hook}/rules{asked}{f'#line-{line}' if line else ''}")


def destination(name: str) -> str:
    return _served("destinations", f"/destinations#{name}")


def replay(wanted: Filter, **more: str) -> str:
    """Lead to a new replay of the events that a filter finds."""
    return _served("replays", f"/replays/new?{urlencode(words_of(wanted) | more)}")


def replay_of(id: str) -> str:
    """Lead to a replay that was made."""
    return _served("replay", f"/replays/{id}")


def inbox(group: str = "", **query: str) -> str:
    """Lead to the groups of failures, or to one of them."""
    path = f"/inbox/{group}" if group else "/inbox"
    return _served("inbox", f"{path}?{urlencode(query)}" if query else path)


def page(name: str) -> str:
    """Lead to one of the sections, by its name."""
    return _served(name, f"/{name}")


def _served(name: str, path: str) -> str:
    return f"{PREFIX}{path}" if f"ops.{name}" in flask.current_app.view_functions else ""
