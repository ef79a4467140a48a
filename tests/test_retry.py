"""What an answer means, as tables: who has ended and how, who tries again and when, and how the destination fares."""

from __future__ import annotations

import pytest

from relay import merge
from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.merge import Batch, Doubt, LeadState, Settling, Tries
from relay.model import Answer, Clock, Pending, Reason, State
from relay.retry import HOUR, MINUTE, SECOND, Verdict, judge, rest_ms, wait_ms
from tests.pendings import clock, waits

NOW = 1_000_000_000
DEADLINE = 10 * SECOND
DAY = 24 * HOUR

OK = Answer(200, {})
FAILED = Unavailable("the lead API answered 500", status=500, sent=True)
REFUSED_CONNECTION = Unavailable("could not connect to the lead API")
SLOWED = SlowDown("too many requests", status=429, after_ms=3_000)
DENIED = Denied("The provided API key is not valid", status=401)
MISSING = NotFound("Lead not found", status=404)
REFUSED = Refused("email is not valid", status=400)

ONE = waits(1, phone="A")
OTHER = waits(2, title="x")


def verdict_on(
    answer: Answer | LeadsApiError | None,
    *pending: Pending,
    known: Clock | None = None,
    state: LeadState | None = None,
    share: float = 0.5,
    now: int = NOW,
) -> Verdict:
    """Judge the answer to a PUT that was sent a second ago, about what ``merge`` chooses of these updates."""
    known, state = known or {}, state or LeadState()
    batch = merge.choose(pending, clock=known, state=state, now_ms=now - SECOND)
    return judge(
        batch,
        answer,
        clock=known,
        state=state,
        sent_ms=now - SECOND,
        now_ms=now,
        deadline_ms=DEADLINE,
        jitter=lambda: share,
    )


def states(verdict: Verdict) -> dict[str, State]:
    return {one.pending.event: one.state for one in verdict.ended}


def tried(one: Pending, **tries: object) -> LeadState:
    return LeadState(tries={one.member: Tries(**tries)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "ended", "attempts", "destination"),
    [
        # 2xx: delivered.
        (OK, {"e1": State.DELIVERED}, None, "answered"),
        # 5xx, a timeout, a cut or refused connection: wait, and the attempt counts.
        (FAILED, {}, 1, "failed"),
        (Unavailable("the lead API did not answer in time", sent=True), {}, 1, "failed"),
        (REFUSED_CONNECTION, {}, 1, "failed"),
        # 429, or 503 with Retry-After: the destination rests for that time, and no attempt is burnt.
        (SLOWED, {}, None, "3000"),
        (SlowDown("busy", status=503, after_ms=0), {}, None, "0"),
        # 401, 403: our key is wrong; no attempt is burnt, nothing is buried.
        (DENIED, {}, None, "denied"),
        (Denied("forbidden", status=403), {}, None, "denied"),
        # 404: the lead may be on its way. The destination is well.
        (MISSING, {}, 1, "answered"),
        # 400 and any other 4xx, alone: dead at once.
        (REFUSED, {"e1": State.DEAD}, None, "answered"),
        (Refused("gone", status=410), {"e1": State.DEAD}, None, "answered"),
        # Nothing to send: the update set nothing that newer ones had not set, and nobody was asked.
        (None, {"e1": State.SUPERSEDED}, None, ""),
    ],
)
def test_what_each_answer_means_for_one_update(
    answer: Answer | LeadsApiError | None, ended: dict[str, State], attempts: int | None, destination: str
) -> None:
    verdict = verdict_on(answer, ONE)

    assert states(verdict) == ended
    assert verdict.destination == destination
    found = verdict.state.tries.get(ONE.member)
    assert (found and found.attempts) == attempts


@pytest.mark.parametrize(
    ("answer", "words"),
    [(OK, ""), (FAILED, "the lead API answered 500"), (DENIED, "The provided API key is not valid"), (None, "")],
)
def test_the_words_are_those_of_the_answer(answer: Answer | LeadsApiError | None, words: str) -> None:
    assert verdict_on(answer, ONE).words == words


@pytest.mark.parametrize("answer", [FAILED, SLOWED, DENIED, MISSING, REFUSED, None])
def test_the_clock_moves_for_a_2xx_only(answer: LeadsApiError | None) -> None:
    assert verdict_on(answer, ONE).clock is None


