from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail import deliveries
from tracking.mail.deliveries import Delivery, Event, EventType, Evidence, Summary, TrackingMode
from tracking.opens.rules import OpenClass

SENT_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DELIVERY = Delivery("06h0r9co15h30phg2640", 1, "bob@example.net", TrackingMode.FULL, SENT_AT, sent_at=SENT_AT)


def test_a_sent_delivery_was_processed_when_it_was_sent() -> None:
    assert deliveries.processed(DELIVERY) == Event("processed", EventType.PROCESSED, SENT_AT)


def test_a_delivery_that_was_not_sent_was_not_processed() -> None:
    with pytest.raises(ValueError, match="when it was sent"):
        deliveries.processed(replace(DELIVERY, sent_at=None))


FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (24, 25, 26))


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@given(strategies.summaries, strategies.summaries, strategies.summaries)
def test_changes_add_up_whatever_lies_between(one: Summary, two: Summary, three: Summary) -> None:
    added = flat(deliveries.changes(one, two))
    added.update(flat(deliveries.changes(two, three)))

    assert nonzero(added) == nonzero(flat(deliveries.changes(one, three)))


@given(strategies.summaries)
def test_nothing_changes_by_the_same_summary(summary: Summary) -> None:
    assert deliveries.changes(summary, summary) == {}


@given(strategies.summaries, strategies.summaries)
def test_no_change_is_0_and_no_day_is_empty(old: Summary, new: Summary) -> None:
    days = deliveries.changes(old, new)

    assert all(days.values())
    assert all(change for day in days.values() for change in day.values())


@given(strategies.summaries, strategies.summaries, st.integers(1, 3))
def test_stages_lead_from_one_summary_to_another_in_bounded_steps(
    old: Summary, new: Summary, days: int
) -> None:
    stages = [old, *deliveries.stages(old, new, days)]

    steps = [deliveries.changes(before, after) for before, after in pairwise(stages)]
    assert stages[-1] == new
    assert all(len(step) <= days for step in steps[:-1])
    assert len(steps[-1]) <= days + 6
    added: Counter[tuple[date, str]] = Counter()
    for step in steps:
        added.update(flat(step))
    assert nonzero(added) == nonzero(flat(deliveries.changes(old, new)))


def test_a_small_change_is_one_stage() -> None:
    summary = Summary({FIRST: {OpenClass.BOT: 1}}, noon(FIRST), noon(FIRST))

    assert list(deliveries.stages(Summary(), summary, days=1)) == [summary]
    assert list(deliveries.stages(summary, summary, days=1)) == [summary]


def test_a_first_open_counts_its_class_and_its_delivery() -> None:
    summary = Summary({FIRST: {OpenClass.BOT: 1}}, noon(FIRST), noon(FIRST))

    assert deliveries.changes(Summary(), summary) == {FIRST: {"bot": 1, "opened": 1}}


def test_a_person_after_a_prefetch_moves_the_delivery_from_one_counter_to_the_other() -> None:
    prefetched = Summary(
        {FIRST: {OpenClass.PRIVACY_PREFETCH: 1}}, noon(FIRST), noon(FIRST), None, noon(FIRST)
    )
    read = Summary(
        {FIRST: {OpenClass.PRIVACY_PREFETCH: 1}, SECOND: {OpenClass.DIRECT_OPEN: 1}},
        noon(FIRST),
        noon(SECOND),
        noon(SECOND),
        noon(FIRST),
    )

    assert deliveries.changes(Summary(), prefetched) == {
        FIRST: {"privacy_prefetch": 1, "opened": 1, "prefetch_only": 1}
    }
    assert deliveries.changes(prefetched, read) == {
        FIRST: {"prefetch_only": -1},
        SECOND: {"direct_open": 1, "human": 1},
    }


def test_an_earlier_open_that_is_known_later_moves_the_delivery_to_its_day() -> None:
    late = Summary({SECOND: {OpenClass.BOT: 1}}, noon(SECOND), noon(SECOND))
    both = Summary({FIRST: {OpenClass.BOT: 1}, SECOND: {OpenClass.BOT: 1}}, noon(FIRST), noon(SECOND))

    assert deliveries.changes(late, both) == {FIRST: {"bot": 1, "opened": 1}, SECOND: {"opened": -1}}


def test_a_later_open_of_the_same_class_is_one_change() -> None:
    once = Summary({FIRST: {OpenClass.DIRECT_OPEN: 1}}, noon(FIRST), noon(FIRST), noon(FIRST))
    twice = replace(
        once,
        opens={FIRST: {OpenClass.DIRECT_OPEN: 1}, THIRD: {OpenClass.DIRECT_OPEN: 1}},
        last_open_at=noon(THIRD),
    )

    assert deliveries.changes(once, twice) == {THIRD: {"direct_open": 1}}


def test_days_are_those_of_utc() -> None:
    late_in_new_york = datetime(2026, 11, 23, 22, tzinfo=timezone(timedelta(hours=-5)))

    assert deliveries.utc_day(late_in_new_york) == FIRST


@pytest.mark.parametrize(
    ("summary", "evidence"),
    [
        (Summary(), Evidence.NONE),
        (Summary(first_open_at=noon(FIRST)), Evidence.INCONCLUSIVE),
        (Summary(first_open_at=noon(FIRST), first_prefetch_at=noon(FIRST)), Evidence.PREFETCH_ONLY),
        (
            Summary(first_open_at=noon(FIRST), first_prefetch_at=noon(FIRST), first_human_at=noon(SECOND)),
            Evidence.HUMAN,
        ),
    ],
)
def test_the_strongest_evidence_counts(summary: Summary, evidence: Evidence) -> None:
    assert summary.evidence is evidence
    assert summary.is_opened == (evidence is not Evidence.NONE)


def test_totals_are_those_of_all_days() -> None:
    summary = Summary({FIRST: {OpenClass.BOT: 2}, SECOND: {OpenClass.BOT: 1, OpenClass.DIRECT_OPEN: 4}})

    assert summary.totals == {OpenClass.BOT: 3, OpenClass.DIRECT_OPEN: 4}


def flat(days: Mapping[date, Mapping[str, int]]) -> Counter[tuple[date, str]]:
    return Counter({(day, name): change for day, names in days.items() for name, change in names.items()})


def nonzero(counter: Counter[tuple[date, str]]) -> dict[tuple[date, str], int]:
    return {key: change for key, change in counter.items() if change}
