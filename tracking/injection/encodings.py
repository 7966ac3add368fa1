"""How a tag is spliced into an encoded part: one byte range is replaced, nothing is encoded again."""

import binascii
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tracking.injection.reasons import LeaveAlone, Reason

LINE_LIMIT = 998
"""Octets of a line without its end (RFC 5322, 2.1.1); SES refuses longer ones."""

LINE_MARGIN = 990
"""Octets from which a line is broken within the tag."""

ENCODED_LINE_LIMIT = 76
"""Characters of a line of quoted-printable or base64 (RFC 2045, 6.7 and 6.8)."""


class TransferEncoding(StrEnum):
    """How a part's bytes travel."""

    SEVEN_BIT = "7bit"
    """As they are; ASCII, or so the header says."""

    EIGHT_BIT = "8bit"
    """As they are, in lines."""

    BINARY = "binary"
    """As they are."""

    QUOTED_PRINTABLE = "quoted-printable"
    """ASCII as it is, other bytes as `=XX`, long lines broken softly."""

    BASE64 = "base64"
    """Three bytes as four characters."""


class Splice(Protocol):
    """Which byte range of the content a tag replaces, and with what."""

    @property
    def start(self) -> int:
        """Where the replaced range starts in the content."""

    @property
    def end(self) -> int:
        """Where it ends; often where it starts."""

    def spell(self, tag: str) -> bytes:
        """Write a tag, and what it displaces, in the content's encoding."""


class Content(Protocol):
    """A part's content as it travels, and what it says."""

    @property
    def document(self) -> bytes:
        """The content without its transfer encoding."""

    def splice(self, offset: int, codec: str, line_end: bytes) -> Splice:
        """Find out how to put a tag at an offset of the document.

        Args:
            offset: In bytes.
            codec: How ASCII is written in the document.
            line_end: CRLF or LF, as in the rest of the part.

        Raises:
            LeaveAlone: The encoding has no room for it there.
        """


def content(raw: bytes, encoding: TransferEncoding) -> Content:
    """Undo a transfer encoding.

    Args:
        raw: A part's content as it travels.
        encoding: The part's Content-Transfer-Encoding.

    Returns:
        The content; quoted-printable read as leniently as mail programs do, but with the blanks that end its
        lines: they are no content, and markup reads the same with them.

    Raises:
        LeaveAlone: `raw` is no base64.
    """
    match encoding:
        case TransferEncoding.QUOTED_PRINTABLE:
            return _quoted_printable(raw)
        case TransferEncoding.BASE64:
            return _base64(raw)
        case _:
            return _Verbatim(raw)


def _advance(start: int, amount: int, measure: Callable[[int, int], int]) -> int:
    """Find the end of the shortest range that measures an amount.

    Args:
        start: Where the range starts.
        amount: What it must measure; all that follows measures at least as much.
        measure: What a range adds; at most its length, so that no step goes too far.
    """
    end = start
    while amount > 0:
        end, amount = end + amount, amount - measure(end, end + amount)
    return end


@dataclass(frozen=True, slots=True)
class _Verbatim:
    document: bytes

    def splice(self, offset: int, codec: str, line_end: bytes) -> Splice:
        """See `Content.splice`."""
        del codec
        before, after = self._around(offset)
        while _is_too_long(before, after) and self._ends_in_blanks(offset, after):
            offset += after + 1
            before, after = self._around(offset)
        if _is_too_long(before, after) and before + after <= LINE_LIMIT:
            raise LeaveAlone(Reason.NO_SAFE_PLACE)
        return _VerbatimSplice(offset, offset, before + after, line_end.decode())

    def _around(self, offset: int) -> tuple[int, int]:
        """Measure what is before and behind an offset in its line."""
        before = offset - (self.document.rfind(b"\n", 0, offset) + 1)
        line_end_at = self.document.find(b"\n", offset)
        return before, (line_end_at if line_end_at >= 0 else len(self.document)) - offset

    def _ends_in_blanks(self, offset: int, after: int) -> bool:
        rest = self.document[offset : offset + after + 1]
        return rest.endswith(b"\n") and rest.isspace()


