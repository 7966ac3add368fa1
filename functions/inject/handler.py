"""Rewrites outgoing mail, one copy for each recipient, and sends it through SES."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from tracking import injection, tokens
from tracking.errors import InvalidToken, SesUnavailable, StorageUnavailable
from tracking.injection import Plan, Reason
from tracking.mail import deliveries, envelopes
from tracking.mail.credentials import Credential, CredentialStatus
from tracking.mail.deliveries import Delivery, Event, TrackingMode
from tracking.mail.envelopes import MAX_MESSAGE_BYTES, Envelope
from tracking.mail.headers import describe
from tracking.storage.activity import Activity
from tracking.storage.activity_items import is_expired
from tracking.storage.outbox import Messages
from tracking.storage.secrets import PixelKeys
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sesv2.type_defs import SendEmailRequestTypeDef

LOGGER = Logger()

DISABLED = "disabled"
"""Why a mail carries no pixel: open tracking is off for its credential."""

TOO_LARGE = "too_large"
"""Why a mail carries no pixel: with it, the mail would pass SES's limit."""

ROOM_FOR_PIXEL = 4096
"""Bytes that a spliced pixel stays below, in any transfer encoding and charset."""

MAX_QUOTED = 20
"""So many pixels that a mail quotes are looked at."""

_DROPPED_HEADERS = ("Bcc", "Return-Path", "X-SES-")
_PERMANENT_REFUSALS = frozenset(
    {
        "BadRequestException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
    }
)
_PROCESSOR = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A message as it leaves, but for each recipient's own pixel; without a plan it has none."""

    message: bytes
    plan: Plan | None = None
    untracked_reason: str | None = None


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send the outbox's envelopes; those that failed for now stay in the queue."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


def _process(record: SQSRecord) -> None:
    envelope = envelopes.decode(record.body)
    try:
        _send_all(envelope)
    except Exception:
        LOGGER.exception("not sent to all", email_id=envelope.email_id)
        raise


def _send_all(envelope: Envelope) -> None:
    raw = _messages().get(envelope.email_id)
    _activity().put_message(describe(envelope, raw, _wanted_headers()))
    credential = _settings().credential(envelope.kind, envelope.credential_id)
    outgoing = _prepare(raw, credential)
    is_kept_back = credential is not None and credential.status is CredentialStatus.SANDBOX
    if outgoing.plan and not is_kept_back:
        _note_quoted(envelope, outgoing.plan)
    send = _keep_back if is_kept_back else _send
    failures = []
    for number, recipient in envelope.deliveries:
        try:
            _deliver(envelope, number, recipient, outgoing, send)
        except StorageUnavailable as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(envelope.recipients)} recipients must wait", failures)


def _wanted_headers() -> list[str]:
    """The fields of a mail's header that webhooks want to be told, which may be weeks later.

    No mail waits for them: what cannot be learnt is logged, and the webhooks do without.
    """
    try:
        return [name for endpoint in _settings().endpoints() for name in endpoint.headers]
    except Exception:
        LOGGER.exception("headers for webhooks not known")
        return []


def _prepare(raw: bytes, credential: Credential | None) -> _Outgoing:
    message = injection.without_headers(raw, _DROPPED_HEADERS)
    if credential is None or not credential.open_tracking_enabled:
        return _Outgoing(message, untracked_reason=DISABLED)
    if len(message) + ROOM_FOR_PIXEL > MAX_MESSAGE_BYTES:
        return _Outgoing(message, untracked_reason=TOO_LARGE)
    planned = injection.plan(message)
    if isinstance(planned, Plan):
        return _Outgoing(message, plan=planned)
    return _Outgoing(message, untracked_reason=planned.reason)


def _note_quoted(envelope: Envelope, plan: Plan) -> None:
    """Tell each delivery whose pixel a mail quotes that it does; a failure is only logged."""
    before, behind = f"{os.environ['PIXEL_URL']}/o/", ".gif"
    event = Event(
        f"quoted-{envelope.email_id}",
        deliveries.EventType.QUOTED,
        envelope.received_at,
        {"by": envelope.email_id},
    )
    try:
        for url in plan.urls(before, len(before) + tokens.LENGTH + len(behind), MAX_QUOTED):
            quoted = _quoted(url.removeprefix(before).removesuffix(behind))
            if quoted is None or quoted.email_id == envelope.email_id:
                continue
            # An event of a delivery that is gone would stay for nobody to find.
            delivery = _activity().delivery(quoted.email_id, quoted.recipient)
            if delivery and not is_expired(delivery, envelope.received_at):
                _activity().append(delivery, event)
    except Exception:
        LOGGER.exception("quoted pixels not noted", email_id=envelope.email_id)


