"""How differences and reports look as JSON: the same for commands and for pages.

A report::

    {"events": 12340, "compared": 4000, "same": 12300, "changed": 40, ..., "more": false,
     "hooks": [{"hook": "cotiza", "old_version": "3f2a91c0", "new_version": "8b1c77aa", "as_mapped": false,
                "unchanged": false, "events": 4000, "same": 3960, "counts": {"changed": 40, "lost_field": 9, ...},
                "examples": {"lost_field": ["<event id>", ...]},
                "ends": [{"old": "mapped", "new": "parked", "events": 9, "examples": [...]}],
                "whys": [...], "new_faults": [{"words": "...", "events": 3, "examples": [...]}], "gone_faults": [...],
                "leads": [{"event": "...", "old": "<lead>", "new": "<lead>"}],
                "fields": [{"field": "phone", "lost": 9, "gained": 0, "changed": 0, "cleared": 0,
                            "examples": [{"kind": "lost", "old": "...", "new": null, "old_rule": "contact",
                                          "new_rule": "", "event": "...", "events": 1}]}],
                "rules": [{"rule": "contact", "old": {"held": 10, "gave": 9}, "new": null}]}],
     "without_rules": {"old-hook": 12}}

``compared`` are the events of hooks of which the rules differ. A rule that one side does not have is null there.
"""

from __future__ import annotations

from collections.abc import Mapping

from relay.backtest.coverage import Counts
from relay.backtest.difference import Difference, FieldChange, Kind, Made
from relay.backtest.report import METRICS, Example, FieldCount, HookReport, Report, Told
from relay.model import Json
from relay.telling import fault_json


def report_json(report: Report) -> dict[str, Json]:
    return {
        "events": report.events,
        "compared": report.compared,
        "same": report.same,
        **{name: report.count(name) for name in METRICS},
        "more": report.more,
        "hooks": [hook_json(one) for one in report.by_weight()],
        "without_rules": dict(report.without_rules),
    }


def hook_json(one: HookReport) -> dict[str, Json]:
    return {
        "hook": one.hook,
        "old_version": one.old_version,
        "new_version": one.new_version,
        "as_mapped": one.as_mapped,
        "unchanged": one.unchanged,
        "events": one.events,
        "same": one.same,
        "counts": {name: one.count(name) for name in METRICS},
        "examples": {name: list(told.events) for name, told in one.metrics.items()},
        "ends": [_end_json(ends, told) for ends, told in one.ends.items()],
        "whys": _words_json(one.whys),
        "new_faults": _words_json(one.new_faults),
        "gone_faults": _words_json(one.gone_faults),
        "leads": [{"event": event, "old": old, "new": new} for event, old, new in one.leads],
        "fields": [_field_json(register, count) for register, count in one.fields.items()],
        "rules": [
            {"rule": name, "old": _counts_json(count.old), "new": _counts_json(count.new)}
            for name, count in one.rules.items()
        ],
    }


def _end_json(ends: str, told: Told) -> Json:
    old, _, new = ends.partition(" -> ")
    return {"old": old, "new": new, "events": told.count, "examples": list(told.events)}


def _words_json(told: Mapping[str, Told]) -> list[Json]:
    return [{"words": words, "events": one.count, "examples": list(one.events)} for words, one in told.items()]


def _field_json(register: str, count: FieldCount) -> Json:
    numbers: dict[str, Json] = {kind.value: count.counts[kind] for kind in Kind}
    return {"field": register, **numbers, "examples": [_example_json(one) for one in count.examples.values()]}


def _example_json(one: Example) -> Json:
    return {
        "kind": one.kind.value,
        "old": one.old,
        "new": one.new,
        "old_rule": one.old_rule,
        "new_rule": one.new_rule,
        "event": one.event,
        "events": one.times,
    }


def _counts_json(counts: Counts | None) -> Json:
    return None if counts is None else {"held": counts.held, "gave": counts.gave}


def difference_json(one: Difference) -> dict[str, Json]:
    """Give what differs of one event, and what both sides make of it."""
    return {
        "event": one.event,
        "hook": one.hook,
        "same": one.same,
        **{name: holds(one) for name, holds in METRICS.items()},
        "fields": [change_json(change) for change in one.fields],
        "new_faults": [fault_json(fault) for fault in one.new_faults],
        "gone_faults": [fault_json(fault) for fault in one.gone_faults],
        "old": made_json(one.old),
        "new": made_json(one.new),
    }


def change_json(one: FieldChange) -> dict[str, Json]:
    return {
        "field": one.register,
        "kind": one.kind.value,
        "old": one.old,
        "new": one.new,
        "old_rule": one.old_rule,
        "new_rule": one.new_rule,
    }


def made_json(made: Made) -> dict[str, Json]:
    """Give what one hook file makes of an event: how it ends and why, its lead, its updates, its faults."""
    updates: list[Json] = [{"set": dict(one.set), "by": dict(one.by), "each": one.each} for one in made.updates]
    faults: list[Json] = [fault_json(fault) for fault in made.faults]
    return {"end": made.end.value, "why": made.why, "lead": made.lead, "updates": updates, "faults": faults}
