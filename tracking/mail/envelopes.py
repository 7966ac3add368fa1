"""What every front door turns a mail into; after this nothing knows which door it came through."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tracking.errors import InvalidEnvelope
from tracking.mail import email_ids
from tracking.mail.credentials import Credential, CredentialKind

MAX_MESSAGE_BYTES = 40 * 1024 * 1024
"""The largest message that SES takes by its v2 API. Source: SES developer guide, "Service quotas"."""

MAX_HEADER_BYTES = 256 * 1024
"""The longest header that is read: room for 300 recipients with long names, and for what else it says."""

MAX_RECIPIENTS = 300
"""Recipients of one message: as many as SMTP2GO's API allows in to, cc and bcc together."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as it was handed in, without its bytes.

    `mail_from` is empty for the null sender. A recipient's number in `recipients`, counted from 1, is its
    name in tokens, tags and tables. `received_at` is aware UTC; `size` is the raw message's, in bytes.
    """

    email_id: str
    kind: CredentialKind
    credential_id: str
    mail_from: str
    recipients: tuple[str, ...]
    received_at: datetime
    size: int
    source_ip: str | None = None

    @property
    def deliveries(self) -> list[tuple[int, str]]:
        """Each recipient with its number."""
        return list(enumerate(self.recipients, start=1))


def new(
    credential: Credential,
    mail_from: str,
    recipients: Iterable[str],
    *,
    received_at: datetime,
    random: bytes,
    size: int,
    source_ip: str | None,
) -> Envelope:
    """The envelope of a message that was just handed in, under a name of its own.

    Args:
        credential: Who handed it in.
        mail_from: The sender's address; empty for the null sender.
        recipients: Addresses, once each, at most `MAX_RECIPIENTS`.
        received_at: Now, aware UTC.
        random: `email_ids.RANDOM_BYTES` bytes from a cryptographic source.
        size: Of the raw message, in bytes.
        source_ip: The address that it came from, as the front door saw it.
    """
    return Envelope(
        email_id=email_ids.new(received_at, random),
        kind=credential.kind,
        credential_id=credential.id,
        mail_from=mail_from,
        recipients=tuple(recipients),
        received_at=received_at,
        size=size,
        source_ip=source_ip,
    )


def encode(envelope: Envelope) -> str:
    """The envelope as JSON, for the outbox's queue."""
    return json.dumps(
        {
            "email_id": envelope.email_id,
            "kind": envelope.kind,
            "credential_id": envelope.credential_id,
            "mail_from": envelope.mail_from,
            "recipients": envelope.recipients,
            "received_at": envelope.received_at.isoformat(),
            "size": envelope.size,
            "source_ip": envelope.source_ip,
        }
    )


def decode(text: str) -> Envelope:
    """Read back what `encode` wrote.

    Raises:
        InvalidEnvelope: The text is not an envelope.
    """
    try:
        fields = json.loads(text)
        return Envelope(
            email_id=fields["email_id"],
            kind=CredentialKind(fields["kind"]),
            credential_id=fields["credential_id"],
            mail_from=fields["mail_from"],
            recipients=tuple(fields["recipients"]),
            received_at=datetime.fromisoformat(fields["received_at"]),
            size=fields["size"],
            source_ip=fields["source_ip"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidEnvelope(f"not an envelope: {error!r}") from error
