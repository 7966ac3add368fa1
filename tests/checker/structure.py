"""What CPython's parser says of two messages: which part changed, and that nothing else did."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from email.policy import Compat32

from tests.checker.codes import Code, Violation

_PROTECTED = {
    "multipart/signed", "multipart/encrypted", "multipart/report", "multipart/digest", "multipart/form-data",
}  # fmt: skip
_FILES_ARE_BODIES = {"multipart/alternative", "multipart/related"}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a leaf part's content, as it travels."""

    before: bytes
    after: bytes
    encoding: str
    """Lower case."""

    charset: str
    boundaries: frozenset[bytes]
    """Of the multiparts around it."""


class _Unfolding(Compat32):
    """CPython's most literal policy, which would leave the line ends of a folded field in a boundary."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, re.sub(r"[\r\n]", "", value)


@dataclass(frozen=True, slots=True)
class _Leaf:
    part: Message
    ancestors: tuple[Message, ...]

    @property
    def content(self) -> bytes:
        return str(self.part.get_payload()).encode("latin-1")


def compare(before: bytes, after: bytes) -> tuple[Change | None, list[Violation]]:
    """Find the one part that changed, and what else did.

    Returns:
        The change, None unless it is the only one, and the broken promises about the message around it.
    """
    old, new = _parse(before), _parse(after)
    found = [] if _outline(old) == _outline(new) else [Violation(Code.TREE)]
    pairs = zip(_leaves(old), _leaves(new), strict=False)
    changed = [(one, other) for one, other in pairs if one.content != other.content]
    if len(changed) != 1:
        return None, [*found, Violation(Code.TARGET, f"{len(changed)} parts changed")]
    [(leaf, changed_leaf)] = changed
    change = Change(
        leaf.content,
        changed_leaf.content,
        str(leaf.part.get("Content-Transfer-Encoding", "7bit")).strip().lower(),
        leaf.part.get_content_charset("us-ascii"),
        frozenset(str(around.get_boundary()).encode("latin-1") for around in leaf.ancestors),
    )
    found += [Violation(Code.PART, reason) for reason in _reasons_against(leaf)]
    if not _is_all(before, after, change):
        found.append(Violation(Code.OUTSIDE))
    return change, found


def common_prefix(one: bytes, other: bytes) -> int:
    """Count the bytes with which both start."""
    views = memoryview(one), memoryview(other)
    sizes = range(1, min(len(one), len(other)) + 1)
    return bisect_left(sizes, True, key=lambda size: views[0][:size] != views[1][:size])


def common_suffix(one: bytes, other: bytes) -> int:
    """Count the bytes with which both end."""
    views = memoryview(one), memoryview(other)
    sizes = range(1, min(len(one), len(other)) + 1)
    return bisect_left(
        sizes, True, key=lambda size: views[0][len(one) - size :] != views[1][len(other) - size :]
    )


def _parse(message: bytes) -> Message:
    # One character for each byte: neither a charset nor a line end is interpreted.
    return message_from_string(message.decode("latin-1"), policy=_Unfolding())


def _outline(message: Message) -> list[tuple[list[tuple[str, str]], int | None]]:
    return [
        (part.items(), len(part.get_payload()) if part.is_multipart() else None) for part in message.walk()
    ]


def _leaves(part: Message, ancestors: tuple[Message, ...] = ()) -> Iterator[_Leaf]:
    if not part.is_multipart():
        yield _Leaf(part, ancestors)
        return
    for child in part.get_payload():
        if isinstance(child, Message):
            yield from _leaves(child, (*ancestors, part))


def _reasons_against(leaf: _Leaf) -> Iterator[str]:
    kind = leaf.part.get_content_type()
    if kind != "text/html":
        yield kind
    parents = [around.get_content_type() for around in leaf.ancestors]
    if parents and parents[-1] not in _FILES_ARE_BODIES and leaf.part.get_filename():
        yield "a file"
    yield from (kind for kind in parents if kind in _PROTECTED or kind.startswith("message/"))
    for part in (leaf.part, *leaf.ancestors):
        if part.get_content_disposition() == "attachment":
            yield f"attached {part.get_content_type()}"


def _is_all(before: bytes, after: bytes, change: Change) -> bool:
    """Whether replacing the content, somewhere in the message, is all that happened to it."""
    if len(after) - len(before) != len(change.after) - len(change.before):
        return False
    first = max(0, len(before) - common_suffix(before, after) - len(change.before))
    last = common_prefix(before, after)
    at = before.find(change.before, first, last + len(change.before))
    while at >= 0 and not after.startswith(change.after, at):
        at = before.find(change.before, at + 1, last + len(change.before))
    return at >= 0
