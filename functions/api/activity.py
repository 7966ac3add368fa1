"""What happened to the mail: the activity search."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BaseModel, Field

from functions.api import adapters
from functions.api.answers import success
from tracking.mail.deliveries import Event, EventType, History, Message
from tracking.opens.classification import RULESET_VERSION, Open
from tracking.storage.activity import FeedEntry
from tracking.storage.activity_items import KEPT_FOR

router = APIGatewayHttpRouter()

_POSITION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z#[ -~]{1,200}", re.ASCII)


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


_TYPES = {
    EventType.PROCESSED: ActivityType.PROCESSED,
    EventType.DELIVERED: ActivityType.DELIVERED,
    EventType.REJECTED: ActivityType.REJECTED,
    EventType.COMPLAINED: ActivityType.SPAM,
    EventType.DELAYED: ActivityType.DELAYED,
    EventType.FETCHED: ActivityType.OPENED,
}


def _as_time(text: str) -> str:
    _time(text)
    return text


def _time(text: str) -> datetime:
    """ISO 8601 with or without a time and an offset; without one it is UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _position(token: str) -> str:
    """The feed's position behind a continue token."""
    try:
        position = base64.urlsafe_b64decode(token.encode() + b"==").decode()
        datetime.fromisoformat(position.partition("#")[0])
    except ValueError as error:
        raise ValueError("not a token that an earlier answer gave") from error
    if not _POSITION.fullmatch(position):
        raise ValueError("not a token that an earlier answer gave")
    return position


Time = Annotated[str, Field(max_length=40), AfterValidator(_as_time)]
Term = Annotated[str, Field(max_length=200)]


class Search(BaseModel):
    """The fields of `activity/search`. Texts are found anywhere, whatever their case; `|` means or."""

    start_date: Time | None = None
    end_date: Time | None = None
    search: Term | None = None
    search_email_id: Term | None = None
    search_subject: Term | None = None
    search_sender: Term | None = None
    search_recipient: Term | None = None
    search_usernames: Annotated[list[Term], Field(max_length=100)] | None = None
    event_types: list[ActivityType] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    continue_token: Annotated[str, Field(max_length=400), AfterValidator(_position)] | None = None

    def finds(self, message: Message, recipient: str, activity_type: ActivityType) -> bool:
        """Whether an event is among those asked for."""
        anywhere = (message.email_id, message.subject, message.to, recipient)
        return (
            (not self.event_types or activity_type in self.event_types)
            and (not self.search_usernames or message.credential_id in self.search_usernames)
            and _holds(self.search, *anywhere)
            and _holds(self.search_email_id, message.email_id)
            and _holds(self.search_subject, message.subject)
            and _holds(self.search_sender, message.sender, message.mail_from)
            and _holds(self.search_recipient, recipient)
        )


@router.post("/activity/search")
def search(wanted: Annotated[Search, Body()]) -> dict[str, Any]:
    """Events of a time range, the newest first, a page at a time."""
    now = datetime.now(UTC)
    start = (
        _time(wanted.start_date)
        if wanted.start_date
        else now.replace(hour=0, minute=0, second=0, microsecond=0)
    )
    newest, oldest = now + timedelta(seconds=1), now - KEPT_FOR
    end = min(_time(wanted.end_date), newest) if wanted.end_date else newest
    limit = wanted.limit or 100
    found = _found(wanted, adapters.activity().feed(max(start, oldest), end, wanted.continue_token))
    page = list(islice(found, limit + 1))
    more = len(page) > limit
    token = base64.urlsafe_b64encode(page[limit - 1][0].encode()).decode().rstrip("=") if more else None
    events = [event for _, event in page[:limit]]
    return success(router, {"continue_token": token, "total_events": len(events), "events": events})


def _found(wanted: Search, entries: Iterator[FeedEntry]) -> Iterator[tuple[str, dict[str, object]]]:
    """Each event that was asked for, with its position in the feed."""
    histories: dict[tuple[str, int], History | None] = {}
    messages: dict[str, Message] = {}
    while batch := list(islice(entries, 100)):
        messages |= adapters.activity().messages(
            entry.email_id for entry in batch if entry.email_id not in messages
        )
        for entry in batch:
            message = messages.get(entry.email_id)
            key = entry.email_id, entry.number
            if key not in histories:
                histories[key] = adapters.activity().history(*key)
            history = histories[key]
            if message is None or history is None:
                continue
            event = next((event for event in history.events if event.event_id == entry.event_id), None)
            if event and wanted.finds(message, history.delivery.recipient, _activity_type(event)):
                yield entry.position, _shown(message, history, event)


def _holds(wanted: str | None, *texts: str) -> bool:
    if not wanted:
        return True
    return any(part in text.lower() for part in wanted.lower().split("|") if part for text in texts)


def _activity_type(event: Event) -> ActivityType:
    if event.type is EventType.BOUNCED:
        hard = event.details.get("bounce") == "hard"
        return ActivityType.HARD_BOUNCED if hard else ActivityType.SOFT_BOUNCED
    return _TYPES[event.type]


def _shown(message: Message, history: History, event: Event) -> dict[str, object]:
    """An event in SMTP2GO's fields; what is known of an open stands under `email_client` and `metadata`."""
    delivery = history.delivery
    opened = next((opened for opened in history.opens() if opened.fetch is event.fetch), None)
    return {
        "email_id": message.email_id,
        "event": _activity_type(event),
        "date": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
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
        "metadata": _meaning(opened)
        if opened
        else {"untracked_reason": delivery.untracked_reason, "placement": delivery.placement},
    }


def _client(opened: Open) -> dict[str, object]:
    """What fetched the pixel, as raw facts."""
    fetch = opened.fetch
    return {
        "user_agent": fetch.user_agent,
        "ip_address": fetch.address,
        "asn": fetch.asn,
        "country": fetch.country,
        "city": fetch.city,
    }


def _meaning(opened: Open) -> dict[str, object]:
    """What the fetch means. `read_secs` is null: how long the mail was read is not measured yet."""
    return {
        "class": opened.open_class,
        "confidence": opened.confidence,
        "human_probability": opened.human_probability,
        "reasons": list(opened.reasons),
        "read_secs": None,
        "ruleset_version": RULESET_VERSION,
    }
