"""How the markup of an HTML document reads: its tokens, and the elements that may hide or swallow a pixel.

It is read as an HTML5 tokenizer reads it, but what cannot matter is skipped in runs by a regular expression.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from html import unescape
from itertools import groupby
from typing import NamedTuple

NESTING_LIMIT = 512
"""Elements open within a hidden one before it is given up; browsers nest no deeper."""


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
_WITHOUT_CHILDREN = _VOID | _RAW
OPAQUE = _names(
    "audio canvas datalist math noscript object optgroup option picture select svg template video"
)
_OTHER_GRAMMAR = _names("math select svg")
DOCUMENT = _names("body frameset head html")
_IN_HEAD = _names("base basefont bgsound head html link meta noframes noscript script style template title")
_STARTS_BODY_WHEN_CLOSED = _names("body br html")
_TABLE = _names("caption colgroup table tbody td tfoot th thead tr")
_SIBLING_ENDED = _names("dd dt li p")
_ENDED_LIKE_UNKNOWN = _SIBLING_ENDED | _names("annotation-xml desc foreignobject mi mn mo ms mtext noscript")
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
# Elements that must not be open within another one when its end tag comes, for that tag to do the obvious.
_BLOCKERS = _SPECIAL | _FORMATTING
_BLOCKERS_IN_BLOCK = _BLOCKERS - _SIBLING_ENDED
_BLOCKERS_IN_TABLE = _BLOCKERS_IN_BLOCK - _TABLE | {b"table"}

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
# Most tags are as simple as this, and the tokenizer's full rules are slower.
_REST_OF_SIMPLE_TAG = rb"(?:[ \t\n\r]++[a-z-]++=\"[^\"]*+\")*+ ?/?>"
_BORING_TAG = rb"/?(?!(?:%b)[ \t\n\f\r/>])%b(?:>|%b|%b)" % (
    _one_of(_RAW | OPAQUE | DOCUMENT),
    _NAME,
    _REST_OF_SIMPLE_TAG,
    _REST_OF_TAG_PATTERN,
)
_REVEALING_PATTERN = rb"!--\[if[^\]]*+\]>[ \t\n\f\r]*+(?:<!)?-->"
_BORING_COMMENT = rb"!--(?!-?>)(?:[^-\[]++|-(?!-!?>)|\[(?!if|endif))*+-->"
_BORING_CONDITION = (
    rb"(?!%b)!--\[if[^\]\[<>-]*+\]>(?:[^<\[-]++|<(?!!)|-(?!-)|\[(?!if|endif))*+<!\[endif\]-->"
) % _REVEALING_PATTERN
_BORING_MARKUP = rb"<(?:%b|%b|%b)" % (_BORING_TAG, _BORING_COMMENT, _BORING_CONDITION)
BORING = re.compile(rb"(?:[^<]*+%b|[^<]++|<(?![/!?a-z]))*+" % _BORING_MARKUP)
"""Text, and markup that neither ends the body nor hides, swallows or conditions what is behind it."""

BORING_TEXT = re.compile(rb"(?:%b)++|([^<]++|<)" % _BORING_MARKUP)
"""Within what is boring, the text."""

_MARKUP = re.compile(rb"<(?:(!--)|([!?]|/(?![a-z>])|/(?=>))|(/?)(%b))" % _NAME)
_COMMENT_END = re.compile(rb"--!?>")
_REVEALING = re.compile(rb"<%b|<!--\[if[ (]*+![^\]]*+\]><!--[ \t\n\f\r]*+-->" % _REVEALING_PATTERN)
_END_OF_CONDITION = re.compile(rb"<!(--[ \t\n\f\r]*+<!)?\[endif\][^>]*+>")
BODY_TAG = re.compile(rb"<(?:body|frameset|html)(?=[ \t\n\f\r/>])")
"""What changes the body wherever it stands."""

INK = re.compile(rb"[^ \t\n\f\r]")
_HIDING_STYLES = {
    word: re.compile(rb"%b[ \t\n\f\r]*+:[ \t\n\f\r]*+%b" % (word, value))
    for word, value in ((b"display", b"none"), (b"visibility", b"hidden"), (b"mso-hide", b"all"))
}
_HIDING = _HIDING_STYLES | {b"hidden": re.compile(rb"hidden(?=[ \t\n\f\r=/>])")}
_STYLE = rb"style[ \t\n\f\r]*+=[ \t\n\f\r]*+"
_REFERENCE_IN_QUOTED_STYLE = re.compile(rb"%b(?:\"[^\"&]*+|'[^'&]*+)(?=&)" % _STYLE)
# Runs on over what holds no reference, so that no style is looked at from within another's.
_UNQUOTED_STYLE = re.compile(rb"%b(?![\"'])[^ \t\n\f\r>&]*+(?=(&)?)" % _STYLE)
_FORMATTING_TAG = re.compile(rb"<(/?)(%b)[ \t\n\f\r/>]" % _one_of(_FORMATTING))


def leaves_formatting_open(html: bytes, end: int) -> bool:
    """Whether formatting that starts before a point does not end before it.

    Browsers start such an element again around whatever follows the block that it was in.

    Source:
        "Reconstruct the active formatting elements" in the HTML standard, section 13.2.4.3.
    """
    depths = dict.fromkeys(_FORMATTING, 0)
    for slash, name in _FORMATTING_TAG.findall(html, 0, end):
        depths[name] = max(depths[name] - 1, 0) if slash else depths[name] + 1
    return any(depths.values())


class Token(NamedTuple):
    """A tag, or with an empty name a comment or text."""

    start: int
    tag_end: int
    end: int
    """Behind the whole element where its content is raw text, else behind the tag."""

    name: bytes = b""
    closes: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it is a `<` that opens nothing."""
        return self.end == self.start + 1

    @property
    def opens_content(self) -> bool:
        """Whether other tokens may be within the element that it starts."""
        return bool(self.name) and not self.closes and self.name not in _WITHOUT_CHILDREN

    @property
    def belongs_to_head(self) -> bool:
        """Whether the body does not start with it."""
        return self.name not in _STARTS_BODY_WHEN_CLOSED if self.closes else self.name in _IN_HEAD


