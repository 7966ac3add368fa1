"""What a pixel's URL carries.

A token is 25 bytes, as 34 characters of base64url without padding:

| bytes | what |
|---|---|
| 1 | id of the key that signed it |
| 12 | the email id |
| 2 | the recipient's number in the envelope, big endian |
| 10 | HMAC-SHA256 over `pixel` and the bytes before, truncated to 80 bits |

It names a delivery without naming anybody: no address, no subject, nothing to look up without the tables.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from tracking.errors import InvalidToken, UnknownKey
from tracking.mail import email_ids

LENGTH = 34
"""Characters of a token."""

_BODY_BYTES = 1 + email_ids.BYTES + 2
_TAG_BYTES = 10
_PURPOSE = b"pixel"


@dataclass(frozen=True, slots=True)
class PixelToken:
    """Which delivery a pixel belongs to."""

    email_id: str
    recipient: int


def sign(token: PixelToken, key_id: int, key: bytes) -> str:
    """Write a token for a URL.

    Args:
        token: The delivery; its recipient's number is between 1 and 65,535.
        key_id: Between 0 and 255; `verify` finds the key by it.
        key: HMAC-SHA256 key of 32 bytes.

    Returns:
        34 characters of base64url: one path segment that needs no escaping.
    """
    body = key_id.to_bytes(1) + email_ids.to_bytes(token.email_id) + token.recipient.to_bytes(2)
    return _encode(body + _tag(body, key))


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
    if len(text) != LENGTH or not text.isascii():
        raise InvalidToken(f"a token has {LENGTH} characters of base64url")
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise InvalidToken("a token is base64url") from error
    body, tag = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    key = keys.get(body[0])
    if key is None:
        raise UnknownKey("the token's key is not known")
    # The last character has four bits to spare: only one spelling of a token counts.
    if not hmac.compare_digest(tag, _tag(body, key)) or _encode(raw) != text:
        raise InvalidToken("the token's signature is over other bytes")
    return PixelToken(email_ids.from_bytes(body[1:-2]), int.from_bytes(body[-2:]))


def _tag(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, hashlib.sha256)[:_TAG_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
