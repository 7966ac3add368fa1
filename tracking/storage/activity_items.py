"""The Activity table: everything about a sent mail.

| pk | sk | what |
|---|---|---|
| `EMAIL#<email_id>` | `ENVELOPE` | a `Message` |
| `EMAIL#<email_id>` | `RCPT#<nnn>` | a `Delivery` with its summary |
| `EMAIL#<email_id>` | `RCPT#<nnn>#<event_id>` | an `Event` |
| `COUNTS#<month>#<shard>` | `<day>#<kind>#<credential_id> <sender>` | what a day of a sender's mail came to |
| `DOMAINS#<month>#<shard>` | `<day>#<domain>` | what a day of the mail to a domain came to |

The event id alone makes an event's key, so the same event appended twice is one. Indexes:

| index | partition | sort | what |
|---|---|---|---|
| `feed` | `feed`: `<credential_id>#<shard>` | `feed_at`: `<time>#<email_id>#<nnn>#<event_id>` | events |
| `recipient` | `recipient_key`: the address in lower case | `started_at` | deliveries |

Times are text (UTC, microseconds), `expires_at` is DynamoDB's own (seconds since 1970).
"""

import zlib
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from tracking.mail import addresses
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, Outcome, Summary, TrackingMode
from tracking.opens.fetches import Fetch, Witness
from tracking.opens.reading import Reading
from tracking.opens.rules import OpenClass
from tracking.storage.aws import Item, from_attributes, to_attributes, to_text, to_time

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEPT_FOR = timedelta(days=365)
"""How long anything about a mail is kept, from when it was handed in: a history goes whole."""

FEED_SHARDS = 2
"""Partitions of one credential's feed; one takes 1,000 writes a second, and each is asked in every search.
Source: DynamoDB developer guide, "Best practices for designing and using partition keys effectively"."""

_EMAIL = "EMAIL#"
_COUNTS = "COUNTS#"
_DOMAINS = "DOMAINS#"

COUNTS_KEPT_FOR = timedelta(days=800)
"""How long a day's counters are kept: two years can be compared, and nothing in them is about a reader,
unless a recipient's domain is one person's own."""

COUNT_SHARDS = 4
"""Items of one sender's day. A transaction writes one of them, and two transactions on one item at once
conflict."""

DOMAIN_SHARDS = 16
"""Items of one domain's day. There are more of them, because all senders write to the popular domains."""


def event_of(image: "dict[str, AttributeValueTypeDef]") -> tuple[str, int, Event] | None:
    """The event that an item of the table's stream is, with its delivery; None if it is something else.

    Args:
        image: The item in DynamoDB's types, as a stream record has it.

    Returns:
        The email id, the recipient's number, and the event.
    """
    item = from_attributes(image)
    if not item["pk"].startswith(_EMAIL) or item["sk"].count("#") < 2:  # noqa: PLR2004 - RCPT, number, event id.
        return None
    return *delivery_at(item), event(item)


def delivery_at(item: Item) -> tuple[str, int]:
    """The email id and the recipient's number that an item's keys name."""
    return item["pk"].removeprefix(_EMAIL), int(item["sk"].split("#", 2)[1])


def email_key(email_id: str) -> str:
    """The partition of everything about a message."""
    return f"{_EMAIL}{email_id}"


def recipient_key(number: int) -> str:
    """The sort key of a delivery, which its events' begin with."""
    return f"RCPT#{number:03d}"


def event_key(number: int, event_id: str) -> str:
    """The sort key of an event of a delivery."""
    return f"{recipient_key(number)}#{event_id}"


def recipient_partition(recipient: str) -> str:
    """The partition of the deliveries of a recipient, however the address was written."""
    return addresses.key(recipient)


def feed_partition(credential_id: str, shard: int) -> str:
    """A partition of the feed."""
    return f"{credential_id}#{shard}"


def counts_partition(month: str, shard: int) -> str:
    """A partition of the counters of a month, which is written as in a date."""
    return f"{_COUNTS}{month}#{shard}"


