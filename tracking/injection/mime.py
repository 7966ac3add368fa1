"""Which part of a message is its HTML body, found by walking byte ranges.

The walk is lazy and depth first: what comes after the HTML body is not looked at, however large it is, unless
a delimiter before it may be that of another boundary.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import lru_cache

from tracking.injection.reasons import LeaveAlone, Reason

DEPTH_LIMIT = 30
"""Multiparts within multiparts that are followed; real mail has five at most."""

STRUCTURED_FIELD_LIMIT = 8192
"""Bytes of a Content-Type or Content-Disposition field; the stdlib's parser is quadratic in them."""

_ALTERNATIVE = "multipart/alternative"
_RELATED = "multipart/related"
_NEVER_ENTERED = {"multipart/digest", "multipart/form-data"}
_PROTECTED = {
    "multipart/signed": Reason.SIGNED,
    "multipart/encrypted": Reason.ENCRYPTED,
    "multipart/report": Reason.REPORT,
}
_PKCS7 = {"application/pkcs7-mime", "application/x-pkcs7-mime"}

_TYPE, _ENCODING, _DISPOSITION = b"content-type", b"content-transfer-encoding", b"content-disposition"
_CHECKSUM, _CONTENT_ID, _DKIM = b"content-md5", b"content-id", b"dkim-signature"
_READ = (_TYPE, _ENCODING, _DISPOSITION, _CHECKSUM, _CONTENT_ID, _DKIM)

_VALUE = rb"[^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+"
_FIELDS = re.compile(rb"(?:[!-9;-~]++:[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z))*+")
_FIELD_READ = re.compile(rb"(?i)\n(%b):(%b)" % (b"|".join(_READ), _VALUE))
_LINE_END = re.compile(rb"\r?\n")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_CONTROL = re.compile(rb"[\0-\x08\n-\x1f\x7f]")
_DELIMITER_TAIL = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\Z)")
_BOUNDARY = re.compile(rb'(?i)boundary[ \t]*+=[ \t]*+(?:"([^"\r\n]++)"|([^\s;"]++))')


@dataclass(frozen=True, slots=True)
class HtmlPart:
    """The HTML body of a message: where its content lies, and what its header says about it."""

    path: str
    """Numbers of the parts on the way to it, as IMAP counts: `2.1`, or `1` when it is the whole message."""

    start: int
    end: int
    """Just behind the content; the line end before a delimiter belongs to the delimiter."""

    charset: str
    """Lower case; `us-ascii` when the header names none."""

    encoding: str
    """Content-Transfer-Encoding in lower case; `7bit` when the header names none."""


def html_part(message: bytes, *, despite_dkim: bool) -> HtmlPart:
    """Find the HTML body.

    Args:
        message: A raw message.
        despite_dkim: Whether a message that already carries a DKIM signature may be changed.

    Raises:
        LeaveAlone: It has no HTML body, or one that must not or cannot surely be changed.

    Source:
        RFC 2045 and 2046 (MIME), RFC 2387 (related), RFC 2183 (dispositions), RFC 1847 (signed, encrypted).
    """
    walk = _Walk(message)
    part = walk.html_within(_Range(0, len(message)))
    if part is None:
        raise LeaveAlone(Reason.HTML_ATTACHMENT_ONLY if walk.met_html_attachment else Reason.PLAIN_TEXT)
    if not despite_dkim and _Header(message, 0, len(message)).values(_DKIM):
        raise LeaveAlone(Reason.DKIM_SIGNED)
    return part


@dataclass(frozen=True, slots=True)
class _Range:
    """One part, header and content, and where it hangs in the tree."""

    start: int
    end: int
    path: tuple[int, ...] = ()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the structured fields of one part say."""

    kind: str
    charset: str
    boundary: str
    root: str
    """The Content-ID of a related multipart's root; empty when it is the first part."""

    smime_type: str
    is_attachment: bool
    has_file_name: bool


