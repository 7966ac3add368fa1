"""Which place in an HTML document takes the pixel.

The document is read as an HTML5 tokenizer reads it. Markup that cannot matter is skipped in long runs by one
regular expression; only what may end the body, hide the pixel or swallow it is looked at tag by tag.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from itertools import groupby
from typing import NamedTuple

from tracking.injection.charsets import MASK
from tracking.injection.reasons import LeaveAlone, Reason

GMAIL_CLIP = 102 * 1024
"""Bytes of HTML that Gmail shows; it never loads what lies behind them unless the reader asks for it."""

CLIP_MARGIN = 90 * 1024
"""Bytes of HTML behind which the pixel goes to the top; Gmail counts after a rewriting that adds some."""

NESTING_LIMIT = 512
"""Elements open within a hidden one before it is given up; browsers nest no deeper."""


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


def _names(names: str) -> frozenset[bytes]:
    return frozenset(names.encode().split())


def _one_of(names: frozenset[bytes]) -> bytes:
    """Write a pattern that looks at a tag's first letter before it tries names."""
    return b"|".join(
        b"%b(?:%b)" % (initial, b"|".join(name.removeprefix(initial) for name in group))
        for initial, group in groupby(sorted(names), key=lambda name: name[:1])
    )


_VOID = _names(
    "area base basefont bgsound br col embed frame image img input keygen link meta param source track wbr"
)
_RAW = _names("iframe noembed noframes plaintext script style textarea title xmp")
_EMPTY = _VOID | _RAW
_OPAQUE = _names(
    "audio canvas datalist math noscript object optgroup option picture select svg template video"
)
_OTHER_GRAMMAR = _names("math select svg")
_DOCUMENT = _names("body frameset head html")
_IN_HEAD = _names("base basefont bgsound head html link meta noframes noscript script style template title")
_STARTS_BODY_WHEN_CLOSED = _names("body br html")
_TABLE = _names("caption colgroup table tbody td tfoot th thead tr")
_SIBLING_ENDED = _names("dd dt li p")
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
_SPECIAL = (
    _names(
        "address annotation-xml applet article aside blockquote button center desc details dir div dl "
        "fieldset figcaption figure footer foreignobject form h1 h2 h3 h4 h5 h6 header hgroup listing main "
        "marquee menu mi mn mo ms mtext nav noscript object ol pre search section select summary template ul"
    )
    | _TABLE
    | _SIBLING_ENDED
)

