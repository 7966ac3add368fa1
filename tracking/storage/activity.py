"""Messages, deliveries and events in DynamoDB; `activity_items` has the Activity table's design."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from tracking.errors import ActivityUnavailable, StaleVersion
from tracking.mail.deliveries import Delivery, Event, History, Message, Summary
from tracking.storage import activity_items
from tracking.storage.aws import Item, from_attributes, is_refused_condition, raising, to_attributes, to_text

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, KeysAndAttributesTypeDef

_BATCH_GET_LIMIT = 100


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Where an event of the feed is to be found. `position` orders the feed and is unique in it."""

    position: str
    email_id: str
    number: int
    event_id: str


class Activity:
    """Messages, deliveries, and their events."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put_message(self, message: Message) -> None:
        """Store what is known of a message; storing it again changes nothing.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        self._put_new(activity_items.message_item(message))

    def start(self, delivery: Delivery) -> Delivery:
        """Store a delivery before it is sent, or find the one that an earlier attempt stored.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        if self._put_new(activity_items.delivery_item(delivery)):
            return delivery
        return self.delivery(delivery.email_id, delivery.number) or delivery

    def mark_sent(self, delivery: Delivery, at: datetime, ses_message_id: str) -> None:
        """Note that SES took the delivery, and under which id.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        self._update(
            delivery.email_id,
            delivery.number,
            "SET sent_at = :at, ses_message_id = :id",
            {":at": to_text(at), ":id": ses_message_id},
        )

    def mark_delivered(self, email_id: str, number: int, at: datetime) -> None:
        """Note when the recipient's mail server took the mail; an unknown delivery is left alone.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        self._update(email_id, number, "SET delivered_at = :at", {":at": to_text(at)})

    def append(self, email_id: str, number: int, event: Event) -> bool:
        """Add an event to a delivery's history; False if it was there already.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        return self._put_new(activity_items.event_item(email_id, number, event))

    def write_summary(self, delivery: Delivery, summary: Summary) -> None:
        """Store what a delivery's opens come to.

        Args:
            delivery: As it was read before the summary was computed.
            summary: From its whole history.

        Raises:
            StaleVersion: The delivery's summary changed since it was read.
            ActivityUnavailable: The table cannot be written.
        """
        written = self._update(
            delivery.email_id,
            delivery.number,
            "SET summary = :summary, version = :next",
            {
                ":summary": activity_items.summary_map(summary),
                ":next": delivery.version + 1,
                ":version": delivery.version,
            },
            condition="version = :version",
        )
        if not written:
            raise StaleVersion(f"delivery {delivery.number} of {delivery.email_id} changed")

    def delivery(self, email_id: str, number: int) -> Delivery | None:
        """A delivery without its events, consistently read; None if there is none.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        with raising(ActivityUnavailable):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=_delivery_key(email_id, number), ConsistentRead=True
            )
        return activity_items.delivery(from_attributes(answer["Item"])) if "Item" in answer else None

    def history(self, email_id: str, number: int) -> History | None:
        """A delivery and its events by time, consistently read; None if there is no such delivery.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        with raising(ActivityUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues=to_attributes(
                    {
                        ":pk": activity_items.email_key(email_id),
                        ":sk": activity_items.recipient_key(number),
                    }
                ),
                ConsistentRead=True,
            )
            items = [from_attributes(item) for page in pages for item in page["Items"]]
        if not items or items[0]["sk"] != activity_items.recipient_key(number):
            return None
        events = sorted(
            (activity_items.event(item) for item in items[1:]), key=lambda event: (event.at, event.event_id)
        )
        return History(activity_items.delivery(items[0]), tuple(events))

    def messages(self, email_ids: Iterable[str]) -> dict[str, Message]:
        """The messages of these ids, as far as there are any.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        keys = [
            to_attributes({"pk": activity_items.email_key(email_id), "sk": "ENVELOPE"})
            for email_id in set(email_ids)
        ]
        found = [
            activity_items.message(item)
            for start in range(0, len(keys), _BATCH_GET_LIMIT)
            for item in self._batch_get(keys[start : start + _BATCH_GET_LIMIT])
        ]
        return {message.email_id: message for message in found}

    def feed(self, start: datetime, end: datetime, before: str | None = None) -> Iterator[FeedEntry]:
        """All events of a time range, the newest first, read as the caller goes on.

        Args:
            start: The first time that counts.
            end: The first time that no longer counts.
            before: The position of an entry; only what comes after it in this order, that is, older events.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        upper = min(to_text(end), before) if before else to_text(end)
        if upper < to_text(start):  # BETWEEN refuses bounds in the wrong order.
            return
        hour = datetime.fromisoformat(upper.partition("#")[0]).replace(minute=0, second=0, microsecond=0)
        while hour + timedelta(hours=1) > start:
            shards = [
                self._feed_shard(hour, shard, to_text(start), upper)
                for shard in range(activity_items.FEED_SHARDS)
            ]
            yield from heapq.merge(*shards, key=lambda entry: entry.position, reverse=True)
            hour -= timedelta(hours=1)

    def _feed_shard(self, hour: datetime, shard: int, lower: str, upper: str) -> Iterator[FeedEntry]:
        with raising(ActivityUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="feed",
                KeyConditionExpression="feed = :feed AND feed_at BETWEEN :lower AND :upper",
                ExpressionAttributeValues=to_attributes(
                    {
                        ":feed": activity_items.feed_partition(hour, shard),
                        ":lower": lower,
                        ":upper": upper,
                    }
                ),
                ScanIndexForward=False,
            )
            for page in pages:
                for entry in map(_feed_entry, page["Items"]):
                    if entry.position != upper:  # BETWEEN includes its bounds.
                        yield entry

    def _batch_get(self, keys: "list[dict[str, AttributeValueTypeDef]]") -> Iterator[Item]:
        request: Mapping[str, KeysAndAttributesTypeDef] = {self._table: {"Keys": keys}}
        while request:
            with raising(ActivityUnavailable):
                answer = self._dynamodb.batch_get_item(RequestItems=request)
            yield from map(from_attributes, answer["Responses"].get(self._table, []))
            request = cast("Mapping[str, KeysAndAttributesTypeDef]", answer["UnprocessedKeys"])

    def _put_new(self, item: Item) -> bool:
        with raising(ActivityUnavailable):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_attributes(item),
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return False
                raise
        return True

    def _update(
        self, email_id: str, number: int, expression: str, values: Item, condition: str | None = None
    ) -> bool:
        exists = "attribute_exists(pk)"
        with raising(ActivityUnavailable):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_delivery_key(email_id, number),
                    UpdateExpression=expression,
                    ExpressionAttributeValues=to_attributes(values),
                    ConditionExpression=f"{exists} AND {condition}" if condition else exists,
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return False
                raise
        return True


def _delivery_key(email_id: str, number: int) -> "dict[str, AttributeValueTypeDef]":
    return to_attributes(
        {"pk": activity_items.email_key(email_id), "sk": activity_items.recipient_key(number)}
    )


def _feed_entry(attributes: "dict[str, AttributeValueTypeDef]") -> FeedEntry:
    item = from_attributes(attributes)
    _, number, event_id = item["sk"].split("#", 2)
    return FeedEntry(item["feed_at"], item["pk"].removeprefix("EMAIL#"), int(number), event_id)
