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
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import (
    Delivery,
    Event,
    EventType,
    Evidence,
    Message,
    Outcome,
    Summary,
    TrackingMode,
)
from tracking.opens.rules import OpenClass

SENT_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DELIVERY = Delivery(
    "06h0r9co15h30phg2640", 1, "bob@example.net", "alice", TrackingMode.FULL, SENT_AT, sent_at=SENT_AT
)


def test_what_ses_answered_to_a_delivery_is_an_event() -> None:
    unanswered = replace(DELIVERY, sent_at=None)
    refused = replace(unanswered, rejected_at=SENT_AT, rejection="Not verified")

    assert DELIVERY.answer == Event("processed", EventType.PROCESSED, SENT_AT)
    assert refused.answer == Event("rejected", EventType.REJECTED, SENT_AT, {"reason": "Not verified"})
    assert unanswered.answer is None


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
    of_domain = [deliveries.domain_changes(before, after) for before, after in pairwise(stages)]
    assert stages[-1] == new
    assert all(len(step) <= days for step in steps[:-1])
    assert len(steps[-1]) <= days + 18
    assert not any(of_domain[:-1])
    assert of_domain[-1] == deliveries.domain_changes(old, new)
    assert len(of_domain[-1]) <= 10
    added: Counter[tuple[date, str]] = Counter()
    for step in steps:
        added.update(flat(step))
    assert nonzero(added) == nonzero(flat(deliveries.changes(old, new)))


ALL_DAYS = st.dates(date(2020, 1, 1), date(2022, 1, 1))
MANY_OPENS = st.dictionaries(
    ALL_DAYS, st.fixed_dictionaries({OpenClass.BOT: st.integers(1, 9)}), max_size=150
)


@given(strategies.summaries, MANY_OPENS, strategies.summaries, MANY_OPENS)
def test_no_stage_of_70_days_needs_more_actions_than_a_transaction_takes(
    old: Summary,
    old_opens: Mapping[date, Mapping[OpenClass, int]],
    new: Summary,
    new_opens: Mapping[date, Mapping[OpenClass, int]],
) -> None:
    """Source: DynamoDB API reference, "TransactWriteItems": at most 100, one of which is the summary's."""
    old, new = replace(old, opens=old_opens), replace(new, opens=new_opens)

    stages = [old, *deliveries.stages(old, new, 70)]

    assert all(
        1 + len(deliveries.changes(before, after)) + len(deliveries.domain_changes(before, after)) <= 100
        for before, after in pairwise(stages)
    )


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


def test_each_outcome_counts_once_on_its_day() -> None:
    outcomes = {Outcome.PROCESSED: noon(FIRST), Outcome.SOFT_BOUNCED: noon(SECOND)}

    assert deliveries.changes(Summary(), Summary(outcomes=outcomes)) == {
        FIRST: {"processed": 1},
        SECOND: {"soft_bounced": 1},
    }


def test_an_open_that_shows_a_person_counts_in_its_hour() -> None:
    once = Summary(
        {FIRST: {OpenClass.DIRECT_OPEN: 1}}, noon(FIRST), noon(FIRST), noon(FIRST), hours={FIRST: {12: 1}}
    )
    again = replace(once, opens={FIRST: {OpenClass.DIRECT_OPEN: 3}}, hours={FIRST: {12: 2, 23: 1}})

    assert deliveries.changes(once, again) == {FIRST: {"direct_open": 2, "hour_12": 1, "hour_23": 1}}


@given(strategies.summaries, strategies.summaries)
def test_a_domain_counts_what_its_sender_does(old: Summary, new: Summary) -> None:
    old, new = (replace(summary, is_counted_by_domain=True) for summary in (old, new))

    of_sender = flat(deliveries.changes(old, new))

    assert nonzero(flat(deliveries.domain_changes(old, new))) == {
        (day, name): change
        for (day, name), change in nonzero(of_sender).items()
        if name in {"processed", "delivered", "opened", "human", "prefetch_only"}
    }


@given(strategies.summaries, strategies.summaries, strategies.summaries)
def test_what_was_not_counted_for_a_domain_is_never_taken_back(
    old: Summary, new: Summary, newer: Summary
) -> None:
    """A summary of before domains were counted, and those that take its place."""
    old = replace(old, is_counted_by_domain=False)
    new, newer = (replace(summary, is_counted_by_domain=True) for summary in (new, newer))

    counted = flat(deliveries.domain_changes(old, new))
    assert all(change > 0 for change in counted.values())
    counted.update(flat(deliveries.domain_changes(new, newer)))

    assert nonzero(counted) == nonzero(flat(deliveries.domain_changes(Summary(), newer)))


def test_a_person_after_a_prefetch_that_no_domain_counted_takes_nothing_back() -> None:
    prefetched = Summary(
        {FIRST: {OpenClass.PRIVACY_PREFETCH: 1}},
        noon(FIRST),
        noon(FIRST),
        None,
        noon(FIRST),
        outcomes={Outcome.PROCESSED: noon(FIRST)},
        is_counted_by_domain=False,
    )
    read = replace(prefetched, first_human_at=noon(SECOND), is_counted_by_domain=True)

    assert deliveries.domain_changes(prefetched, read) == {
        FIRST: {"processed": 1, "opened": 1},
        SECOND: {"human": 1},
    }