class Condition(Enum):
    """How a conditional region was opened, and so has to be closed, for Outlook and browsers to agree."""

    REVEALED = auto()
    """`<!--[if !mso]><!-->` to `<!--<![endif]-->`: browsers see its content."""

    PLAIN = auto()
    """`<![if !mso]>` to `<![endif]>`, or a comment that another one within has cut short."""

    TANGLED = auto()
    """Anything else; nothing closes it."""


def hiding_marks(html: bytes) -> Iterator[int]:
    """Find whatever may hide an element if it is in a tag."""
    # Looking for a bare word is much faster than for a pattern, and what all but display's hold is "hid".
    suspects = _HIDING if b"hid" in html else {b"display": _HIDING[b"display"]}
    for word, hiding in suspects.items():
        if word in html:
            yield from (mark.start() for mark in hiding.finditer(html))
    if b"&#" in html or b"&colon;" in html:
        yield from (mark.end() for mark in _REFERENCE_IN_QUOTED_STYLE.finditer(html))
        yield from (mark.end() for mark in _UNQUOTED_STYLE.finditer(html) if mark[1])


class Reader:
    """A tokenizer that knows the conditional regions open where it is."""

    def __init__(self, html: bytes, ignored: frozenset[int] = frozenset()) -> None:
        self.html = html
        self.conditions: list[tuple[Condition, int]] = []
        self._ignored = ignored

    def token(self, at: int) -> Token | None:
        """Read the token at a `<`; None when it never ends and swallows the rest."""
        markup = _MARKUP.match(self.html, at)
        if markup is None:
            return Token(at, at + 1, at + 1)
        comment, bogus_comment, slash, name = markup.groups()
        if comment or bogus_comment:
            end = self._comment_end(markup.end()) if comment else self.html.find(b">", at) + 1
            self._heed_condition(self.html[at:end], at)
            return Token(at, end, end) if end else None
        tag = _REST_OF_TAG.match(self.html, markup.end())
        if tag is None:
            return None
        end = self._raw_text_end(name, tag.end()) if name in _RAW and not slash else tag.end()
        return Token(at, tag.end(), end, name, bool(slash)) if end else None

    def element_end(self, opening: Token) -> int | None:
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
        if opening.name == b"noscript" and self.html.count(b"</noscript", opening.end, at) > 1:
            # Where scripts run, noscript holds raw text and ends at the first of these.
            return None
        return None if open_elements else at

    def _takes(self, token: Token, open_elements: list[bytes], opening: Token) -> bool:
        is_html = _OTHER_GRAMMAR.isdisjoint(open_elements)
        if token.name in DOCUMENT or not (is_html or self._is_plain(token)):
            return False
        if token.closes:
            return _close(open_elements, token.name)
        if token.opens_content and not self._closes_itself(token, opening):
            if token.name in _SPECIAL and b"p" in open_elements:
                return False
            open_elements.append(token.name)
        return True

    def hides(self, tag: Token) -> bool:
        """Whether an element is hidden by its own attributes."""
        if not any(hiding_marks(self.html[tag.start : tag.tag_end])):
            return False
        attributes: dict[bytes, bytes] = {}
        for name, value in _ATTRIBUTE.findall(self.html, tag.start + 1 + len(tag.name), tag.tag_end):
            attributes.setdefault(name, value)
        style = unescape(attributes.get(b"style", b"").decode("latin-1")).encode("latin-1", "replace")
        return b"hidden" in attributes or any(hiding.search(style) for hiding in _HIDING_STYLES.values())

    def _comment_end(self, start: int) -> int:
        if self.html.startswith((b">", b"->"), start):
            return self.html.find(b">", start) + 1
        end = _COMMENT_END.search(self.html, start)
        return end.end() if end else 0

    def _heed_condition(self, comment: bytes, at: int) -> None:
        if b"[if" not in comment and b"[endif" not in comment:
            return
        if _REVEALING.fullmatch(comment):
            self._open(Condition.REVEALED, at)
        elif end := _END_OF_CONDITION.fullmatch(comment):
            condition = Condition.REVEALED if end[1] else Condition.PLAIN
            if self.conditions and self.conditions[-1][0] is condition:
                self.conditions.pop()
            elif self.conditions:
                self._open(Condition.TANGLED, at)
        elif comment.startswith(b"<![if") or (comment.startswith(b"<!--[if") and b"<![endif]" not in comment):
            self._open(Condition.PLAIN, at)
        elif not (
            comment.startswith(b"<!--[if")
            and comment.endswith(b"<![endif]-->")
            and comment.count(b"<!--") == comment.count(b"[if") == comment.count(b"[endif") == 1
        ):
            self._open(Condition.TANGLED, at)

    def _open(self, condition: Condition, at: int) -> None:
        if at not in self._ignored:
            self.conditions.append((condition, at))

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

    def _is_plain(self, token: Token) -> bool:
        """Whether another grammar reads a token as HTML's does, and it leaves nothing behind."""
        raw_text = self.html[token.tag_end : token.end]
        is_cdata = self.html.startswith(b"<![cdata[", token.start)
        return raw_text.count(b"<") <= 1 and not is_cdata and not (token.name and self.hides(token))

    def _closes_itself(self, tag: Token, within: Token) -> bool:
        return within.name in {b"math", b"svg"} and self.html.endswith(b"/>", tag.start, tag.tag_end)


def _close(open_elements: list[bytes], name: bytes) -> bool:
    """Apply an end tag; false where its effect depends on the finer points of HTML's tree construction."""
    if name not in open_elements:
        return False
    closed = []
    while (inner := open_elements.pop()) != name:
        closed.append(inner)
    if name not in _SPECIAL or name in _ENDED_LIKE_UNKNOWN:
        return _BLOCKERS.isdisjoint(closed)
    return (_BLOCKERS_IN_TABLE if name in _TABLE else _BLOCKERS_IN_BLOCK).isdisjoint(closed)
