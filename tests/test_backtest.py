"""Old and new rules over stored events: what is counted, what is shown of it, and that parts add up to the whole."""

from __future__ import annotations

import json
import os
import pickle
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import receive
from relay.backtest import Backtest, Kind, Report, compare, difference_json, pages, report_json, run, spread
from relay.backtest.coverage import Counts, Coverage, Memo, alike
from relay.backtest.report import METRICS, HookReport, Told
from relay.errors import CommandError
from relay.finding import Filter
from relay.hooks import Hook
from relay.model import Event, StoredEvent
from relay.senders import adapter_of
from relay.senders.base import Sender
from relay.sending import Request
from relay.store import Store
from tests.example_hooks import example_hook
from tests.forms import come_in
from tests.hook_texts import BY_ID, LEAD, NOW, hook_of, rule, rules
from tests.sender_security import SECRET, every_example, sent
from tests.test_backtest_proof import bodies, files

CONTACT = rule("contact", '{first_name: "${fields.nombre}", phone: "${fields.tel}"}')
ESTADO = rule("estado", '{metadata: {estado: "nuevo"}}', "when: fields.uf")
OLD = hook_of(rules(CONTACT, ESTADO))
ANY = Filter(state="")


def other(*several: str) -> Hook:
    return hook_of(rules(*several))


def compared(store: Store, old: Hook | None, new: Hook | None, **more: Any) -> HookReport:
    report = run(store, old, new, ANY, **more)
    (one,) = report.hooks.values()
    return one


@pytest.fixture
def events(store: Store) -> list[str]:
    """Three events of hook h, of which one has a uf."""
    return [come_in(store, OLD, nombre=name, tel="1", **more) for name, more in [("Ana", {}), ("Eva", {"uf": "9"})]] + [
        come_in(store, OLD, nombre="Isa")
    ]


def test_the_same_rules_make_no_difference_and_are_not_even_run(store: Store, events: list[str]) -> None:
    one = compared(store, OLD, OLD)

    assert (one.events, one.same, one.unchanged, one.metrics, one.rules) == (3, 3, True, {}, {})


def test_another_version_that_says_the_same_is_run_and_makes_no_difference(store: Store, events: list[str]) -> None:
    one = compared(store, OLD, hook_of(rules(CONTACT, ESTADO) + "# newer\n"))

    assert (one.events, one.same, one.unchanged, one.metrics) == (3, 3, False, {})
    assert one.rules["estado"].old == one.rules["estado"].new == Counts(held=1, gave=1)
    assert one.rules["contact"].new == Counts(held=3, gave=3)


def test_fields_are_counted_with_a_few_examples_each(store: Store, events: list[str]) -> None:
    new = other(rule("contact", '{first_name: "${fields.nombre | upper}"}'), ESTADO)

    one = compared(store, OLD, new, most=2)

    assert {name: count.counts for name, count in one.fields.items()} == {
        "first_name": {"changed": 3},
        "phone": {"lost": 2},
    }
    examples = [(one.old, one.new, one.event) for one in one.fields["first_name"].examples.values()]
    assert examples == [("Isa", "ISA", events[2]), ("Eva", "EVA", events[1])], "the newest first, no more than two"
    (lost,) = one.fields["phone"].examples.values()
    assert (lost.old, lost.new, lost.old_rule, lost.new_rule, lost.times) == ("1", None, "contact", "", 2)
    assert {name: told.count for name, told in one.metrics.items()} == {
        "changed": 3,
        "changed_field": 3,
        "lost_field": 2,
    }
    assert one.metrics["lost_field"].events == [events[1], events[0]]
    assert (one.same, one.only_change) == (0, 3)


def test_events_that_end_otherwise_are_counted_by_how_and_why(store: Store, events: list[str]) -> None:
    new = other(rule("contact", '{first_name: "${fields.nombre}", phone: "${fields.tel | required}"}'))

    one = compared(store, OLD, new)

    assert {words: (told.count, told.events) for words, told in one.ends.items()} == {
        "mapped -> dead": (1, [events[2]])
    }
    assert {words: told.count for words, told in one.whys.items()} == {
        "rules/h.yaml:6: rule 'contact': phone is required and missing": 1
    }
    assert (one.count("no_longer_mapped"), one.count("newly_faulty"), one.only_change) == (1, 1, 1)


def test_values_that_fail_are_counted_by_register_and_words(store: Store, events: list[str]) -> None:
    strict = other(rule("contact", '{first_name: "${fields.nombre}", phone: "${fields.tel | phone(\'CL\')}"}'), ESTADO)

    forth, back = compared(store, OLD, strict), compared(store, strict, OLD)

    assert {words: told.count for words, told in forth.new_faults.items()} == {"phone is not a phone number of CL": 2}
    assert {words: told.count for words, told in back.gone_faults.items()} == {"phone is not a phone number of CL": 2}
    assert (forth.count("newly_faulty"), back.count("fault_gone"), back.count("newly_faulty")) == (2, 2, 0)