@pytest.mark.parametrize(
    ("recipient", "domain"),
    [
        ("Bob@Mail.Example.NET", "mail.example.net"),
        ("bob@example.net.", "example.net"),
        ('"bob@home"@example.net', "example.net"),
        ("bob@[192.0.2.1]", "[192.0.2.1]"),
        ("bob@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("bob@", ""),
        ("bob", ""),
        ("", ""),
    ],
)
def test_the_domain_is_what_is_behind_the_recipients_last_at_and_nothing_before_it(
    recipient: str, domain: str
) -> None:
    assert replace(DELIVERY, recipient=recipient).domain == domain


def test_an_outcome_that_is_known_of_already_counts_no_more() -> None:
    old = Summary(outcomes={Outcome.PROCESSED: noon(FIRST)})
    new = Summary(outcomes={Outcome.PROCESSED: noon(FIRST), Outcome.DELIVERED: noon(FIRST)})

    assert deliveries.changes(old, new) == {FIRST: {"delivered": 1}}


def test_an_outcome_that_was_earlier_than_it_was_known_moves_to_its_day() -> None:
    late, early = (Summary(outcomes={Outcome.COMPLAINED: noon(day)}) for day in (SECOND, FIRST))

    assert deliveries.changes(late, early) == {FIRST: {"complained": 1}, SECOND: {"complained": -1}}


@given(strategies.summaries)
def test_all_that_a_delivery_came_to_counts_once(summary: Summary) -> None:
    counted = flat(deliveries.changes(Summary(), summary))

    for outcome in Outcome:
        days = [day for (day, name), count in counted.items() if name == outcome and count]
        expected = summary.outcomes.get(outcome)
        assert days == ([deliveries.utc_day(expected)] if expected else [])
        assert all(counted[day, outcome] == 1 for day in days)


def test_the_names_of_the_counters_are_all_different() -> None:
    names = [
        *(*Outcome, *OpenClass, *deliveries.HOURS),
        *(deliveries.OPENED, deliveries.HUMAN, deliveries.PREFETCH_ONLY),
    ]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("event_type", "details", "is_hard"),
    [
        (EventType.BOUNCED, {"bounce": "hard"}, True),
        (EventType.BOUNCED, {"bounce": "soft"}, False),
        (EventType.BOUNCED, {}, False),
        (EventType.DELAYED, {"bounce": "hard"}, False),
    ],
)
def test_only_a_bounce_for_good_is_a_hard_one(
    event_type: EventType, details: dict[str, str], *, is_hard: bool
) -> None:
    assert Event("1", event_type, SENT_AT, details).is_hard_bounce is is_hard


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("shop@example.com", "shop@example.com"),
        ("Shop <Shop@Example.com>", "Shop@Example.com"),
        ("shop@example.com (The Shop)", "shop@example.com"),
        ("Doe, Jane <jane@example.com>", "jane@example.com"),
        ('"Doe, Jane" <jane@example.com>', "jane@example.com"),
        ("jane@example.org <jane@example.com>", "jane@example.com"),
        ("Shop (Berlin <shop@example.com>", "shop@example.com"),
        ("Jane <jane@example.com>, Joe <joe@example.com>", "joe@example.com"),
        ("", "bounces@example.com"),
        ("Shop", "bounces@example.com"),
        ("Shop <shop@>", "bounces@example.com"),
        ("(" * 499 + ")" * 499, "bounces@example.com"),
    ],
)
def test_the_senders_address_is_that_in_from_or_else_the_envelopes(sender: str, address: str) -> None:
    message = Message(
        "06h0r9co15h30phg2640",
        CredentialKind.SMTP_USER,
        "alice",
        "bounces@example.com",
        SENT_AT,
        1000,
        sender=sender,
    )

    assert message.sender_address == address


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


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("Shop <shop@example.com>", "Shop", "shop@example.com"),
        ('"Doe, Jane" <jane@example.com>', "Doe, Jane", "jane@example.com"),
        ("Doe, Jane <jane@example.com>", "Doe, Jane", "jane@example.com"),
        (r'"The \"Shop\"" <shop@example.com>', 'The "Shop"', "shop@example.com"),
        ("shop@example.com", "", "shop@example.com"),
        ("<shop@example.com>", "", "shop@example.com"),
        ("", "", "bounces@example.com"),
        ("(" * 500 + ")" * 500, "", "bounces@example.com"),
        ('" <shop@example.com>', '"', "shop@example.com"),
    ],
)
def test_the_sender_is_read_however_from_is_written(sender: str, name: str, address: str) -> None:
    message = Message(
        "06h0r9co15h30phg2640",
        CredentialKind.SMTP_USER,
        "alice",
        "bounces@example.com",
        SENT_AT,
        1,
        sender=sender,
    )

    assert (message.sender_name, message.sender_address) == (name, address)
