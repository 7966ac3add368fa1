"""Mail handed in over HTTPS."""

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Annotated, Final, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters, events, mails, throttling
from functions.api.answers import EXTENSION, Answer, Refusal, answer, ignoring, invalid
from functions.api.composition import compose
from functions.api.mails import Batch, Mail, MimeMail
from functions.api.requests import source_ip
from tracking.errors import OutboxUnavailable, StorageUnavailable
from tracking.mail import email_ids, envelopes
from tracking.mail.credentials import Credential
from tracking.mail.envelopes import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, MAX_RECIPIENTS
from tracking.mail.headers import head

LOGGER = Logger()

router = APIGatewayHttpRouter()

UPLOAD_TIME: Final = timedelta(minutes=15)
"""How long a message can be put where `email/upload` said."""

_UPLOAD_ID_BYTES = 16
_HEADERS = BytesHeaderParser(policy=policy.compat32)


class SentMail(BaseModel):
    """What `email/send` and `email/mime` answer."""

    succeeded: Annotated[int, Field(description="How many recipients were accepted, each counted once")]
    failed: Annotated[Literal[0], Field(description="Always 0: a mail is accepted for all or refused")]
    failures: Annotated[list[str], Field(max_length=0, description="Always empty")]
    email_id: Annotated[str, Field(description="Names the mail in `activity/search` and in webhooks")]


class StoredMail(BaseModel):
    """A mail of a batch that was accepted."""

    email_id: Annotated[str, Field(description="Names the mail in `activity/search` and in webhooks")]


class UnstoredMail(BaseModel):
    """A mail of a batch that was not accepted."""

    email_id: Annotated[None, Field(description="Null: the mail was not accepted")]
    error: Annotated[
        str, Field(description="Why; absent if the mail was accepted", json_schema_extra=EXTENSION)
    ]


class NewUpload(BaseModel):
    """The fields of `email/upload`."""

    size: Annotated[
        int,
        Field(strict=True, ge=1, le=MAX_MESSAGE_BYTES, description="How many bytes the message has, exactly"),
    ]


class Upload(BaseModel):
    """Where a message can be put."""

    upload_id: Annotated[str, Field(description="For `email/mime`, once the message is there")]
    url: Annotated[str, Field(description="Put the message there, by `PUT` with a Content-Length of `size`")]
    expires_at: Annotated[str, Field(description="When the URL stops being good: in 15 minutes")]


_UNSTORED = UnstoredMail(email_id=None, error="Storage is not available; send this mail again.")


