"""Mail as it is handed in, and as the outbox holds it."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.functions.api.conftest import Answer
from tests.functions.conftest import Cloud
from tracking.mail import envelopes
from tracking.mail.envelopes import Envelope

MAIL: dict[str, Any] = {
    "sender": "Shop <shop@example.com>",
    "to": ["Bob <bob@example.net>"],
    "subject": "Hi",
    "text_body": "Hello",
}
RAW = b"From: Shop <shop@example.com>\r\nTo: bob@example.net\r\nSubject: Hi\r\n\r\nHello\r\n"


def mime(raw: bytes) -> dict[str, str]:
    return {"mime_email": base64.b64encode(raw).decode()}


def queued(cloud: Cloud) -> dict[str, Envelope]:
    """What the queue holds, by email id; it is gone from it afterwards."""
    found = [envelopes.decode(body) for body in cloud.queued()]
    return {envelope.email_id: envelope for envelope in found}


def accepted(cloud: Cloud, answer: Answer) -> tuple[Envelope, bytes]:
    """The one mail that the outbox now holds."""
    assert answer.status == 200, answer
    (envelope,) = queued(cloud).values()
    assert answer.data == {
        "succeeded": len(envelope.recipients),
        "failed": 0,
        "failures": [],
        "email_id": envelope.email_id,
    }
    return envelope, cloud.messages.get(envelope.email_id)


def parsed(raw: bytes) -> EmailMessage:
    raw.decode("ascii")
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message
