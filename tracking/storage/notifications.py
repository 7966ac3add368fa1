"""The Notifications table: the notifications that did not succeed at once.

| pk | sk | what |
|---|---|---|
| `ENDPOINT#<id>` | `NOTIFICATION#<id>` | a `Progress`; `expires_at` |
| `ENDPOINT#<id>` | `HEALTH#<digest of the URL>` | see `tracking.storage.healths` |
| `ENDPOINT#<id>` | `ATTEMPT#<at>#<notification's id>` | see `tracking.storage.attempts` |

| index | partition | sorted by | has |
|---|---|---|---|
| `listed` | `listed`: `<endpoint's id>#<status>` | `listed_at`: `<event at>#<id>` | the unfinished |
| `parked` | `parked`: one of four shards | `next_at` | those that wait too long for the queue |
"""

import heapq
import random
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import batched, groupby
from typing import TYPE_CHECKING

from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import UNFINISHED, Notification, Progress, Status
from tracking.storage.aws import (
    Item,
    batch_get,
    from_attributes,
    raising,
    to_attributes,
    to_text,
    to_time,
    update_expression,
    was_written,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEPT_FOR = timedelta(days=14)
"""How long a notification that failed can be seen and retried."""

PAGE_BYTES = 1_000_000
"""How long the bodies on one page are together, before one more: an answer of Lambda's has 6 MB at most."""

SHARDS = 4
"""How many partitions those that wait are spread over: each takes a thousand writes a second."""

READ_TOGETHER = 50
"""How many are read at once: DynamoDB gives 16 MB, and a body may have 200 KB."""

READS = 40
"""How often the table is read for a page at most; what has expired is looked at too until it is removed."""

_NOTIFICATION = "NOTIFICATION#"
_LAST = "~"
"""Comes after all that times are made of."""

_OVER: Mapping[str, None] = {"next_at": None, "listed": None, "parked": None}
"""What a notification has no longer that nothing is to be done about."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of an endpoint's notifications, the newest first; `last` is given if there may be more."""

    found: tuple[Progress, ...]
    last: str | None


class Notifications:
    """The notifications that did not succeed at once."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def progress(self, notification: Notification) -> Progress | None:
        """How far a notification is; None if none of its attempts failed, as far as is known.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        found = self._read([_key(notification.endpoint_id, notification.id)])
        return _progress(found[0]) if found else None

    def unfinished(self, endpoint_id: int, ids: Iterable[str], at: datetime) -> list[Progress]:
        """Those of an endpoint's notifications that have these ids, and are tried again or have failed.

        Args:
            endpoint_id: The endpoint's.
            ids: The notifications'; what is not there is left out.
            at: Now; what has expired is left out.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        found = self._read([_key(endpoint_id, each) for each in dict.fromkeys(ids)])
        return [_progress(item) for item in found if _is_listed(item, at, UNFINISHED)]

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
        put = partial(
            self._dynamodb.put_item,
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
        with raising(NotificationsUnavailable):
            return was_written(put)

    def delivered(self, notification: Notification) -> None:
        """Note that a notification which had failed before was taken.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        self._change(
            notification,
            {"status": Status.DELIVERED, "run": notification.run, **_OVER},
            "attribute_exists(pk) AND #run <= :run",
        )

    def cancel(self, seen: Progress) -> bool:
        """Have a notification not tried any more; False if it is over already, or started anew.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        return self._change(
            seen.notification,
            {"status": Status.CANCELLED, "run": seen.notification.run, **_OVER},
            "#run = :run AND #status IN (:retrying, :failed)",
            {":retrying": Status.RETRYING, ":failed": Status.FAILED},
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
                "listed": _listed(notification.endpoint_id, Status.RETRYING),
                "parked": None,
                "expires_at": _end(at),
            },
            "attribute_exists(pk) AND #run < :run",
        )

    def due(self, at: datetime) -> Iterator[list[Progress]]:
        """Those that were parked until then, some at a time, the longest ago first in each partition.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        # Each partition has its turn, also where there is more than can be done.
        for shard in random.sample(range(SHARDS), SHARDS):
            indexed = self._query(
                "parked", {"parked": str(shard), "next_at": to_text(at)}, "#next_at <= :next_at"
            )
            for some in batched(indexed, READ_TOGETHER, strict=False):
                read = map(_progress, self._read([_key_of(each) for each in some]))
                # The index may be behind: what was parked anew meanwhile is due at another time.
                yield [each for each in read if each.is_parked and each.next_at and each.next_at <= at]

    def queued(self, seen: Progress) -> None:
        """Note that one is not parked any more: it is in the queue.

        Nothing is noted if it is not parked as it was seen: then deliver was quicker, and has parked it anew.

        Raises:
            NotificationsUnavailable: The table cannot be written; it will be queued once more.
        """
        if seen.next_at:
            self._change(
                seen.notification,
                {"run": seen.notification.run, "next_at": to_text(seen.next_at), "parked": None},
                "#run = :run AND #next_at = :next_at AND attribute_exists(#parked)",
            )

    def listed(
        self,
        endpoint_id: int,
        at: datetime,
        limit: int,
        after: str | None = None,
        statuses: Collection[Status] = UNFINISHED,
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
        batches = batched(self._index(endpoint_id, after, statuses), READ_TOGETHER, strict=False)
        for reads, some in enumerate(batches):
            if reads == READS:
                return Page(tuple(found), last)
            # What was changed just now may still be in the index as it was.
            read = {item["sk"]: item for item in self._read([_key_of(each) for each in some])}
            for each in some:
                if len(found) == limit or size > PAGE_BYTES:
                    return Page(tuple(found), last)
                last = each["listed_at"]
                item = read.get(each["sk"])
                if item and _is_listed(item, at, statuses):
                    found.append(_progress(item))
                    size += len(item["body"].encode())
        return Page(tuple(found), None)

    def _index(self, endpoint_id: int, after: str | None, statuses: Collection[Status]) -> Iterator[Item]:
        """What the index lists of an endpoint, the newest first."""
        merged = heapq.merge(
            *(
                self._query(
                    "listed",
                    {"listed": _listed(endpoint_id, status), "listed_at": after or _LAST},
                    "#listed_at < :listed_at",
                    newest_first=True,
                )
                for status in statuses
            ),
            key=_listed_at,
            reverse=True,
        )
        # What gets another status meanwhile is found by both, and a batch must not ask for it twice.
        return (next(same) for _, same in groupby(merged, _listed_at))

    def _read(self, keys: "list[dict[str, AttributeValueTypeDef]]") -> list[Item]:
        with raising(NotificationsUnavailable):
            return list(batch_get(self._dynamodb, self._table, keys))

    def _query(
        self, index: str, values: Item, sort_condition: str, *, newest_first: bool = False
    ) -> Iterator[Item]:
        """Keys in a partition of an index, which is called as its partition's attribute is."""
        with raising(NotificationsUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression=f"#{index} = :{index} AND {sort_condition}",
                ExpressionAttributeNames={f"#{name}": name for name in values},
                ExpressionAttributeValues=to_attributes({f":{name}": each for name, each in values.items()}),
                ScanIndexForward=not newest_first,
            )
            for page in pages:
                yield from map(from_attributes, page["Items"])

    def _change(
        self, notification: Notification, changes: Item, condition: str, values: Item | None = None
    ) -> bool:
        """Write attributes of a notification if a condition holds; False if it does not.

        Args:
            notification: Whose they are.
            changes: The attributes, and what they become; None removes one.
            condition: It may use `#name` and `:name` of what changes, `#status`, and the values.
            values: Those that are in the condition alone.
        """
        update = partial(
            self._dynamodb.update_item,
            TableName=self._table,
            Key=_key(notification.endpoint_id, notification.id),
            UpdateExpression=update_expression(changes),
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in changes},
            ExpressionAttributeValues=to_attributes(
                {f":{name}": value for name, value in changes.items()} | (values or {})
            ),
        )
        with raising(NotificationsUnavailable):
            return was_written(update)


def partition(endpoint_id: int) -> str:
    """Where all of an endpoint is."""
    return f"ENDPOINT#{endpoint_id}"


def _key(endpoint_id: int, notification_id: str) -> "dict[str, AttributeValueTypeDef]":
    return to_attributes({"pk": partition(endpoint_id), "sk": _NOTIFICATION + notification_id})


def _key_of(item: Item) -> "dict[str, AttributeValueTypeDef]":
    return to_attributes({"pk": item["pk"], "sk": item["sk"]})


def _listed(endpoint_id: int, status: Status) -> str:
    return f"{endpoint_id}#{status}"


def _listed_at(item: Item) -> str:
    return str(item["listed_at"])


def _is_listed(item: Item, at: datetime, statuses: Collection[Status]) -> bool:
    """Whether something can be done about it: DynamoDB removes what has expired days later."""
    return item["status"] in statuses and item["expires_at"] > at.timestamp()


def _end(at: datetime) -> int:
    return int((at + KEPT_FOR).timestamp())


def _progress_item(progress: Progress, at: datetime) -> Item:
    notification = progress.notification
    event_at = to_text(notification.event_at)
    return {
        "pk": partition(notification.endpoint_id),
        "sk": _NOTIFICATION + notification.id,
        "event": notification.event,
        "email_id": notification.email_id,
        "recipient": notification.recipient,
        "event_at": event_at,
        "body": notification.body,
        "content_type": notification.content_type,
        "run": notification.run,
        "status": progress.status,
        "attempts": progress.attempts,
        "last_at": to_text(progress.last_at) if progress.last_at else None,
        "last_result": progress.last_result,
        "next_at": to_text(progress.next_at) if progress.next_at else None,
        "parked": str(zlib.crc32(notification.id.encode()) % SHARDS) if progress.is_parked else None,
        "listed": _listed(notification.endpoint_id, progress.status),
        "listed_at": f"{event_at}#{notification.id}",
        "expires_at": _end(at),
    }


def _progress(item: Item) -> Progress:
    return Progress(
        Notification(
            id=item["sk"].removeprefix(_NOTIFICATION),
            endpoint_id=int(item["pk"].removeprefix("ENDPOINT#")),
            event=WebhookEvent(item["event"]),
            email_id=item["email_id"],
            recipient=item["recipient"],
            event_at=datetime.fromisoformat(item["event_at"]),
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
        is_parked="parked" in item,
    )
