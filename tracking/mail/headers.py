"""What a message's own header says of it, for people to recognise it by."""

from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as EmailMessage
from email.parser import BytesHeaderParser

from tracking.mail.deliveries import Message
from tracking.mail.envelopes import Envelope

_MAX_FIELD = 998
_PARSER = BytesHeaderParser(policy=policy.compat32)


def describe(envelope: Envelope, raw: bytes) -> Message:
    """A message's facts, from its envelope and its header.

    Args:
        envelope: The message as it was handed in.
        raw: Its bytes; whatever they are, the fields that can be read are.

    Returns:
        The message; fields are decoded, unfolded, and at most 998 characters long.
    """
    end = min((at for at in (raw.find(b"\r\n\r\n"), raw.find(b"\n\n")) if at >= 0), default=len(raw))
    header = _PARSER.parsebytes(raw[:end])
    return Message(
        email_id=envelope.email_id,
        kind=envelope.kind,
        credential_id=envelope.credential_id,
        mail_from=envelope.mail_from,
        received_at=envelope.received_at,
        size=envelope.size,
        subject=_field(header, "Subject"),
        sender=_field(header, "From"),
        to=_field(header, "To"),
        cc=_field(header, "Cc"),
        reply_to=_field(header, "Reply-To"),
        rfc_message_id=_field(header, "Message-ID"),
        source_ip=envelope.source_ip,
    )


def _field(header: "EmailMessage[str, str]", name: str) -> str:
    raw = str(header.get(name, ""))
    try:
        text = str(make_header(decode_header(raw)))
    except (MessageError, LookupError, ValueError):
        text = raw
    return " ".join(text.encode("utf-8", "replace").decode().split())[:_MAX_FIELD]
