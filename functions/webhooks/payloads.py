"""What a webhook says of an event: in SMTP2GO's fields, or in Postmark's."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from functions.webhooks import postmark
from tracking.mail import email_ids
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode, fetched
from tracking.mail.endpoints import Endpoint, OutputFormat, WebhookEvent, webhook_event
from tracking.opens.classification import Open, Sending, classify
from tracking.opens.clients import client
from tracking.opens.continents import continent
from tracking.opens.fetches import Fetch
from tracking.opens.reading import Reading

MAX_BODY_BYTES = 200_000
"""Bytes of a body. It goes through SQS, whose messages have 256 KiB at most, and is stored in DynamoDB, whose
items have 400 KB at most."""

MAX_VALUE = 1024
"""Characters of a value. Only what a mail server answered may have had more."""

FIELDS = frozenset(
    {
        "event", "id", "time", "sendtime", "email_id", "message-id", "Message-Id", "sender", "from",
        "from_address", "from_name", "rcpt", "recipients", "auth", "subject", "Subject", "bounce", "message",
        "host", "read-secs", "client", "client-device", "client-os", "user-agent", "srchost",
        "geoip-continent", "geoip-country", "geoip-city", "open-class", "open-confidence", "open-reasons",
        "first-open", "test",
    }
)  # fmt: skip
"""The names of all fields of ours, also of those that an event does not have: the mail's header, which
anybody may have written, never speaks in their place."""

_SAMPLES: Mapping[WebhookEvent, tuple[EventType, Mapping[str, str]]] = {
    WebhookEvent.PROCESSED: (EventType.PROCESSED, {}),
    WebhookEvent.DELIVERED: (EventType.DELIVERED, {"smtp_response": "250 2.0.0 OK", "host": "192.0.2.25"}),
    WebhookEvent.OPEN: (EventType.FETCHED, {}),
    WebhookEvent.BOUNCE: (EventType.BOUNCED, {"bounce": "hard", "smtp_response": "550 5.1.1 user unknown"}),
    WebhookEvent.SPAM: (EventType.COMPLAINED, {"reason": "abuse"}),
    WebhookEvent.REJECT: (EventType.REJECTED, {"reason": "Bad content"}),
}
"""What happens in samples, and its details."""

type Payload = dict[str, str | list[str]]
"""Fields and their values, which are text or a list of it, in form and JSON alike. What is not known is left
out."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent to an endpoint. Each attempt sends the same."""

    text: str
    content_type: str


def write(
    endpoint: Endpoint,
    message: Message,
    delivery: Delivery,
    event: Event,
    opened: Open | None = None,
    *,
    is_first: bool = False,
    is_test: bool = False,
) -> Body | None:
    """All that an endpoint is told of an event of a delivery, in the form that it wants.

    Where that would pass `MAX_BODY_BYTES`, the mail's own headers are left out, and if that is not enough,
    the list of recipients.

    Args:
        endpoint: The one that is told.
        message: The delivery's.
        delivery: The event's.
        event: What happened.
        opened: The open that the event makes; None if it is no fetch.
        is_first: Whether that is the delivery's first open.
        is_test: Whether all of it is made up.

    Returns:
        The body; None if the endpoint's form has nothing for such an event.
    """
    name = webhook_event(event.type)
    if name is None:
        return None
    known = {
        "event": name,
        **_describe(message, delivery, event),
        **(_describe_open(opened, is_first) if opened else {}),
        "test": "true" if is_test else None,
    }
    fields = {field: _clean(value) for field, value in known.items() if value}
    headers = _headers(endpoint, message)
    recipients = list(map(_clean, message.recipients)) if name is WebhookEvent.PROCESSED else []
    for kept in ((headers, recipients), ({}, recipients)):
        body = _body(endpoint.output_format, fields, *kept)
        # The queue holds it as a text within JSON, where a quotation mark has two bytes.
        if body is None or len(json.dumps(body.text)) <= MAX_BODY_BYTES:
            return body
    return _body(endpoint.output_format, fields, {}, [])


