from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests import strategies
from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import Attempt, Notification, Progress, Status
from tracking.storage import attempts as storage
from tracking.storage import aws
from tracking.storage.attempts import KEPT_FOR, Attempts
from tracking.storage.notifications import Notifications

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOTIFICATION = Notification(
    "msg_1", 1, WebhookEvent.OPEN, "06h0r9co15h30phg2640", "olga@example.org", AT, "{}", "application/json"
)


@given(strategies.notifications, strategies.attempts)
def test_an_attempt_comes_back(notification: Notification, attempt: Attempt) -> None:
    item = aws.from_attributes(aws.to_attributes(storage._attempt_item(notification, attempt)))

    tried = storage._attempt(item)

    assert (tried.notification_id, tried.event) == (notification.id, notification.event)
    assert tried.attempt == attempt


def test_attempts_are_found_the_newest_first(attempts: Attempts, notifications: Notifications) -> None:
    for number in range(5):
        tried = replace(NOTIFICATION, id=f"msg_{number % 2}")
        attempts.record(tried, Attempt(AT + number * SECOND, SECOND, 500, answer="oops"))
    attempts.record(replace(NOTIFICATION, endpoint_id=2), Attempt(AT, SECOND))
    notifications.save(Progress(NOTIFICATION, Status.FAILED), AT)

    found = attempts.newest(1, 3)

    assert [each.attempt.at for each in found] == [AT + number * SECOND for number in (4, 3, 2)]
    assert [each.notification_id for each in found] == ["msg_0", "msg_1", "msg_0"]
    assert len(attempts.newest(1, 10)) == 5


def test_the_attempts_at_one_notification_are_found_among_others(attempts: Attempts) -> None:
    for number in range(6):
        tried = replace(NOTIFICATION, id=f"msg_{number % 3}")
        attempts.record(tried, Attempt(AT + number * SECOND, SECOND))

    found = attempts.newest(1, 10, "msg_1")

    assert [each.attempt.at for each in found] == [AT + number * SECOND for number in (4, 1)]
    assert len(attempts.newest(1, 1, "msg_1")) == 1
    assert attempts.newest(1, 10, "msg_7") == []


def test_attempts_are_looked_for_among_the_last_only(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "READS", 1)
    attempts.record(NOTIFICATION, Attempt(AT, SECOND))
    for number in range(1, 5):
        other = replace(NOTIFICATION, id="msg_2")
        attempts.record(other, Attempt(AT + number * SECOND, SECOND, answer="x" * 300_000))

    assert attempts.newest(1, 10, "msg_1") == []
    assert attempts.newest(1, 1, "msg_2")


def test_an_attempt_ends_by_itself(attempts: Attempts, dynamodb: "DynamoDBClient") -> None:
    attempts.record(NOTIFICATION, Attempt(AT, SECOND))

    (item,) = dynamodb.scan(TableName="Notifications")["Items"]

    assert int(item["expires_at"]["N"]) == int((AT + KEPT_FOR).timestamp())


@pytest.mark.parametrize(
    "act",
    [
        lambda attempts: attempts.record(NOTIFICATION, Attempt(AT, SECOND)),
        lambda attempts: attempts.newest(1, 10),
    ],
)
def test_a_table_that_does_not_answer_is_a_fault_of_ours(
    dynamodb: "DynamoDBClient", act: Callable[[Attempts], object]
) -> None:
    with pytest.raises(NotificationsUnavailable):
        act(Attempts(dynamodb, "Missing"))
