"""Continue tokens: where the next page begins, and of what.

A token is base64url without padding of 16 bytes of HMAC-SHA256 and of JSON. A search's has `start`, `end` and
`position` (the search's range, whatever the clock says by then), `given` (how many events the pages so far
had) and `search` (a digest of what is searched for). The HMAC is over what the token is for, too: one of a
search continues nothing else.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from tracking.storage.feeds import Range

_TAG_BYTES = 16
_SEARCH = "continue token"


@dataclass(frozen=True, slots=True)
class Continuation:
    """What a page leaves to the next one."""

    range: Range
    given: int
    search: str

    def after(self, position: str, given: int) -> Self:
        """What is left when that many events have been given, down to a position."""
        return replace(self, range=replace(self.range, before=position), given=given)


def digest(search: str) -> str:
    """A short name for what is searched for."""
    return hashlib.sha256(search.encode()).hexdigest()[:16]


def sign(continuation: Continuation, root: str) -> str:
    """The token of a continuation.

    Args:
        continuation: Its range has a position.
        root: The deployment's signing secret.
    """
    return seal(
        {
            "start": continuation.range.start.isoformat(),
            "end": continuation.range.end.isoformat(),
            "position": continuation.range.before,
            "given": continuation.given,
            "search": continuation.search,
        },
        _SEARCH,
        root,
    )


def verify(token: str, root: str) -> Continuation:
    """Read back what `sign` wrote.

    Raises:
        ValueError: It is no token of ours.
    """
    fields = unseal(token, _SEARCH, root)
    return Continuation(
        Range(
            datetime.fromisoformat(fields["start"]),
            datetime.fromisoformat(fields["end"]),
            fields["position"],
        ),
        fields["given"],
        fields["search"],
    )


def seal(fields: Mapping[str, Any], purpose: str, root: str) -> str:
    """Anything for JSON as a token.

    Args:
        fields: What the token is to say. Whoever has it can read it.
        purpose: What it is for: it is no token for anything else.
        root: The deployment's signing secret.
    """
    content = json.dumps(fields).encode()
    return base64.urlsafe_b64encode(_tag(content, purpose, root) + content).decode().rstrip("=")


def unseal(token: str, purpose: str, root: str) -> dict[str, Any]:
    """Read back what `seal` wrote for the same purpose.

    Raises:
        ValueError: It is no token of ours, or one for something else.
    """
    signed = base64.urlsafe_b64decode(token.encode("ascii") + b"==")
    tag, content = signed[:_TAG_BYTES], signed[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(content, purpose, root)):
        raise ValueError("another signature")
    fields: dict[str, Any] = json.loads(content)
    return fields


def _tag(content: bytes, purpose: str, root: str) -> bytes:
    return hmac.digest(root.encode(), purpose.encode() + b"\0" + content, hashlib.sha256)[:_TAG_BYTES]
