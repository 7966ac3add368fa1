"""Takes envelopes from the outbox's queue, and has each recipient's copy sent (`sending`).

An envelope that is not done stays in the queue, out of sight for its own time (`waiting`). The next attempt
goes on with the recipients that are left.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.inject import adapters, copies, sending, waiting
from functions.inject.waiting import Attempt
from tracking.errors import DeliveryClaimed, OutboxUnavailable, SesThrottled, StorageUnavailable
from tracking.mail import envelopes
from tracking.mail.credentials import CredentialStatus
from tracking.mail.envelopes import Envelope
from tracking.mail.headers import describe

LOGGER = Logger()

_PROCESSOR = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send the outbox's envelopes."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


class _NotDone(Exception):
    """Some recipients must wait."""


def _process(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Try an envelope.

    Raises:
        _NotDone: It stays in the queue.
    """
    attempt = Attempt()
    try:
        _send_all(envelopes.decode(record.body), lambda_context, attempt)
    except Exception as error:
        LOGGER.exception("failed", message_id=record.message_id)
        attempt.failures.append(error)
    if not attempt.is_done:
        _hide(record, attempt)
        raise _NotDone


def _hide(record: SQSRecord, attempt: Attempt) -> None:
    """Keep an envelope out of sight until it is worth another try."""
    now = datetime.now(UTC)
    receives = int(record.attributes.approximate_receive_count)
    chance = random.random()  # noqa: S311 -- It only keeps attempts apart.
    wait = waiting.wait(attempt, receives, now, chance)
    age = now - datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)
    causes = sorted({type(failure).__name__ for failure in attempt.failures})
    facts = {"message_id": record.message_id, "causes": causes, "wait": wait.total_seconds()}
    LOGGER.warning("mail is late" if age >= waiting.LATE else "mail waits", extra=facts)
    try:
        adapters.envelopes().hide(record.receipt_handle, wait)
    except OutboxUnavailable:
        LOGGER.exception("not hidden", message_id=record.message_id)


def _send_all(envelope: Envelope, context: LambdaContext, attempt: Attempt) -> None:
    """Send to all recipients that are left, and note what comes of it."""
    raw = adapters.messages().get(envelope.email_id)
    adapters.activity().put_message(describe(envelope, raw, _wanted_headers()))
    credential = adapters.settings().credential(envelope.kind, envelope.credential_id)
    outgoing = copies.prepare(raw, credential)
    is_kept_back = credential is not None and credential.status is CredentialStatus.SANDBOX
    if outgoing.plan and not is_kept_back:
        copies.note_quoted(envelope, outgoing.plan)
    for number, recipient in envelope.deliveries:
        if timedelta(milliseconds=context.get_remaining_time_in_millis()) < sending.TIME_FOR_ONE:
            attempt.is_cut_short = True
            return
        try:
            if sending.deliver(envelope, number, recipient, outgoing, is_kept_back=is_kept_back):
                attempt.has_progressed = True
        except SesThrottled as error:
            # The next one would fare no better.
            attempt.failures.append(error)
            return
        except (StorageUnavailable, DeliveryClaimed) as error:
            attempt.failures.append(error)


def _wanted_headers() -> list[str]:
    """The fields of a mail's header that webhooks want to be told, which may be weeks later.

    No mail waits for them: what cannot be learnt is logged, and the webhooks do without.
    """
    try:
        return [name for endpoint in adapters.settings().endpoints() for name in endpoint.headers]
    except Exception:
        LOGGER.exception("headers for webhooks not known")
        return []