_NAME = rb"[a-z][^ \t\n\f\r/>]*+"
# A quote opens a value only behind an equals sign, and an equals sign counts only behind a name.
_ATTRIBUTE_PATTERN = (
    rb"[ \t\n\f\r/]*+([^ \t\n\f\r/>][^ \t\n\f\r/>=]*+)"
    rb"(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+|(?=>))"
    rb"|(?![ \t\n\f\r]*+=))"
)
_ATTRIBUTE = re.compile(_ATTRIBUTE_PATTERN)
_REST_OF_TAG_PATTERN = rb"(?:%b)*+[ \t\n\f\r/]*+>" % re.sub(rb"(?<!\\)\((?!\?)", rb"(?:", _ATTRIBUTE_PATTERN)
_REST_OF_TAG = re.compile(_REST_OF_TAG_PATTERN)
# Nearly all tags are as simple as this; the tokenizer's full rules are three times slower.
_REST_OF_SIMPLE_TAG = rb"(?:[ \t\n\r]++[a-z-]++=\"[^\"]*+\")*+>"
_BORING = re.compile(
    rb"(?:[^<]*+</?(?!(?:%b)[ \t\n\f\r/>])%b(?:%b|%b)|[^<]++|<(?![/!?a-z]))*+"
    % (_one_of(_RAW | _OPAQUE | _DOCUMENT), _NAME, _REST_OF_SIMPLE_TAG, _REST_OF_TAG_PATTERN)
)
_MARKUP = re.compile(rb"<(?:(!--)|([!?]|/(?![a-z>])|/(?=>))|(/?)(%b))" % _NAME)
_COMMENT_END = re.compile(rb"--!?>")
_REVEALING = re.compile(
    rb"<!--\[if[^\]]*+\]>[ \t\n\f\r]*+(?:<!)?-->|<!--\[if[ (]*+![^\]]*+\]><!--[ \t\n\f\r]*+-->"
)
_END_OF_CONDITION = re.compile(rb"<!(--[ \t\n\f\r]*+<!)?\[endif\][^>]*+>")
_INK = re.compile(rb"[^ \t\n\f\r]")
_HIDING_STYLES = {
    word: re.compile(rb"%b[ \t\n\f\r]*+:[ \t\n\f\r]*+%b" % (word, value))
    for word, value in ((b"display", b"none"), (b"visibility", b"hidden"), (b"mso-hide", b"all"))
}
_HIDING = _HIDING_STYLES | {b"hidden": re.compile(rb"hidden(?=[ \t\n\f\r=/>])")}
_UTF8_BOM = b"\xef\xbb\xbf"


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
    survey = _Survey(html)
    bottom = survey.bottom()
    if bottom is None and survey.never_closes_a_condition():
        bottom = _Survey(html, heeds_conditions=False).bottom()
    if bottom is not None and (bottom * unit <= CLIP_MARGIN or survey.top is None):
        return Place(bottom, Placement.BOTTOM)
    top = survey.after_body_tag if bottom is None else survey.top
    if top is None:
        raise LeaveAlone(Reason.NO_SAFE_PLACE)
    return Place(top, Placement.TOP)


class _Token(NamedTuple):
    """A tag, or with an empty name a comment or text."""

    start: int
    tag_end: int
    end: int
    """Behind the whole element where its content is raw text, else behind the tag."""

    name: bytes = b""
    closes: bool = False

    @property
    def is_text(self) -> bool:
        return self.end == self.start + 1

    @property
    def opens_content(self) -> bool:
        return bool(self.name) and not self.closes and self.name not in _EMPTY

    @property
    def belongs_to_head(self) -> bool:
        return self.name not in _STARTS_BODY_WHEN_CLOSED if self.closes else self.name in _IN_HEAD


class _Condition(Enum):
    """How a conditional region was opened, and so has to be closed, for Outlook and browsers to agree."""

    REVEALED = auto()
    """`<!--[if !mso]><!-->` to `<!--<![endif]-->`: browsers see its content."""

    PLAIN = auto()
    """`<![if !mso]>` to `<![endif]>`, or a comment that another one within has cut short."""

    TANGLED = auto()
    """Anything else; nothing closes it."""


def _hiding_marks(html: bytes) -> Iterator[int]:
    """Find whatever may hide an element if it is in a tag."""
    for word, hiding in _HIDING.items():
        # Looking for the bare word first is several times faster, and most documents lack most of them.
        if word in html:
            yield from (mark.start() for mark in hiding.finditer(html))