def sample(endpoint: Endpoint, event: WebhookEvent, at: datetime) -> Body | None:
    """A body for trying an endpoint out: made up, and marked as such.

    Args:
        endpoint: The one to try.
        event: What it is to be told.
        at: Now, aware.

    Returns:
        The body; None if nothing ever leads to such an event, or the endpoint's form has nothing for it.
    """
    if event not in _SAMPLES:
        return None
    email_id, recipient = email_ids.new(at, bytes(email_ids.RANDOM_BYTES)), "olga@example.org"
    message = Message(
        email_id=email_id,
        kind=CredentialKind.SMTP_USER,
        credential_id="newsletter",
        mail_from="bounces@example.com",
        received_at=at,
        size=1000,
        subject="A test of this webhook",
        sender="Shop <news@example.com>",
        rfc_message_id=f"<{email_id}@example.com>",
        recipients=(recipient,),
        headers={name.lower(): f"what the mail says in {name}" for name in endpoint.headers},
    )
    delivery = Delivery(email_id, 1, recipient, message.credential_id, TrackingMode.FULL, at, sent_at=at)
    kind, details = _SAMPLES[event]
    # No real event has such an id.
    happened, opened = Event(f"sample-{event}", kind, at, details), None
    if kind is EventType.FETCHED:
        fetch = _sample_fetch(happened.event_id, at)
        happened, (opened,) = fetched(fetch), classify(Sending(), [fetch])
    return write(endpoint, message, delivery, happened, opened, is_first=True, is_test=True)


def webhook_id(endpoint: Endpoint, email_id: str, number: int, event_id: str) -> str:
    """The same for every attempt at telling one endpoint of one event, and for nothing else.

    Args:
        endpoint: The one that is told.
        email_id: The message's.
        number: The recipient's, in the envelope.
        event_id: The event's.
    """
    return "msg_" + _digest(str(endpoint.id), _event_digest(email_id, number, event_id))


def _describe(message: Message, delivery: Delivery, event: Event) -> dict[str, str | None]:
    message_id = message.rfc_message_id or delivery.ses_message_id
    return {
        "id": _event_digest(message.email_id, delivery.number, event.event_id),
        "time": _time(event.at),
        "sendtime": _time(delivery.sent_at),
        "email_id": message.email_id,
        # SMTP2GO itself tells these two in both spellings.
        "message-id": message_id,
        "Message-Id": message_id,
        "subject": message.subject,
        "Subject": message.subject,
        "sender": message.mail_from,
        "from": message.sender,
        "from_address": message.sender_address,
        "from_name": message.sender_name,
        "rcpt": delivery.recipient,
        "auth": message.credential_id,
        "bounce": event.details.get("bounce"),
        "message": event.details.get("smtp_response") or event.details.get("reason"),
        "host": event.details.get("host"),
    }


def _describe_open(opened: Open, is_first: bool) -> dict[str, str | None]:
    fetch, program = opened.fetch, client(opened.fetch.user_agent)
    return {
        "read-secs": None if opened.read_seconds is None else str(opened.read_seconds),
        "client": program.name,
        "client-device": program.device,
        "client-os": program.system,
        "user-agent": fetch.user_agent,
        "srchost": fetch.address,
        "geoip-continent": continent(fetch.country) if fetch.country else None,
        "geoip-country": fetch.country,
        "geoip-city": fetch.city,
        "open-class": opened.open_class,
        "open-confidence": str(opened.confidence),
        "open-reasons": ",".join(opened.reasons),
        "first-open": "true" if is_first else "false",
    }


def _headers(endpoint: Endpoint, message: Message) -> dict[str, str]:
    """What the endpoint wants to be told of the mail's header, by the names as it spells them."""
    found = {name: message.headers.get(name.lower()) for name in endpoint.headers if name not in FIELDS}
    return {name: _clean(value) for name, value in found.items() if value}


def _body(
    output_format: OutputFormat,
    fields: Mapping[str, str],
    headers: Mapping[str, str],
    recipients: Sequence[str],
) -> Body | None:
    """A body in ASCII alone, whatever the text in it."""
    if output_format is OutputFormat.POSTMARK:
        record = postmark.translate(fields, headers)
        return None if record is None else Body(json.dumps(record), "application/json")
    payload: Payload = {**fields, **({"recipients": list(recipients)} if recipients else {}), **headers}
    if output_format is OutputFormat.JSON:
        return Body(json.dumps(payload), "application/json")
    return Body(urlencode(payload, doseq=True), "application/x-www-form-urlencoded")


def _sample_fetch(event_id: str, at: datetime) -> Fetch:
    return Fetch(
        event_id,
        at,
        user_agent="Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Thunderbird/140.0",
        address="198.51.100.7",
        country="DE",
        city="Hamburg",
        reading=Reading(steps=3),
    )


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _clean(text: str) -> str:
    """Text that is not too long, without what is none, such as half a surrogate pair."""
    return text[:MAX_VALUE].encode("utf-8", "replace").decode()


def _event_digest(email_id: str, number: int, event_id: str) -> str:
    return _digest(email_id, str(number), event_id)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
