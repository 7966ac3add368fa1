"""What the URLs of pixels and hops carry, as base64url without padding; numbers are big endian.

| a pixel's: bytes | a hop's: bytes | what |
|---|---|---|
| 1 | 1 | id of the key that signed it |
| 12 | 12 | the email id |
| 2 | 2 | the recipient's number in the envelope |
| | 1 | the hop's number |
| | 6 | when the pixel was fetched, in milliseconds since 1970 |
| | 1 to 128 | the id of the event that the fetch is, in ASCII |
| 10 | 10 | HMAC-SHA256 over `pixel` or `hop` and the bytes before, truncated to 80 bits |

A token names a delivery without naming anybody: no address, no subject, nothing to look up without the
tables.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tracking.errors import InvalidToken, UnknownKey
from tracking.mail import email_ids

LENGTH = 34
"""Characters of a pixel's token."""

MAX_EVENT_ID_LENGTH = 128
"""Characters of an event id that a hop's token has room for. CloudFront's request ids have 56."""

_MAX_HOP_LENGTH = 214
_BODY_BYTES = 1 + email_ids.BYTES + 2
_HOP_BODY_BYTES = _BODY_BYTES + 1 + 6
_TAG_BYTES = 10
_PIXEL, _HOP = b"pixel", b"hop"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class PixelToken:
    """Which delivery a pixel belongs to."""

    email_id: str
    recipient: int


@dataclass(frozen=True, slots=True)
class HopToken:
    """Which hop of which fetch's timing is asked for. `fetched_at` is known to the millisecond."""

    pixel: PixelToken
    event_id: str
    fetched_at: datetime
    hop: int


def sign(token: PixelToken, key_id: int, key: bytes) -> str:
    """Write a pixel's token for a URL.

    Args:
        token: The delivery; its recipient's number is between 1 and 65,535.
        key_id: Between 0 and 255; `verify` finds the key by it.
        key: HMAC-SHA256 key of 32 bytes.

    Returns:
        34 characters of base64url: one path segment that needs no escaping.
    """
    return _seal(_PIXEL, _body(token, key_id), key)


def sign_hop(token: HopToken, key_id: int, key: bytes) -> str:
    """Write a hop's token for a URL.

    Args:
        token: Its event id is ASCII, at most `MAX_EVENT_ID_LENGTH` characters.
        key_id: See `sign`.
        key: See `sign`.

    Returns:
        Base64url of at most 214 characters.
    """
    fetched_at = (token.fetched_at - _EPOCH) // _MILLISECOND
    timing = token.hop.to_bytes(1) + fetched_at.to_bytes(6) + token.event_id.encode("ascii")
    return _seal(_HOP, _body(token.pixel, key_id) + timing, key)


def verify(text: str, keys: Mapping[int, bytes]) -> PixelToken:
    """Read back a token that `sign` wrote.

    Args:
        text: One URL path segment as the mail client sent it.
        keys: HMAC-SHA256 keys of 32 bytes by key id; old keys stay until their mail expires.

    Returns:
        The token.

    Raises:
        UnknownKey: `text` names a key that is not in `keys`.
        InvalidToken: `text` has another length or alphabet, or a signature over other bytes.

    Source:
        Truncated HMAC: RFC 2104, section 5.
    """
    if len(text) != LENGTH:
        raise InvalidToken(f"a pixel's token has {LENGTH} characters")
    return _pixel(_unseal(_PIXEL, text, keys))


def verify_hop(text: str, keys: Mapping[int, bytes]) -> HopToken:
    """Read back a token that `sign_hop` wrote.

    Args:
        text: One URL path segment as the mail client sent it.
        keys: See `verify`.

    Returns:
        The token.

    Raises:
        UnknownKey: `text` names a key that is not in `keys`.
        InvalidToken: `text` is too long, no base64url, or has a signature over other bytes.
    """
    if len(text) > _MAX_HOP_LENGTH:
        raise InvalidToken(f"a hop's token has at most {_MAX_HOP_LENGTH} characters")
    body = _unseal(_HOP, text, keys)
    milliseconds = int.from_bytes(body[_BODY_BYTES + 1 : _HOP_BODY_BYTES])
    return HopToken(
        _pixel(body),
        body[_HOP_BODY_BYTES:].decode("ascii"),
        _EPOCH + milliseconds * _MILLISECOND,
        body[_BODY_BYTES],
    )


def _body(token: PixelToken, key_id: int) -> bytes:
    return key_id.to_bytes(1) + email_ids.to_bytes(token.email_id) + token.recipient.to_bytes(2)


def _pixel(body: bytes) -> PixelToken:
    return PixelToken(
        email_ids.from_bytes(body[1 : _BODY_BYTES - 2]), int.from_bytes(body[_BODY_BYTES - 2 : _BODY_BYTES])
    )


def _seal(purpose: bytes, body: bytes, key: bytes) -> str:
    return _encode(body + _tag(purpose, body, key))


def _unseal(purpose: bytes, text: str, keys: Mapping[int, bytes]) -> bytes:
    """The body of a token, whose first byte is the key's id, if its signature is right."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:  # Also where there is more than ASCII.
        raise InvalidToken("a token is base64url") from error
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    if not body:
        raise InvalidToken("a token is longer than its signature")
    key = keys.get(body[0])
    if key is None:
        raise UnknownKey("the token's key is not known")
    # The last character may have bits to spare: only one spelling of a token counts.
    if not hmac.compare_digest(tag, _tag(purpose, body, key)) or _encode(raw) != text:
        raise InvalidToken("the token's signature is over other bytes")
    return body


def _tag(purpose: bytes, body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, purpose + body, hashlib.sha256)[:_TAG_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