def _quoted(text: str) -> tokens.PixelToken | None:
    try:
        return tokens.verify(text, _keys().verifying())
    except InvalidToken:
        return None


def _deliver(
    envelope: Envelope,
    number: int,
    recipient: str,
    outgoing: _Outgoing,
    send: Callable[[Envelope, Delivery, bytes], str],
) -> None:
    is_tracked = outgoing.plan is not None
    url = _pixel_url(envelope.email_id, number) if is_tracked else ""
    if outgoing.plan and outgoing.plan.holds(url):
        # The pixel in the HTML is this delivery's own, so its fetches count.
        outgoing = _Outgoing(outgoing.message, untracked_reason=Reason.ALREADY_TRACKED)
    delivery = _activity().start(
        Delivery(
            email_id=envelope.email_id,
            number=number,
            recipient=recipient,
            credential_id=envelope.credential_id,
            mode=TrackingMode.FULL if is_tracked else TrackingMode.OFF,
            started_at=envelope.received_at,
            untracked_reason=outgoing.untracked_reason,
            placement=outgoing.plan.placement if outgoing.plan else None,
        )
    )
    if delivery.ses_message_id is None:
        plan = outgoing.plan if delivery.mode is TrackingMode.FULL else None
        copy = plan.with_pixel(url) if plan else outgoing.message
        # Taken before the call: what happens to the mail afterwards is later than this.
        sent_at = datetime.now(UTC)
        try:
            ses_message_id = send(envelope, delivery, copy)
        except BotoCoreError as error:
            raise SesUnavailable(str(error)) from error
        except ClientError as error:
            if error.response["Error"]["Code"] not in _PERMANENT_REFUSALS:
                raise SesUnavailable(str(error)) from error
            _reject(delivery, error.response["Error"]["Message"])
            return
        _activity().mark_sent(delivery, sent_at, ses_message_id)
        delivery = replace(delivery, sent_at=sent_at, ses_message_id=ses_message_id)
    _activity().append(delivery, deliveries.processed(delivery))
    LOGGER.info("sent", email_id=delivery.email_id, recipient=number, untracked=delivery.untracked_reason)


def _reject(delivery: Delivery, reason: str) -> None:
    _activity().append(delivery, deliveries.rejected(datetime.now(UTC), reason))
    LOGGER.warning("rejected", email_id=delivery.email_id, recipient=delivery.number)


def _pixel_url(email_id: str, number: int) -> str:
    token = tokens.PixelToken(email_id, number)
    return f"{os.environ['PIXEL_URL']}/o/{tokens.sign(token, *_keys().signing())}.gif"


def _send(envelope: Envelope, delivery: Delivery, copy: bytes) -> str:
    """Hand one recipient's copy to SES; its answer is SES's id of the mail."""
    request: SendEmailRequestTypeDef = {
        "Destination": {"ToAddresses": [delivery.recipient]},
        "Content": {"Raw": {"Data": copy}},
        "ConfigurationSetName": os.environ["CONFIGURATION_SET"],
        "EmailTags": [
            {"Name": "email_id", "Value": delivery.email_id},
            {"Name": "recipient", "Value": f"{delivery.number:03d}"},
        ],
    }
    if envelope.mail_from:
        request["FromEmailAddress"] = envelope.mail_from
    return _ses().send_email(**request)["MessageId"]


def _keep_back(_envelope: Envelope, _delivery: Delivery, _copy: bytes) -> str:
    """What stands in for SES where the credential is a sandbox: nothing leaves."""
    return "sandbox"


@cache
def _activity() -> Activity:
    return Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def _settings() -> Settings:
    return Settings(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def _messages() -> Messages:
    return Messages(boto3.client("s3"), os.environ["OUTBOX_BUCKET"])


@cache
def _keys() -> PixelKeys:
    return PixelKeys(boto3.client("secretsmanager"), os.environ["PIXEL_KEYS_SECRET"])


@cache
def _ses() -> "SESV2Client":
    return boto3.client("sesv2")
