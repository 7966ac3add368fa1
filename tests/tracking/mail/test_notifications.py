import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import strategies
from tracking.errors import InvalidNotification
from tracking.mail import notifications
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import (
    JITTER,
    LONGEST_DELAY,
    LONGEST_RETRY_AFTER,
    RETRIES,
    Attempt,
    Notification,
    Progress,
    Status,
)

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTIFICATION = Notification(
    "msg_1", 1, WebhookEvent.OPEN, "06h0r9co15h30phg2640", "olga@example.org", AT, "{}", "application/json"
)
MOMENT = timedelta(microseconds=1)

chances = st.floats(0, 1)


def failing(chance: float = 0) -> list[Progress]:
    """A notification's progress after each of its attempts, as long as there is a next one."""
    made, at = [Progress(NOTIFICATION)], AT
    while made[-1].status is Status.RETRYING:
        made.append(notifications.advanced(made[-1], at, "answered 500", chance=chance))
        at = made[-1].next_at or at
    return made[1:]


def test_the_schedule_is_of_about_two_days_and_each_wait_longer_than_the_one_before() -> None:
    assert timedelta(hours=46) < sum(RETRIES, timedelta()) < timedelta(hours=50)
    assert list(RETRIES) == sorted(set(RETRIES))


@given(chances)
def test_a_notification_is_tried_again_as_often_as_the_schedule_says_and_then_has_failed(
    chance: float,
) -> None:
    *retrying, last = failing(chance)

    assert [each.attempts for each in retrying] == list(range(1, len(RETRIES) + 1))
    assert {each.status for each in retrying} == {Status.RETRYING}
    assert (last.status, last.attempts, last.next_at) == (Status.FAILED, len(RETRIES) + 1, None)


@given(chances)
def test_each_attempt_is_made_when_the_schedule_says_or_a_little_later(chance: float) -> None:
    *retrying, last = failing(chance)

    for each, wait in zip(retrying, RETRIES, strict=True):
        assert each.last_at
        assert each.next_at
        assert wait <= each.next_at - each.last_at <= wait * (1 + JITTER) + MOMENT
    assert last.last_at
    whole = sum(RETRIES, timedelta())
    assert whole <= last.last_at - AT <= whole * (1 + JITTER) + MOMENT * len(RETRIES)


@given(st.integers(0, len(RETRIES) - 1), chances, st.timedeltas(-timedelta(days=1), timedelta(days=1)))
def test_no_attempt_is_made_before_the_endpoint_wants_it_nor_before_its_time(
    made: int, chance: float, asked: timedelta
) -> None:
    progress = Progress(NOTIFICATION, attempts=made)

    advanced = notifications.advanced(progress, AT, "answered 503", chance=chance, not_before=AT + asked)

    assert advanced.next_at
    assert advanced.next_at >= max(AT + asked, AT + RETRIES[made])


@given(strategies.progresses, strategies.times, st.text(), chances)
def test_an_attempt_that_failed_changes_nothing_of_the_notification(
    progress: Progress, at: datetime, result: str, chance: float
) -> None:
    advanced = notifications.advanced(progress, at, result, chance=chance)

    assert advanced.notification == progress.notification
    assert advanced.attempts == progress.attempts + 1
    assert (advanced.last_at, advanced.last_result) == (at, result)
    assert advanced.next_at is None or advanced.next_at > at


@given(chances, st.none() | st.timedeltas(-timedelta(days=1), timedelta(days=1)))
def test_what_waits_too_long_for_the_queue_is_parked_and_nothing_else(
    chance: float, asked: timedelta | None
) -> None:
    not_before = None if asked is None else AT + asked
    for made in range(len(RETRIES)):
        progress = Progress(NOTIFICATION, attempts=made, is_parked=True)

        advanced = notifications.advanced(progress, AT, "answered 503", chance=chance, not_before=not_before)

        assert advanced.next_at
        assert advanced.is_parked == (advanced.next_at > AT + LONGEST_DELAY)


def test_the_queue_takes_the_first_waits_and_the_table_the_others() -> None:
    *retrying, last = failing(1)

    parked = [each.is_parked for each in retrying]
    assert parked == [wait * (1 + JITTER) > LONGEST_DELAY for wait in RETRIES]
    assert not last.is_parked


def test_what_waits_as_long_as_the_queue_can_is_not_parked() -> None:
    parked = [
        notifications.advanced(Progress(NOTIFICATION), AT, "", chance=0, not_before=AT + wait).is_parked
        for wait in (LONGEST_DELAY, LONGEST_DELAY + MOMENT)
    ]

    assert parked == [False, True]


