"""Continue tokens: where the next page of a search begins, and that it is the same search.

A token is base64url without padding of 16 bytes of HMAC-SHA256 and of JSON: `start`, `end` and `position`
(the search's range, whatever the clock says by then), `given` (how many events the pages so far had) and
`search` (a digest of what is searched for).
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from tracking.storage.feeds import Range

_TAG_BYTES = 16


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
    content = json.dumps(
        {
            "start": continuation.range.start.isoformat(),
            "end": continuation.range.end.isoformat(),
            "position": continuation.range.before,
            "given": continuation.given,
            "search": continuation.search,
        }
    ).encode()
    return base64.urlsafe_b64encode(_tag(content, root) + content).decode().rstrip("=")


def verify(token: str, root: str) -> Continuation:
    """Read back what `sign` wrote.

    Raises:
        ValueError: It is no token of ours.
    """
    signed = base64.urlsafe_b64decode(token.encode("ascii") + b"==")
    tag, content = signed[:_TAG_BYTES], signed[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(content, root)):
        raise ValueError("another signature")
    fields = json.loads(content)
    return Continuation(
        Range(
            datetime.fromisoformat(fields["start"]),
            datetime.fromisoformat(fields["end"]),
            fields["position"],
        ),
        fields["given"],
        fields["search"],
    )


def _tag(content: bytes, root: str) -> bytes:
    return hmac.digest(root.encode(), b"continue token\0" + content, hashlib.sha256)[:_TAG_BYTES]
