"""How deliveries' events are shown, in SMTP2GO's fields."""

from datetime import datetime
from enum import StrEnum

from tracking.mail.deliveries import Delivery, Event, EventType
from tracking.mail.summaries import Interpretation
from tracking.opens import clients
from tracking.opens.classification import Open
from tracking.opens.rules import RULESET_VERSION
from tracking.opens.sentences import sentence


class ActivityType(StrEnum):
    """SMTP2GO's names for events in the activity. Those that nothing here leads to find nothing."""

    PROCESSED = "processed"
    DELIVERED = "delivered"
    SOFT_BOUNCED = "soft-bounced"
    HARD_BOUNCED = "hard-bounced"
    REJECTED = "rejected"
    SPAM = "spam"
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
    DELAYED = "delayed"
    """An extension: SES tries again."""

    QUOTED = "quoted"
    """An extension: a later mail of ours quotes this one with its pixel."""


_TYPES = {
    EventType.PROCESSED: ActivityType.PROCESSED,
    EventType.DELIVERED: ActivityType.DELIVERED,
    EventType.REJECTED: ActivityType.REJECTED,
    EventType.COMPLAINED: ActivityType.SPAM,
    EventType.DELAYED: ActivityType.DELAYED,
    EventType.FETCHED: ActivityType.OPENED,
    EventType.QUOTED: ActivityType.QUOTED,
}


def activity_type(event: Event) -> ActivityType:
    """What SMTP2GO calls an event."""
    if event.type is EventType.BOUNCED:
        hard = event.details.get("bounce") == "hard"
        return ActivityType.HARD_BOUNCED if hard else ActivityType.SOFT_BOUNCED
    return _TYPES[event.type]


def show(known: Interpretation, event: Event) -> dict[str, object] | None:
    """An event of a delivery; None if it is a fetch that makes no open, because it repeats another.

    What is known of an open stands under `email_client` and `metadata`.
    """
    opened = known.opened(event)
    if event.fetch and opened is None:
        return None
    message, delivery = known.message, known.history.delivery
    return {
        "email_id": message.email_id,
        "event": activity_type(event),
        "date": date(event.at),
        "recipient": delivery.recipient,
        "subject": message.subject,
        "username": message.credential_id,
        "from": message.sender,
        "sender": message.mail_from,
        "to": message.to,
        "cc": message.cc,
        "reply_to": message.reply_to,
        "byte_size": message.size,
        "smtp_response": event.details.get("smtp_response"),
        "host": event.details.get("host"),
        "reason": event.details.get("reason"),
        "email_client": _client(opened) if opened else {},
        "metadata": _open_metadata(opened) if opened else _metadata(delivery, event),
    }


def date(at: datetime) -> str:
    """A time as answers have it: UTC, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def meaning(opened: Open) -> dict[str, object]:
    """What an open means."""
    return {
        "class": opened.open_class,
        "confidence": opened.confidence,
        "human_probability": opened.human_probability,
        "reasons": list(opened.reasons),
        "sentence": sentence(opened),
        "ruleset_version": RULESET_VERSION,
    }


def program(user_agent: str) -> dict[str, object]:
    """What a user agent names."""
    client = clients.client(user_agent)
    return {"client": client.name, "device": client.device, "system": client.system}


def _client(opened: Open) -> dict[str, object]:
    """What fetched the pixel: as its user agent names it, and as raw facts."""
    fetch = opened.fetch
    return {
        **program(fetch.user_agent),
        "user_agent": fetch.user_agent,
        "ip_address": fetch.address,
        "asn": fetch.asn,
        "country": fetch.country,
        "city": fetch.city,
    }


def _metadata(delivery: Delivery, event: Event) -> dict[str, object]:
    if event.type is EventType.QUOTED:
        return {"quoted_by": event.details.get("by")}
    return {"untracked_reason": delivery.untracked_reason, "placement": delivery.placement}


def _open_metadata(opened: Open) -> dict[str, object]:
    return {
        **meaning(opened),
        "read_secs": opened.read_seconds,
        "read_milliseconds": opened.read_milliseconds,
        "fetch_count": opened.count,
        "witness": opened.fetch.witness,
    }