def test_the_last_attempt_is_known_as_such() -> None:
    assert [each.is_last for each in failing()] == [False] * (len(RETRIES) - 1) + [True, False]


@given(strategies.progresses)
def test_what_is_given_up_has_failed_whatever_the_schedule_says(progress: Progress) -> None:
    given_up = notifications.given_up(progress, AT, "answered 410")

    assert (given_up.status, given_up.next_at, given_up.is_parked) == (Status.FAILED, None, False)
    assert (given_up.last_at, given_up.last_result) == (AT, "answered 410")


@given(strategies.notifications)
def test_a_notification_comes_back_from_the_queue(notification: Notification) -> None:
    assert notifications.decode(notifications.encode(notification)) == notification


@pytest.mark.parametrize(
    "change",
    [{"event": "nope"}, {"event": None}, {"event_at": "yesterday"}, {"event_at": 1}],
    ids=str,
)
def test_a_notification_with_a_wrong_field_is_none(change: dict[str, object]) -> None:
    fields = json.loads(notifications.encode(NOTIFICATION))

    with pytest.raises(InvalidNotification):
        notifications.decode(json.dumps(fields | change))


@pytest.mark.parametrize("name", json.loads(notifications.encode(NOTIFICATION)))
def test_a_notification_without_a_field_is_none(name: str) -> None:
    fields = json.loads(notifications.encode(NOTIFICATION))
    del fields[name]

    with pytest.raises(InvalidNotification):
        notifications.decode(json.dumps(fields))


@given(st.text() | st.from_regex(r"\{.*\}|\[.*\]|[0-9]+|null"))
@example("")
@example("[]")
@example("null")
@example('"msg_1"')
@example("1")
def test_any_other_text_is_no_notification(text: str) -> None:
    with pytest.raises(InvalidNotification):
        notifications.decode(text)


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ ([+-]\d+|GMT)"))
@example("Tue, 24 Nov 2026 12:00:00 +99999999999999999999")
@example("Tue, 24 Nov 99999999999999999999 12:00:00 GMT")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("9" * 5000)
@example("-1")
@example("²")
def test_whatever_an_endpoint_asks_for_is_at_once_or_bounded(header: str) -> None:
    asked = notifications.retry_at(header, AT)

    assert asked is None or AT <= asked <= AT + LONGEST_RETRY_AFTER


@given(st.integers(0, 10**12))
def test_an_endpoint_asks_for_seconds(seconds: int) -> None:
    asked = notifications.retry_at(f" {seconds} ", AT)

    assert asked == AT + min(timedelta(seconds=min(seconds, 10**9)), LONGEST_RETRY_AFTER)


@given(st.integers(-(10**6), 10**6))
def test_an_endpoint_asks_for_a_date(seconds: int) -> None:
    date = AT + timedelta(seconds=seconds)

    asked = notifications.retry_at(format_datetime(date, usegmt=True), AT)

    assert asked == min(max(date, AT), AT + LONGEST_RETRY_AFTER)


@pytest.mark.parametrize("header", [None, "", "soon", "1.5", "-1", "2026-11-24T12:00:00Z", "²"])
def test_what_is_neither_seconds_nor_a_date_asks_for_nothing(header: str | None) -> None:
    assert notifications.retry_at(header, AT) is None


@pytest.mark.parametrize(
    ("status", "is_success", "is_gone"),
    [
        (200, True, False),
        (204, True, False),
        (299, True, False),
        (199, False, False),
        (301, False, False),
        (410, False, True),
        (500, False, False),
        (None, False, False),
    ],
)
def test_2xx_is_success_and_410_the_end(status: int | None, is_success: bool, is_gone: bool) -> None:
    attempt = Attempt(AT, timedelta(), status)

    assert (attempt.is_success, attempt.is_gone) == (is_success, is_gone)


def test_an_attempt_says_what_came_of_it() -> None:
    assert Attempt(AT, timedelta(), 503).result == "answered 503"
    assert (
        Attempt(AT, timedelta(), error="no answer within 10 seconds").result == "no answer within 10 seconds"
    )


def test_another_run_is_another_notification_in_the_queue() -> None:
    again = replace(NOTIFICATION, run=1)

    assert notifications.encode(again) != notifications.encode(NOTIFICATION)
    assert again.id == NOTIFICATION.id