def test_after_a_2xx_the_clock_holds_what_was_sent() -> None:
    assert verdict_on(OK, ONE, OTHER, known=clock(email=7)).clock == clock(phone=1, title=2, email=7)


def test_after_a_2xx_earlier_failures_are_forgotten() -> None:
    state = LeadState(tries={ONE.member: Tries(attempts=3), "another": Tries(attempts=1)})

    assert verdict_on(OK, ONE, state=state).state.tries == {"another": Tries(attempts=1)}


def test_of_a_merged_body_one_is_delivered_and_the_other_superseded_by_it() -> None:
    older, newer = waits(1, phone="A"), waits(2, phone="B")

    verdict = verdict_on(OK, older, newer)

    assert states(verdict) == {"e1": State.SUPERSEDED, "e2": State.DELIVERED}
    assert {one.pending.event: one.by for one in verdict.ended} == {"e1": "e2", "e2": ""}


def test_an_update_of_which_one_value_went_out_is_delivered() -> None:
    verdict = verdict_on(OK, waits(1, phone="A", title="x"), waits(2, phone="B"))

    assert states(verdict) == {"e1": State.DELIVERED, "e2": State.DELIVERED}


@pytest.mark.parametrize(
    ("known", "by"),
    [
        # What stands instead of it was set now, or earlier; the newest of them is named.
        (clock(title=3), "e9"),
        (clock(title=12), "e12"),
    ],
)
def test_an_update_that_others_stand_instead_of_names_the_newest(known: Clock, by: str) -> None:
    verdict = verdict_on(OK, waits(1, phone="A", title="x"), waits(9, phone="B"), known=known)

    assert [one.by for one in verdict.ended if one.state is State.SUPERSEDED] == [by]


@pytest.mark.parametrize("answer", [OK, FAILED, SLOWED, DENIED, None])
def test_what_is_void_ends_superseded_whatever_the_answer(answer: Answer | LeadsApiError | None) -> None:
    void = waits(1, phone="A")
    state = tried(void, attempts=2)

    verdict = verdict_on(answer, void, waits(5, title="x"), known=clock(phone=3), state=state)

    assert [(one.state, one.by) for one in verdict.ended if one.pending is void] == [(State.SUPERSEDED, "e3")]
    assert void.member not in verdict.state.tries