def test_leads_that_differ_are_shown(store: Store, events: list[str]) -> None:
    one = compared(store, OLD, replace(OLD, destination="acme", version="moved"))

    assert one.count("changed_lead") == 3
    assert one.leads[0] == (events[2], LEAD, f"acme/{LEAD}")


def test_a_rule_that_one_side_does_not_have_is_told_from_one_that_never_held(store: Store, events: list[str]) -> None:
    new = other(CONTACT, rule("never", "{title: x}", "when: fields.nada"))

    one = compared(store, OLD, new)

    assert (one.rules["estado"].old, one.rules["estado"].new) == (Counts(1, 1), None)
    assert (one.rules["never"].old, one.rules["never"].new) == (None, Counts(0, 0))


def test_against_the_records_as_they_were_mapped(store: Store, events: list[str]) -> None:
    new = other(rule("contact", '{first_name: "${fields.nombre | upper}", phone: "${fields.tel}"}'), ESTADO)

    same, changed = (compared(store, None, hook, as_mapped=True) for hook in (OLD, new))

    assert (same.events, same.same, same.as_mapped, same.old_version) == (3, 3, True, "")
    assert {name: count.counts for name, count in changed.fields.items()} == {"first_name": {"changed": 3}}


@every_example
def test_whatever_a_sender_sends_stands_as_it_was_mapped(store: Store, sender: Sender, path: Any) -> None:
    hook = replace(example_hook(sender.name), secrets=(SECRET,), signature=None)
    stored = receive.receive(sent(sender, path), hook=hook, store=store.door)

    held = compared(store, None, hook, as_mapped=True)
    renamed = compared(store, hook, replace(hook, version="other"))

    assert (held.events, held.same) == (len(stored), len(stored)), held
    assert (renamed.events, renamed.same) == (len(stored), len(stored))
    assert orjson.loads(orjson.dumps(report_json(Report(hooks={hook.name: held}))))["same"] == len(stored)


def test_a_hook_without_a_file_on_one_side_is_no_longer_or_newly_mapped(store: Store, events: list[str]) -> None:
    gone, come = compared(store, OLD, None), compared(store, None, OLD)

    assert (gone.count("no_longer_mapped"), gone.ends["mapped -> no rules"].count) == (3, 3)
    assert (come.count("newly_mapped"), come.ends["no rules -> mapped"].count) == (3, 3)
    assert (gone.new_version, come.old_version) == ("", "")


def test_events_of_hooks_without_any_rules_are_counted_apart(store: Store, events: list[str]) -> None:
    backtest = Backtest({}, {"g": OLD})

    report = backtest.look(store.events.events(events))

    assert (report.events, dict(report.without_rules), report.hooks) == (0, {"h": 3}, {})


def test_a_body_that_the_new_sender_can_not_read_is_unreadable_not_lost(store: Store, events: list[str]) -> None:
    signed = BY_ID.replace("sender: typeform", "sender: generic") + "rules:\n" + CONTACT

    one = compared(store, OLD, hook_of(signed))

    # It is read by the adapter of the sender that sent it, as a replay would read it.
    assert one.ends == {}
    assert difference_json(compare(Event(id="e", fields={}), OLD, None, received_ms=1))["new"] == {
        "end": "no rules",
        "why": "",
        "lead": "",
        "updates": [],
        "faults": [],
    }


def test_a_small_backtest_keeps_to_its_limits_and_says_whether_there_is_more(store: Store, events: list[str]) -> None:
    new = other(CONTACT)

    two, all_of_them = (run(store, OLD, new, ANY, limit=limit) for limit in (2, 3))
    named = run(store, OLD, new, [events[1]])
    late = run(store, OLD, new, ANY, until=time.monotonic())

    assert (two.events, two.more, all_of_them.events, all_of_them.more) == (2, True, 3, False)
    assert (named.events, named.count("lost_field")) == (1, 1)
    assert late.events == 3, "what is begun is looked at"
    assert run(store, OLD, new, Filter(state="dead")).hooks == {}


def test_events_of_other_hooks_are_left_out_of_a_small_backtest(store: Store, events: list[str]) -> None:
    stranger = come_in(store, replace(OLD, name="g"), nombre="Ana")

    assert run(store, OLD, other(CONTACT), [stranger, *events]).events == 3


def test_pages_hold_what_a_filter_finds_and_no_more_than_the_limit(store: Store, events: list[str]) -> None:
    come_in(store, replace(OLD, name="g"), nombre="Ana")
    seen: list[str] = []

    def passed(hook: str) -> bool:
        seen.append(hook)
        return hook == "g"

    assert list(pages(store, ANY, passed=passed)) == [events[::-1]]
    assert seen == ["g", "h", "h", "h"]
    assert list(pages(store, ANY, hooks=["h"], limit=2)) == [events[:0:-1]]
    assert list(pages(store, Filter(state="", rule="estado"))) == [[events[1]]]
    assert list(pages(store, Filter(state="", rule="estado"), limit=5, passed=lambda _: True)) == []


