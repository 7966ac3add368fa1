"""What webhook endpoints did not take, and what is done about it: failures, retry, cancel, test, attempts."""

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters, continuations
from functions.api.answers import EXTENSION, Answer, answer, invalid
from functions.api.bodies import NO_BOOLEAN
from functions.api.events import date
from functions.api.webhook_settings import WebhookId, find
from tracking.mail.endpoints import NEVER_SENT, WebhookEvent, missing_from
from tracking.mail.notifications import UNFINISHED, Notification, Progress, Status
from tracking.storage.attempts import AttemptAt
from tracking.storage.notifications import Page

router = APIGatewayHttpRouter()

DEFAULT_FAILURES: Final = 100
"""Notifications that `webhook/failures` answers where it is not said how many."""

DEFAULT_ATTEMPTS: Final = 20
"""Attempts that `webhook/attempts` answers where it is not said how many."""

PAGE: Final = 1000
"""Notifications that `webhook/failures` answers at most."""

MAX_AT_ONCE: Final = 1000
"""Notifications that one call retries or cancels at most, where it does not name them."""

PATIENCE: Final = timedelta(seconds=15)
"""How long a call goes on to look for notifications; it has 29 seconds for all that it does."""

WRITERS: Final = 10
"""Items that are written at the same time."""

_ID_BYTES = 16

NotificationId = Annotated[str, Field(pattern=r"^msg_[0-9a-f]{32}$")]


class FailuresQuestion(WebhookId):
    """Which notifications to list."""

    limit: Annotated[
        Annotated[int, Field(ge=1, le=PAGE), NO_BOOLEAN] | None,
        Field(description=f"How many notifications at most; without it {DEFAULT_FAILURES}"),
    ] = None
    continue_token: Annotated[
        str | None, Field(max_length=1000, description="From an answer: the next page of the same endpoint's")
    ] = None


class Selection(WebhookId):
    """Which notifications something is done about."""

    notification_ids: Annotated[
        Annotated[list[NotificationId], Field(min_length=1, max_length=100)] | None,
        Field(description="Only these, as `webhook/failures` names them; all of them have to be there"),
    ] = None


class Cancellation(Selection):
    """Which notifications are not to be tried any more."""

    status: Annotated[
        Literal["failed", "retrying"] | None,
        Field(description="Without `notification_ids`: all of these; `failed` where it is not said"),
    ] = None


class TestRequest(WebhookId):
    """What to send a sample of."""

    event: Annotated[
        WebhookEvent | None,
        Field(description="Whether or not the endpoint asked for it; without it `open`"),
    ] = None


class AttemptsQuestion(WebhookId):
    """Which attempts to list."""

    limit: Annotated[
        Annotated[int, Field(ge=1, le=100), NO_BOOLEAN] | None,
        Field(description=f"How many attempts at most; without it {DEFAULT_ATTEMPTS}"),
    ] = None
    notification_id: Annotated[
        NotificationId | None, Field(description="Only the attempts at this notification")
    ] = None


class FailedNotification(BaseModel):
    """A notification that the endpoint did not take."""

    notification_id: Annotated[str, Field(description="The same as the header `webhook-id` of its attempts")]
    status: Annotated[
        str,
        Field(
            description="`retrying`: it is tried again by itself; `failed`: it is not any more",
            json_schema_extra={"enum": [status.value for status in UNFINISHED]},
        ),
    ]
    event: Annotated[WebhookEvent, Field(description="What it tells of")]
    email_id: Annotated[str, Field(description="The mail's")]
    rcpt: Annotated[str, Field(description="The recipient")]
    event_at: Annotated[str, Field(description="When the event happened")]
    attempts: Annotated[
        int,
        Field(description="How often it has failed, counting the times that a failing endpoint was spared"),
    ]
    last_attempt_at: Annotated[str | None, Field(description="When it failed last")]
    last_result: Annotated[str, Field(description="Why, in a few words")]
    next_attempt_at: Annotated[str | None, Field(description="When it is tried next; null if it is not")]
    content_type: Annotated[str, Field(description="The form of `body`")]
    body: Annotated[str, Field(description="What is sent, to the letter")]