@pytest.mark.parametrize(
    ("attempts", "share", "wait"),
    [
        # Full jitter: from nearly nothing to twice as long each time, 2 s up to 1 h.
        (1, 1.0, 2 * SECOND),
        (2, 1.0, 4 * SECOND),
        (3, 0.5, 4 * SECOND),
        (11, 1.0, 2_048 * SECOND),
        (12, 1.0, HOUR),
        (500, 1.0, HOUR),
        (12, 0.5, HOUR // 2),
        # At least a tenth of a second, so that nothing spins.
        (1, 0.0, 100),
        (500, 0.0, 100),
    ],
)
def test_the_wait_doubles_up_to_an_hour(attempts: int, share: float, wait: int) -> None:
    assert wait_ms(attempts, share) == wait


def test_a_failed_update_rests_for_its_wait_and_remembers_when_it_first_failed() -> None:
    verdict = verdict_on(FAILED, ONE, share=1.0)

    assert verdict.state.tries == {ONE.member: Tries(attempts=1, first_ms=NOW, until_ms=NOW + 2 * SECOND)}


def test_updates_of_one_body_rest_alike() -> None:
    verdict = verdict_on(FAILED, ONE, OTHER, share=0.3)

    assert {tries.until_ms for tries in verdict.state.tries.values()} == {NOW + 600}


@pytest.mark.parametrize(
    ("answer", "tries", "death"),
    [
        # Unreachable for 24 hours: dead. A moment less: not yet.
        (FAILED, {"attempts": 30, "first_ms": NOW - DAY}, "unreachable"),
        (REFUSED_CONNECTION, {"attempts": 30, "first_ms": NOW - DAY}, "unreachable"),
        (FAILED, {"attempts": 30, "first_ms": NOW - DAY + 1}, None),
        # Not found for 10 minutes: dead. A moment less: not yet.
        (MISSING, {"attempts": 5, "first_ms": NOW - 10 * MINUTE, "missing_ms": NOW - 10 * MINUTE}, "lead not found"),
        (MISSING, {"attempts": 5, "first_ms": NOW - 10 * MINUTE, "missing_ms": NOW - 10 * MINUTE + 1}, None),
        # Unreachable for hours, then not found for the first time: it has its 10 minutes.
        (MISSING, {"attempts": 9, "first_ms": NOW - 23 * HOUR}, None),
        # Slowed down or denied for however long: never dead.
        (SLOWED, {"attempts": 30, "first_ms": NOW - 2 * DAY}, None),
        (DENIED, {"attempts": 30, "first_ms": NOW - 2 * DAY}, None),
    ],
)
def test_when_patience_ends(answer: LeadsApiError, tries: dict[str, int], death: str | None) -> None:
    verdict = verdict_on(answer, ONE, state=tried(ONE, **tries))

    assert [one.reason and one.reason.kind for one in verdict.ended] == ([death] if death else [])
    assert (ONE.member in verdict.state.tries) == (death is None)


@pytest.mark.parametrize(
    ("answer", "tries", "until"),
    [
        (FAILED, {"attempts": 30, "first_ms": NOW - DAY + 5 * SECOND}, NOW + 5 * SECOND),
        (MISSING, {"attempts": 30, "first_ms": NOW, "missing_ms": NOW - 10 * MINUTE + SECOND}, NOW + SECOND),
    ],
)
def test_the_last_wait_is_cut_to_the_end_of_patience(answer: LeadsApiError, tries: dict[str, int], until: int) -> None:
    assert verdict_on(answer, ONE, state=tried(ONE, **tries)).state.tries[ONE.member].until_ms == until


def test_a_dead_letter_has_the_words_of_the_crm_its_status_and_its_attempts() -> None:
    verdict = verdict_on(REFUSED, ONE, state=tried(ONE, attempts=2, first_ms=NOW - MINUTE))

    assert [one.reason for one in verdict.ended] == [
        Reason(kind="refused", words="email is not valid", status=400, at_ms=NOW, attempts=3, field="email")
    ]


def test_a_refused_merged_body_has_all_of_it_sent_alone_at_once_without_burning_an_attempt() -> None:
    verdict = verdict_on(REFUSED, ONE, OTHER, state=tried(ONE, attempts=2, first_ms=5, until_ms=9))

    assert verdict.ended == ()
    assert verdict.state.tries == {
        ONE.member: Tries(attempts=2, first_ms=5, alone=True),
        OTHER.member: Tries(alone=True),
    }


def test_of_those_sent_alone_only_the_bad_one_is_buried() -> None:
    state = LeadState(tries={ONE.member: Tries(alone=True), OTHER.member: Tries(alone=True)})

    verdict = verdict_on(REFUSED, ONE, OTHER, state=state)

    assert states(verdict) == {"e1": State.DEAD}
    assert verdict.state.tries == {OTHER.member: Tries(alone=True)}


@pytest.mark.parametrize("answer", [REFUSED, MISSING])
def test_a_value_to_settle_that_rode_with_an_update_is_kept_whatever_befalls_that(answer: LeadsApiError) -> None:
    state = LeadState(settling=Settling(NOW - MINUTE, {"email": "b@c.cl"}))

    verdict = verdict_on(answer, ONE, state=state)

    assert verdict.ended == ()
    assert verdict.state.tries[ONE.member].alone == (answer is REFUSED)
    assert verdict.state.settling == Settling(NOW + 4 * SECOND, {"email": "b@c.cl"}, NOW)


@pytest.mark.parametrize(
    ("answer", "attempts", "alone"),
    [
        # A 5xx may be one bad event's fault: after four, each goes alone.
        (FAILED, 2, False),
        (FAILED, 3, True),
        # No answer at all is nobody's fault.
        (REFUSED_CONNECTION, 3, False),
        # A missing lead is missing for all of them.
        (MISSING, 3, False),
    ],
)
def test_when_those_of_a_merged_body_go_alone(answer: LeadsApiError, attempts: int, alone: bool) -> None:
    state = LeadState(tries={one.member: Tries(attempts=attempts, first_ms=NOW - 60) for one in (ONE, OTHER)})

    verdict = verdict_on(answer, ONE, OTHER, state=state)

    assert [tries.alone for tries in verdict.state.tries.values()] == [alone, alone]


@pytest.mark.parametrize("answer", [SLOWED, DENIED])
def test_a_destination_that_rests_or_is_held_burns_no_attempt(answer: LeadsApiError) -> None:
    state = tried(ONE, attempts=2, first_ms=NOW - MINUTE)

    assert verdict_on(answer, ONE, state=state).state == state


@pytest.mark.parametrize(
    ("answer", "doubts"),
    [
        # It may have reached the CRM, and may be applied until its deadline.
        (FAILED, (Doubt(NOW - SECOND + DEADLINE, {"phone": "A"}),)),
        # It never left: no doubt.
        (REFUSED_CONNECTION, ()),
        # The CRM decided: no doubt.
        (MISSING, ()),
        (SLOWED, ()),
    ],
)
def test_a_put_is_in_doubt_where_it_may_still_be_applied(answer: LeadsApiError, doubts: tuple[Doubt, ...]) -> None:
    assert verdict_on(answer, ONE).state.doubts == doubts


def test_a_put_whose_deadline_is_over_by_now_is_in_no_doubt() -> None:
    batch = merge.choose([ONE], clock={}, state=LeadState(), now_ms=NOW)

    verdict = judge(
        batch,
        FAILED,
        clock={},
        state=LeadState(),
        sent_ms=NOW - DEADLINE,
        now_ms=NOW,
        deadline_ms=DEADLINE,
        jitter=lambda: 0.5,
    )

    assert verdict.state.doubts == ()


@pytest.mark.parametrize(
    ("answer", "settling"),
    [
        # It fails: it is tried again later, and remembers since when.
        (FAILED, Settling(NOW + 4 * SECOND, {"phone": "A"}, NOW)),
        # The CRM refuses it, or the lead is gone: there is nothing to keep right.
        (REFUSED, None),
        (MISSING, None),
        # The destination rests or is held: it stays as it is.
        (SLOWED, Settling(NOW - MINUTE, {"phone": "A"})),
        (DENIED, Settling(NOW - MINUTE, {"phone": "A"})),
        (OK, None),
    ],
)
def test_what_becomes_of_a_value_to_settle(answer: Answer | LeadsApiError, settling: Settling | None) -> None:
    state = LeadState(settling=Settling(NOW - MINUTE, {"phone": "A"}))

    assert verdict_on(answer, state=state).state.settling == settling


def test_a_value_to_settle_is_given_up_after_a_day() -> None:
    state = LeadState(settling=Settling(NOW - MINUTE, {"phone": "A"}, NOW - DAY - 1))

    assert verdict_on(FAILED, state=state).state.settling is None


@pytest.mark.parametrize(("gap", "after"), [(0, 50), (50, 100), (400, 800), (800, 1_000), (1_000, 1_000)])
def test_the_gap_between_puts_of_a_busy_lead_doubles_up_to_a_second(gap: int, after: int) -> None:
    assert verdict_on(OK, ONE, state=LeadState(gap_ms=gap)).state.gap_ms == after


def test_a_failure_leaves_the_gap_as_it_is() -> None:
    assert verdict_on(FAILED, ONE, state=LeadState(gap_ms=100)).state.gap_ms == 100


@pytest.mark.parametrize(
    ("kept", "state", "rest"),
    [
        # Nothing is left: what comes in meanwhile goes after the gap.
        ([], LeadState(gap_ms=200), 200),
        # What has not failed goes at once.
        ([ONE], LeadState(gap_ms=200), 0),
        # What failed rests.
        ([ONE], LeadState(tries={ONE.member: Tries(1, until_ms=NOW + 700)}), 700),
        # What is to be settled has its time, also where nothing else is left.
        ([], LeadState(settling=Settling(NOW + 900, {"phone": "A"})), 900),
        ([], LeadState(settling=Settling(NOW - 900, {"phone": "A"})), 0),
        # The first of both decides.
        (
            [ONE],
            LeadState(tries={ONE.member: Tries(1, until_ms=NOW + 700)}, settling=Settling(NOW + 300, {"phone": "A"})),
            300,
        ),
    ],
)
def test_how_long_a_lead_rests(kept: list[Pending], state: LeadState, rest: int) -> None:
    assert rest_ms(state, kept, now_ms=NOW) == rest


def test_a_verdict_on_nothing_leaves_everything_as_it_is() -> None:
    state = LeadState(gap_ms=100, doubts=(Doubt(NOW + 5, {"phone": "A"}),))

    verdict = judge(
        Batch(), None, clock={}, state=state, sent_ms=NOW, now_ms=NOW, deadline_ms=DEADLINE, jitter=lambda: 0.5
    )

    assert verdict == Verdict(ended=(), state=state)
