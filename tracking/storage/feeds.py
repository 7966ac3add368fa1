"""Events by time, from the Activity table's indexes; `activity_items` has its design."""

import heapq
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Self

from tracking.errors import ActivityUnavailable
from tracking.mail.deliveries import EventType
from tracking.storage import activity_items
from tracking.storage.aws import from_attributes, raising, to_attributes, to_text

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

READERS = 10
"""Partitions that are asked at the same time: as many as a client of boto3 has connections."""

MIN_PAGE = 25
"""Entries that are read of a partition at once, at least: they are small, and asking is not."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an event is to be found. `position` orders all events by time; no two share one."""

    position: str
    email_id: str
    number: int
    event_id: str
    type: EventType

    @classmethod
    def at(cls, position: str, event_type: EventType) -> Self:
        """The entry of a position."""
        _, email_id, number, event_id = position.split("#", 3)
        return cls(position, email_id, int(number), event_id, event_type)


@dataclass(frozen=True, slots=True)
class Range:
    """A range of time.

    `start` is the first time that counts, `end` the first that no longer does. `before` is a position: only
    what is older counts.
    """

    start: datetime
    end: datetime
    before: str | None = None

    @property
    def bounds(self) -> tuple[str, str]:
        """The positions between which its events are, the second one excluded."""
        lower, upper = to_text(self.start), to_text(self.end)
        return lower, min(upper, self.before) if self.before else upper

    def holds(self, position: str) -> bool:
        """Whether an event at a position is in the range."""
        lower, upper = self.bounds
        return lower <= position < upper


class Feeds:
    """The indexes by time, the newest first."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def events(self, credential_ids: Collection[str], wanted: Range, count: int) -> Iterator[Entry]:
        """The events of some credentials' mail, read as the caller goes on.

        Args:
            credential_ids: The credentials'; each is asked for in `FEED_SHARDS` queries at least.
            wanted: When.
            count: How many the caller expects to take, which says how many are read at once.

        Raises:
            ActivityUnavailable: The index cannot be read.
        """
        lower, upper = wanted.bounds
        if upper <= lower:  # BETWEEN refuses bounds in the wrong order.
            return iter(())
        partitions = [
            activity_items.feed_partition(credential_id, shard)
            for credential_id in credential_ids
            for shard in range(activity_items.FEED_SHARDS)
        ]
        page = max(MIN_PAGE, -(-count // max(1, len(partitions))))
        parts = [self._partition(partition, lower, upper, page) for partition in partitions]
        with ThreadPoolExecutor(READERS) as pool:
            begun = list(pool.map(_begun, parts))
        return heapq.merge(*begun, key=lambda entry: entry.position, reverse=True)

    def deliveries(self, recipient: str, end: datetime, limit: int) -> list[tuple[str, int]]:
        """The deliveries of a recipient that were begun before a time, the newest first.

        Returns:
            Email ids with the recipient's number; if there are more than `limit`, one more than that.

        Raises:
            ActivityUnavailable: The index cannot be read.
        """
        with raising(ActivityUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="recipient",
                KeyConditionExpression="recipient_key = :recipient AND started_at < :end",
                ExpressionAttributeValues=to_attributes(
                    {":recipient": activity_items.recipient_partition(recipient), ":end": to_text(end)}
                ),
                ScanIndexForward=False,
                PaginationConfig={"MaxItems": limit + 1, "PageSize": limit + 1},
            )
            return [
                activity_items.delivery_at(from_attributes(item)) for page in pages for item in page["Items"]
            ]

    def _partition(self, partition: str, lower: str, upper: str, page: int) -> Iterator[Entry]:
        with raising(ActivityUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="feed",
                KeyConditionExpression="feed = :feed AND feed_at BETWEEN :lower AND :upper",
                ExpressionAttributeValues=to_attributes(
                    {":feed": partition, ":lower": lower, ":upper": upper}
                ),
                ScanIndexForward=False,
                PaginationConfig={"PageSize": page},
            )
            for found in pages:
                for entry in map(_entry, found["Items"]):
                    if entry.position != upper:  # BETWEEN includes its bounds.
                        yield entry


def _begun(entries: Iterator[Entry]) -> Iterator[Entry]:
    """The same entries, the first of which has been read."""
    return chain(list(islice(entries, 1)), entries)


def _entry(attributes: "dict[str, AttributeValueTypeDef]") -> Entry:
    item = from_attributes(attributes)
    return Entry.at(item["feed_at"], EventType(item["type"]))