def count_key(message: Message, day: date) -> "dict[str, AttributeValueTypeDef]":
    """The key of the item where a day of a message is counted."""
    shard = zlib.crc32(message.email_id.encode()) % COUNT_SHARDS
    sender = addresses.key(message.sender_address)
    return to_attributes(
        {
            "pk": counts_partition(_month(day), shard),
            "sk": f"{day.isoformat()}#{message.kind}#{message.credential_id} {sender}",
        }
    )


def domains_partition(month: str, shard: int) -> str:
    """A partition of the counters of all domains in a month, which is written as in a date."""
    return f"{_DOMAINS}{month}#{shard}"


def domain_key(delivery: Delivery, day: date) -> "dict[str, AttributeValueTypeDef]":
    """The key of the item where a day of a delivery is counted for its recipient's domain."""
    shard = zlib.crc32(delivery.email_id.encode()) % DOMAIN_SHARDS
    return to_attributes(
        {"pk": domains_partition(_month(day), shard), "sk": f"{day.isoformat()}#{delivery.domain}"}
    )


def _month(day: date) -> str:
    return day.isoformat()[:7]


def day_expires_at(day: date) -> int:
    """When a day's counters go, as DynamoDB wants it."""
    return int((datetime.combine(day, time(), UTC) + COUNTS_KEPT_FOR).timestamp())


def is_expired(delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery's time is over, though DynamoDB, which takes its time, has not deleted it yet."""
    return delivery.started_at + KEPT_FOR <= now


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
        "source_ip": message.source_ip,
        "recipients": list(message.recipients),
        "bcc": message.bcc,
        "headers": dict(message.headers) or None,
        "expires_at": _expires_at(message.received_at),
    }


def message(item: Item) -> Message:
    """The message that an item is."""
    return Message(
        email_id=item["pk"].removeprefix(_EMAIL),
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
        source_ip=item.get("source_ip"),
        recipients=tuple(item["recipients"]),
        bcc=item["bcc"],
        headers=item.get("headers", {}),
    )


def delivery_item(delivery: Delivery) -> Item:
    """A delivery as an item."""
    return {
        "pk": email_key(delivery.email_id),
        "sk": recipient_key(delivery.number),
        "recipient": delivery.recipient,
        "recipient_key": recipient_partition(delivery.recipient),
        "credential_id": delivery.credential_id,
        "mode": delivery.mode,
        "started_at": to_text(delivery.started_at),
        "untracked_reason": delivery.untracked_reason,
        "placement": delivery.placement,
        "sent_at": to_text(delivery.sent_at) if delivery.sent_at else None,
        "delivered_at": to_text(delivery.delivered_at) if delivery.delivered_at else None,
        "ses_message_id": delivery.ses_message_id,
        "rejected_at": to_text(delivery.rejected_at) if delivery.rejected_at else None,
        "rejection": delivery.rejection,
        "claimed_until": to_text(delivery.claimed_until) if delivery.claimed_until else None,
        "summary": summary_map(delivery.summary),
        "version": delivery.version,
        "expires_at": _expires_at(delivery.started_at),
    }


def delivery(item: Item) -> Delivery:
    """The delivery that an item is."""
    email_id = item["pk"].removeprefix(_EMAIL)
    return Delivery(
        email_id=email_id,
        number=int(item["sk"].removeprefix("RCPT#")),
        recipient=item["recipient"],
        credential_id=item["credential_id"],
        mode=TrackingMode(item["mode"]),
        started_at=datetime.fromisoformat(item["started_at"]),
        untracked_reason=item.get("untracked_reason"),
        placement=item.get("placement"),
        sent_at=to_time(item.get("sent_at")),
        delivered_at=to_time(item.get("delivered_at")),
        ses_message_id=item.get("ses_message_id"),
        rejected_at=to_time(item.get("rejected_at")),
        rejection=item.get("rejection"),
        claimed_until=to_time(item.get("claimed_until")),
        summary=_summary(item["summary"]),
        version=int(item["version"]),
    )


