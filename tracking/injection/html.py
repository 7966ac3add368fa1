"""Which place in an HTML document takes the pixel.

What may end the body, hide the pixel or swallow it is looked at tag by tag; `markup` skips the rest in runs.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tracking.injection import markup
from tracking.injection.charsets import MASK
from tracking.injection.markup import Condition, Token
from tracking.injection.reasons import LeaveAlone, Reason

GMAIL_CLIP = 102 * 1024
"""Bytes of HTML that Gmail shows; it never loads what lies behind them unless the reader asks for it."""

CLIP_MARGIN = 90 * 1024
"""Bytes of HTML behind which the pixel goes to the top; Gmail counts after a rewriting that adds some."""

BODY_TAG_LIMIT = 256
"""Tags that may change the body in what need not be read otherwise; each may reach far."""

BODY_TAG_LENGTH = 4096
"""Bytes of such a tag."""

_UTF8_BOM = b"\xef\xbb\xbf"


class Placement(StrEnum):
    """Where in the HTML the pixel is."""

    BOTTOM = "bottom"
    """At the end of what is shown, or as near to it as is safe."""

    TOP = "top"
    """At the start of the body, because a mail program may never get to the end."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point in an HTML document that lies in the body, is shown, and is between two tokens."""

    offset: int
    """In code units of the document."""

    placement: Placement


def find_place(document: bytes, unit: int = 1) -> Place:
    """Find the place for the pixel.

    Args:
        document: HTML, one byte for each code unit, as `charsets.read` gives it.
        unit: Bytes of one code unit in the mail.

    Raises:
        LeaveAlone: There is no place where the pixel would surely load and change nothing.

    Source:
        Tokens and open elements: the WHATWG's HTML standard, section 13.2.
    """
    html = document.lower()
    margin = CLIP_MARGIN // unit
    if _seeming_end(html) > margin and (top := _Survey(html, only_top=True).top) is not None:
        return Place(top, Placement.TOP)
    survey = _Survey(html)
    bottom = survey.bottom()
    if bottom is None and (never_closed := survey.never_closed_conditions()):
        survey = _Survey(html, never_closed)
        bottom = survey.bottom()
    if bottom is not None and (bottom <= margin or survey.top is None):
        return Place(bottom, Placement.BOTTOM)
    top = survey.after_body_tag if bottom is None else survey.top
    if top is None:
        raise LeaveAlone(Reason.NO_SAFE_PLACE)
    return Place(top, Placement.TOP)


def _seeming_end(html: bytes) -> int:
    """Find where the body ends unless that end tag is in a comment, say: enough to choose the top by."""
    end = next((end for end in map(html.rfind, (b"</body", b"</html")) if end >= 0), None)
    return len(html.rstrip()) if end is None else end