class FailuresPage(BaseModel):
    """A page of an endpoint's failed notifications."""

    continue_token: Annotated[
        str | None, Field(description="For the next page; null if there is nothing more")
    ]
    notifications: Annotated[
        list[FailedNotification], Field(description="By when their events happened, the newest first")
    ]


class Retried(BaseModel):
    """What is tried again."""

    retried: Annotated[int, Field(description="How many notifications are sent anew")]
    more: Annotated[
        bool, Field(description=f"Whether there may be more: one call retries {MAX_AT_ONCE:,} at most")
    ]


class Cancelled(BaseModel):
    """What is not tried any more."""

    cancelled: Annotated[int, Field(description="How many notifications were cancelled")]
    more: Annotated[
        bool, Field(description=f"Whether there may be more: one call cancels {MAX_AT_ONCE:,} at most")
    ]


class QueuedTest(BaseModel):
    """The sample that is sent."""

    notification_id: Annotated[str, Field(description="What `webhook/attempts` calls it")]


class ShownAttempt(BaseModel):
    """One attempt at a notification."""

    notification_id: Annotated[str, Field(description="Which notification was sent")]
    event: Annotated[WebhookEvent, Field(description="What it tells of")]
    at: Annotated[str, Field(description="When")]
    milliseconds: Annotated[
        int, Field(description="How long it took until the answer, or until there was none")
    ]
    status: Annotated[int | None, Field(description="The answer's; null if there was no answer")]
    error: Annotated[str | None, Field(description="Why there was no answer; null if there was one")]
    answer: Annotated[str, Field(description="How the answer's body begins: its first 1,024 bytes")]


@router.post("/webhook/failures", openapi_extensions=EXTENSION)
def failures(wanted: Annotated[FailuresQuestion, Body()]) -> Answer[FailuresPage]:
    """List the notifications that an endpoint did not take, the newest first.

    They are there for 14 days from when they failed last. A page may hold fewer than `limit`, even none, and
    still have a `continue_token`: an answer has an end, and so has what is looked through for it.
    """
    endpoint = find(wanted.id)
    root, purpose = adapters.webhook_signing_root(), f"failures of webhook {endpoint.id}"
    after = _position(wanted.continue_token, purpose, root)
    page = adapters.notifications().listed(
        endpoint.id, datetime.now(UTC), wanted.limit or DEFAULT_FAILURES, after
    )
    return answer(
        router,
        FailuresPage(
            continue_token=continuations.seal({"after": page.last}, purpose, root) if page.last else None,
            notifications=[_shown(progress) for progress in page.found],
        ),
    )


@router.post("/webhook/retry", openapi_extensions=EXTENSION)
def retry(wanted: Annotated[Selection, Body()]) -> Answer[Retried]:
    """Send notifications anew: at once, and by the whole schedule again as long as they fail.

    Without `notification_ids` these are all that have `failed`. Those that are `retrying` are tried again
    anyway; named, they are at once.
    """
    endpoint = find(wanted.id)
    if adapters.healths().get(endpoint).disabled_at:
        raise invalid("id", f"webhook {endpoint.id} is disabled: call webhook/enable first")
    retried, more = _done(endpoint.id, wanted.notification_ids, Status.FAILED, _start_anew)
    return answer(router, Retried(retried=retried, more=more))


@router.post("/webhook/cancel", openapi_extensions=EXTENSION)
def cancel(wanted: Annotated[Cancellation, Body()]) -> Answer[Cancelled]:
    """Have notifications not tried any more, and listed no longer.

    Without `notification_ids` these are all that have `failed`, or those of another `status`. What is being
    sent at this moment may still arrive.
    """
    status = Status(wanted.status or Status.FAILED)
    cancelled, more = _done(find(wanted.id).id, wanted.notification_ids, status, _cancel)
    return answer(router, Cancelled(cancelled=cancelled, more=more))


@router.post("/webhook/test", openapi_extensions=EXTENSION)
def test(wanted: Annotated[TestRequest, Body()]) -> Answer[QueuedTest]:
    """Send an endpoint a sample, which says that it is one.

    It is sent once, and what came of it is in `webhook/attempts`.
    """
    endpoint = find(wanted.id)
    event = wanted.event or WebhookEvent.OPEN
    if event in NEVER_SENT:
        raise invalid("event", f"{event} is never sent")
    if event in missing_from(endpoint.output_format):
        raise invalid("event", f"{endpoint.output_format} cannot tell of {event}")
    notification = Notification(
        id=f"msg_{secrets.token_hex(_ID_BYTES)}",
        endpoint_id=endpoint.id,
        event=event,
        email_id="",
        recipient="",
        event_at=datetime.now(UTC),
        is_test=True,
    )
    adapters.webhook_queue().send([notification])
    return answer(router, QueuedTest(notification_id=notification.id))


