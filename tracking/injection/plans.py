"""Planning once where a message's pixel goes, then writing each recipient's copy."""

import logging
import re
from dataclasses import dataclass, field

from tracking.injection import charsets
from tracking.injection.encodings import Splice, TransferEncoding, content
from tracking.injection.html import GMAIL_CLIP, Placement, find_place
from tracking.injection.mime import HtmlPart, html_part
from tracking.injection.reasons import LeaveAlone, Reason

URL_LIMIT = 512
"""Characters of a pixel's URL, so that its tag fits a line."""

NEIGHBOURHOOD = 4096
"""Bytes behind the HTML part that show what line ends the mail has."""

_TAG_START = '<img src="'
_TAG_END = (
    '" alt="" width="1" height="1" border="0" '
    'style="display:block;position:absolute;width:1px;height:1px;border:0;margin:0;padding:0">'
)
# Neither what HTML would escape nor what ISO 646 writes differently: the URL means itself in every charset.
_URL = re.compile(r"https?://[!#-%(-;=?-\[\]-_a-}]+")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Untouched:
    """The message goes out byte for byte as it came."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the pixel of a message goes; the same for all its recipients."""

    part: str
    """The HTML part's number, as IMAP counts: `1`, or `2.1` for the first part of the second."""

    charset: str
    """As the part's header gives it, in lower case; `us-ascii` when it gives none."""

    encoding: TransferEncoding
    placement: Placement
    beyond_clip: bool
    """Whether the HTML is longer than Gmail shows."""

    _before: memoryview = field(repr=False)
    _behind: memoryview = field(repr=False)
    _splice: Splice = field(repr=False)
    _document: bytes = field(repr=False)
    _codec: str = field(repr=False)

    def with_pixel(self, url: str) -> bytes:
        """Write a recipient's copy.

        Args:
            url: See `pieces`.
        """
        return b"".join(self.pieces(url))

    def pieces(self, url: str) -> tuple[memoryview, bytes, memoryview]:
        """Write a recipient's copy without joining it: what comes before the tag, the tag, what comes after.

        Args:
            url: The pixel's URL: absolute, ASCII, at most `URL_LIMIT` characters, without blanks, quotes,
                backslashes, and ``& < > ` ~``.

        Raises:
            ValueError: `url` is no such URL.
        """
        if len(url) > URL_LIMIT or not _URL.fullmatch(url):
            raise ValueError(f"not the URL of a pixel: {url!r}")
        return self._before, self._splice.spell(f"{_TAG_START}{url}{_TAG_END}"), self._behind

    def holds(self, url: str) -> bool:
        """Whether the HTML already has this very URL, so that the copy must go out as it is."""
        return url.encode(self._codec) in self._document

    def urls(self, prefix: str, length: int, limit: int) -> list[str]:
        """What the HTML holds that begins like a URL, in their order, each once; in one pass over it.

        Only what is written character by character counts: not what HTML would unescape, nor another case.

        Args:
            prefix: What they begin with; ASCII that means itself in every charset, see `pieces`.
            length: Characters of each, the prefix included. What follows the prefix may be anything.
            limit: How many are found at most.
        """
        start, found = prefix.encode(self._codec), dict[str, None]()
        size = length * len(start) // len(prefix)
        at = self._document.find(start)
        while at >= 0 and len(found) < limit:
            found[self._document[at : at + size].decode(self._codec, "replace")] = None
            at = self._document.find(start, at + len(start))
        return [*found]


def plan(message: bytes, *, despite_dkim: bool = False) -> Plan | Untouched:
    """Find out where a message's pixel goes.

    Args:
        message: A raw message; any bytes.
        despite_dkim: Whether to change a message that already carries a DKIM signature, which then breaks.

    Returns:
        The plan, or why the message must go out as it came.
    """
    try:
        return _plan(message, html_part(message, despite_dkim=despite_dkim))
    except LeaveAlone as verdict:
        return Untouched(verdict.reason)
    except Exception:
        # Mail that we cannot handle still has to go out.
        logger.exception("planning the pixel of a message failed")
        return Untouched(Reason.UNEXPECTED)


def _plan(message: bytes, part: HtmlPart) -> Plan:
    try:
        encoding = TransferEncoding(part.encoding)
    except ValueError as error:
        raise LeaveAlone(Reason.UNSUPPORTED_ENCODING) from error
    html = content(message[part.start : part.end], encoding)
    reading = charsets.read(html.document, part.charset)
    if reading.unit > 1 and encoding is not TransferEncoding.BASE64:
        raise LeaveAlone(Reason.UNSUPPORTED_ENCODING)
    if (pgp := reading.view.find(b"-----BEGIN PGP ")) >= 0:
        is_signed = reading.view.startswith(b"SIGNED", pgp + len(b"-----BEGIN PGP "))
        raise LeaveAlone(Reason.SIGNED if is_signed else Reason.ENCRYPTED)
    place = find_place(reading.view, reading.unit)
    # A mail of mixed line ends gets no more bare LFs; attachments are too large to be looked through for one.
    line_end = b"\n" if message.find(b"\r\n", 0, part.end + NEIGHBOURHOOD) < 0 else b"\r\n"
    splice = html.splice(place.offset * reading.unit, reading.codec, line_end)
    return Plan(
        part=part.path,
        charset=part.charset,
        encoding=encoding,
        placement=place.placement,
        beyond_clip=len(html.document) > GMAIL_CLIP,
        _before=memoryview(message)[: part.start + splice.start],
        _behind=memoryview(message)[part.start + splice.end :],
        _splice=splice,
        _document=html.document,
        _codec=reading.codec,
    )