def _is_too_long(before: int, after: int) -> bool:
    """Whether a line has no room even for what must stay in it, the start of the tag or its end."""
    return max(before + len("<img"), after + len(">")) > LINE_LIMIT


@dataclass(frozen=True, slots=True)
class _VerbatimSplice:
    start: int
    end: int
    line_length: int
    line_end: str

    def spell(self, tag: str) -> bytes:
        """See `Splice.spell`."""
        if self.line_length + len(tag) > LINE_MARGIN:
            # White space within a tag is no content.
            tag = tag.replace(" ", self.line_end, 1).removesuffix(">") + self.line_end + ">"
        return tag.encode("ascii")


_QP_TOKEN = re.compile(rb"=([0-9A-Fa-f]{2})|=[ \t]*+\r?(?:\n|\Z)")
_QP_STRAY = re.compile(rb"=(?![0-9A-Fa-f]{2})")
# No line is cut within an escape, and none starts with a dot, which SMTP would double, if that can be helped.
_QP_LINE = re.compile(rb"(?s).{1,71}(?<!=)(?<!=.)(?!\.)|.{1,71}(?<!=)(?<!=.)|.+")


def _quoted_printable(raw: bytes) -> "_QuotedPrintable":
    document = binascii.a2b_qp(raw)
    escapes, soft_breaks = raw.count(b"="), raw.count(b"=\r\n")
    # Whatever else may follow an equals sign makes the document longer than this.
    if raw.count(b"=\r") == soft_breaks and len(document) == len(raw) - 2 * escapes - soft_breaks:
        return _QuotedPrintable(raw, document, lambda offset: _advance(0, offset, _qp_measure(raw)))
    return _lenient_quoted_printable(raw)


def _qp_measure(raw: bytes) -> Callable[[int, int], int]:
    def measure(start: int, end: int) -> int:
        soft_breaks = raw.count(b"=\r\n", max(start - 2, 0), end)
        return end - start - 2 * raw.count(b"=", start, end) - soft_breaks

    return measure


def _lenient_quoted_printable(raw: bytes) -> "_QuotedPrintable":
    """Decode what breaks the rules: a stray equals sign is itself, and blanks may follow a soft break's."""
    pieces: list[bytes] = []
    offsets: list[int] = []
    shifts: list[int] = []
    behind = decoded = 0
    for token in _QP_TOKEN.finditer(raw):
        text = raw[behind : token.start()]
        character = bytes.fromhex(token[1].decode()) if token[1] else b""
        pieces += (text, character)
        offsets.append(decoded + len(text))
        decoded += len(text) + len(character)
        behind = token.end()
        shifts.append(behind - decoded)
    pieces.append(raw[behind:])

    def position(offset: int) -> int:
        tokens_before = bisect_left(offsets, offset)
        return offset + (shifts[tokens_before - 1] if tokens_before else 0)

    return _QuotedPrintable(raw, b"".join(pieces), position)


@dataclass(frozen=True, slots=True)
class _QuotedPrintable:
    raw: bytes
    document: bytes
    position: Callable[[int], int]
    """The first place in `raw` before which an offset's bytes are complete."""

    def splice(self, offset: int, codec: str, line_end: bytes) -> Splice:
        """See `Content.splice`."""
        del codec
        end = start = self.position(offset)
        line = self.raw.rfind(b"\n", 0, end) + 1
        # A line too full for the soft break's equals sign hands its last characters on to the tag's line. So
        # does one that ends in a stray equals sign, spelled out there: next to the soft break, some decoders
        # would take the two for one.
        while start > max(line, end - ENCODED_LINE_LIMIT) and (
            self.raw[start - 1] == ord("=")
            or (start - line >= ENCODED_LINE_LIMIT and (start == end or self.raw[start] == ord(".")))
        ):
            escape = start - len(b"=XX")
            start = escape if self.raw.rfind(b"=", max(line, escape), start) == escape else start - 1
        soft_break = b"=" + line_end
        is_line_end = end == len(self.raw) or self.raw.startswith((b"\n", b"\r\n", b"=\n", b"=\r\n"), end)
        return _QuotedPrintableSplice(
            start,
            end,
            soft_break if start > line else b"",
            _QP_STRAY.sub(b"=3D", self.raw[start:end]),
            b"" if is_line_end else soft_break,
            soft_break,
        )


