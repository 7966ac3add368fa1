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

import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, Summary, TrackingMode
from tracking.opens.classification import OpenClass
from tracking.opens.fetches import Fetch
from tracking.storage.aws import Item, from_attributes, to_text, to_time

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEPT_FOR = timedelta(days=365)
"""How long anything about a mail is kept, from the day it was handed in or happened."""

FEED_SHARDS = 4
"""Partitions of one hour of the feed; one takes 1,000 writes a second. Source: DynamoDB developer guide,
"Best practices for designing and using partition keys effectively"."""


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
    return item["pk"].removeprefix("EMAIL#"), int(parts[1]), event(item)


def email_key(email_id: str) -> str:
    """The partition of everything about a message."""
    return f"EMAIL#{email_id}"


def recipient_key(number: int) -> str:
    """The sort key of a delivery, which its events' begin with."""
    return f"RCPT#{number:03d}"


def feed_partition(hour: datetime, shard: int) -> str:
    """The feed's partition of an hour's shard."""
    return f"{hour:%Y-%m-%dT%H}#{shard}"


def _expires_at(at: datetime) -> int:
    return int((at + KEPT_FOR).timestamp())


def message_item(message: Message) -> Item:
    """A message as an item."""
    return {
        "pk": email_key(message.email_id),
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


def message(item: Item) -> Message:
    """The message that an item is."""
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


def delivery_item(delivery: Delivery) -> Item:
    """A delivery as an item."""
    return {
        "pk": email_key(delivery.email_id),
        "sk": recipient_key(delivery.number),
        "recipient": delivery.recipient,
        "recipient_key": delivery.recipient.lower(),
        "mode": delivery.mode,
        "started_at": to_text(delivery.started_at),
        "untracked_reason": delivery.untracked_reason,
        "placement": delivery.placement,
        "sent_at": to_text(delivery.sent_at) if delivery.sent_at else None,
        "delivered_at": to_text(delivery.delivered_at) if delivery.delivered_at else None,
        "ses_message_id": delivery.ses_message_id,
        "summary": summary_map(delivery.summary),
        "version": delivery.version,
        "expires_at": _expires_at(delivery.started_at),
    }


def delivery(item: Item) -> Delivery:
    """The delivery that an item is."""
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


def summary_map(summary: Summary) -> Item:
    """A summary as an attribute."""
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


def event_item(email_id: str, number: int, event: Event) -> Item:
    """An event of a delivery as an item."""
    shard = zlib.crc32(event.event_id.encode()) % FEED_SHARDS
    return {
        "pk": email_key(email_id),
        "sk": f"{recipient_key(number)}#{event.event_id}",
        "type": event.type,
        "at": to_text(event.at),
        "details": dict(event.details),
        "fetch": _fetch_map(event.fetch) if event.fetch else None,
        "feed": feed_partition(event.at, shard),
        "feed_at": f"{to_text(event.at)}#{event.event_id}",
        "expires_at": _expires_at(event.at),
    }


def event(item: Item) -> Event:
    """The event that an item is."""
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
