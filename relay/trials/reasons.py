"""Which rule a value of an example comes from, or why none gives it: what is told beside a value that differs."""

from __future__ import annotations

from relay.mapping.explain import Explanation, RuleSeen, Setting, explain_event
from relay.trials import pages
from relay.trials.pages import register_of
from relay.trials.running import Ran


class Reasons:
    """Says which rule a value comes from, or why none gives it: the event is explained once somebody asks."""

    def __init__(self, ran: Ran) -> None:
        self._ran = ran
        self._told: dict[int, Explanation] = {}

    def of(self, path: pages.Path) -> tuple[str, int, str]:
        """Give the rule, its line in the hook file, and why nothing came of it."""
        match path:
            case ("events", int(event), *rest) if event < len(self._ran.trials):
                place, inner = (rest[1], rest[2:]) if rest[:1] == ["updates"] and len(rest) > 1 else (0, rest)
                if register := register_of(tuple(inner)):
                    return self.of_register(event, int(place), register)
                if rest[:1] == ["lead"]:
                    return "", self.lead_line(event, rest[1:]), ""
        return "", 0, ""

    def explanation(self, event: int) -> Explanation:
        if event not in self._told:
            one = self._ran.trials[event].event
            self._told[event] = explain_event(one, self._ran.hook, received_ms=self._ran.received_ms)
        return self._told[event]

    def of_register(self, event: int, place: int, register: str) -> tuple[str, int, str]:
        told = self.explanation(event)
        for one in told.update:
            if (one.place, one.register) == (place, register):
                return one.rule, one.line, ""
        return why_not(told, register)

    def lead_line(self, event: int, rest: list[str | int]) -> int:
        lead = self.explanation(event).lead
        return lead.line or next((one.line for one in lead.names if [one.kind] == rest), 0)


def why_not(told: Explanation, register: str) -> tuple[str, int, str]:
    """Give the last rule that could have set a register, and why it did not."""
    for rule in reversed(told.rules):
        if register in rule.registers:
            setting = next((one for one in rule.settings if one.register == register), None)
            return rule.name, setting.line if setting else rule.line, words_of(rule, setting)
    return "", 0, "no rule sets it"


def words_of(rule: RuleSeen, setting: Setting | None) -> str:
    if setting is None:
        return rule.words or ("it did not hold" if rule.considered else "it was not come to")
    if setting.fault:
        return f"held back: {setting.fault}"
    step = next((one.telling for one in setting.filtered if one.telling and one.telling.missing), None)
    return f"left out: | {step.filter} gave nothing" if step else "left out: there is no value"
