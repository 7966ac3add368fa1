from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail import sending_limits
from tracking.mail.sending_limits import MAX_PERIOD, MIN_PERIOD, SendingLimit

units = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}


@given(strategies.periods)
def test_a_period_that_is_written_is_read_as_it_was(period: timedelta) -> None:
    assert sending_limits.parse(sending_limits.format(period)) == period


@given(
    st.integers(0, 100),
    st.sampled_from(sorted(units)),
    st.sampled_from(["", "s"]),
    st.none() | st.tuples(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59)),
)
def test_each_period_of_the_documented_syntax_is_read_or_is_too_short_or_too_long(
    number: int, unit: str, plural: str, time: tuple[int, int, int] | None
) -> None:
    hours, minutes, seconds = time or (0, 0, 0)
    period = number * units[unit] + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    text = f"{number} {unit}{plural}" + (f" {hours}:{minutes:02}:{seconds:02}" if time else "")

    if MIN_PERIOD <= period <= MAX_PERIOD:
        assert sending_limits.parse(text) == period
    else:
        with pytest.raises(ValueError, match="from 1 minute to 12 months"):
            sending_limits.parse(text)


@given(st.text() | st.text("0123456789: hourdaysweekmonth"))
def test_any_text_is_a_period_within_the_bounds_or_is_refused(text: str) -> None:
    try:
        period = sending_limits.parse(text)
    except ValueError:
        return
    assert MIN_PERIOD <= period <= MAX_PERIOD


@pytest.mark.parametrize(
    ("text", "period", "written"),
    [
        ("0:30:00", timedelta(minutes=30), "0:30:00"),
        ("00:01:00", timedelta(minutes=1), "0:01:00"),
        ("1 hour", timedelta(hours=1), "1:00:00"),
        ("36:00:00", timedelta(hours=36), "1 day 12:00:00"),
        ("2 days", timedelta(days=2), "2 days"),
        ("1 week", timedelta(days=7), "1 week"),
        ("3 months", timedelta(days=90), "3 months"),
        ("4 months 5:00:00", timedelta(days=120, hours=5), "4 months 5:00:00"),
        ("12 months", timedelta(days=360), "12 months"),
        (" 1  Day 0:00:01 ", timedelta(days=1, seconds=1), "1 day 0:00:01"),
    ],
)
def test_periods_are_read_and_written(text: str, period: timedelta, written: str) -> None:
    assert sending_limits.parse(text) == period
    assert sending_limits.format(period) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "day",
        "1 year",
        "1 dayss",
        "-1 day",
        "1.5 days",
        "0:30",
        "0:60:00",
        "1:00:60",
        "1 day 5",
        "٣ days",
    ],
)
def test_what_is_written_otherwise_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="4 months 5:00:00"):
        sending_limits.parse(text)


@pytest.mark.parametrize("text", ["0:00:59", "0:00:00", "0 days", "12 months 0:00:01", "999999 months"])
def test_a_period_is_from_a_minute_to_twelve_months(text: str) -> None:
    with pytest.raises(ValueError, match="from 1 minute to 12 months"):
        sending_limits.parse(text)


@given(strategies.sending_limits, strategies.times)
def test_each_moment_is_in_one_period_and_the_next_begins_where_it_ends(
    limit: SendingLimit, at: datetime
) -> None:
    start, end = limit.window_start(at), limit.window_end(at)

    assert start <= at < end
    assert limit.window_start(end) == end
    assert limit.window_start(end - timedelta(microseconds=1)) == start


def test_the_periods_of_a_day_begin_at_midnight() -> None:
    limit = SendingLimit(1, timedelta(days=1))

    assert limit.window_start(datetime(2026, 11, 24, 23, 59, tzinfo=UTC)) == datetime(
        2026, 11, 24, tzinfo=UTC
    )
