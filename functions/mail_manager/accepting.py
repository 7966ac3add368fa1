"""From an event of Mail Manager's to the outbox."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from functions.mail_manager import adapters, arrivals
from functions.mail_manager.arrivals import Arrival
from tracking.errors import InvalidArrival
from tracking.mail import envelopes
from tracking.mail.credentials import CredentialStatus
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

LOGGER = Logger()

KEPT_BACK = "mail kept back"
"""Logged where Mail Manager took a mail that is not sent; an alarm waits for it."""


def accept(event: Mapping[str, Any], function_arn: str) -> None:
    """Put the mails of an event into the outbox. An event that comes again changes nothing.

    Args:
        event: As Mail Manager sent it.
        function_arn: By which the function was invoked.

    Raises:
        InvalidArrival: The event cannot be understood, or a mail is larger than SES takes.
        SettingsUnavailable: It cannot be looked up whose the door is.
        OutboxUnavailable: A mail cannot be read or stored, or is not where it should be.
    """
    for arrival in arrivals.read(event, function_arn):
        _accept(arrival)


def _accept(arrival: Arrival) -> None:
    credential = adapters.door_owners().credential(arrival.slug)
    if credential is None or credential.status is CredentialStatus.BLOCKED:
        # Its bytes stay in the bucket for a while. Tried again, it would go out when the block ends.
        reason = "blocked" if credential else "no such credential"
        LOGGER.warning(KEPT_BACK, reason=reason, door=arrival.slug, message_id=arrival.message_id)
        return
    message = adapters.incoming().get(arrival.keys)
    if len(message) > MAX_MESSAGE_BYTES:
        raise InvalidArrival("the mail is larger than SES takes")
    envelope = envelopes.new(
        credential,
        arrival.mail_from,
        arrival.recipients,
        received_at=arrival.received_at,
        random=arrival.fingerprint,
        size=len(message),
        source_ip=arrivals.source_ip(message),
    )
    adapters.outbox().put(envelope, message)
    LOGGER.info(
        "queued",
        email_id=envelope.email_id,
        kind=envelope.kind,
        recipients=len(envelope.recipients),
        size=envelope.size,
        message_id=arrival.message_id,
    )
