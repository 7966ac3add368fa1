"""Our names for messages: 6 bytes of time and 6 of chance, in 20 characters that sort by time."""

import base64
from datetime import datetime

BYTES = 12
"""Bytes of an email id."""

LENGTH = 20
"""Characters of an email id: base32hex in lower case, without padding."""

RANDOM_BYTES = 6
"""Bytes of chance in an email id."""


def new(at: datetime, random: bytes) -> str:
    """Name a message.

    Args:
        at: When it was handed in, aware.
        random: 6 bytes from a cryptographic source; two messages of one millisecond differ by them.

    Returns:
        20 characters out of 0-9 and a-v.

    Source:
        The extended hex alphabet keeps the order of the bytes: RFC 4648, section 7.
    """
    milliseconds = int(at.timestamp() * 1000)
    return from_bytes(milliseconds.to_bytes(BYTES - RANDOM_BYTES) + random)


def epoch_milliseconds(email_id: str) -> int:
    """When the message was handed in, in milliseconds since 1970.

    Raises:
        ValueError: `email_id` is none.
    """
    return int.from_bytes(to_bytes(email_id)[:-RANDOM_BYTES])


def to_bytes(email_id: str) -> bytes:
    """The 12 bytes behind an email id.

    Raises:
        ValueError: `email_id` is none.
    """
    raw = base64.b32hexdecode(email_id.upper() + "====")
    if len(raw) != BYTES or from_bytes(raw) != email_id:
        raise ValueError("an email id has 20 characters out of 0-9 and a-v")
    return raw


def from_bytes(raw: bytes) -> str:
    """The email id that stands for these 12 bytes."""
    return base64.b32hexencode(raw).rstrip(b"=").decode().lower()
