"""Lines as SMTP and MIME see them."""

import re

from tests.checker.codes import Code, Violation
from tests.checker.structure import Change, common_prefix, common_suffix

_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_TAG_START = len(b"<img")


def violations(before: bytes, after: bytes, change: Change) -> list[Violation]:
    """Compare the lines of a message before and after a part of it changed."""
    start, end = common_prefix(before, after), common_suffix(before, after)
    # The two may share bytes, as when the new text repeats what it follows.
    end = min(end, len(before) - start, len(after) - start)
    old, new = (_touched(message, start, len(message) - end) for message in (before, after))
    found = []
    if (longest := max(map(len, new))) > _limit(old, change.encoding):
        found.append(Violation(Code.LINE_LENGTH, str(longest)))
    if _wrong_ends(after, like=before) > _wrong_ends(before, like=before):
        found.append(Violation(Code.LINE_END))
    delimiters = tuple(b"--" + boundary for boundary in change.boundaries)
    if sum(line.startswith(delimiters) for line in new) > sum(line.startswith(delimiters) for line in old):
        found.append(Violation(Code.DELIMITER))
    if after.count(b"\0") > before.count(b"\0"):
        found.append(Violation(Code.NUL))
    return found


def _touched(message: bytes, start: int, end: int) -> list[bytes]:
    """Give the whole lines of a range, without their ends."""
    line_end = message.find(b"\n", end) + 1 or len(message)
    return re.split(rb"\r?\n", message[message.rfind(b"\n", 0, start) + 1 : line_end])


def _limit(old: list[bytes], encoding: str) -> int:
    """Measure how long a line may get; one that was too long may still take the start of the tag."""
    longest = max(map(len, old))
    if encoding in {"quoted-printable", "base64"}:
        return max(76, longest)
    return 998 if longest <= 998 else longest + _TAG_START


def _wrong_ends(message: bytes, like: bytes) -> int:
    return len(_BARE.findall(message)) if b"\r\n" in like else message.count(b"\r")
