from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from tests import strategies
from tests.tracking.storage.conftest import Meanwhile
from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import Endpoint, WebhookEvent
from tracking.mail.notifications import UNFINISHED, Attempt, Notification, Progress, Status
from tracking.storage import aws
from tracking.storage import notifications as storage
from tracking.storage.attempts import Attempts
from tracking.storage.healths import Healths
from tracking.storage.notifications import KEPT_FOR, Notifications

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
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
DUE_AT = AT + timedelta(hours=2)
PARKED = replace(RETRYING, next_at=DUE_AT, is_parked=True)
PARKED_ANEW = replace(PARKED, attempts=4, last_at=DUE_AT, next_at=DUE_AT + timedelta(hours=2))


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
        page = notifications.listed(1, AT, limit, after)
        found.append(list(page.found))
        after = page.last
    return found


@given(strategies.progresses)
def test_a_progress_comes_back(progress: Progress) -> None:
    item = aws.from_attributes(aws.to_attributes(storage._progress_item(progress, AT)))

    # Whatever is stored failed before, and no test is.
    stored = replace(progress.notification, is_tried=True, is_test=False)
    assert storage._progress(item) == replace(progress, notification=stored)


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


def test_what_was_delivered_in_the_end_is_not_listed_any_more(notifications: Notifications) -> None:
    notifications.save(RETRYING, AT)

    notifications.delivered(NOTIFICATION)

    assert notifications.progress(NOTIFICATION) == replace(RETRYING, status=Status.DELIVERED, next_at=None)
    assert notifications.listed(1, AT, 10).found == ()


def test_what_was_delivered_at_once_is_not_kept(notifications: Notifications) -> None:
    notifications.delivered(NOTIFICATION)

    assert notifications.progress(NOTIFICATION) is None


@pytest.mark.parametrize("seen", [RETRYING, FAILED])
def test_what_is_unfinished_is_cancelled_once(notifications: Notifications, seen: Progress) -> None:
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
    assert notifications.listed(1, later + KEPT_FOR - timedelta(seconds=1), 10).found


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


def test_what_is_unfinished_is_listed_the_newest_first(
    notifications: Notifications, attempts: Attempts, healths: Healths
) -> None:
    first, second, third = (numbered(number) for number in range(3))
    for progress in (second, first, third):
        notifications.save(progress, AT)
    notifications.save(numbered(4, endpoint_id=11), AT)
    notifications.cancel(second)
    attempts.record(NOTIFICATION, Attempt(AT, timedelta()))
    healths.disable(Endpoint(1, "https://example.com/", AT), AT)

    page = notifications.listed(1, AT, 10)

    assert (page.found, page.last) == ((third, first), None)


def test_only_what_has_failed_is_listed_where_that_is_wanted(notifications: Notifications) -> None:
    retrying, failed = numbered(1, RETRYING), numbered(2, FAILED)
    for progress in (retrying, failed):
        notifications.save(progress, AT)

    assert notifications.listed(1, AT, 10, statuses=[Status.FAILED]).found == (failed,)
    assert notifications.listed(1, AT, 10, statuses=UNFINISHED).found == (failed, retrying)


def test_what_has_expired_is_not_listed(notifications: Notifications) -> None:
    notifications.save(FAILED, AT)

    kept = [notifications.listed(1, AT + KEPT_FOR + after, 10).found for after in (-SECOND, SECOND)]

    assert kept == [(FAILED,), ()]


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
    many = [numbered(number, body=body) for number, body in enumerate(["x", "ü" * 4, "x", "x" * 5, "x" * 11])]
    for progress in many:
        notifications.save(progress, AT)

    pages = all_pages(notifications, 10)

    assert pages == [[many[4]], [many[3], many[2], many[1]], [many[0]]]


def leave_in_index(dynamodb: "DynamoDBClient", status: Status) -> None:
    """Have something become of a notification that the index does not know of yet."""
    dynamodb.update_item(
        TableName="Notifications",
        Key={"pk": {"S": "ENDPOINT#1"}, "sk": {"S": f"NOTIFICATION#{NOTIFICATION.id}"}},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": status}},
    )


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.CANCELLED])
def test_what_the_index_still_has_though_it_is_over_is_not_listed(
    notifications: Notifications, dynamodb: "DynamoDBClient", status: Status
) -> None:
    notifications.save(FAILED, AT)
    notifications.save(numbered(2), AT)

    leave_in_index(dynamodb, status)

    assert notifications.listed(1, AT, 10).found == (numbered(2),)