class _Survey:
    """The places that a document offers."""

    def __init__(self, html: bytes, ignored: frozenset[int] = frozenset(), *, only_top: bool = False) -> None:
        self.after_body_tag: int | None = None
        self.top: int | None = None
        self._closings: dict[bytes, int] = {}
        self._end: int | None = None
        self._last: int | None = None
        self._shown: list[tuple[int, int]] = []
        self._html = html
        self._reader = markup.Reader(html, ignored)
        self._marked_tag = -1
        self._understood = 0
        at = self._read_head()
        while at is not None:
            self._offer(at)
            at = None if only_top and self.top is not None else self._read_body(at)
        self._heed_unread_bodies()

    @cached_property
    def _marks(self) -> list[int]:
        return sorted(markup.hiding_marks(self._html), reverse=True)

    def never_closed_conditions(self) -> frozenset[int]:
        """Where conditional regions start that are left open; none unless they plainly are."""
        conditions = self._reader.conditions
        is_tangled = any(kind is Condition.TANGLED for kind, _ in conditions)
        if is_tangled or self._html.find(b"[endif", self._understood) >= 0:
            return frozenset()
        return frozenset(start for _, start in conditions)

    def bottom(self) -> int | None:
        """The lowest good place."""
        places = (self._closings.get(b"body"), self._closings.get(b"html"), self._end, self._last)
        place = next((place for place in places if place is not None), None)
        if place is not None and markup.leaves_formatting_open(self._html, place):
            # Formatting would be started again around the pixel anywhere but right behind a text.
            return self._behind_last_text(place)
        return place

    def _read_head(self) -> int | None:
        """Read up to where the body starts; None when it does not."""
        at: int | None = len(_UTF8_BOM) if self._html.startswith(_UTF8_BOM) else 0
        while at is not None:
            ink = markup.INK.search(self._html, at)
            if ink is None:
                self._reach_end(at)
                return None
            at = ink.start()
            self._understood = at
            token = self._reader.token(at)
            if token is None:
                return None
            if token.name == b"body" and not token.closes:
                return self._behind(token)
            if token.is_text or (token.name and not token.belongs_to_head):
                return at
            at = self._behind(token)
        return None

    def _read_body(self, at: int) -> int | None:
        """Read on, over the next token that matters; None when none is left or the rest cannot be trusted."""
        start = at
        boring = markup.BORING.match(self._html, start, self._next_marked_tag(start))
        if boring and self._is_clean():
            self._shown.append(boring.span())
        at = boring.end() if boring else at
        if at == len(self._html):
            self._reach_end(start)
            return None
        self._offer(at)
        self._understood = at
        token = self._reader.token(at)
        return self._behind(token) if token else None

    def _behind(self, token: Token) -> int | None:
        """Take note of a token; where to read on, None when nothing behind it can be trusted."""
        if token.name in markup.DOCUMENT:
            self._heed_body(token, self._reader)
            if token.closes and self._is_clean():
                self._closings[token.name] = token.start
            elif not token.closes and token.name == b"body" and self.after_body_tag is None:
                self.after_body_tag = token.end
        elif token.opens_content and (token.name in markup.OPAQUE or self._reader.hides(token)):
            return self._reader.element_end(token)
        return token.end

    def _heed_unread_bodies(self) -> None:
        tags = markup.BODY_TAG.finditer(self._html, self._understood)
        for number, tag in enumerate(tags):
            reader = markup.Reader(self._html[tag.start() : tag.start() + BODY_TAG_LENGTH])
            token = reader.token(0)
            if number == BODY_TAG_LIMIT or (token is None and len(reader.html) == BODY_TAG_LENGTH):
                raise LeaveAlone(Reason.NO_SAFE_PLACE)
            if token:
                self._heed_body(token, reader)

    def _heed_body(self, tag: Token, reader: markup.Reader) -> None:
        """Give up where there is no body or all of it is hidden, if by the attributes of a second tag."""
        if not tag.closes and (tag.name == b"frameset" or reader.hides(tag)):
            raise LeaveAlone(Reason.NO_SAFE_PLACE)

    def _behind_last_text(self, place: int) -> int:
        for start, end in reversed(self._shown):
            texts = markup.BORING_TEXT.finditer(self._html, start, max(start, min(end, place)))
            ends = [text.end() for text in texts if text[1] and not text[1].isspace()]
            if ends:
                return ends[-1]
        return place if self.top is None else self.top

    def _is_clean(self) -> bool:
        return not self._reader.conditions

    def _offer(self, at: int) -> None:
        if self._is_clean():
            self._last = at
            self.top = at if self.top is None else self.top

    def _reach_end(self, start: int) -> None:
        self._understood = len(self._html)
        if self._html.endswith(MASK):
            # No ASCII may follow a run that is never shifted back: the last place is behind the last tag.
            self._offer(max(start, self._html.rfind(b">", start) + 1))
            return
        end = len(self._html.rstrip(b" \t\n\f\r"))
        if self._is_clean() and self._html[:end].removeprefix(_UTF8_BOM):
            self._end = end

    def _next_marked_tag(self, at: int) -> int:
        """Find the next tag that may hide its element; the end of the document when there is none."""
        if self._marked_tag >= at:
            return self._marked_tag
        tag = self._html.find(b"<", at)
        while self._marks and (tag < 0 or self._marks[-1] < tag):
            self._marks.pop()
        self._marked_tag = self._html.rfind(b"<", tag, self._marks[-1]) if self._marks else len(self._html)
        return self._marked_tag
