"""Notifications: what an endpoint is told of one event, when that is tried again, and when no more."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from tracking.errors import InvalidNotification
from tracking.mail.endpoints import WebhookEvent

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),
    timedelta(hours=20),
)
"""How long after an attempt that failed the next one is made; with the first that is one attempt more."""

JITTER = 0.1
"""What part of its delay an attempt comes later at most, so that those that failed together come apart."""

LONGEST_DELAY = timedelta(minutes=15)
"""How long a notification waits in the queue at most, as SQS has it; for longer it is parked in the table.

It would not do to let it stay in the queue as received and not yet deleted: SQS allows 120,000 of those, and
when one endpoint has as many, nobody is told of anything any more.
"""

LONGEST_RETRY_AFTER = RETRIES[-1]
"""The longest that an endpoint can have us wait by Retry-After."""


class Status(StrEnum):
    """Where a notification is that failed at least once."""

    RETRYING = "retrying"
    """It is tried again."""

    FAILED = "failed"
    """It is not tried any more, unless somebody asks for it."""

    DELIVERED = "delivered"
    """The endpoint took it in the end."""

    CANCELLED = "cancelled"
    """Somebody did not want it tried any more."""


UNFINISHED = (Status.RETRYING, Status.FAILED)
"""Where something can still be done about a notification."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One event for one endpoint.

    `id` is the same for every attempt and for nothing else. `body` and `content_type` are what is sent, at
    every attempt; a test has none yet, and is made when it is sent. `is_tried` says that an attempt failed,
    so that something is stored of it. `run` counts how often somebody had it start anew: what is left of an
    earlier run is void.
    """

    id: str
    endpoint_id: int
    event: WebhookEvent
    email_id: str
    recipient: str
    event_at: datetime
    body: str = ""
    content_type: str = ""
    is_tried: bool = False
    run: int = 0
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a notification.

    `status` is the answer's, None if there was none; then `error` says why. `took` is how long it took to
    learn that. `answer` is how the answer's body begins.
    """

    at: datetime
    took: timedelta
    status: int | None = None
    error: str | None = None
    answer: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the endpoint took it."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004 -- 2xx is success.

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint wants nothing any more. Source: Standard Webhooks, "Deliverability"."""
        return self.status == 410  # noqa: PLR2004 -- Gone.

    @property
    def result(self) -> str:
        """The outcome in a few words."""
        return self.error or f"answered {self.status}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notification is that did not succeed at once.

    `attempts` are those of this run that failed, counting those that a pause of the endpoint stood for;
    `last_result` is the last one's outcome. `next_at` is None where there is no next one. `is_parked` says
    that it waits in the table, because that is too long for the queue.
    """

    notification: Notification
    status: Status = Status.RETRYING
    attempts: int = 0
    last_at: datetime | None = None
    last_result: str = ""
    next_at: datetime | None = None
    is_parked: bool = False

    @property
    def is_last(self) -> bool:
        """Whether there is one attempt left."""
        return self.attempts == len(RETRIES)


def advanced(
    progress: Progress, at: datetime, result: str, *, chance: float, not_before: datetime | None = None
) -> Progress:
    """A notification's progress after one more failure: it is tried again, or has failed.

    Args:
        progress: Until now.
        at: When that was known.
        result: What happened, in a few words.
        chance: From 0 to 1, a random number for the jitter.
        not_before: The next attempt is not made before that, whatever the schedule says.
    """
    made = progress.attempts + 1
    if made > len(RETRIES):
        return given_up(replace(progress, attempts=made), at, result)
    due = at + RETRIES[made - 1]
    wait = (max(due, not_before or due) - at) * (1 + JITTER * chance)
    return replace(
        progress,
        status=Status.RETRYING,
        attempts=made,
        last_at=at,
        last_result=result,
        next_at=at + wait,
        is_parked=wait > LONGEST_DELAY,
    )


def given_up(progress: Progress, at: datetime, reason: str) -> Progress:
    """A notification's progress once it is not tried any more, whatever the schedule says."""
    return replace(
        progress, status=Status.FAILED, last_at=at, last_result=reason, next_at=None, is_parked=False
    )


def retry_at(header: str | None, at: datetime) -> datetime | None:
    """When an answer asks to be called again.

    Args:
        header: Retry-After: seconds, or a date of HTTP's; None if the answer has none.
        at: When it came.

    Returns:
        Not before `at`, and `LONGEST_RETRY_AFTER` from it at most. None if it asks for nothing, or nothing
        that can be understood.

    Source:
        RFC 9110, section 10.2.3.
    """
    if header is None:
        return None
    text = header.strip()
    latest = at + LONGEST_RETRY_AFTER
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:9]), int(LONGEST_RETRY_AFTER.total_seconds()))
        return at + timedelta(seconds=seconds)
    try:
        asked = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return min(max(asked if asked.tzinfo else asked.replace(tzinfo=UTC), at), latest)


def encode(notification: Notification) -> str:
    """The notification as JSON, for the webhooks' queue."""
    return json.dumps(
        {
            "id": notification.id,
            "endpoint_id": notification.endpoint_id,
            "event": notification.event,
            "email_id": notification.email_id,
            "recipient": notification.recipient,
            "event_at": notification.event_at.isoformat(),
            "body": notification.body,
            "content_type": notification.content_type,
            "is_tried": notification.is_tried,
            "run": notification.run,
            "is_test": notification.is_test,
        },
        ensure_ascii=False,
    )


def decode(text: str) -> Notification:
    """Read back what `encode` wrote.

    Raises:
        InvalidNotification: The text is not a notification.
    """
    try:
        fields = json.loads(text)
        return Notification(
            id=fields["id"],
            endpoint_id=fields["endpoint_id"],
            event=WebhookEvent(fields["event"]),
            email_id=fields["email_id"],
            recipient=fields["recipient"],
            event_at=datetime.fromisoformat(fields["event_at"]),
            body=fields["body"],
            content_type=fields["content_type"],
            is_tried=fields["is_tried"],
            run=fields["run"],
            is_test=fields["is_test"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidNotification(f"not a notification: {error!r}") from error