class _Reader:
    """A tokenizer that knows the conditional regions open where it is."""

    def __init__(self, html: bytes) -> None:
        self.html = html
        self.conditions: list[_Condition] = []

    def token(self, at: int) -> _Token | None:
        """Read the token at a `<`; None when it never ends and swallows the rest."""
        markup = _MARKUP.match(self.html, at)
        if markup is None:
            return _Token(at, at + 1, at + 1)
        comment, bogus_comment, slash, name = markup.groups()
        if comment or bogus_comment:
            end = self._comment_end(markup.end()) if comment else self.html.find(b">", at) + 1
            self._heed_condition(self.html[at:end])
            return _Token(at, end, end) if end else None
        tag = _REST_OF_TAG.match(self.html, markup.end())
        if tag is None:
            return None
        end = self._raw_text_end(name, tag.end()) if name in _RAW and not slash else tag.end()
        return _Token(at, tag.end(), end, name, bool(slash)) if end else None

    def element_end(self, opening: _Token) -> int | None:
        """Find the end of an element; None unless all in it is so well nested that no parser can disagree."""
        if self._closes_itself(opening, opening):
            return opening.end
        open_elements = [opening.name]
        at = opening.end
        while 0 < len(open_elements) <= NESTING_LIMIT:
            at = self.html.find(b"<", at)
            token = self.token(at) if at >= 0 else None
            if token is None or not self._takes(token, open_elements, opening):
                return None
            at = token.end
        # Where scripts run, noscript holds raw text and ends at the first of these.
        first_end = self.html.find(b"</noscript", opening.end, at)
        if opening.name == b"noscript" and first_end != self.html.rfind(b"</noscript", opening.end, at):
            return None
        return None if open_elements else at

    def _takes(self, token: _Token, open_elements: list[bytes], opening: _Token) -> bool:
        if token.name in _DOCUMENT or (opening.name in _OTHER_GRAMMAR and not self._is_plain(token)):
            return False
        if token.closes:
            return _close(open_elements, token.name)
        if token.opens_content and not self._closes_itself(token, opening):
            if token.name in _SPECIAL and b"p" in open_elements:
                return False
            open_elements.append(token.name)
        return True

    def hides(self, tag: _Token) -> bool:
        """Whether an element is hidden by its own attributes."""
        if not any(_hiding_marks(self.html[tag.start : tag.tag_end])):
            return False
        attributes: dict[bytes, bytes] = {}
        for name, value in _ATTRIBUTE.findall(self.html, tag.start + 1 + len(tag.name), tag.tag_end - 1):
            attributes.setdefault(name, value)
        style = attributes.get(b"style", b"")
        return b"hidden" in attributes or any(hiding.search(style) for hiding in _HIDING_STYLES.values())

    def _comment_end(self, start: int) -> int:
        if self.html.startswith((b">", b"->"), start):
            return self.html.find(b">", start) + 1
        end = _COMMENT_END.search(self.html, start)
        return end.end() if end else 0

    def _heed_condition(self, comment: bytes) -> None:
        if b"[if" not in comment and b"[endif" not in comment:
            return
        if _REVEALING.fullmatch(comment):
            self.conditions.append(_Condition.REVEALED)
        elif end := _END_OF_CONDITION.fullmatch(comment):
            condition = _Condition.REVEALED if end[1] else _Condition.PLAIN
            if self.conditions[-1:] == [condition]:
                self.conditions.pop()
            elif self.conditions:
                self.conditions.append(_Condition.TANGLED)
        elif comment.startswith(b"<![if") or (comment.startswith(b"<!--[if") and b"<![endif]" not in comment):
            self.conditions.append(_Condition.PLAIN)
        elif not (
            comment.startswith(b"<!--[if")
            and comment.endswith(b"<![endif]-->")
            and comment.count(b"<!--") == comment.count(b"[if") == comment.count(b"[endif") == 1
        ):
            self.conditions.append(_Condition.TANGLED)

    def _raw_text_end(self, name: bytes, start: int) -> int:
        end = re.compile(rb"</%b(?=[ \t\n\f\r/>])" % name).search(self.html, start)
        tag = _REST_OF_TAG.match(self.html, end.end()) if end else None
        if end is None or tag is None or name == b"plaintext":
            return 0
        text = self.html[start : end.start()]
        if name == b"script" and b"<!--" in text and b"<script" in text:
            # Such a script may go on behind its first end tag.
            return 0
        return tag.end()

    def _is_plain(self, token: _Token) -> bool:
        """Whether another grammar reads a token as HTML's does, and it leaves nothing behind."""
        raw_text = self.html[token.tag_end : token.end]
        is_cdata = self.html.startswith(b"<![cdata[", token.start)
        return raw_text.count(b"<") <= 1 and not is_cdata and not (token.name and self.hides(token))

    def _closes_itself(self, tag: _Token, within: _Token) -> bool:
        return within.name in {b"math", b"svg"} and self.html.endswith(b"/>", tag.start, tag.tag_end)


