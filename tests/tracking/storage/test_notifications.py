from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from tests import strategies
from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import OPEN, Attempt, Notification, Progress, Status
from tracking.storage import aws
from tracking.storage import notifications as storage
from tracking.storage.notifications import ATTEMPTS_KEPT_FOR, KEPT_FOR, Notifications

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTIFICATION = Notification(
    "msg_1",
    1,
    WebhookEvent.OPEN,
    "06h0r9co15h30phg2640",
    "olga@example.org",
    AT,
    "{}",
    "application/json",
    is_tried=True,
)
RETRYING = Progress(NOTIFICATION, Status.RETRYING, 3, AT, "answered 500", AT + timedelta(minutes=5))
FAILED = replace(RETRYING, status=Status.FAILED, attempts=11, next_at=None)
AGAIN = replace(NOTIFICATION, run=1)


def numbered(number: int, progress: Progress = FAILED, **changes: Any) -> Progress:  # noqa: ANN401
    """Another notification of the endpoint, queued so many seconds later."""
    notification = replace(
        progress.notification, id=f"msg_{number}", event_at=AT + timedelta(seconds=number), **changes
    )
    return replace(progress, notification=notification)


def all_pages(notifications: Notifications, limit: int) -> list[list[Progress]]:
    found: list[list[Progress]] = []
    after = None
    while not found or after:
        page = notifications.waiting(1, AT, limit, after)
        found.append(list(page.found))
        after = page.last
    return found


@given(strategies.progresses)
def test_a_progress_comes_back(progress: Progress) -> None:
    item = aws.from_attributes(aws.to_attributes(storage._progress_item(progress, AT)))

    # Whatever is stored failed before, and no test is.
    stored = replace(progress.notification, is_tried=True, is_test=False)
    assert storage._progress(item) == replace(progress, notification=stored)


@given(strategies.notifications, strategies.attempts)
def test_an_attempt_comes_back(notification: Notification, attempt: Attempt) -> None:
    item = aws.from_attributes(aws.to_attributes(storage._attempt_item(notification, attempt)))

    tried = storage._attempt(item)

    assert (tried.notification_id, tried.event) == (notification.id, notification.event)
    assert tried.attempt == attempt


@pytest.mark.parametrize("progress", [RETRYING, FAILED])
def test_what_failed_is_kept_and_found(notifications: Notifications, progress: Progress) -> None:
    assert notifications.progress(NOTIFICATION) is None

    assert notifications.save(progress, AT)

    assert notifications.progress(NOTIFICATION) == progress
    assert notifications.progress(replace(NOTIFICATION, endpoint_id=2)) is None


def test_what_fails_again_goes_on(notifications: Notifications) -> None:
    notifications.save(RETRYING, AT)

    assert notifications.save(FAILED, AT)
    assert notifications.progress(NOTIFICATION) == FAILED


def test_what_was_delivered_in_the_end_is_not_open_any_more(notifications: Notifications) -> None:
    notifications.save(RETRYING, AT)

    notifications.delivered(NOTIFICATION)

    assert notifications.progress(NOTIFICATION) == replace(RETRYING, status=Status.DELIVERED, next_at=None)
    assert notifications.waiting(1, AT, 10).found == ()


def test_what_was_delivered_at_once_is_not_kept(notifications: Notifications) -> None:
    notifications.delivered(NOTIFICATION)

    assert notifications.progress(NOTIFICATION) is None


@pytest.mark.parametrize("seen", [RETRYING, FAILED])
def test_what_is_open_is_cancelled_once(notifications: Notifications, seen: Progress) -> None:
    notifications.save(seen, AT)

    assert notifications.cancel(seen)
    assert not notifications.cancel(seen)

    assert notifications.progress(NOTIFICATION) == replace(seen, status=Status.CANCELLED, next_at=None)


def test_what_is_not_there_is_not_cancelled(notifications: Notifications) -> None:
    assert not notifications.cancel(RETRYING)

    assert notifications.progress(NOTIFICATION) is None