class _Header:
    """The fields of one part that decide about it."""

    def __init__(self, message: bytes, start: int, end: int) -> None:
        self.body: int | None
        self._fields: dict[bytes, list[bytes]] = {}
        if no_fields := _LINE_END.match(message, start, end):
            self.body = no_fields.end()
            return
        blank_line = _BLANK_LINE.search(message, start, end)
        self.body = blank_line.end() if blank_line else None
        stop = blank_line.start() + 1 if blank_line else end
        fields = b"\n" + message[start:stop]
        if not _FIELDS.fullmatch(fields, 1) or fields.count(b"\r") != fields.count(b"\r\n"):
            raise LeaveAlone(Reason.MALFORMED)
        for name, value in _FIELD_READ.findall(fields):
            self._fields.setdefault(name.lower(), []).append(_FOLD.sub(b"", value).strip(b" \t"))

    def values(self, name: bytes) -> list[bytes]:
        return self._fields.get(name, [])

    def value(self, name: bytes) -> bytes:
        return next(iter(self.values(name)), b"")

    def facts(self) -> _Facts:
        return _facts(self.value(_TYPE), self.value(_DISPOSITION))

    def is_repeated(self) -> bool:
        """Whether mail programs would disagree what this part is."""
        return any(len(self.values(name)) > 1 for name in (_TYPE, _ENCODING, _DISPOSITION))


@lru_cache(maxsize=1024)
def _facts(content_type: bytes, disposition: bytes) -> _Facts:
    """Read Content-Type and Content-Disposition as the stdlib reads them; empty stands for none."""
    message = Message()
    for name, value in ((_TYPE, content_type), (_DISPOSITION, disposition)):
        if len(value) > STRUCTURED_FIELD_LIMIT or _CONTROL.search(value):
            raise LeaveAlone(Reason.MALFORMED)
        message[name.decode()] = value.decode("latin-1")
    try:
        parameters = _parameters(message, _TYPE)
        charset = parameters.get("charset", "")
        return _Facts(
            kind=message.get_content_type(),
            charset=charset.lower() if charset and charset.isascii() else "us-ascii",
            boundary=parameters.get("boundary", "").rstrip(),
            root=parameters.get("start", ""),
            smime_type=parameters.get("smime-type", ""),
            is_attachment=message.get_content_disposition() == "attachment",
            has_file_name=bool(_parameters(message, _DISPOSITION).get("filename") or parameters.get("name")),
        )
    except (LookupError, TypeError, ValueError) as error:
        # The stdlib stumbles over some malformed RFC 2231 parameters.
        raise LeaveAlone(Reason.MALFORMED) from error


def _parameters(message: Message, name: bytes) -> dict[str, str]:
    """Give a field's parameters; of those of one name, the first counts."""
    parameters = message.get_params([], name.decode())
    return {key.lower(): collapse_rfc2231_value(value) for key, value in reversed(parameters)}


