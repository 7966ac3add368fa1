"""From the webhooks' queue to the customers' URLs: what becomes of each notification of a batch.

| what is known of it | what is done |
|---|---|
| its endpoint was removed; or it was delivered, cancelled, or started anew | nothing: its message goes |
| its next attempt is not due | it waits |
| its endpoint is disabled | it has failed, and is listed |
| its endpoint pauses, and this is not its last attempt | that counts as an attempt that failed |
| nothing of that | it is sent |

It waits in the queue, as a new message, or in the table, if that is too long (`requeue` fetches it there).
Either is done before the old message goes. Whatever fails in between makes the old one come again: what is
told may be told twice, and never gets lost.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks import adapters, attempts, payloads
from functions.webhooks.endpoints import Endpoints
from tracking.errors import NotificationsUnavailable
from tracking.mail import notifications
from tracking.mail.endpoints import Endpoint
from tracking.mail.notifications import LONGEST_DELAY, Notification, Progress, Status

LOGGER = Logger()

EARLIEST = timedelta(seconds=2)
"""How much before its time an attempt may be made: clocks differ."""


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send the queue's notifications, all at once; what cannot be decided about now stays in the queue."""
    processor = AsyncBatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    process = partial(_process, Endpoints())
    return dict(
        async_process_partial_response(
            event=event, record_handler=process, processor=processor, context=context
        )
    )


async def _process(endpoints: Endpoints, record: SQSRecord) -> None:
    try:
        await _decide(endpoints, record)
    except Exception:
        LOGGER.exception("not decided", message_id=record.message_id)
        raise


async def _decide(endpoints: Endpoints, record: SQSRecord) -> None:
    """Do what is to be done. Only while one is sent the others of the batch go on."""
    notification = notifications.decode(record.body)
    endpoint = endpoints.get(notification.endpoint_id)
    if endpoint is None:
        LOGGER.info("endpoint is gone", **_named(notification))
    elif notification.is_test:
        await _send_test(endpoints, endpoint, notification)
    elif progress := _progress_of(notification, int(record.attributes.approximate_receive_count)):
        await _go_on(endpoints, endpoint, progress)


async def _send_test(endpoints: Endpoints, endpoint: Endpoint, notification: Notification) -> None:
    """Send a sample, once: whoever asked for it is waiting for the outcome."""
    sample = payloads.sample(endpoint, notification.event, notification.event_at)
    if sample is None:
        LOGGER.info("no such sample", event=notification.event, **_named(notification))
        return
    written = replace(notification, body=sample.text, content_type=sample.content_type)
    attempt, _ = await attempts.make(endpoint, written)
    with _only_logged(notification):
        adapters.attempts().record(notification, attempt)
        if attempt.is_success:
            endpoints.succeeded(endpoint)


def _progress_of(notification: Notification, receives: int) -> Progress | None:
    """How far a notification is; None if nothing is to be done about it any more."""
    fresh = Progress(notification)
    if receives == 1 and not notification.is_tried and notification.run == 0:
        return fresh
    stored = adapters.notifications().progress(notification)
    if stored is None:
        LOGGER.warning("received before, and nothing was recorded", receives=receives, **_named(notification))
        return fresh
    if stored.notification.run < notification.run:
        return fresh
    is_current = stored.notification.run == notification.run and stored.status is Status.RETRYING
    if not is_current:
        LOGGER.info("over", status=stored.status, run=notification.run, **_named(notification))
    return stored if is_current else None


async def _go_on(endpoints: Endpoints, endpoint: Endpoint, progress: Progress) -> None:
    now = datetime.now(UTC)
    disabled_at = endpoints.health(endpoint).disabled_at
    if progress.next_at and now + EARLIEST < progress.next_at:
        _wait(progress, now)
    elif disabled_at:
        reason = f"not sent: the endpoint answered 410 (gone) at {disabled_at:%Y-%m-%d %H:%M} UTC"
        adapters.notifications().save(notifications.given_up(progress, now, reason), now)
        LOGGER.info("endpoint is disabled", **_named(progress.notification))
    elif not progress.is_last and (paused_until := endpoints.claim_attempt(endpoint, now)):
        reason = "not sent: the endpoint failed just before, and is left alone"
        _try_again(progress, reason, paused_until)
    else:
        await _send(endpoints, endpoint, progress)


async def _send(endpoints: Endpoints, endpoint: Endpoint, progress: Progress) -> None:
    notification = progress.notification
    # Two such lines about the same attempt mean that the first one's outcome was lost.
    LOGGER.info("attempting", attempt=progress.attempts + 1, **_named(notification))
    attempt, retry_at = await attempts.make(endpoint, notification)
    LOGGER.info("attempted", status=attempt.status, error=attempt.error, **_named(notification))
    with _only_logged(notification):
        adapters.attempts().record(notification, attempt)
    if attempt.is_success:
        # Were it sent again because of that, nothing would be gained.
        with _only_logged(notification):
            if progress.attempts or notification.run:
                adapters.notifications().delivered(notification)
            endpoints.succeeded(endpoint)
        return
    now = datetime.now(UTC)
    if attempt.is_gone:
        endpoints.disable(endpoint, now)
        LOGGER.warning("endpoint disabled", endpoint=endpoint.id)
        failed = replace(progress, attempts=progress.attempts + 1)
        _give_up(notifications.given_up(failed, now, attempt.result), now)
        return
    if endpoints.failed(endpoint, now, retry_at).is_failing(now):
        LOGGER.warning("endpoint failing", endpoint=endpoint.id)
    _try_again(progress, attempt.result, retry_at)


def _try_again(progress: Progress, result: str, not_before: datetime | None) -> None:
    now = datetime.now(UTC)
    chance = random.random()  # noqa: S311 -- It only keeps attempts apart.
    advanced = notifications.advanced(progress, now, result, chance=chance, not_before=not_before)
    if advanced.status is Status.FAILED:
        _give_up(advanced, now)
    elif adapters.notifications().save(advanced, now):
        _wait(advanced, now)


def _wait(progress: Progress, now: datetime) -> None:
    """Have a notification come again when it is due; what is parked is found in the table by then."""
    if progress.next_at and not progress.is_parked:
        again = replace(progress.notification, is_tried=True)
        adapters.webhook_queue().send([again], min(progress.next_at - now, LONGEST_DELAY))


def _give_up(progress: Progress, now: datetime) -> None:
    if adapters.notifications().save(progress, now):
        LOGGER.warning(
            "notification failed",
            attempts=progress.attempts,
            result=progress.last_result,
            **_named(progress.notification),
        )


@contextmanager
def _only_logged(notification: Notification) -> Iterator[None]:
    """What cannot be written inside is logged and left out."""
    try:
        yield
    except NotificationsUnavailable:
        LOGGER.exception("not recorded", **_named(notification))


def _named(notification: Notification) -> dict[str, Any]:
    return {"notification_id": notification.id, "endpoint": notification.endpoint_id}