@pytest.mark.parametrize(
    "end",
    [
        lambda notifications: notifications.cancel(RETRYING),
        lambda notifications: notifications.delivered(NOTIFICATION),
        lambda notifications: notifications.restarted(AGAIN, AT),
    ],
)
def test_a_failure_that_comes_late_does_not_bring_back_what_is_over(
    notifications: Notifications, end: Callable[[Notifications], object]
) -> None:
    notifications.save(RETRYING, AT)
    end(notifications)
    before = notifications.progress(NOTIFICATION)

    assert not notifications.save(FAILED, AT)

    assert notifications.progress(NOTIFICATION) == before


def test_what_starts_anew_is_tried_again_from_the_beginning(notifications: Notifications) -> None:
    notifications.save(FAILED, AT)
    later = AT + timedelta(days=1)

    notifications.restarted(AGAIN, later)

    assert notifications.progress(NOTIFICATION) == replace(
        FAILED, notification=AGAIN, status=Status.RETRYING, attempts=0, next_at=later
    )
    assert notifications.waiting(1, later + KEPT_FOR - timedelta(seconds=1), 10).found


def test_what_starts_anew_can_fail_and_be_cancelled_in_its_new_run_only(notifications: Notifications) -> None:
    notifications.save(FAILED, AT)
    notifications.restarted(AGAIN, AT)

    assert not notifications.cancel(FAILED)
    assert notifications.save(replace(RETRYING, notification=AGAIN), AT)
    assert notifications.cancel(replace(RETRYING, notification=AGAIN))


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DELIVERED])
def test_what_was_over_can_start_anew(notifications: Notifications, status: Status) -> None:
    notifications.save(FAILED, AT)
    if status is Status.CANCELLED:
        notifications.cancel(FAILED)
    else:
        notifications.delivered(NOTIFICATION)

    notifications.restarted(AGAIN, AT)

    found = notifications.progress(NOTIFICATION)
    assert found
    assert (found.status, found.notification.run) == (Status.RETRYING, 1)


def test_a_new_run_that_is_through_before_it_is_noted_stays_as_it_is(notifications: Notifications) -> None:
    notifications.save(FAILED, AT)
    failed_again = replace(RETRYING, notification=AGAIN, attempts=1)
    assert notifications.save(failed_again, AT)

    notifications.restarted(AGAIN, AT)

    assert notifications.progress(NOTIFICATION) == failed_again


def test_a_new_run_that_was_delivered_before_it_is_noted_stays_delivered(
    notifications: Notifications,
) -> None:
    notifications.save(FAILED, AT)
    notifications.delivered(AGAIN)

    notifications.restarted(AGAIN, AT)

    found = notifications.progress(NOTIFICATION)
    assert found
    assert (found.status, found.notification.run) == (Status.DELIVERED, 1)


def test_an_old_run_that_arrives_after_all_does_not_end_the_new_one(notifications: Notifications) -> None:
    notifications.save(FAILED, AT)
    notifications.restarted(AGAIN, AT)

    notifications.delivered(NOTIFICATION)

    found = notifications.progress(NOTIFICATION)
    assert found
    assert found.status is Status.RETRYING


def test_what_is_gone_does_not_start_anew(notifications: Notifications) -> None:
    notifications.restarted(AGAIN, AT)

    assert notifications.progress(NOTIFICATION) is None


def test_what_is_open_is_listed_the_newest_first(notifications: Notifications) -> None:
    first, second, third = (numbered(number) for number in range(3))
    for progress in (second, first, third):
        notifications.save(progress, AT)
    notifications.save(numbered(4, endpoint_id=11), AT)
    notifications.cancel(second)
    notifications.record(NOTIFICATION, Attempt(AT, timedelta()))

    page = notifications.waiting(1, AT, 10)

    assert (page.found, page.last) == ((third, first), None)


