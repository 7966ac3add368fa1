"""How long envelopes wait."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.inject import waiting
from functions.inject.waiting import FIRST_WAIT, LONGEST_WAIT, Attempt
from tracking.errors import ActivityUnavailable, DeliveryClaimed, SesThrottled

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CLAIMED = DeliveryClaimed(NOW + 5 * MINUTE)

chances = st.floats(0, 1)
receives = st.integers(1, 1000)
failures = st.lists(st.sampled_from([SesThrottled(), ActivityUnavailable(), CLAIMED]), min_size=1)
attempts = st.builds(Attempt, failures, st.booleans(), st.booleans())


def test_waits_grow_from_seconds_to_half_an_hour() -> None:
    waits = [waiting.wait(Attempt([SesThrottled()]), tried, NOW, 0) for tried in (1, 2, 3, 10, 1000)]

    assert waits == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 1800, 1800)]


@given(receives, chances)
def test_chance_takes_away_no_more_than_half(tried: int, chance: float) -> None:
    attempt = Attempt([SesThrottled()])
    longest = waiting.wait(attempt, tried, NOW, 0)

    assert longest / 2 <= waiting.wait(attempt, tried, NOW, chance) <= longest <= LONGEST_WAIT


@given(receives, chances)
def test_after_progress_the_waits_begin_anew(tried: int, chance: float) -> None:
    attempt = Attempt([SesThrottled()], has_progressed=True)

    assert waiting.wait(attempt, tried, NOW, chance) <= FIRST_WAIT


@given(receives, chances)
def test_where_all_is_claimed_the_first_claim_is_waited_for(tried: int, chance: float) -> None:
    later = DeliveryClaimed(NOW + 9 * MINUTE)

    wait = waiting.wait(Attempt([later, CLAIMED, later]), tried, NOW, chance)

    assert 5 * MINUTE <= wait <= 5 * MINUTE + FIRST_WAIT


@given(chances)
def test_a_claim_that_has_just_ended_is_not_waited_for(chance: float) -> None:
    assert waiting.wait(Attempt([DeliveryClaimed(NOW - MINUTE)]), 1, NOW, chance) <= FIRST_WAIT


@given(receives, chances)
def test_only_what_time_was_too_short_for_comes_at_once_and_only_after_progress(
    tried: int, chance: float
) -> None:
    cut_short = Attempt(has_progressed=True, is_cut_short=True)

    assert waiting.wait(cut_short, tried, NOW, chance) == timedelta(0)
    assert waiting.wait(Attempt(is_cut_short=True), tried, NOW, chance) >= FIRST_WAIT / 2


@given(attempts, receives, chances)
def test_whoever_fails_is_never_tried_again_without_a_pause(
    attempt: Attempt, tried: int, chance: float
) -> None:
    assert waiting.wait(attempt, tried, NOW, chance) >= FIRST_WAIT / 2
