"""The Notifications table: what did not succeed at once, and the last attempts.

| pk | sk | what |
|---|---|---|
| `ENDPOINT#<id>` | `HEALTH` | a `Health`, see `tracking.storage.healths` |
| `ENDPOINT#<id>` | `NOTIFICATION#<event at>#<id>` | a `Progress`; `expires_at`; `parked` if it waits here |
| `ENDPOINT#<id>` | `ATTEMPT#<at>#<notification's id>` | an `Attempt`; `expires_at` |

The index `parked` has those that wait, by `parked`, one of `SHARDS` partitions, and `next_at`.
"""

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import OPEN, Attempt, Notification, Progress, Status
from tracking.storage.aws import (
    Item,
    from_attributes,
    is_refused_condition,
    raising,
    to_attributes,
    to_text,
    to_time,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEPT_FOR = timedelta(days=14)
"""How long a notification that failed can be seen and retried."""

ATTEMPTS_KEPT_FOR = timedelta(days=3)
"""How long an attempt can be seen: as long as the schedule goes, and a day more."""

PAGE_BYTES = 1_000_000
"""How long the bodies of a page are together, unless one alone is longer.

Lambda answers with 6 MB at most, and in a text within a text of JSON a character may become four.
"""

READS = 20
"""How often is read for a page, or for a list of attempts, at most: DynamoDB gives a megabyte each time."""

SHARDS = 4
"""How many partitions those that wait are spread over: each takes a thousand writes a second."""

_NOTIFICATION = "NOTIFICATION#"
_ATTEMPT = "ATTEMPT#"


@dataclass(frozen=True, slots=True)
class Page:
    """Some of an endpoint's notifications, the newest first; `last` is given if there may be more."""

    found: tuple[Progress, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class AttemptAt:
    """An attempt, and at which notification it was."""

    notification_id: str
    event: WebhookEvent
    attempt: Attempt


class Notifications:
    """The notifications that did not succeed at once, and the last attempts at all of them."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def progress(self, notification: Notification) -> Progress | None:
        """How far a notification is; None if none of its attempts failed, as far as is known.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        return self.find(notification.endpoint_id, name_of(notification))

    def find(self, endpoint_id: int, name: str) -> Progress | None:
        """The notification of a name that `name_of` gave; None if there is none.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=key(endpoint_id, _NOTIFICATION + name), ConsistentRead=True
            )
        return _progress(from_attributes(answer["Item"])) if "Item" in answer else None

    def save(self, progress: Progress, at: datetime) -> bool:
        """Store how far a notification is, after an attempt that failed.

        Args:
            progress: Until now.
            at: Now.

        Returns:
            False, and nothing is stored, if somebody cancelled it, had it start anew, or it was delivered.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        with raising(NotificationsUnavailable):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_attributes(_progress_item(progress, at)),
                    ConditionExpression="attribute_not_exists(pk) OR #run < :run OR "
                    "(#run = :run AND #status IN (:retrying, :failed))",
                    ExpressionAttributeNames={"#run": "run", "#status": "status"},
                    ExpressionAttributeValues=to_attributes(
                        {
                            ":run": progress.notification.run,
                            ":retrying": Status.RETRYING,
                            ":failed": Status.FAILED,
                        }
                    ),
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return False
                raise
        return True

    def delivered(self, notification: Notification) -> None:
        """Note that a notification which had failed before was taken.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        self._change(
            notification,
            {"status": Status.DELIVERED, "run": notification.run, "next_at": None, "parked": None},
            "attribute_exists(pk) AND #run <= :run",
            {},
        )

    def cancel(self, seen: Progress) -> bool:
        """Have a notification not tried any more; False if it is not open any more, or started anew.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        return self._change(
            seen.notification,
            {"status": Status.CANCELLED, "next_at": None, "parked": None},
            "#run = :run AND #status IN (:retrying, :failed)",
            {":retrying": Status.RETRYING, ":failed": Status.FAILED, ":run": seen.notification.run},
        )

    def restarted(self, notification: Notification, at: datetime) -> None:
        """Note that a notification starts anew. Its message is in the queue already, and may be through.

        Args:
            notification: Its new run.
            at: Now.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        self._change(
            notification,
            {
                "status": Status.RETRYING,
                "run": notification.run,
                "attempts": 0,
                "next_at": to_text(at),
                "parked": None,
                "expires_at": _end(at, KEPT_FOR),
            },
            "attribute_exists(pk) AND #run < :run",
            {},
        )

    def due(self, at: datetime) -> Iterator[Progress]:
        """Those that were parked until then, the longest ago first in each partition.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        for shard in range(SHARDS):
            with raising(NotificationsUnavailable):
                pages = self._dynamodb.get_paginator("query").paginate(
                    TableName=self._table,
                    IndexName="parked",
                    KeyConditionExpression="parked = :shard AND next_at <= :at",
                    ExpressionAttributeValues=to_attributes({":shard": str(shard), ":at": to_text(at)}),
                )
                for page in pages:
                    for found in page["Items"]:
                        yield from self._still_parked(found["pk"], found["sk"])

    def queued(self, progress: Progress) -> None:
        """Note that one is not parked any more: it is in the queue.

        Raises:
            NotificationsUnavailable: The table cannot be written; it will be queued once more.
        """
        self._change(
            progress.notification,
            {"status": Status.RETRYING, "parked": None},
            "#run = :run AND #status = :status",
            {":run": progress.notification.run},
        )

    def waiting(
        self,
        endpoint_id: int,
        at: datetime,
        limit: int,
        after: str | None = None,
        statuses: Collection[Status] = OPEN,
    ) -> Page:
        """An endpoint's notifications that are tried again or have failed, the newest first.

        Args:
            endpoint_id: The endpoint's.
            at: Now; what has expired is left out.
            limit: How many at most. There may be fewer, even none, though there are more behind them.
            after: Where the page before ended; None for the first page.
            statuses: Only those of these.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        found: list[Progress] = []
        size, last = 0, after
        for reads, items in enumerate(self._query(endpoint_id, _NOTIFICATION, before=after)):
            if reads == READS:
                return Page(tuple(found), last)
            for item in items:
                progress = _progress(item)
                if progress.status in statuses and item["expires_at"] > at.timestamp():
                    size += len(progress.notification.body.encode())
                    if found and (len(found) == limit or size > PAGE_BYTES):
                        return Page(tuple(found), last)
                    found.append(progress)
                last = name_of(progress.notification)
        return Page(tuple(found), None)

    def record(self, notification: Notification, attempt: Attempt) -> None:
        """Keep an attempt, for people to look at.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        with raising(NotificationsUnavailable):
            self._dynamodb.put_item(
                TableName=self._table, Item=to_attributes(_attempt_item(notification, attempt))
            )

    def attempts(self, endpoint_id: int, limit: int, notification_id: str | None = None) -> list[AttemptAt]:
        """The last attempts at an endpoint, the newest first.

        Args:
            endpoint_id: The endpoint's.
            limit: How many at most.
            notification_id: Only those at this notification, as far as they are among the last ones.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        pages = islice(self._query(endpoint_id, _ATTEMPT), READS)
        tried = (_attempt(item) for items in pages for item in items)
        wanted = (each for each in tried if notification_id in {None, each.notification_id})
        return list(islice(wanted, limit))

    def _still_parked(self, pk: "AttributeValueTypeDef", sk: "AttributeValueTypeDef") -> Iterator[Progress]:
        """What the index found, unless something else has become of it."""
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={"pk": pk, "sk": sk}, ConsistentRead=True
            )
        item = from_attributes(answer.get("Item", {}))
        if "parked" in item:
            yield _progress(item)

    def _query(self, endpoint_id: int, prefix: str, before: str | None = None) -> Iterator[list[Item]]:
        """Items of an endpoint, the last first, as many together as DynamoDB gives."""
        values: Item = {":pk": partition(endpoint_id), ":first": prefix}
        # `~` comes after all that times are made of.
        values[":last"] = prefix + (before or "~")
        with raising(NotificationsUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues=to_attributes(values),
                ScanIndexForward=False,
                # What was just started anew must not be taken for failed, and start once more.
                ConsistentRead=True,
            )
            for page in pages:
                items = map(from_attributes, page["Items"])
                yield [item for item in items if before is None or item["sk"] != prefix + before]

    def _change(self, notification: Notification, changes: Item, condition: str, values: Item) -> bool:
        """Write attributes of a notification if a condition holds; False if it does not."""
        kept = [name for name, value in changes.items() if value is not None]
        gone = [name for name, value in changes.items() if value is None]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        if gone:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        with raising(NotificationsUnavailable):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=key(notification.endpoint_id, _NOTIFICATION + name_of(notification)),
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={f"#{name}": name for name in {*changes, "run"}},
                    ExpressionAttributeValues=to_attributes(
                        {f":{name}": changes[name] for name in kept} | values
                    ),
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return False
                raise
        return True


def name_of(notification: Notification) -> str:
    """What names a notification among those of its endpoint, and sorts by when it was queued."""
    return f"{to_text(notification.event_at)}#{notification.id}"


def partition(endpoint_id: int) -> str:
    """Where all of an endpoint is."""
    return f"ENDPOINT#{endpoint_id}"


def key(endpoint_id: int, sk: str) -> "dict[str, AttributeValueTypeDef]":
    """The key of an endpoint's item."""
    return to_attributes({"pk": partition(endpoint_id), "sk": sk})


def _end(at: datetime, kept_for: timedelta) -> int:
    return int((at + kept_for).timestamp())


def _progress_item(progress: Progress, at: datetime) -> Item:
    notification = progress.notification
    return {
        "pk": partition(notification.endpoint_id),
        "sk": _NOTIFICATION + name_of(notification),
        "event": notification.event,
        "email_id": notification.email_id,
        "recipient": notification.recipient,
        "body": notification.body,
        "content_type": notification.content_type,
        "run": notification.run,
        "status": progress.status,
        "attempts": progress.attempts,
        "last_at": to_text(progress.last_at) if progress.last_at else None,
        "last_result": progress.last_result,
        "next_at": to_text(progress.next_at) if progress.next_at else None,
        "parked": str(zlib.crc32(notification.id.encode()) % SHARDS) if progress.is_parked(at) else None,
        "expires_at": _end(at, KEPT_FOR),
    }


def _progress(item: Item) -> Progress:
    event_at, _, notification_id = item["sk"].removeprefix(_NOTIFICATION).partition("#")
    return Progress(
        Notification(
            id=notification_id,
            endpoint_id=int(item["pk"].removeprefix("ENDPOINT#")),
            event=WebhookEvent(item["event"]),
            email_id=item["email_id"],
            recipient=item["recipient"],
            event_at=datetime.fromisoformat(event_at),
            body=item["body"],
            content_type=item["content_type"],
            is_tried=True,
            run=int(item["run"]),
        ),
        status=Status(item["status"]),
        attempts=int(item["attempts"]),
        last_at=to_time(item.get("last_at")),
        last_result=item["last_result"],
        next_at=to_time(item.get("next_at")),
    )


def _attempt_item(notification: Notification, attempt: Attempt) -> Item:
    return {
        "pk": partition(notification.endpoint_id),
        "sk": f"{_ATTEMPT}{to_text(attempt.at)}#{notification.id}",
        "event": notification.event,
        "milliseconds": attempt.took // timedelta(milliseconds=1),
        "status": attempt.status,
        "error": attempt.error,
        "answer": attempt.answer,
        "expires_at": _end(attempt.at, ATTEMPTS_KEPT_FOR),
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
