"""What every front door turns a mail into; after this nothing knows which door it came through."""

import json
from dataclasses import dataclass
from datetime import datetime

from tracking.errors import InvalidEnvelope
from tracking.mail.credentials import CredentialKind

MAX_MESSAGE_BYTES = 40 * 1024 * 1024
"""The largest message that SES takes by its v2 API. Source: SES developer guide, "Service quotas"."""

MAX_RECIPIENTS = 100
"""Recipients of one message, as SMTP2GO's API allows for each of to, cc and bcc."""


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
