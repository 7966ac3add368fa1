"""What a webhook says of an event, in SMTP2GO's fields."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from tracking.mail.deliveries import Delivery, Event, Message
from tracking.mail.endpoints import Endpoint, OutputFormat, webhook_event
from tracking.opens.classification import Open
from tracking.opens.clients import client

type Payload = dict[str, str]
"""Fields and their values; all are text, in form and JSON alike. What is not known is left out."""


def describe(
    message: Message, delivery: Delivery, event: Event, opened: Open | None = None, *, is_first: bool = False
) -> Payload:
    """All that a webhook says of an event of a delivery.

    Args:
        message: The delivery's.
        delivery: The event's.
        event: What happened, which is something that webhooks are told of.
        opened: The open that the event makes; None if it is no fetch.
        is_first: Whether that is the delivery's first open.
    """
    fields = {
        "event": webhook_event(event.type),
        "id": _digest(message.email_id, str(delivery.number), event.event_id),
        "time": _time(event.at),
        "sendtime": _time(delivery.sent_at),
        "email_id": message.email_id,
        "message-id": message.rfc_message_id or delivery.ses_message_id,
        "sender": message.mail_from,
        "from": message.sender,
        "from_address": message.sender_address,
        "from_name": message.sender_name,
        "rcpt": delivery.recipient,
        "auth": message.credential_id,
        "subject": message.subject,
        "bounce": event.details.get("bounce"),
        "message": event.details.get("smtp_response") or event.details.get("reason"),
        "host": event.details.get("host"),
        **(_describe_open(opened, is_first) if opened else {}),
    }
    return {field: value for field, value in fields.items() if value}


def _describe_open(opened: Open, is_first: bool) -> dict[str, str | None]:
    fetch, program = opened.fetch, client(opened.fetch.user_agent)
    return {
        "read-secs": None if opened.read_seconds is None else str(opened.read_seconds),
        "client": program.name,
        "client-device": program.device,
        "client-os": program.system,
        "user-agent": fetch.user_agent,
        "srchost": fetch.address,
        "geoip-country": fetch.country,
        "geoip-city": fetch.city,
        "open-class": opened.open_class,
        "open-confidence": str(opened.confidence),
        "open-reasons": ",".join(opened.reasons),
        "first-open": "true" if is_first else "false",
    }


def webhook_id(endpoint: Endpoint, payload: Payload) -> str:
    """The same for every attempt at telling one endpoint of one event, and for nothing else."""
    return "msg_" + _digest(str(endpoint.id), payload["id"])


def encode(payload: Mapping[str, str], output_format: OutputFormat) -> tuple[str, str]:
    """A payload's body, and its content type."""
    if output_format is OutputFormat.JSON:
        return json.dumps(payload), "application/json"
    return urlencode(payload), "application/x-www-form-urlencoded"


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
