"""An explanation as plain JSON, for scripts."""

from __future__ import annotations

from dataclasses import asdict

from relay.explain import Explained
from relay.expressions.parts import Part, Seen
from relay.expressions.steps import Filtering
from relay.mapping.explain import LeadSeen, NameSeen, RuleSeen, Setting
from relay.model import Json


def explanation_json(told: Explained) -> dict[str, Json]:
    """Give all of an explanation."""
    explanation = told.explanation
    return {
        "verified": {"words": told.verification.words, "secret_name": told.verification.secret_name},
        "file": told.file,
        "version": told.version,
        "as_then": told.as_then,
        "words": told.words,
        "differs": list(told.differs),
        "rules": [rule_json(one) for one in explanation.rules] if explanation else [],
        "update": [asdict(one) for one in explanation.update] if explanation else [],
        "lead": lead_json(explanation.lead) if explanation else None,
    }


def rule_json(rule: RuleSeen) -> dict[str, Json]:
    return {
        "name": rule.name,
        "line": rule.line,
        "considered": rule.considered,
        "held": rule.held,
        "words": rule.words,
        "when_line": rule.when_line,
        "when": part_json(rule.when) if rule.when else None,
        "filtered": [filtering_json(one) for one in rule.filtered],
        "deliver": "each" if rule.each else "merged",
        "stop": rule.stop,
        "registers": list(rule.registers),
        "settings": [setting_json(one) for one in rule.settings],
    }


def part_json(part: Part) -> dict[str, Json]:
    return {
        "source": part.source,
        "held": part.held,
        "words": part.words,
        "asked": part.asked,
        "joint": part.joint,
        "seen": [seen_json(one) for one in part.seen],
        "parts": [part_json(one) for one in part.parts],
    }


def seen_json(one: Seen) -> dict[str, Json]:
    return {"source": one.source, "value": one.value, "missing": one.missing}


def setting_json(one: Setting) -> dict[str, Json]:
    told = {"seen": [seen_json(each) for each in one.seen], "filtered": [filtering_json(each) for each in one.filtered]}
    return {**asdict(one), **told}


def filtering_json(one: Filtering) -> dict[str, Json]:
    """Give a value's way through its filters."""
    return {"source": one.source, "start": seen_json(one.start), "steps": [asdict(step) for step in one.steps]}


def lead_json(lead: LeadSeen) -> dict[str, Json]:
    return {
        "source": lead.source,
        "line": lead.line,
        "value": seen_json(lead.value) if lead.value else None,
        "words": lead.words,
        "seen": [seen_json(one) for one in lead.seen],
        "filtered": [filtering_json(one) for one in lead.filtered],
        "names": [name_json(one) for one in lead.names],
        "missing": lead.missing,
    }


def name_json(one: NameSeen) -> dict[str, Json]:
    return {
        "kind": one.kind,
        "source": one.source,
        "line": one.line,
        "value": seen_json(one.value),
        "name": one.name.value if one.name else None,
        "words": one.words,
        "seen": [seen_json(each) for each in one.seen],
        "filtered": [filtering_json(each) for each in one.filtered],
    }