def test_what_the_index_still_has_as_failed_is_listed_as_what_it_is(
    notifications: Notifications, dynamodb: "DynamoDBClient"
) -> None:
    notifications.save(FAILED, AT)

    leave_in_index(dynamodb, Status.RETRYING)

    assert notifications.listed(1, AT, 10, statuses=[Status.FAILED]).found == ()
    assert [each.status for each in notifications.listed(1, AT, 10).found] == [Status.RETRYING]


def test_what_is_gone_meanwhile_is_not_listed(
    notifications: Notifications, dynamodb: "DynamoDBClient", meanwhile: Meanwhile
) -> None:
    notifications.save(FAILED, AT)
    key = {"pk": {"S": "ENDPOINT#1"}, "sk": {"S": "NOTIFICATION#msg_1"}}
    meanwhile("BatchGetItem", lambda: dynamodb.delete_item(TableName="Notifications", Key=key))

    assert notifications.listed(1, AT, 10).found == ()


def test_what_becomes_failed_while_it_is_looked_for_is_listed_once(
    notifications: Notifications, meanwhile: Meanwhile
) -> None:
    notifications.save(RETRYING, AT)
    meanwhile("Query", lambda: notifications.save(FAILED, AT), number=2)

    assert notifications.listed(1, AT, 10).found == (FAILED,)


def test_pages_go_on_behind_what_is_over_though_the_index_still_has_it(
    notifications: Notifications, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "READ_TOGETHER", 2)
    many = [FAILED, *(numbered(number) for number in range(2, 7))]
    for progress in many:
        notifications.save(progress, AT)
    leave_in_index(dynamodb, Status.CANCELLED)

    assert list(chain(*all_pages(notifications, 2))) == many[:0:-1]


def test_those_that_are_named_are_found_if_they_are_unfinished(notifications: Notifications) -> None:
    failed, retrying, over, other = (
        numbered(2, FAILED),
        numbered(3, RETRYING),
        numbered(4),
        numbered(5, endpoint_id=2),
    )
    for progress in (failed, retrying, over, other, numbered(6)):
        notifications.save(progress, AT)
    notifications.cancel(over)

    found = notifications.unfinished(1, ["msg_2", "msg_3", "msg_4", "msg_5", "msg_7", "msg_2"], AT)

    assert sorted(found, key=lambda each: each.notification.id) == [failed, retrying]
    assert notifications.unfinished(1, [], AT) == []


def test_what_has_expired_is_not_found_by_its_name(notifications: Notifications) -> None:
    notifications.save(FAILED, AT)

    assert notifications.unfinished(1, ["msg_1"], AT + storage.KEPT_FOR) == []


def test_those_that_are_named_are_found_without_a_search(
    notifications: Notifications, meanwhile: Meanwhile
) -> None:
    searches: list[str] = []
    for operation in ("Query", "Scan"):
        meanwhile(operation, lambda: searches.append("searched"))
    notifications.save(FAILED, AT)

    assert notifications.unfinished(1, ["msg_1"], AT) == [FAILED]
    assert notifications.unfinished(1, ["msg_2"], AT) == []

    assert searches == []


def due(notifications: Notifications, at: datetime) -> list[Progress]:
    """All that is due, in the order of its events."""
    return sorted(chain(*notifications.due(at)), key=lambda each: each.notification.event_at)


def test_what_waits_for_long_is_due_when_its_time_has_come(notifications: Notifications) -> None:
    notifications.save(PARKED, AT)
    notifications.save(numbered(2, RETRYING), AT)

    assert due(notifications, DUE_AT - SECOND) == []
    assert due(notifications, DUE_AT) == [PARKED]