def test_only_what_has_failed_is_listed_where_that_is_wanted(notifications: Notifications) -> None:
    retrying, failed = numbered(1, RETRYING), numbered(2, FAILED)
    for progress in (retrying, failed):
        notifications.save(progress, AT)

    assert notifications.waiting(1, AT, 10, statuses=[Status.FAILED]).found == (failed,)
    assert notifications.waiting(1, AT, 10, statuses=OPEN).found == (failed, retrying)


def test_what_has_expired_is_not_listed(notifications: Notifications) -> None:
    notifications.save(FAILED, AT)

    kept = [notifications.waiting(1, AT + KEPT_FOR + after, 10).found for after in (-SECOND, SECOND)]

    assert kept == [(FAILED,), ()]


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
def test_pages_hold_all_once_and_in_order(notifications: Notifications, limit: int) -> None:
    many = [numbered(number) for number in range(7)]
    for progress in many:
        notifications.save(progress, AT)

    pages = all_pages(notifications, limit)

    assert list(chain(*pages)) == many[::-1]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1]


def test_those_of_events_at_the_same_moment_are_all_on_some_page(notifications: Notifications) -> None:
    many = [replace(FAILED, notification=replace(NOTIFICATION, id=f"msg_{number}")) for number in range(5)]
    for progress in many:
        notifications.save(progress, AT)

    assert list(chain(*all_pages(notifications, 2))) == many[::-1]


def test_a_page_ends_where_the_bodies_are_too_long_together(
    notifications: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "PAGE_BYTES", 10)
    many = [numbered(number, body=body) for number, body in enumerate(["ü" * 5, "x", "x" * 5, "x" * 11])]
    for progress in many:
        notifications.save(progress, AT)

    pages = all_pages(notifications, 10)

    assert pages == [[many[3]], [many[2], many[1]], [many[0]]]


def test_a_page_ends_where_too_much_was_read_for_it_and_the_next_goes_on_there(
    notifications: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "READS", 1)
    body = "x" * 300_000
    many = [numbered(number, body=body) for number in range(8)]
    for progress in many:
        notifications.save(progress, AT)
    for progress in many[1:]:
        notifications.cancel(progress)

    pages = all_pages(notifications, 10)

    assert pages[0] == []
    assert list(chain(*pages)) == [many[0]]


def test_what_was_changed_just_now_is_listed_as_it_is(
    notifications: Notifications, dynamodb: "DynamoDBClient"
) -> None:
    asked: list[bool] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params["ConsistentRead"])
    )

    notifications.waiting(1, AT, 10)

    assert asked == [True]


def test_what_waits_for_long_is_due_when_its_time_has_come(notifications: Notifications) -> None:
    due_at = AT + timedelta(hours=2)
    parked = replace(RETRYING, next_at=due_at)
    notifications.save(parked, AT)
    notifications.save(numbered(2, RETRYING), AT)

    assert list(notifications.due(due_at - SECOND)) == []
    assert list(notifications.due(due_at)) == [parked]


def test_all_that_is_due_is_found_whichever_partition_it_is_in(notifications: Notifications) -> None:
    due_at = AT + timedelta(hours=2)
    many = [numbered(number, replace(RETRYING, next_at=due_at)) for number in range(20)]
    for progress in many:
        notifications.save(progress, AT)

    found = list(notifications.due(due_at))

    assert sorted(found, key=lambda each: each.notification.event_at) == many


@pytest.mark.parametrize(
    "act",
    [
        lambda notifications, parked: notifications.queued(parked),
        lambda notifications, parked: notifications.cancel(parked),
        lambda notifications, parked: notifications.delivered(parked.notification),
        lambda notifications, parked: notifications.restarted(replace(parked.notification, run=1), AT),
    ],
)
def test_what_is_queued_or_over_is_not_due_any_more(
    notifications: Notifications, act: Callable[[Notifications, Progress], object]
) -> None:
    parked = replace(RETRYING, next_at=AT + timedelta(hours=2))
    notifications.save(parked, AT)

    act(notifications, parked)

    assert list(notifications.due(AT + timedelta(days=1))) == []


