"""The versions of a hook's file that mapped its events: when each was in use, what it changed, and its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import flask

from relay.drafts.files import as_edited
from relay.drafts.patch import Hunk, hunks, measure
from relay.model import Json
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Desk
from relay.ops.means import Means
from relay.ops.pages.rules import known, text_of
from relay.ops.workbench import Workbench
from relay.store.rule_texts import RulesVersion
from relay.telling import times

#: Versions whose texts are read for one page.
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One version, beside the one that was loaded before it."""

    version: RulesVersion
    in_use: bool
    #: None where it is not kept.
    text: str | None
    #: The version before; '' where none is known.
    before: str
    hunks: tuple[Hunk, ...]

    @property
    def added(self) -> str:
        return measure(self.hunks)


def add(desk: Desk, means: Means) -> None:
    """Put the list, the page of one version, and their twins into the desk."""
    work = Workbench(means)

    @desk.page("/hooks/<hook>/rules/versions")
    def rule_versions(hook: str) -> str:
        known(work, hook)
        versions = list(versions_of(means, hook))
        return flask.render_template("rule_versions.html", hook=hook, versions=versions, links=links)

    @desk.page("/hooks/<hook>/rules/versions/<version>")
    def rule_version(hook: str, version: str) -> str:
        known(work, hook)
        text = text_of(means, hook, version)
        found = hunks(text, work.file(hook).text)
        return flask.render_template(
            "rule_version.html",
            hook=hook,
            version=version,
            lines=text.splitlines(),
            hunks=found,
            added=measure(found),
            links=links,
        )

    @desk.api("/hooks/<hook>/rules/versions")
    def rule_versions_json(hook: str) -> flask.Response:
        known(work, hook)
        told: list[Json] = [version_json(one) for one in versions_of(means, hook)]
        return json_answer({"hook": hook, "versions": told})

    @desk.api("/hooks/<hook>/rules/versions/<version>")
    def rule_version_json(hook: str, version: str) -> flask.Response:
        known(work, hook)
        return json_answer({"hook": hook, "version": version, "text": text_of(means, hook, version)})


def versions_of(means: Means, hook: str) -> Iterator[Told]:
    """Give the versions that are kept, the one that was loaded last first. Raises StoreError."""
    loaded = means.hooks.get(hook)
    texts = means.store.rule_texts
    versions = texts.versions(hook)[:MOST]
    kept = [texts.text(hook, one.version) for one in versions]
    pairs = list(zip(versions, kept, strict=True))
    for (version, text), before in zip_longest(pairs, pairs[1:]):
        old = before[1] if before else None
        changes = hunks(as_edited(old), as_edited(text)) if old is not None and text is not None else []
        yield Told(
            version=version,
            in_use=loaded is not None and loaded.version == version.version,
            text=text,
            before=before[0].version if before else "",
            hunks=tuple(changes),
        )


def version_json(one: Told) -> dict[str, Json]:
    return {
        "version": one.version.version,
        "in_use": one.in_use,
        **times("first", one.version.first_ms),
        **times("last", one.version.last_ms),
        "before": one.before,
        "lines_added": sum(row.sign == "+" for hunk in one.hunks for row in hunk),
        "lines_removed": sum(row.sign == "-" for hunk in one.hunks for row in hunk),
    }