@dataclass(frozen=True, slots=True)
class _Submission:
    """A mail that is ready to be stored."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes


@router.post("/email/send", openapi_extensions=ignoring("fastaccept"))
def send(mail: Annotated[Mail, Body()]) -> Answer[SentMail]:
    """Send a mail to all its recipients.

    The answer comes when the mail and its recipients are stored; it is sent after that, usually within
    seconds. Each recipient gets a copy of their own with a pixel of their own, and is counted once however
    often they are named.

    A mail with more recipients than are left to a key with a limit is refused with 429, and uses up nothing.
    """
    caller = _caller()
    return answer(router, _accept(caller, _composed(mail, "body")))


@router.post("/email/mime", openapi_extensions=ignoring("fastaccept"))
def send_mime(mail: Annotated[MimeMail, Body()]) -> Answer[SentMail]:
    """Send a mail that the caller wrote, to the recipients in its To, Cc and Bcc.

    One of `mime_email` and `upload_id` is required. The sender is the one address in From. What is sent is
    the message as it is, with the pixel, and without the fields Bcc, Return-Path and X-SES-*.
    """
    caller = _caller()
    match mail:
        case MimeMail(mime_email=bytes(message), upload_id=None):
            field = "mime_email"
        case MimeMail(mime_email=None, upload_id=str(upload_id)):
            field, message = "upload_id", _uploaded(caller, upload_id)
        case _:
            raise invalid("mime_email", "send either mime_email or the upload_id of email/upload")
    return answer(router, _accept(caller, _submission(message, field)))


@router.post("/email/batch")
def send_batch(batch: Annotated[Batch, Body()]) -> Answer[list[StoredMail | UnstoredMail]]:
    """Send up to 100 mails.

    Every mail is checked before the first is stored: one wrong field, such as `emails.3.to.0`, refuses the
    whole batch. The answer holds what became of the mails, in their order.

    If storage fails in between, the mails until then are sent and have their `email_id`; the others have
    null in its place and an `error`, and can be sent again. So does a mail with more recipients than are left
    to a key with a limit; smaller ones after it may still go. The status is 200 nevertheless, so that nobody
    sends the others twice. Where not one mail is sent, the answer is 503 or 429.
    """
    caller = _caller()
    submissions = [_composed(mail, f"emails.{number}") for number, mail in enumerate(batch.emails)]
    return answer(router, _accept_in_turn(caller, submissions))


@router.post("/email/upload", openapi_extensions=EXTENSION)
def upload(new: Annotated[NewUpload, Body()]) -> Answer[Upload]:
    """Get a place for a message that is larger than a request: up to 40 MB.

    Put the raw message to `url` within 15 minutes, by HTTP `PUT`, with exactly `size` bytes; then call
    `email/mime` with the `upload_id` and the same API key. What was uploaded goes after a day. Until then it
    can be sent, more than once too.
    """
    caller = _caller()
    upload_id = secrets.token_hex(_UPLOAD_ID_BYTES)
    expires_at = datetime.now(UTC) + UPLOAD_TIME
    url = adapters.uploads().url(caller.id, upload_id, new.size, UPLOAD_TIME)
    return answer(router, Upload(upload_id=upload_id, url=url, expires_at=events.date(expires_at)))


def _caller() -> Credential:
    caller: Credential | None = router.context["caller"]
    if caller is None:
        raise invalid("api_key", "mail is sent with an API key, which says whether it is tracked")
    return caller


def _composed(mail: Mail, field: str) -> _Submission:
    message = compose(mail)
    _check_size(message, field)
    return _Submission(mails.mailbox(mail.sender).address, mail.recipients, message)


def _uploaded(caller: Credential, upload_id: str) -> bytes:
    message = adapters.uploads().get(caller.id, upload_id)
    if message is None:
        raise invalid(
            "upload_id", f"there is no upload {upload_id} of this API key; put the message to its URL first"
        )
    return message


def _submission(message: bytes, field: str) -> _Submission:
    """A mail that the caller wrote, with the sender and recipients that its header names."""
    _check_size(message, field)
    header = _header(message, field)
    senders = list(_addresses(header, "From", field))
    if len(senders) != 1:
        raise invalid(field, f"it needs one sender in From, and has {len(senders)}")
    named = (address for name in ("To", "Cc", "Bcc") for address in _addresses(header, name, field))
    recipients = tuple(dict.fromkeys(named))
    if not recipients:
        raise invalid(field, "it has no recipient in To, Cc or Bcc")
    if len(recipients) > MAX_RECIPIENTS:
        raise invalid(field, f"it has {len(recipients)} recipients, the most is {MAX_RECIPIENTS}")
    return _Submission(senders[0], recipients, message)


def _header(message: bytes, field: str) -> "Message[str, str]":
    header = head(message[: MAX_HEADER_BYTES + 1])
    if len(header) > MAX_HEADER_BYTES:
        raise invalid(field, f"its header has more than {MAX_HEADER_BYTES} bytes")
    return _HEADERS.parsebytes(header)


def _addresses(header: "Message[str, str]", name: str, field: str) -> Iterator[str]:
    for value in header.get_all(name, []):
        try:
            yield from (mailbox.address for mailbox in mails.mailboxes(str(value)))
        except ValueError as error:
            raise invalid(field, f"in its {name}: {error}") from error


def _check_size(message: bytes, field: str) -> None:
    if len(message) > MAX_MESSAGE_BYTES:
        raise invalid(field, f"the mail has {len(message)} bytes, the most is {MAX_MESSAGE_BYTES}")


def _accept(caller: Credential, submission: _Submission) -> SentMail:
    """Put a mail into the outbox; the answer says so only when it is there.

    Raises:
        Refusal: The caller has a limit, and the mail has more recipients than are left.
        StorageUnavailable: They cannot be counted, or the mail cannot be stored.
    """
    now, count = datetime.now(UTC), len(submission.recipients)
    throttling.check_recipients(caller, count, now)
    envelope = envelopes.new(
        caller,
        submission.sender,
        submission.recipients,
        received_at=now,
        random=os.urandom(email_ids.RANDOM_BYTES),
        size=len(submission.message),
        source_ip=source_ip(router.current_event),
    )
    try:
        adapters.outbox().put(envelope, submission.message)
    except OutboxUnavailable:
        throttling.give_back(caller, count, now)
        raise
    LOGGER.info("queued", email_id=envelope.email_id, recipients=count, size=envelope.size)
    return SentMail(succeeded=count, failed=0, failures=[], email_id=envelope.email_id)


def _accept_in_turn(
    caller: Credential, submissions: Sequence[_Submission]
) -> list[StoredMail | UnstoredMail]:
    """Put mails into the outbox until storage fails, but for those that the caller's limit has no room for.

    Returns:
        One for each mail.

    Raises:
        StorageUnavailable: Storage failed before a mail was in the outbox.
        Refusal: The limit has no room for any of them; it says why not for the first.
    """
    results: list[StoredMail | UnstoredMail] = []
    stored, refused = 0, None
    for submission in submissions:
        try:
            results.append(StoredMail(email_id=_accept(caller, submission).email_id))
            stored += 1
        except Refusal as refusal:
            refused = refused or refusal
            results.append(UnstoredMail(email_id=None, error=str(refusal)))
        except StorageUnavailable as error:
            if not stored:
                raise
            unstored = len(submissions) - len(results)
            LOGGER.warning("batch cut short", stored=stored, unstored=unstored, error=str(error))
            return [*results, *[_UNSTORED] * unstored]
    if refused and not stored:
        raise refused
    return results
