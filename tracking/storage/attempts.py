"""The last attempts at webhooks, for people to look at, in the Notifications table.

| pk | sk | what |
|---|---|---|
| `ENDPOINT#<id>` | `ATTEMPT#<at>#<notification's id>` | an `Attempt`; `expires_at` |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import Attempt, Notification
from tracking.storage.aws import Item, from_attributes, raising, to_attributes, to_text
from tracking.storage.notifications import partition

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEPT_FOR = timedelta(days=3)
"""How long an attempt can be seen: as long as the schedule goes, and a day more."""

READS = 20
"""How often the table is read at most to find attempts, a megabyte each time."""

_ATTEMPT = "ATTEMPT#"


@dataclass(frozen=True, slots=True)
class AttemptAt:
    """An attempt, and at which notification it was."""

    notification_id: str
    event: WebhookEvent
    attempt: Attempt


class Attempts:
    """All attempts, whatever came of them."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, notification: Notification, attempt: Attempt) -> None:
        """Keep an attempt.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        with raising(NotificationsUnavailable):
            self._dynamodb.put_item(
                TableName=self._table, Item=to_attributes(_attempt_item(notification, attempt))
            )

    def newest(self, endpoint_id: int, limit: int, notification_id: str | None = None) -> list[AttemptAt]:
        """The last attempts at an endpoint, the newest first.

        Args:
            endpoint_id: The endpoint's.
            limit: How many at most.
            notification_id: Only those at this notification, as far as they are among the last ones.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        wanted = (each for each in self._all(endpoint_id) if notification_id in {None, each.notification_id})
        return list(islice(wanted, limit))

    def _all(self, endpoint_id: int) -> Iterator[AttemptAt]:
        with raising(NotificationsUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :attempt)",
                ExpressionAttributeValues=to_attributes(
                    {":pk": partition(endpoint_id), ":attempt": _ATTEMPT}
                ),
                ScanIndexForward=False,
            )
            for page in islice(pages, READS):
                yield from (_attempt(from_attributes(item)) for item in page["Items"])


def _attempt_item(notification: Notification, attempt: Attempt) -> Item:
    return {
        "pk": partition(notification.endpoint_id),
        "sk": f"{_ATTEMPT}{to_text(attempt.at)}#{notification.id}",
        "event": notification.event,
        "milliseconds": attempt.took // timedelta(milliseconds=1),
        "status": attempt.status,
        "error": attempt.error,
        "answer": attempt.answer,
        "expires_at": int((attempt.at + KEPT_FOR).timestamp()),
    }


def _attempt(item: Item) -> AttemptAt:
    at, _, notification_id = item["sk"].removeprefix(_ATTEMPT).partition("#")
    return AttemptAt(
        notification_id,
        WebhookEvent(item["event"]),
        Attempt(
            at=datetime.fromisoformat(at),
            took=timedelta(milliseconds=int(item["milliseconds"])),
            status=int(item["status"]) if "status" in item else None,
            error=item.get("error"),
            answer=item["answer"],
        ),
    )
