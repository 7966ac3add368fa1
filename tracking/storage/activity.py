"""The Activity table: everything about a sent mail.

| pk | sk | what |
|---|---|---|
| `EMAIL#<email_id>` | `ENVELOPE` | a `Message` |
| `EMAIL#<email_id>` | `RCPT#<nnn>` | a `Delivery` with its summary |
| `EMAIL#<email_id>` | `RCPT#<nnn>#<event_id>` | an `Event` |

The event id alone makes an event's key, so the same event appended twice is one. Indexes:

| index | partition | sort | what |
|---|---|---|---|
| `feed` | `feed`: `<hour>#<shard>` | `feed_at`: `<time>#<event_id>` | events by time |
| `recipient` | `recipient_key`: the address in lower case | `sent_at` | deliveries of a recipient |

Times are text (UTC, microseconds), `expires_at` is DynamoDB's own (seconds since 1970).
"""

import heapq
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from tracking.errors import ActivityUnavailable, StaleVersion
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, History, Message, Summary, TrackingMode
from tracking.opens.classification import OpenClass
from tracking.opens.fetches import Fetch
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
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, KeysAndAttributesTypeDef

KEPT_FOR = timedelta(days=365)
"""How long anything about a mail is kept, from the day it was handed in or happened."""

FEED_SHARDS = 4
"""Partitions of one hour of the feed; one takes 1,000 writes a second. Source: DynamoDB developer guide,
"Best practices for designing and using partition keys effectively"."""

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
        self._put_new(_message_item(message))

    def start(self, delivery: Delivery) -> Delivery:
        """Store a delivery before it is sent, or find the one that an earlier attempt stored.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        if self._put_new(_delivery_item(delivery)):
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
        return self._put_new(_event_item(email_id, number, event))

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
                ":summary": _summary_map(summary),
                ":next": delivery.version + 1,
                ":version": delivery.version,
            },
            condition="version = :version",
        )
        if not written:
            raise StaleVersion(f"delivery {delivery.number} of {delivery.email_id} changed")

    def delivery(self, email_id: str, number: int) -> Delivery | None:
        """A delivery without its events; None if there is none.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        with raising(ActivityUnavailable):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_delivery_key(email_id, number))
        return _delivery(from_attributes(answer["Item"])) if "Item" in answer else None

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
                        ":pk": _email_key(email_id),
                        ":sk": _recipient_key(number),
                    }
                ),
                ConsistentRead=True,
            )
            items = [from_attributes(item) for page in pages for item in page["Items"]]
        if not items or items[0]["sk"] != _recipient_key(number):
            return None
        events = sorted((_event(item) for item in items[1:]), key=lambda event: (event.at, event.event_id))
        return History(_delivery(items[0]), tuple(events))

    def messages(self, email_ids: Iterable[str]) -> dict[str, Message]:
        """The messages of these ids, as far as there are any.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        keys = [to_attributes({"pk": _email_key(email_id), "sk": "ENVELOPE"}) for email_id in set(email_ids)]
        found = [
            _message(item)
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
            shards = [self._feed_shard(hour, shard, to_text(start), upper) for shard in range(FEED_SHARDS)]
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
                        ":feed": _feed_partition(hour, shard),
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


def event_of(image: "dict[str, AttributeValueTypeDef]") -> tuple[str, int, Event] | None:
    """The event that an item of the table's stream is, with its delivery; None if it is something else.

    Args:
        image: The item in DynamoDB's types, as a stream record has it.

    Returns:
        The email id, the recipient's number, and the event.
    """
    item = from_attributes(image)
    parts = item["sk"].split("#", 2)
    if len(parts) < 3:  # noqa: PLR2004 - RCPT, number, event id.
        return None
    return item["pk"].removeprefix("EMAIL#"), int(parts[1]), _event(item)


def _email_key(email_id: str) -> str:
    return f"EMAIL#{email_id}"


def _recipient_key(number: int) -> str:
    return f"RCPT#{number:03d}"


def _delivery_key(email_id: str, number: int) -> "dict[str, AttributeValueTypeDef]":
    return to_attributes({"pk": _email_key(email_id), "sk": _recipient_key(number)})


def _feed_partition(hour: datetime, shard: int) -> str:
    return f"{hour:%Y-%m-%dT%H}#{shard}"


def _expires_at(at: datetime) -> int:
    return int((at + KEPT_FOR).timestamp())


def _message_item(message: Message) -> Item:
    return {
        "pk": _email_key(message.email_id),
        "sk": "ENVELOPE",
        "kind": message.kind,
        "credential_id": message.credential_id,
        "mail_from": message.mail_from,
        "received_at": to_text(message.received_at),
        "size": message.size,
        "subject": message.subject,
        "sender": message.sender,
        "to": message.to,
        "cc": message.cc,
        "reply_to": message.reply_to,
        "rfc_message_id": message.rfc_message_id,
        "expires_at": _expires_at(message.received_at),
    }


def _message(item: Item) -> Message:
    return Message(
        email_id=item["pk"].removeprefix("EMAIL#"),
        kind=CredentialKind(item["kind"]),
        credential_id=item["credential_id"],
        mail_from=item["mail_from"],
        received_at=datetime.fromisoformat(item["received_at"]),
        size=int(item["size"]),
        subject=item["subject"],
        sender=item["sender"],
        to=item["to"],
        cc=item["cc"],
        reply_to=item["reply_to"],
        rfc_message_id=item["rfc_message_id"],
    )


def _delivery_item(delivery: Delivery) -> Item:
    return {
        "pk": _email_key(delivery.email_id),
        "sk": _recipient_key(delivery.number),
        "recipient": delivery.recipient,
        "recipient_key": delivery.recipient.lower(),
        "mode": delivery.mode,
        "started_at": to_text(delivery.started_at),
        "untracked_reason": delivery.untracked_reason,
        "placement": delivery.placement,
        "sent_at": to_text(delivery.sent_at) if delivery.sent_at else None,
        "delivered_at": to_text(delivery.delivered_at) if delivery.delivered_at else None,
        "ses_message_id": delivery.ses_message_id,
        "summary": _summary_map(delivery.summary),
        "version": delivery.version,
        "expires_at": _expires_at(delivery.started_at),
    }


def _delivery(item: Item) -> Delivery:
    email_id = item["pk"].removeprefix("EMAIL#")
    return Delivery(
        email_id=email_id,
        number=int(item["sk"].removeprefix("RCPT#")),
        recipient=item["recipient"],
        mode=TrackingMode(item["mode"]),
        started_at=datetime.fromisoformat(item["started_at"]),
        untracked_reason=item.get("untracked_reason"),
        placement=item.get("placement"),
        sent_at=to_time(item.get("sent_at")),
        delivered_at=to_time(item.get("delivered_at")),
        ses_message_id=item.get("ses_message_id"),
        summary=_summary(item["summary"]),
        version=int(item["version"]),
    )


def _summary_map(summary: Summary) -> Item:
    return {
        "opens": {str(open_class): count for open_class, count in summary.opens.items()},
        "first_open_at": to_text(summary.first_open_at) if summary.first_open_at else None,
        "last_open_at": to_text(summary.last_open_at) if summary.last_open_at else None,
    }


def _summary(item: Item) -> Summary:
    return Summary(
        opens={OpenClass(name): int(count) for name, count in item["opens"].items()},
        first_open_at=to_time(item["first_open_at"]),
        last_open_at=to_time(item["last_open_at"]),
    )


def _event_item(email_id: str, number: int, event: Event) -> Item:
    shard = zlib.crc32(event.event_id.encode()) % FEED_SHARDS
    return {
        "pk": _email_key(email_id),
        "sk": f"{_recipient_key(number)}#{event.event_id}",
        "type": event.type,
        "at": to_text(event.at),
        "details": dict(event.details),
        "fetch": _fetch_map(event.fetch) if event.fetch else None,
        "feed": _feed_partition(event.at, shard),
        "feed_at": f"{to_text(event.at)}#{event.event_id}",
        "expires_at": _expires_at(event.at),
    }


def _event(item: Item) -> Event:
    event_id, at = item["sk"].split("#", 2)[2], datetime.fromisoformat(item["at"])
    return Event(
        event_id=event_id,
        type=EventType(item["type"]),
        at=at,
        details=item["details"],
        fetch=_fetch(event_id, at, item["fetch"]) if "fetch" in item else None,
    )


def _fetch_map(fetch: Fetch) -> Item:
    return {
        "method": fetch.method,
        "user_agent": fetch.user_agent,
        "address": fetch.address,
        "asn": fetch.asn,
        "country": fetch.country,
        "city": fetch.city,
        "headers": dict(fetch.headers),
    }


def _fetch(event_id: str, at: datetime, item: Item) -> Fetch:
    return Fetch(
        event_id=event_id,
        at=at,
        method=item["method"],
        user_agent=item["user_agent"],
        address=item["address"],
        asn=None if item["asn"] is None else int(item["asn"]),
        country=item["country"],
        city=item["city"],
        headers=item["headers"],
    )


def _feed_entry(attributes: "dict[str, AttributeValueTypeDef]") -> FeedEntry:
    item = from_attributes(attributes)
    _, number, event_id = item["sk"].split("#", 2)
    return FeedEntry(item["feed_at"], item["pk"].removeprefix("EMAIL#"), int(number), event_id)
