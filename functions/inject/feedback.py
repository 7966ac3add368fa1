"""What SES says became of a mail: its events, from SNS by way of SQS, become events of the delivery.

They come in any order, more than once, and before it is noted that SES took the mail. Whatever the first of
them says, it also says that SES did; so a mail whose answer was lost is not sent again.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import batch
from aws_lambda_powertools.utilities.batch import BatchProcessor, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.inject import adapters
from tracking.mail import email_ids
from tracking.mail.deliveries import Delivery, Event, EventType

LOGGER = Logger()

_PROCESSOR = BatchProcessor(event_type=batch.EventType.SQS, raise_on_entire_batch_failure=False)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of SES event is read: the object that holds its facts, and which of them are kept."""

    type: EventType
    holder: str
    details: Callable[[dict[str, Any]], dict[str, str | None]]


_SEND = "Send"
"""SES took the mail. Our own `processed` says so already, unless SES's answer was lost."""

# Source: SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS".
_KINDS = {
    "Delivery": _Kind(
        EventType.DELIVERED,
        "delivery",
        lambda delivery: {
            "smtp_response": delivery.get("smtpResponse"),
            "host": delivery.get("remoteMtaIp"),
        },
    ),
    "Bounce": _Kind(
        EventType.BOUNCED,
        "bounce",
        lambda bounce: {
            "bounce": "hard" if bounce.get("bounceType") == "Permanent" else "soft",
            "bounce_subtype": bounce.get("bounceSubType"),
            "smtp_response": next(
                (bounced.get("diagnosticCode") for bounced in bounce.get("bouncedRecipients", [])), None
            ),
        },
    ),
    "Complaint": _Kind(
        EventType.COMPLAINED,
        "complaint",
        lambda complaint: {"reason": complaint.get("complaintFeedbackType")},
    ),
    "Reject": _Kind(EventType.REJECTED, "reject", lambda reject: {"reason": reject.get("reason")}),
    "DeliveryDelay": _Kind(
        EventType.DELAYED, "deliveryDelay", lambda delay: {"reason": delay.get("delayType")}
    ),
}


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Append SES's events; those that could not be stored stay in the queue."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


def _process(record: SQSRecord) -> None:
    published = json.loads(record.body)
    event_type = published.get("eventType")
    mail = published.get("mail", {})
    tagged = _tagged(mail.get("tags", {}))
    is_known = event_type == _SEND or event_type in _KINDS
    delivery = adapters.activity().delivery(*tagged) if is_known and tagged else None
    if delivery is None:
        LOGGER.info("not for us", event_type=event_type, tagged=tagged is not None)
        return
    if not delivery.answer:
        _note_sent(delivery, mail)
    if kind := _KINDS.get(event_type):
        _append(delivery, kind, mail, published.get(kind.holder, {}))


def _note_sent(delivery: Delivery, mail: Mapping[str, str]) -> None:
    """Note that SES took a mail, unless it is noted meanwhile: this event may have been the quicker one."""
    at = datetime.fromisoformat(mail["timestamp"])
    stored = adapters.activity().mark_sent(delivery, at, mail["messageId"])
    if stored.answer:
        adapters.activity().append(stored, stored.answer)
    LOGGER.info("learnt that it was sent", email_id=delivery.email_id, recipient=delivery.number)


def _append(delivery: Delivery, kind: _Kind, mail: Mapping[str, str], facts: dict[str, Any]) -> None:
    at = datetime.fromisoformat(facts.get("timestamp") or mail["timestamp"])
    details = {name: value for name, value in kind.details(facts).items() if value}
    event = Event(_event_id(kind, mail, facts), kind.type, at, details)
    if kind.type is EventType.DELIVERED:
        adapters.activity().mark_delivered(delivery, at)
    adapters.activity().append(delivery, event)


def _tagged(tags: Mapping[str, list[str]]) -> tuple[str, int] | None:
    """The delivery that we tagged a mail with; None if the mail is not one of ours."""
    try:
        email_id = tags["email_id"][0]
        email_ids.to_bytes(email_id)
        return email_id, int(tags["recipient"][0])
    except (KeyError, IndexError, ValueError):
        return None


def _event_id(kind: _Kind, mail: Mapping[str, str], facts: Mapping[str, str]) -> str:
    """The same for the same event of SES, which may be published more than once."""
    which = facts.get("feedbackId") or facts.get("timestamp", "")
    return f"{kind.type}-{mail['messageId']}-{which}"