def _close(open_elements: list[bytes], name: bytes) -> bool:
    """Apply an end tag; false where its effect depends on the finer points of HTML's tree construction."""
    if name not in open_elements:
        return False
    closed = []
    while (inner := open_elements.pop()) != name:
        closed.append(inner)
    if name not in _SPECIAL or name in _SIBLING_ENDED:
        blockers = _SPECIAL | _FORMATTING
    elif name in _TABLE:
        blockers = (_SPECIAL - _SIBLING_ENDED - _TABLE) | _FORMATTING | {b"table"}
    else:
        blockers = (_SPECIAL - _SIBLING_ENDED) | _FORMATTING
    return blockers.isdisjoint(closed)


class _Survey:
    """The places that a document offers."""

    def __init__(self, html: bytes, *, heeds_conditions: bool = True) -> None:
        self.after_body_tag: int | None = None
        self.top: int | None = None
        self._closings: dict[bytes, int] = {}
        self._end: int | None = None
        self._last: int | None = None
        self._html = html
        self._reader = _Reader(html)
        self._heeds_conditions = heeds_conditions
        self._marks = sorted(_hiding_marks(html), reverse=True)
        self._marked_tag = -1
        self._understood = 0
        at = self._read_head()
        while at is not None:
            at = self._read_body(at)
        if self._html.find(b"<frameset", self._understood) >= 0:
            raise LeaveAlone(Reason.NO_SAFE_PLACE)

    def never_closes_a_condition(self) -> bool:
        """Whether a conditional region is left open, and plainly so."""
        conditions = self._reader.conditions
        is_plain = _Condition.TANGLED not in conditions and self._html.find(b"[endif", self._understood) < 0
        return bool(conditions) and is_plain

    def bottom(self) -> int | None:
        """The lowest good place."""
        places = (self._closings.get(b"body"), self._closings.get(b"html"), self._end, self._last)
        return next((place for place in places if place is not None), None)

    def _read_head(self) -> int | None:
        """Read up to where the body starts; None when it does not."""
        at: int | None = len(_UTF8_BOM) if self._html.startswith(_UTF8_BOM) else 0
        while at is not None:
            ink = _INK.search(self._html, at)
            if ink is None:
                self._reach_end()
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
        self._offer(at)
        boring = _BORING.match(self._html, at, self._next_marked_tag(at))
        at = boring.end() if boring else at
        if at == len(self._html):
            self._reach_end()
            return None
        self._offer(at)
        self._understood = at
        token = self._reader.token(at)
        return self._behind(token) if token else None

    def _behind(self, token: _Token) -> int | None:
        """Take note of a token; where to read on, None when nothing behind it can be trusted."""
        if token.name == b"frameset":
            raise LeaveAlone(Reason.NO_SAFE_PLACE)
        if token.name in _DOCUMENT:
            if token.closes:
                self._closings.update({token.name: token.start} if self._is_clean() else {})
            elif self._reader.hides(token):
                raise LeaveAlone(Reason.NO_SAFE_PLACE)
            elif token.name == b"body" and self.after_body_tag is None:
                self.after_body_tag = token.end
        elif token.opens_content and (token.name in _OPAQUE or self._reader.hides(token)):
            return self._reader.element_end(token)
        return token.end

    def _is_clean(self) -> bool:
        return not (self._heeds_conditions and self._reader.conditions)

    def _offer(self, at: int) -> None:
        if self._is_clean():
            self._last = at
            self.top = at if self.top is None else self.top

    def _reach_end(self) -> None:
        self._understood = len(self._html)
        end = len(self._html.rstrip(b" \t\n\f\r"))
        if self._is_clean() and self._html[:end].removeprefix(_UTF8_BOM) and not self._html.endswith(MASK):
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