def summary_map(summary: Summary) -> Item:
    """A summary as an attribute."""
    times = {
        "first_open_at": summary.first_open_at,
        "last_open_at": summary.last_open_at,
        "first_human_at": summary.first_human_at,
        "first_prefetch_at": summary.first_prefetch_at,
    }
    return {
        "opens": {
            day.isoformat(): {str(open_class): count for open_class, count in by_class.items()}
            for day, by_class in summary.opens.items()
        },
        **{name: to_text(at) for name, at in times.items() if at},
        "fetches": summary.fetches,
        "outcomes": {str(outcome): to_text(at) for outcome, at in summary.outcomes.items()},
        "hours": {
            day.isoformat(): {str(hour): count for hour, count in by_hour.items()}
            for day, by_hour in summary.hours.items()
        },
        "by_domain": summary.is_counted_by_domain,
    }


def _summary(item: Item) -> Summary:
    return Summary(
        opens={
            date.fromisoformat(day): {OpenClass(name): int(count) for name, count in by_class.items()}
            for day, by_class in item["opens"].items()
        },
        first_open_at=to_time(item.get("first_open_at")),
        last_open_at=to_time(item.get("last_open_at")),
        first_human_at=to_time(item.get("first_human_at")),
        first_prefetch_at=to_time(item.get("first_prefetch_at")),
        fetches=int(item["fetches"]),
        outcomes={Outcome(name): datetime.fromisoformat(at) for name, at in item["outcomes"].items()},
        hours={
            date.fromisoformat(day): {int(hour): int(count) for hour, count in by_hour.items()}
            for day, by_hour in item.get("hours", {}).items()
        },
        is_counted_by_domain=item.get("by_domain", False),
    )


def event_item(delivery: Delivery, event: Event) -> Item:
    """An event of a delivery as an item."""
    feed_at = position(event.at, delivery.email_id, delivery.number, event.event_id)
    shard = zlib.crc32(feed_at.encode()) % FEED_SHARDS
    return {
        "pk": email_key(delivery.email_id),
        "sk": event_key(delivery.number, event.event_id),
        "type": event.type,
        "at": to_text(event.at),
        "details": dict(event.details),
        "fetch": _fetch_map(event.fetch) if event.fetch else None,
        "feed": feed_partition(delivery.credential_id, shard),
        "feed_at": feed_at,
        **_reading_attributes(event.fetch.reading if event.fetch else None),
        "expires_at": _expires_at(delivery.started_at),
    }


def position(at: datetime, email_id: str, number: int, event_id: str) -> str:
    """Where an event stands among all of them; no two share a place."""
    return f"{to_text(at)}#{email_id}#{number:03d}#{event_id}"


def event(item: Item) -> Event:
    """The event that an item is."""
    event_id, at = item["sk"].split("#", 2)[2], datetime.fromisoformat(item["at"])
    return Event(
        event_id=event_id,
        type=EventType(item["type"]),
        at=at,
        details=item["details"],
        fetch=_fetch(event_id, at, item) if "fetch" in item else None,
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
        "witness": fetch.witness,
    }


def _fetch(event_id: str, at: datetime, item: Item) -> Fetch:
    seen = item["fetch"]
    return Fetch(
        event_id=event_id,
        at=at,
        method=seen["method"],
        user_agent=seen["user_agent"],
        address=seen["address"],
        asn=None if seen["asn"] is None else int(seen["asn"]),
        country=seen["country"],
        city=seen["city"],
        headers=seen["headers"],
        witness=Witness(seen.get("witness", Witness.FUNCTION)),
        reading=_reading(item),
    )


def _reading_attributes(reading: Reading | None) -> Item:
    """A reading as attributes of its fetch's item, where an update can reach them one by one."""
    if reading is None:
        return {}
    return {
        "timed": True,
        "read_steps": reading.steps,
        "read_at": to_text(reading.at) if reading.at else None,
        "read_milliseconds": reading.milliseconds,
    }


def _reading(item: Item) -> Reading | None:
    if "timed" not in item:
        return None
    steps, milliseconds = item.get("read_steps"), item.get("read_milliseconds")
    return Reading(
        None if steps is None else int(steps),
        to_time(item.get("read_at")),
        None if milliseconds is None else int(milliseconds),
    )