@dataclass(frozen=True, slots=True)
class _QuotedPrintableSplice:
    start: int
    end: int
    before: bytes
    displaced: bytes
    after: bytes
    soft_break: bytes

    def spell(self, tag: str) -> bytes:
        """See `Splice.spell`."""
        text = self.displaced + tag.replace("=", "=3D").encode("ascii")
        return self.before + self.soft_break.join(_QP_LINE.findall(text)) + self.after


_BASE64_SPACE = b"\r\n\t "


def _base64(raw: bytes) -> "_Base64":
    document = _document_of_even_lines(raw)
    if document is not None:
        return _Base64(raw, document)
    text = raw.translate(None, _BASE64_SPACE)
    if text.endswith(b"=") and len(unpadded := text.rstrip(b"=")) % 4 == 0:
        # Some programs pad what is already complete.
        text = unpadded
    try:
        return _Base64(raw, binascii.a2b_base64(text, strict_mode=True))
    except binascii.Error as error:
        raise LeaveAlone(Reason.MALFORMED) from error


def _document_of_even_lines(raw: bytes) -> bytes | None:
    """Decode lines of one length, as nearly all mail has them, without first taking the line ends out."""
    width = raw.find(b"\n") + 1
    line_end = b"\r\n" if raw.startswith(b"\r\n", width - 2) else b"\n"
    lines = len(raw) // width if width else 0
    ends = (raw[width - place :: width] for place in range(len(line_end), 0, -1))
    if not lines or any(end != line_end[at : at + 1] * lines for at, end in enumerate(ends)):
        return None
    last = raw[lines * width :].removesuffix(line_end)
    characters = lines * (width - len(line_end)) + len(last)
    try:
        document = binascii.a2b_base64(raw)
    except binascii.Error:
        return None
    # Whatever is no base64, or is padding within, makes the document shorter than this.
    return document if 4 * len(document) == 3 * characters - 4 * last[-2:].count(b"=") else None


@dataclass(frozen=True, slots=True)
class _Base64:
    raw: bytes
    document: bytes

    def splice(self, offset: int, codec: str, line_end: bytes) -> Splice:
        """See `Content.splice`."""
        quantum, within = divmod(offset, 3)
        start = end = _advance(0, 4 * quantum, self._characters)
        if within:
            start = _advance(start, 1, self._characters) - 1
            end = _advance(start, 4, self._characters)
        is_line_start = start == 0 or self.raw[start - 1] == ord("\n")
        is_line_end = end == len(self.raw) or self.raw.startswith((b"\n", b"\r\n"), end)
        return _Base64Splice(
            start,
            end,
            b"" if is_line_start else line_end,
            self.document[offset - within : offset],
            self.document[offset : offset - within + 3] if within else b"",
            b"" if is_line_end else line_end,
            codec,
            line_end,
        )

    def _characters(self, start: int, end: int) -> int:
        return len(self.raw[start:end].translate(None, _BASE64_SPACE))


@dataclass(frozen=True, slots=True)
class _Base64Splice:
    start: int
    end: int
    before: bytes
    head: bytes
    """Document bytes before the tag that share its first quantum."""

    tail: bytes
    after: bytes
    codec: str
    line_end: bytes

    def spell(self, tag: str) -> bytes:
        """See `Splice.spell`."""
        # A length that three divides leaves every quantum behind the tag as it was.
        padded = tag.removesuffix(">") + " " * (-len(tag) % 3) + ">"
        encoded = binascii.b2a_base64(self.head + padded.encode(self.codec) + self.tail, newline=False)
        lines = (
            encoded[start : start + ENCODED_LINE_LIMIT]
            for start in range(0, len(encoded), ENCODED_LINE_LIMIT)
        )
        return self.before + self.line_end.join(lines) + self.after
