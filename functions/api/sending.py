"""Mail handed in over HTTPS."""

import base64
import os
from datetime import UTC, datetime
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel

from functions.api import adapters
from functions.api.answers import Answer, answer, invalid
from functions.api.mails import Mail, compose, mailbox
from tracking.mail import addresses, email_ids
from tracking.mail.credentials import Credential
from tracking.mail.envelopes import MAX_MESSAGE_BYTES, MAX_RECIPIENTS, Envelope

LOGGER = Logger()

router = APIGatewayHttpRouter()

_HEADERS = BytesHeaderParser(policy=policy.compat32)


class MimeMail(BaseModel):
    """The fields of `email/mime`."""

    mime_email: str


@router.post("/email/send")
def send(mail: Annotated[Mail, Body()]) -> Answer[Any]:
    """Send a mail to all its recipients."""
    try:
        message = compose(mail)
    except ValueError as error:
        # A header that may stand only once was given twice.
        raise invalid("custom_headers", str(error)) from error
    return _accept(mailbox(mail.sender).addr_spec, mail.recipients, message, "to")


@router.post("/email/mime")
def send_mime(mail: Annotated[MimeMail, Body()]) -> Answer[Any]:
    """Send a mail that the caller wrote, to the recipients in its To, Cc and Bcc."""
    try:
        message = base64.b64decode(mail.mime_email, validate=True)
    except ValueError as error:
        raise invalid("mime_email", "not base64") from error
    header = _HEADERS.parsebytes(message)
    named = getaddresses([str(value) for name in ("to", "cc", "bcc") for value in header.get_all(name, [])])
    sender = parseaddr(str(header.get("from", "")))[1]
    recipients = tuple(dict.fromkeys(address for _, address in named))
    if not recipients:
        raise invalid("mime_email", "it has no recipient in To, Cc or Bcc")
    for address in (sender, *recipients):
        if not addresses.is_valid(address):
            raise invalid("mime_email", f"{address!r} is not an address")
    return _accept(sender, recipients, message, "mime_email")


def _accept(sender: str, recipients: tuple[str, ...], message: bytes, field: str) -> Answer[Any]:
    """Put a mail into the outbox; the answer says so only when it is there."""
    caller: Credential | None = router.context["caller"]
    if caller is None:
        raise invalid("api_key", "mail is sent with an API key, which says whether it is tracked")
    if len(recipients) > MAX_RECIPIENTS:
        raise invalid(field, f"at most {MAX_RECIPIENTS} recipients")
    if len(message) > MAX_MESSAGE_BYTES:
        raise invalid(field, f"the mail has {len(message)} bytes, the most is {MAX_MESSAGE_BYTES}")
    now = datetime.now(UTC)
    envelope = Envelope(
        email_id=email_ids.new(now, os.urandom(email_ids.RANDOM_BYTES)),
        kind=caller.kind,
        credential_id=caller.id,
        mail_from=sender,
        recipients=recipients,
        received_at=now,
        size=len(message),
        source_ip=router.current_event.request_context.http.source_ip,
    )
    adapters.outbox().put(envelope, message)
    LOGGER.info("queued", email_id=envelope.email_id, recipients=len(recipients), size=envelope.size)
    return answer(
        router,
        {"succeeded": len(recipients), "failed": 0, "failures": [], "email_id": envelope.email_id},
    )