@router.post("/webhook/attempts", openapi_extensions=EXTENSION)
def attempts(wanted: Annotated[AttemptsQuestion, Body()]) -> Answer[list[ShownAttempt]]:
    """List the last attempts at an endpoint, the newest first, whatever came of them.

    They are there for three days. Of an endpoint that is sent very much, only the newest are looked through
    for those at one notification.
    """
    endpoint = find(wanted.id)
    found = adapters.attempts().newest(endpoint.id, wanted.limit or DEFAULT_ATTEMPTS, wanted.notification_id)
    return answer(router, list(map(_shown_attempt, found)))


def _position(token: str | None, purpose: str, root: str) -> str | None:
    """Where the page before ended."""
    if token is None:
        return None
    try:
        after: str = continuations.unseal(token, purpose, root)["after"]
    except ValueError as error:
        raise invalid(
            "continue_token", "not a token that an earlier answer about this webhook gave"
        ) from error
    return after


def _done(
    endpoint_id: int, ids: Sequence[str] | None, status: Status, do: Callable[[Sequence[Progress]], int]
) -> tuple[int, bool]:
    """Do something about notifications after which they have another status.

    Args:
        endpoint_id: The endpoint's.
        ids: Those that are named; None for all of the status.
        status: Theirs where none are named.
        do: Does it, and says about how many.

    Returns:
        About how many it was done, and whether there may be more.

    Raises:
        Refusal: One of those that are named is not there; then nothing is done.
    """
    if ids:
        return do(_named(endpoint_id, ids)), False
    give_up_at = time.monotonic() + PATIENCE.total_seconds()
    done, page = 0, Page((), None)
    while done < MAX_AT_ONCE and time.monotonic() < give_up_at:
        page = adapters.notifications().listed(
            endpoint_id, datetime.now(UTC), MAX_AT_ONCE - done, page.last, [status]
        )
        done += do(page.found)
        if page.last is None:
            return done, False
    return done, True


def _named(endpoint_id: int, ids: Sequence[str]) -> list[Progress]:
    """The notifications of these ids.

    Raises:
        Refusal: One is not there.
    """
    found = adapters.notifications().unfinished(endpoint_id, ids, datetime.now(UTC))
    missing = dict.fromkeys(ids).keys() - {progress.notification.id for progress in found}
    if missing:
        raise invalid("notification_ids", f"webhook/failures does not list {', '.join(sorted(missing))}")
    return found


def _start_anew(seen: Sequence[Progress]) -> int:
    """Send notifications once more, and then say so: what is only said is sent by nobody."""
    runs = [replace(each.notification, run=each.notification.run + 1) for each in seen]
    adapters.webhook_queue().send(runs)
    restarted = partial(adapters.notifications().restarted, at=datetime.now(UTC))
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(restarted, runs))
    return len(runs)


def _cancel(seen: Sequence[Progress]) -> int:
    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(adapters.notifications().cancel, seen))


def _shown(progress: Progress) -> FailedNotification:
    notification = progress.notification
    return FailedNotification(
        notification_id=notification.id,
        status=progress.status,
        event=notification.event,
        email_id=notification.email_id,
        rcpt=notification.recipient,
        event_at=date(notification.event_at),
        attempts=progress.attempts,
        last_attempt_at=date(progress.last_at) if progress.last_at else None,
        last_result=progress.last_result,
        next_attempt_at=date(progress.next_at) if progress.next_at else None,
        content_type=notification.content_type,
        body=notification.body,
    )


def _shown_attempt(tried: AttemptAt) -> ShownAttempt:
    attempt = tried.attempt
    return ShownAttempt(
        notification_id=tried.notification_id,
        event=tried.event,
        at=date(attempt.at),
        milliseconds=attempt.took // timedelta(milliseconds=1),
        status=attempt.status,
        error=attempt.error,
        answer=attempt.answer,
    )