def test_spread_over_processes_it_finds_the_same(store: Store) -> None:
    ids = [come_in(store, OLD, nombre=f"n{number}", tel="1") for number in range(60)]
    new = other(rule("contact", '{first_name: "${fields.nombre | upper}"}'))
    parts = [ids[start : start + 10] for start in range(0, 60, 10)]

    alone, together = (
        added(spread(store, Backtest({"h": OLD}, {"h": new}), iter(parts), jobs=jobs)) for jobs in (1, 3)
    )

    assert report_json(alone) == report_json(together)
    assert (alone.events, alone.count("lost_field")) == (60, 60)
    assert alone.hooks["h"].rules["contact"].new == Counts(60, 60)


class Killed(Backtest):
    """A backtest whose process does not live through it."""

    def look(self, events: Iterable[StoredEvent]) -> Report:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().look(events)


def test_a_process_that_is_killed_is_told_in_words(store: Store) -> None:
    parts = iter([["a"]] * 5)

    with pytest.raises(CommandError, match="one of its processes was killed"):
        added(spread(store, Killed({"h": OLD}, {}), parts, jobs=2))


def added(reports: Iterator[Report] | Sequence[Report]) -> Report:
    whole = Report()
    for one in reports:
        whole.merge(one)
    return whole


def test_what_stands_in_a_report_is_bounded_however_many_events_there_are() -> None:
    backtest = Backtest({}, {})
    whole = added(
        Report(hooks={"h": HookReport(hook="h", events=1, whys={f"why {number}": Told(1, [str(number)])})})
        for number in range(500)
    )

    assert backtest.empty().events == 0
    one = whole.hooks["h"]
    assert (one.events, len(one.whys), one.whys["others"].count) == (500, 51, 450)
    assert len(one.whys["others"].events) == 3


@settings(max_examples=200, deadline=None)
@given(bodies, files, st.booleans())
def test_a_hook_file_never_differs_from_itself(body: dict[str, Any], text: str, test: bool) -> None:
    hook = hook_of(text)
    again = replace(hook_of(text + "# again\n"), version="again")
    event = event_of(hook, body, test=test)

    found = compare(event, hook, again, received_ms=NOW)

    assert found.same
    assert (found.fields, found.new_faults, found.gone_faults, found.steps) == ((), (), (), False)
    assert not any(holds(found) for holds in METRICS.values())
    assert alike(hook, again)


def event_of(hook: Hook, body: dict[str, Any], *, test: bool) -> Event:
    request = Request(headers={"content-type": "application/json"}, body=orjson.dumps(body), received_ms=NOW)
    (event,) = adapter_of(hook).parse(request)
    return replace(event, test=test)


@settings(max_examples=100, deadline=None)
@given(st.lists(bodies, min_size=1, max_size=6), files, files, st.integers(0, 6))
def test_the_counts_of_a_report_add_up_wherever_it_is_cut(
    some: list[dict[str, Any]], old: str, new: str, cut: int
) -> None:
    before, after = hook_of(old), hook_of(new)
    found = [
        compare(event_of(before, body, test=False), before, after, received_ms=NOW, id=str(number))
        for number, body in enumerate(some)
    ]

    whole, parts = (added([part(before, one) for one in ways]) for ways in ([found], [found[:cut], found[cut:]]))

    assert report_json(whole) == report_json(parts) == report_json(pickle.loads(pickle.dumps(whole)))
    one = whole.hooks["h"]
    assert (
        one.events
        == len(found)
        == one.same + one.only_change + one.count("newly_mapped") + one.count("no_longer_mapped")
    )
    for name, holds in METRICS.items():
        assert one.count(name) == sum(holds(difference) for difference in found), name
    for kind in Kind:
        fields = sum(count.counts[kind] for count in one.fields.values())
        assert fields == sum(change.kind is kind for difference in found for change in difference.fields)
        assert fields >= one.count(f"{kind.value}_field") >= bool(fields)
    assert sum(told.count for told in one.ends.values()) == sum(difference.ended for difference in found)
    assert json.dumps(report_json(whole))


def part(hook: Hook, found: Sequence[Any]) -> Report:
    report = Report(hooks={hook.name: HookReport(hook=hook.name)})
    for one in found:
        report.add(one)
    return report


@settings(max_examples=100, deadline=None)
@given(bodies, files, files)
def test_rules_that_are_run_once_for_both_sides_give_what_they_give_alone(
    body: dict[str, Any], old: str, new: str
) -> None:
    before, after = hook_of(old), hook_of(new)
    event, memo = event_of(before, body, test=False), memo_of(before, after)
    alone = compare(event, before, after, received_ms=NOW)

    shared = compare(event, Coverage(before, memo).hook, Coverage(after, memo).hook, received_ms=NOW)

    assert shared == alone


def memo_of(old: Hook, new: Hook) -> Memo | None:
    return {} if alike(old, new) else None