class _Walk:
    def __init__(self, message: bytes) -> None:
        self.met_html_attachment = False
        self._message = message
        self._declared_boundaries: set[bytes] | None = None

    def html_within(self, part: _Range) -> HtmlPart | None:
        """Find the HTML body within one part; None when it has none."""
        header = _Header(self._message, part.start, part.end)
        facts = header.facts()
        if facts.kind in _PROTECTED:
            raise LeaveAlone(_PROTECTED[facts.kind])
        if facts.kind in _PKCS7:
            raise LeaveAlone(Reason.SIGNED if facts.smime_type == "signed-data" else Reason.ENCRYPTED)
        is_multipart = facts.kind.startswith("multipart/")
        if header.is_repeated() and (is_multipart or facts.kind == "text/html" or not part.path):
            raise LeaveAlone(Reason.AMBIGUOUS)
        if facts.kind == "text/html":
            is_file = facts.has_file_name and part.parent not in {"", _ALTERNATIVE, _RELATED}
            if not facts.is_attachment and not is_file:
                return _body(part, header, facts)
            self.met_html_attachment = True
        if is_multipart and not facts.is_attachment and facts.kind not in _NEVER_ENTERED:
            return self._html_of_multipart(part, header, facts)
        return None

    def _html_of_multipart(self, whole: _Range, header: _Header, facts: _Facts) -> HtmlPart | None:
        if not facts.boundary or not facts.boundary.isascii() or len(whole.path) >= DEPTH_LIMIT:
            raise LeaveAlone(Reason.MALFORMED)
        parts = self._parts(whole, whole.end if header.body is None else header.body, facts)
        if facts.kind == _RELATED and facts.root:
            parts = self._root_first(parts, facts.root)
        found = filter(None, map(self.html_within, parts))
        if facts.kind == _ALTERNATIVE:
            return next(reversed([*found]), None)
        return next(found, None)

    def _parts(self, whole: _Range, start: int, facts: _Facts) -> Iterator[_Range]:
        """Find the parts of a multipart, one at a time."""
        number = 0
        opened: int | None = None
        for at, tail in self._delimiters(start, whole.end, b"--" + facts.boundary.encode("ascii")):
            if opened is not None:
                number += 1
                end = self._without_line_end(opened, at)
                yield _Range(opened, end, (*whole.path, number), facts.kind)
            if tail[1]:
                return
            opened = tail.end()
        if opened is not None:
            end = self._without_line_end(opened, whole.end)
            yield _Range(opened, end, (*whole.path, number + 1), facts.kind)

    def _delimiters(self, start: int, end: int, delimiter: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
        at = start - 1
        while (at := self._message.find(delimiter, at + 1, end)) >= 0:
            before = self._message[at - 1 : at]
            if at > start and before not in {b"\n", b"\r"}:
                continue
            tail = _DELIMITER_TAIL.match(self._message, at + len(delimiter), end)
            if tail is None and self._delimits_an_inner_multipart(at, end, delimiter):
                continue
            if tail is None or (before == b"\r" and at > start):
                raise LeaveAlone(Reason.AMBIGUOUS)
            yield at, tail

    def _delimits_an_inner_multipart(self, at: int, end: int, delimiter: bytes) -> bool:
        """Whether the line is the delimiter of a boundary that extends the one looked for."""
        if self._declared_boundaries is None:
            self._declared_boundaries = {quoted or bare for quoted, bare in _BOUNDARY.findall(self._message)}
        line_end = self._message.find(b"\n", at, end)
        line = self._message[at + 2 : line_end if line_end >= 0 else end].rstrip(b" \t\r")
        extended = {line, line.removesuffix(b"--")} - {delimiter.removeprefix(b"--")}
        return not self._declared_boundaries.isdisjoint(extended)

    def _without_line_end(self, start: int, end: int) -> int:
        if end > start and self._message[end - 1 : end] == b"\n":
            end -= 1
            if end > start and self._message[end - 1 : end] == b"\r":
                end -= 1
        return end

    def _root_first(self, parts: Iterator[_Range], root: str) -> Iterator[_Range]:
        others = []
        for part in parts:
            header = _Header(self._message, part.start, part.end)
            if header.value(_CONTENT_ID).decode("latin-1").strip("<> ") == root.strip("<> "):
                yield part
                break
            others.append(part)
        yield from others
        yield from parts


def _body(part: _Range, header: _Header, facts: _Facts) -> HtmlPart:
    if header.values(_CHECKSUM):
        raise LeaveAlone(Reason.CHECKSUMMED)
    if header.body is None:
        raise LeaveAlone(Reason.NO_SAFE_PLACE)
    return HtmlPart(
        path=".".join(map(str, part.path or (1,))),
        start=header.body,
        end=part.end,
        charset=facts.charset,
        encoding=header.value(_ENCODING).decode("latin-1").lower() or "7bit",
    )
