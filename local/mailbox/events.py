"""SES's events about a mail, as it publishes them to SNS.

Source: SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS" and "Examples of
event data that Amazon SES publishes to Amazon SNS".
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import getaddresses
from typing import Any

from local.mailbox.contents import Content
from local.mailbox.scenarios import Scenario

type Event = dict[str, Any]

MAX_HEADER_BYTES = 10 * 1024
"""Beyond this an event has not all headers of the mail."""

LOCAL_ADDRESS = "127.0.0.1"
LOCAL_HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail as SES accepted it."""

    message_id: str
    mail_from: str
    recipients: tuple[str, ...]
    configuration_set: str | None
    tags: Mapping[str, str]
    accepted_at: datetime
    content: Content


def delivery(sent: Sent, recipient: str, at: datetime) -> Event:
    """The recipient's server accepted the mail."""
    return {
        "eventType": "Delivery",
        "mail": _mail(sent) | {"tags": _tags(sent) | {"ses:outgoing-ip": [LOCAL_ADDRESS]}},
        "delivery": {
            "timestamp": _written(at),
            "processingTimeMillis": (at - sent.accepted_at) // timedelta(milliseconds=1),
            "recipients": [recipient],
            "smtpResponse": "250 2.6.0 Message received",
            "remoteMtaIp": LOCAL_ADDRESS,
            "reportingMTA": LOCAL_HOST,
        },
    }


def complaint(sent: Sent, recipient: str, at: datetime) -> Event:
    """The recipient marked the mail as spam."""
    return {
        "eventType": "Complaint",
        "mail": _mail(sent),
        "complaint": {
            "complainedRecipients": [{"emailAddress": recipient}],
            "timestamp": _written(at),
            "feedbackId": str(uuid.uuid4()),
            "complaintSubType": None,
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": _written(at),
        },
    }


def hard_bounce(sent: Sent, recipient: str, at: datetime) -> Event:
    """The recipient's server refused the mail."""
    bounced = {
        "emailAddress": recipient,
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 user unknown",
    }
    return _bounce(sent, "Permanent", "General", bounced, at)


def suppressed(sent: Sent, recipient: str, at: datetime) -> Event:
    """SES did not send the mail: the recipient is on the account's suppression list."""
    bounced = {
        "emailAddress": recipient,
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "Amazon SES did not send the message to this address because it is on"
        " the suppression list for your account.",
    }
    return _bounce(sent, "Permanent", "OnAccountSuppressionList", bounced, at)


def out_of_office(sent: Sent, recipient: str, at: datetime) -> Event:
    """The recipient's mailbox answered by itself. No delivery report comes with that, so no status either."""
    return _bounce(sent, "Transient", "General", {"emailAddress": recipient}, at)


FOLLOWING: Mapping[Scenario, tuple[Callable[[Sent, str, datetime], Event], ...]] = {
    Scenario.SUCCESS: (delivery,),
    Scenario.BOUNCE: (hard_bounce,),
    Scenario.COMPLAINT: (delivery, complaint),
    Scenario.OUT_OF_OFFICE: (delivery, out_of_office),
    Scenario.SUPPRESSED: (suppressed,),
}
"""What SES says in each scenario, in this order."""


def _bounce(sent: Sent, kind: str, subtype: str, recipient: Mapping[str, str], at: datetime) -> Event:
    return {
        "eventType": "Bounce",
        "mail": _mail(sent),
        "bounce": {
            "bounceType": kind,
            "bounceSubType": subtype,
            "bouncedRecipients": [recipient],
            "timestamp": _written(at),
            "feedbackId": str(uuid.uuid4()),
            "reportingMTA": f"dns; {LOCAL_HOST}",
        },
    }


def _mail(sent: Sent) -> dict[str, Any]:
    headers, length = [], 0
    for name, value in sent.content.headers:
        length += len(name) + len(value) + len(": \r\n")
        if length <= MAX_HEADER_BYTES:
            headers.append({"name": name, "value": value})
    return {
        "timestamp": _written(sent.accepted_at),
        "source": sent.mail_from,
        "messageId": sent.message_id,
        "destination": list(sent.recipients),
        "headersTruncated": length > MAX_HEADER_BYTES,
        "headers": headers,
        "commonHeaders": _common_headers(sent),
        "tags": _tags(sent),
    }


def _common_headers(sent: Sent) -> dict[str, Any]:
    content = sent.content
    return {
        "from": _addresses(content.header("From")),
        "to": _addresses(content.header("To")),
        "messageId": sent.message_id,
        "subject": content.header("Subject"),
    }


def _addresses(header: str) -> list[str]:
    return [f"{name} <{address}>" if name else address for name, address in getaddresses([header]) if address]


def _tags(sent: Sent) -> dict[str, list[str]]:
    own = {
        "ses:source-ip": LOCAL_ADDRESS,
        "ses:from-domain": sent.mail_from.rpartition("@")[2],
        "ses:configuration-set": sent.configuration_set or "",
    }
    return {name: [value] for name, value in (own | dict(sent.tags)).items() if value}


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