def test_what_is_cancelled_while_others_are_queued_is_not_due(notifications: Notifications) -> None:
    due_at = AT + timedelta(hours=2)
    many = [numbered(number, replace(RETRYING, next_at=due_at)) for number in range(20)]
    for progress in many:
        notifications.save(progress, AT)
    due = notifications.due(due_at)

    first = next(due)
    for progress in many:
        notifications.cancel(progress)

    assert first in many
    assert list(due) == []


def test_what_is_queued_is_retrying_as_before(notifications: Notifications) -> None:
    parked = replace(RETRYING, next_at=AT + timedelta(hours=2))
    notifications.save(parked, AT)

    notifications.queued(parked)

    assert notifications.progress(NOTIFICATION) == parked


def test_attempts_are_listed_the_newest_first(notifications: Notifications) -> None:
    for number in range(5):
        tried = replace(NOTIFICATION, id=f"msg_{number % 2}")
        notifications.record(tried, Attempt(AT + number * SECOND, SECOND, 500, answer="oops"))
    notifications.record(replace(NOTIFICATION, endpoint_id=2), Attempt(AT, SECOND))
    notifications.save(FAILED, AT)

    found = notifications.attempts(1, 3)

    assert [each.attempt.at for each in found] == [AT + number * SECOND for number in (4, 3, 2)]
    assert [each.notification_id for each in found] == ["msg_0", "msg_1", "msg_0"]
    assert len(notifications.attempts(1, 10)) == 5


def test_the_attempts_at_one_notification_are_found_among_others(notifications: Notifications) -> None:
    for number in range(6):
        tried = replace(NOTIFICATION, id=f"msg_{number % 3}")
        notifications.record(tried, Attempt(AT + number * SECOND, SECOND))

    found = notifications.attempts(1, 10, "msg_1")

    assert [each.attempt.at for each in found] == [AT + number * SECOND for number in (4, 1)]
    assert len(notifications.attempts(1, 1, "msg_1")) == 1
    assert notifications.attempts(1, 10, "msg_7") == []


def test_attempts_are_looked_for_among_the_last_only(
    notifications: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "READS", 1)
    notifications.record(NOTIFICATION, Attempt(AT, SECOND))
    for number in range(1, 5):
        other = replace(NOTIFICATION, id="msg_2")
        notifications.record(other, Attempt(AT + number * SECOND, SECOND, answer="x" * 300_000))

    assert notifications.attempts(1, 10, "msg_1") == []
    assert notifications.attempts(1, 1, "msg_2")


def test_everything_ends_by_itself(notifications: Notifications, dynamodb: "DynamoDBClient") -> None:
    notifications.save(FAILED, AT)
    notifications.record(NOTIFICATION, Attempt(AT, SECOND))

    items = dynamodb.scan(TableName="Notifications")["Items"]

    assert sorted(int(item["expires_at"]["N"]) for item in items) == [
        int((AT + kept_for).timestamp()) for kept_for in (ATTEMPTS_KEPT_FOR, KEPT_FOR)
    ]


@pytest.mark.parametrize(
    "act",
    [
        lambda notifications: notifications.progress(NOTIFICATION),
        lambda notifications: notifications.save(RETRYING, AT),
        lambda notifications: notifications.delivered(NOTIFICATION),
        lambda notifications: notifications.cancel(RETRYING),
        lambda notifications: notifications.restarted(AGAIN, AT),
        lambda notifications: list(notifications.due(AT)),
        lambda notifications: notifications.queued(RETRYING),
        lambda notifications: notifications.waiting(1, AT, 10),
        lambda notifications: notifications.record(NOTIFICATION, Attempt(AT, SECOND)),
        lambda notifications: notifications.attempts(1, 10),
    ],
)
def test_a_table_that_does_not_answer_is_a_fault_of_ours(
    dynamodb: "DynamoDBClient", act: Callable[[Notifications], object]
) -> None:
    with pytest.raises(NotificationsUnavailable):
        act(Notifications(dynamodb, "Missing"))
