"""What a message's own header says of it, for people to recognise it by."""

import re
from collections.abc import Iterable
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as EmailMessage
from email.parser import BytesHeaderParser

from tracking.mail import addresses
from tracking.mail.deliveries import Message
from tracking.mail.envelopes import Envelope

_EMPTY_LINE = re.compile(rb"(?:\A|\r?\n)\r?\n")
_MAX_FIELD = 998

MAX_KEPT_BYTES = 16 * 1024
"""So much of the fields that webhooks want to be told is kept, names and values in UTF-8: each reading of a
message reads them too."""

_PARSER = BytesHeaderParser(policy=policy.compat32)


def describe(envelope: Envelope, raw: bytes, wanted: Iterable[str]) -> Message:
    """A message's facts, from its envelope and its header.

    Args:
        envelope: The message as it was handed in.
        raw: Its bytes; whatever they are, the fields that can be read are.
        wanted: Names, in any case, of the fields that its `headers` are to hold.

    Returns:
        The message; fields are decoded, unfolded, and at most 998 characters long. What passes
        `MAX_KEPT_BYTES` of `headers` is left out.
    """
    header = _PARSER.parsebytes(head(raw))
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
        recipients=envelope.recipients,
        bcc=", ".join(_unnamed(header, envelope.recipients))[:_MAX_FIELD],
        headers=_kept(header, wanted),
    )


def head(raw: bytes) -> bytes:
    """A message's header, without the empty line that ends it; all of it if there is none."""
    end = _EMPTY_LINE.search(raw)
    return raw[: end.start()] if end else raw


def pick(header: bytes, names: Iterable[str]) -> dict[str, str]:
    """Some fields of a header, by the names as they are given; those that it does not have are left out."""
    parsed = _PARSER.parsebytes(header)
    return {name: _field(parsed, name) for name in names if name in parsed}


def _unnamed(header: "EmailMessage[str, str]", recipients: Iterable[str]) -> list[str]:
    """The recipients that neither To nor Cc names."""
    fields = " ".join(str(value) for name in ("To", "Cc") for value in header.get_all(name, []))
    named = set(map(addresses.key, addresses.mentioned(fields)))
    return [recipient for recipient in recipients if addresses.key(recipient) not in named]


def _kept(header: "EmailMessage[str, str]", names: Iterable[str]) -> dict[str, str]:
    """The first field of each name, but for those that are empty and those that there is no room for."""
    kept: dict[str, str] = {}
    missing, room = {name.lower() for name in names}, MAX_KEPT_BYTES
    # Once through the header: it may have as many fields as there are names.
    for name, value in header.items():
        key = name.lower()
        if key not in missing:
            continue
        missing.remove(key)
        text = _text(str(value))
        size = len(key.encode()) + len(text.encode())
        if text and size <= room:
            kept[key] = text
            room -= size
    return kept


def _field(header: "EmailMessage[str, str]", name: str) -> str:
    return _text(str(header.get(name, "")))


def _text(raw: str) -> str:
    try:
        text = str(make_header(decode_header(raw)))
    except (MessageError, LookupError, ValueError):
        text = raw
    return " ".join(text.encode("utf-8", "replace").decode().split())[:_MAX_FIELD]
