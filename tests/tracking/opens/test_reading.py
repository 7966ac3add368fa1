"""How long a mail was open, from what the hops saw."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.opens import reading
from tracking.opens.reading import HOPS, MAX_STEPS, PATIENCE, STEP, Reading

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [(None, None), (Reading(), None), (Reading(0), 0), (Reading(2), 10), (Reading(6), 30)],
)
def test_whole_steps_are_seconds_and_what_was_not_seen_is_not_known(
    seen: Reading | None, seconds: int | None
) -> None:
    assert reading.seconds(seen) == seconds


@given(strategies.readings)
def test_seconds_are_steps_of_five_up_to_thirty(seen: Reading) -> None:
    assert reading.seconds(seen) in {None, 0, 5, 10, 15, 20, 25, 30}


def test_the_first_hop_is_asked_for_at_once_and_the_last_proves_the_last_step() -> None:
    assert reading.due_at(AT, 1) == AT
    assert reading.due_at(AT, HOPS) == AT + MAX_STEPS * STEP == AT + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        (None, 0),
        (Reading(), 0 + 5),
        (Reading(0), 5 + 5),
        (Reading(2), 15 + 5),
        (Reading(5), 30 + 5),
        (Reading(6), 0),
    ],
)
def test_a_reading_is_over_when_the_next_hop_can_no_longer_be_asked_for(
    seen: Reading | None, seconds: int
) -> None:
    assert reading.ends_at(AT, seen) == AT + timedelta(seconds=seconds)


@given(st.integers(1, HOPS - 1))
def test_no_hop_that_is_still_answered_comes_after_its_readings_end(hop: int) -> None:
    last_moment = reading.due_at(AT, hop + 1) + PATIENCE

    assert reading.ends_at(AT, Reading(hop - 1)) == last_moment
