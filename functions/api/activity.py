"""What happened to the mail: the activity search, and one delivery's timeline."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BaseModel, Field

from functions.api import adapters
from functions.api.answers import Answer, Refusal, answer
from functions.api.events import ActivityType, activity_type, date, show
from tracking.mail import summaries
from tracking.mail.deliveries import Message
from tracking.mail.summaries import Interpretation
from tracking.storage.activity import FeedEntry
from tracking.storage.activity_items import KEPT_FOR

router = APIGatewayHttpRouter()

_POSITION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z#[ -~]{1,200}", re.ASCII)


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


class Timeline(BaseModel):
    """The fields of `activity/timeline`."""

    email_id: Term
    recipient: Annotated[str, Field(max_length=998)]


@router.post("/activity/search")
def search(wanted: Annotated[Search, Body()]) -> Answer[Any]:
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
    return answer(router, {"continue_token": token, "total_events": len(events), "events": events})


@router.post("/activity/timeline")
def timeline(wanted: Annotated[Timeline, Body()]) -> Answer[Any]:
    """An extension: what happened to one delivery, the oldest first, and what it comes to."""
    found = _delivery(wanted.email_id, wanted.recipient)
    message, delivery = found.message, found.history.delivery
    summary = summaries.summarise(found.opens.values())
    return answer(
        router,
        {
            "email_id": message.email_id,
            "recipient": delivery.recipient,
            "subject": message.subject,
            "untracked_reason": delivery.untracked_reason,
            "placement": delivery.placement,
            "sent_at": _date(delivery.sent_at),
            "delivered_at": _date(delivery.delivered_at),
            "evidence": summary.evidence,
            "opens": dict(summary.totals),
            "first_open_at": _date(summary.first_open_at),
            "last_open_at": _date(summary.last_open_at),
            "first_human_at": _date(summary.first_human_at),
            "first_prefetch_at": _date(summary.first_prefetch_at),
            "events": [shown for event in found.history.events if (shown := show(found, event))],
        },
    )


def _delivery(email_id: str, recipient: str) -> Interpretation:
    activity = adapters.activity()
    message = activity.messages([email_id]).get(email_id)
    if message is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"There is no mail {email_id}, or it is not kept any more.")
    for delivery in activity.deliveries(email_id):
        if delivery.recipient.casefold() == recipient.casefold():
            history = activity.history(email_id, delivery.number)
            if history:
                return Interpretation.of(message, history)
    raise Refusal(HTTPStatus.NOT_FOUND, f"The mail {email_id} was not sent to {recipient}.")


def _date(at: datetime | None) -> str | None:
    return date(at) if at else None


def _found(wanted: Search, entries: Iterator[FeedEntry]) -> Iterator[tuple[str, dict[str, object]]]:
    """Each event that was asked for, with its position in the feed."""
    known: dict[tuple[str, int], Interpretation | None] = {}
    messages: dict[str, Message] = {}
    while batch := list(islice(entries, 100)):
        messages |= adapters.activity().messages(
            entry.email_id for entry in batch if entry.email_id not in messages
        )
        for entry in batch:
            message = messages.get(entry.email_id)
            key = entry.email_id, entry.number
            if key not in known:
                history = adapters.activity().history(*key) if message else None
                known[key] = Interpretation.of(message, history) if message and history else None
            delivery = known[key]
            if message is None or delivery is None:
                continue
            event = delivery.event(entry.event_id)
            recipient = delivery.history.delivery.recipient
            if (
                event
                and wanted.finds(message, recipient, activity_type(event))
                and (shown := show(delivery, event))
            ):
                yield entry.position, shown


def _holds(wanted: str | None, *texts: str) -> bool:
    if not wanted:
        return True
    return any(part in text.lower() for part in wanted.lower().split("|") if part for text in texts)
