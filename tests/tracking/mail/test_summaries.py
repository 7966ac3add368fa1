"""What a history comes to."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail import deliveries, summaries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import (
    Delivery,
    Event,
    EventType,
    History,
    Message,
    Outcome,
    Summary,
    TrackingMode,
)
from tracking.mail.summaries import Interpretation
from tracking.opens.fetches import Fetch
from tracking.opens.rules import OpenClass, Reason

SENT_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
EMAIL_ID = "06h0r9co15h30phg2640"
MESSAGE = Message(EMAIL_ID, CredentialKind.SMTP_USER, "alice", "a@example.com", SENT_AT, 1000)
DELIVERY = Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, SENT_AT, sent_at=SENT_AT)
OUTLOOK = Fetch(
    "cf-1",
    SENT_AT + timedelta(hours=1),
    user_agent="Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.16026; Pro)",
    address="198.51.100.7",
)
MAIL_PROGRAMS = st.builds(
    lambda event_id, at: replace(OUTLOOK, event_id=event_id, at=at), strategies.names, strategies.times
)
FETCHES = st.lists(strategies.fetches | MAIL_PROGRAMS, unique_by=lambda fetch: fetch.event_id, max_size=6)


def history(*fetches: Fetch, quoted_at: datetime | None = None) -> History:
    quoted = [Event("quoted-1", EventType.QUOTED, quoted_at, {"by": "1"})] if quoted_at else []
    return History(DELIVERY, (*map(deliveries.fetched, fetches), *quoted))


def summary(of: History, message: Message = MESSAGE) -> Summary:
    return summaries.summarise(of, summaries.opens(message, of))


def test_a_delivery_that_nobody_opened_has_an_empty_summary() -> None:
    assert summary(History(DELIVERY, ())) == Summary()


def test_a_mail_program_is_human_evidence() -> None:
    day = SENT_AT.date()

    assert summary(history(OUTLOOK)) == Summary(
        {day: {OpenClass.DIRECT_OPEN: 1}},
        OUTLOOK.at,
        OUTLOOK.at,
        OUTLOOK.at,
        None,
        hours={day: {OUTLOOK.at.hour: 1}},
    )


def test_hours_are_those_of_utc_and_of_each_open_that_shows_a_person() -> None:
    in_tokyo = timezone(timedelta(hours=9))
    first, second, third = (
        replace(OUTLOOK, event_id=f"cf-{hours}", at=(SENT_AT + timedelta(hours=hours)).astimezone(in_tokyo))
        for hours in (1, 1.5, 13)
    )
    program = Fetch("cf-4", SENT_AT + timedelta(hours=5), user_agent="curl/8", address="192.0.2.9")

    found = summary(history(first, second, program, third))

    today = SENT_AT.date()
    assert found.hours == {today: {13: 2}, today + timedelta(days=1): {1: 1}}


@pytest.mark.parametrize(
    ("event_type", "details", "outcome"),
    [
        (EventType.PROCESSED, {}, Outcome.PROCESSED),
        (EventType.DELIVERED, {}, Outcome.DELIVERED),
        (EventType.BOUNCED, {"bounce": "hard"}, Outcome.HARD_BOUNCED),
        (EventType.BOUNCED, {"bounce": "soft"}, Outcome.SOFT_BOUNCED),
        (EventType.REJECTED, {}, Outcome.REJECTED),
        (EventType.COMPLAINED, {}, Outcome.COMPLAINED),
    ],
)
def test_what_a_delivery_came_to_is_an_outcome(
    event_type: EventType, details: dict[str, str], outcome: Outcome
) -> None:
    event = Event("1", event_type, SENT_AT, details)

    assert summary(History(DELIVERY, (event,))) == Summary(outcomes={outcome: SENT_AT})


@pytest.mark.parametrize("event_type", [EventType.DELAYED, EventType.QUOTED])
def test_what_leaves_all_open_is_no_outcome(event_type: EventType) -> None:
    assert summary(History(DELIVERY, (Event("1", event_type, SENT_AT),))) == Summary()


@pytest.mark.parametrize("turn", [1, -1])
def test_the_first_of_each_outcome_is_the_one(turn: int) -> None:
    hours = [SENT_AT + timedelta(hours=hour) for hour in range(4)]
    events = (
        Event("1", EventType.BOUNCED, hours[0], {"bounce": "soft"}),
        Event("2", EventType.BOUNCED, hours[1], {"bounce": "hard"}),
        Event("3", EventType.BOUNCED, hours[2], {"bounce": "hard"}),
        Event("4", EventType.BOUNCED, hours[3], {"bounce": "soft"}),
    )

    found = summary(History(DELIVERY, events[::turn]))

    assert found.outcomes == {Outcome.SOFT_BOUNCED: hours[0], Outcome.HARD_BOUNCED: hours[1]}


@given(
    st.lists(strategies.events, unique_by=lambda event: event.event_id, max_size=8).flatmap(
        lambda events: st.tuples(st.just(events), st.permutations(events))
    )
)
def test_outcomes_do_not_depend_on_the_order_of_the_events(orders: tuple[list[Event], list[Event]]) -> None:
    one, other = (summary(History(DELIVERY, tuple(events))) for events in orders)

    assert one.outcomes == other.outcomes


@pytest.mark.parametrize(("fetched", "counted"), [(1, 0), (99, 0), (100, 100), (250, 200)])
def test_fetches_are_counted_in_hundreds_whether_they_repeat_or_not(fetched: int, counted: int) -> None:
    fetches = [replace(OUTLOOK, event_id=str(number)) for number in range(fetched)]

    assert summary(history(*fetches)).fetches == counted


def test_the_address_that_the_mail_came_from_is_the_senders() -> None:
    (opened,) = summaries.opens(replace(MESSAGE, source_ip=OUTLOOK.address), history(OUTLOOK))

    assert opened.open_class is OpenClass.SENDER_SELF


def test_a_stranger_after_the_mail_was_quoted_is_nobody_known() -> None:
    (opened,) = summaries.opens(MESSAGE, history(OUTLOOK, quoted_at=SENT_AT + timedelta(minutes=1)))

    assert opened.reasons[0] is Reason.QUOTED_PIXEL


def test_the_first_time_that_the_mail_was_quoted_counts() -> None:
    early, late = SENT_AT + timedelta(minutes=1), SENT_AT + timedelta(days=1)
    again = Event("quoted-2", EventType.QUOTED, late, {"by": "2"})
    once = history(OUTLOOK, quoted_at=early)
    twice = replace(once, events=(again, *once.events))

    assert summaries.opens(MESSAGE, twice) == summaries.opens(MESSAGE, once)


def test_an_interpretation_knows_its_events_and_the_opens_that_they_make() -> None:
    again = replace(OUTLOOK, event_id="cf-2", at=OUTLOOK.at + timedelta(seconds=1))
    known = Interpretation.of(MESSAGE, history(OUTLOOK, again, quoted_at=SENT_AT + timedelta(days=1)))

    events = [known.event(event_id) for event_id in ("cf-1", "cf-2", "quoted-1")]

    assert tuple(events) == known.history.events
    opens = [known.opened(event) for event in events if event]
    assert opens == [*summaries.opens(MESSAGE, known.history), None, None]
    assert known.event("cf-3") is None


@given(strategies.messages, FETCHES)
def test_the_opens_of_an_interpretation_are_by_time(message: Message, fetches: list[Fetch]) -> None:
    known = Interpretation.of(message, history(*fetches))

    assert list(known.opens.values()) == summaries.opens(message, known.history)


@given(strategies.messages, FETCHES)
def test_a_summary_counts_each_open_once(message: Message, fetches: list[Fetch]) -> None:
    fetched = history(*fetches)
    opens = summaries.opens(message, fetched)

    found = summaries.summarise(fetched, opens)

    assert found.totals == Counter(opened.open_class for opened in opens)
    assert found.opens.keys() == {deliveries.utc_day(opened.at) for opened in opens}
    assert found.first_open_at == min((fetch.at for fetch in fetches), default=None)
    assert found.last_open_at == max((opened.at for opened in opens), default=None)
    assert found.is_opened == bool(fetches)
    hours = Counter(
        (day, hour) for day, by_hour in found.hours.items() for hour in Counter(by_hour).elements()
    )
    people = [opened.at.astimezone(UTC) for opened in opens if opened.is_human_evidence]
    assert hours == Counter((at.date(), at.hour) for at in people)


@given(strategies.messages, FETCHES.flatmap(st.permutations))
def test_a_summary_does_not_depend_on_the_order_of_the_events(message: Message, fetches: list[Fetch]) -> None:
    assert summary(history(*fetches), message) == summary(history(*fetches[::-1]), message)


@given(st.lists(st.tuples(strategies.messages, FETCHES), max_size=3))
def test_changes_from_nothing_are_a_recount(mails: list[tuple[Message, list[Fetch]]]) -> None:
    """One fetch after another becomes known, in any order of time."""
    counted: Counter[tuple[str, str]] = Counter()
    recount: Counter[tuple[str, str]] = Counter()
    for message, fetches in mails:
        before = Summary()
        for known in range(1, len(fetches) + 1):
            after = summary(history(*fetches[:known]), message)
            for day, changes in deliveries.changes(before, after).items():
                counted.update({(day.isoformat(), name): change for name, change in changes.items()})
            before = after
        opens = summaries.opens(message, history(*fetches))
        recount.update((f"{opened.at:%Y-%m-%d}", opened.open_class.value) for opened in opens)
        recount.update(
            (f"{opened.at:%Y-%m-%d}", f"hour_{opened.at:%H}") for opened in opens if opened.is_human_evidence
        )
        firsts = {
            "opened": [opened.at for opened in opens],
            "human": [opened.at for opened in opens if opened.is_human_evidence],
        }
        if not firsts["human"]:
            firsts["prefetch_only"] = [
                opened.at for opened in opens if opened.open_class.endswith("_prefetch")
            ]
        recount.update((f"{min(times):%Y-%m-%d}", name) for name, times in firsts.items() if times)

    assert {key: count for key, count in counted.items() if count} == dict(recount)
