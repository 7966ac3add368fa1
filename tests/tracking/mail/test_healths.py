from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail.healths import FAILING_AFTER, PAUSE, PAUSED_AFTER, Health
from tracking.mail.notifications import JITTER, RETRIES

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def test_an_endpoint_is_failing_once_the_whole_schedule_would_have_failed() -> None:
    health = Health(failures=1, failing_since=AT)

    assert not health.is_failing(AT + FAILING_AFTER - MOMENT)
    assert health.is_failing(AT + FAILING_AFTER)
    assert sum(RETRIES, timedelta()) <= FAILING_AFTER <= sum(RETRIES, timedelta()) * (1 + JITTER)


def test_an_endpoint_that_did_not_fail_is_not_failing() -> None:
    assert not Health().is_failing(AT)


def test_an_endpoint_is_left_alone_until_its_pause_is_over() -> None:
    health = Health(paused_until=AT)

    assert health.is_paused(AT - MOMENT)
    assert not health.is_paused(AT)
    assert not Health().is_paused(AT)


@pytest.mark.parametrize(
    ("failures", "is_on_trial"), [(0, False), (PAUSED_AFTER - 1, False), (PAUSED_AFTER, True), (1000, True)]
)
def test_an_endpoint_that_fails_again_and_again_is_on_trial_and_pauses(
    failures: int, is_on_trial: bool
) -> None:
    health = Health(failures=failures)

    assert health.is_on_trial is is_on_trial
    assert health.pause(AT, None) == (AT + PAUSE if is_on_trial else None)


@given(strategies.healths, strategies.times, strategies.times)
def test_a_pause_lasts_as_long_as_the_endpoint_asks_for_at_least(
    health: Health, at: datetime, retry_at: datetime
) -> None:
    until = health.pause(at, retry_at)

    assert until
    assert until >= retry_at
    assert until in {retry_at, at + PAUSE}


@given(strategies.healths, strategies.times, st.none() | strategies.times)
def test_an_endpoint_on_trial_pauses_for_some_time_whatever_it_asks_for(
    health: Health, at: datetime, retry_at: datetime | None
) -> None:
    until = health.pause(at, retry_at)

    assert not health.is_on_trial or (until and until >= at + PAUSE)