@pytest.mark.parametrize("together", [3, 50])
def test_all_that_is_due_is_found_whichever_partition_it_is_in(
    notifications: Notifications, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(storage, "READ_TOGETHER", together)
    many = [numbered(number, PARKED) for number in range(20)]
    for progress in many:
        notifications.save(progress, AT)

    assert due(notifications, DUE_AT) == many
    assert max(map(len, notifications.due(DUE_AT))) <= together


@pytest.mark.parametrize(
    "act",
    [
        lambda notifications: notifications.queued(PARKED),
        lambda notifications: notifications.cancel(PARKED),
        lambda notifications: notifications.delivered(NOTIFICATION),
        lambda notifications: notifications.restarted(AGAIN, AT),
    ],
)
def test_what_is_queued_or_over_is_not_due_any_more(
    notifications: Notifications, act: Callable[[Notifications], object]
) -> None:
    notifications.save(PARKED, AT)

    act(notifications)

    assert due(notifications, AT + timedelta(days=1)) == []


def test_what_is_cancelled_while_others_are_queued_is_not_due(
    notifications: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "READ_TOGETHER", 1)
    many = [numbered(number, PARKED) for number in range(20)]
    for progress in many:
        notifications.save(progress, AT)
    some = notifications.due(DUE_AT)

    first = next(some)
    for progress in many:
        notifications.cancel(progress)

    assert first[0] in many
    assert list(chain(*some)) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda notifications: notifications.save(PARKED_ANEW, DUE_AT),
        lambda notifications: notifications.queued(PARKED),
        lambda notifications: notifications.cancel(PARKED),
    ],
    ids=["parked for later", "queued", "cancelled"],
)
def test_what_the_index_still_has_as_due_is_not_due_if_something_else_became_of_it(
    notifications: Notifications, meanwhile: Meanwhile, act: Callable[[Notifications], object]
) -> None:
    notifications.save(PARKED, AT)
    meanwhile("BatchGetItem", lambda: act(notifications))

    assert due(notifications, DUE_AT) == []


def test_what_is_queued_is_retrying_as_before(notifications: Notifications) -> None:
    notifications.save(PARKED, AT)

    notifications.queued(PARKED)

    assert notifications.progress(NOTIFICATION) == replace(PARKED, is_parked=False)


def test_what_is_queued_twice_is_noted_once(notifications: Notifications) -> None:
    notifications.save(PARKED, AT)

    for _ in range(2):
        notifications.queued(PARKED)

    assert notifications.progress(NOTIFICATION) == replace(PARKED, is_parked=False)


@pytest.mark.parametrize("times", [1, 2])
def test_what_failed_once_more_before_it_is_noted_as_queued_stays_parked_until_its_new_time(
    notifications: Notifications, times: int
) -> None:
    notifications.save(PARKED, AT)
    (seen,) = due(notifications, DUE_AT)
    notifications.save(PARKED_ANEW, DUE_AT)

    for _ in range(times):
        notifications.queued(seen)

    assert due(notifications, DUE_AT) == []
    assert PARKED_ANEW.next_at
    assert due(notifications, PARKED_ANEW.next_at) == [PARKED_ANEW]


@pytest.mark.parametrize(
    "act",
    [
        lambda notifications: notifications.cancel(PARKED),
        lambda notifications: notifications.delivered(NOTIFICATION),
        lambda notifications: notifications.restarted(AGAIN, AT),
        lambda notifications: notifications.save(RETRYING, AT),
    ],
)
def test_what_something_else_became_of_stays_so_when_it_is_noted_as_queued(
    notifications: Notifications, act: Callable[[Notifications], object]
) -> None:
    notifications.save(PARKED, AT)
    act(notifications)
    before = notifications.progress(NOTIFICATION)

    notifications.queued(PARKED)

    assert notifications.progress(NOTIFICATION) == before


def test_a_notification_ends_by_itself(notifications: Notifications, dynamodb: "DynamoDBClient") -> None:
    notifications.save(FAILED, AT)

    (item,) = dynamodb.scan(TableName="Notifications")["Items"]

    assert int(item["expires_at"]["N"]) == int((AT + KEPT_FOR).timestamp())


@pytest.mark.parametrize(
    "act",
    [
        lambda notifications: notifications.progress(NOTIFICATION),
        lambda notifications: notifications.save(RETRYING, AT),
        lambda notifications: notifications.delivered(NOTIFICATION),
        lambda notifications: notifications.cancel(RETRYING),
        lambda notifications: notifications.restarted(AGAIN, AT),
        lambda notifications: list(notifications.due(AT)),
        lambda notifications: notifications.queued(PARKED),
        lambda notifications: notifications.listed(1, AT, 10),
        lambda notifications: notifications.unfinished(1, ["msg_1"], AT),
    ],
)
def test_a_table_that_does_not_answer_is_a_fault_of_ours(
    dynamodb: "DynamoDBClient", act: Callable[[Notifications], object]
) -> None:
    with pytest.raises(NotificationsUnavailable):
        act(Notifications(dynamodb, "Missing"))
