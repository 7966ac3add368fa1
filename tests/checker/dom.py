"""The document that lexbor, and so a browser, builds from HTML, and the pixel's place in it."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, zip_longest

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.checker.codes import Code, Violation
from tests.checker.html import outlook_view

_INERT = {
    "audio", "canvas", "datalist", "frameset", "head", "iframe", "math", "noembed", "noframes", "noscript",
    "object", "optgroup", "option", "picture", "plaintext", "script", "select", "style", "svg", "template",
    "textarea", "title", "video", "xmp",
}  # fmt: skip
_HIDING_STYLE = re.compile(
    r"(?ai)display[ \t\n\f\r]*:[ \t\n\f\r]*none|visibility[ \t\n\f\r]*:[ \t\n\f\r]*hidden"
    r"|mso-hide[ \t\n\f\r]*:[ \t\n\f\r]*all"
)

type _Lineage = tuple[tuple[str, bool], ...]
"""The names of an element and those around it, innermost first, and whether each is hidden."""


def violations(old: str, new: str, url: str) -> list[Violation]:
    """Compare the documents that browsers, and Outlook, build before and after a pixel came."""
    trees = old_tree, new_tree = _tree(old), _tree(new)
    old_pixels, new_pixels = (Counter(map(_lineage, _pixels(tree, url))) for tree in trees)
    more = list((new_pixels - old_pixels).elements())
    found = []
    if len(more) != 1 or old_pixels - new_pixels:
        found.append(Violation(Code.ELEMENT, f"{len(more)} more"))
    for lineage in more:
        names = [name for name, _ in lineage]
        if "body" not in names or not _INERT.isdisjoint(names):
            found.append(Violation(Code.INERT, " < ".join(names)))
        found += [Violation(Code.HIDDEN, name) for name, is_hidden in lineage if is_hidden]
    outlines = zip_longest(_outline(old_tree, url), _outline(new_tree, url), fillvalue="")
    if different := next((pair for pair in outlines if pair[0] != pair[1]), None):
        found.append(Violation(Code.DOM, " became ".join(repr(node[-40:]) for node in different)))
    seen = [len(_pixels(_tree(outlook_view(html)), url)) for html in (old, new)]
    if seen[1] != seen[0] + 1:
        found.append(Violation(Code.OUTLOOK))
    return found


def _tree(html: str) -> LexborHTMLParser:
    if html.endswith("<!"):
        # lexbor would take what stands before it for the comment's text.
        html += ">"
    return LexborHTMLParser(html.encode("utf-8", "replace"))


def _pixels(tree: LexborHTMLParser, url: str) -> list[LexborNode]:
    return [image for image in tree.css("img") if _is_pixel(image, url)]


def _is_pixel(node: LexborNode, url: str) -> bool:
    return node.tag == "img" and node.attributes.get("src") == url


def _lineage(node: LexborNode) -> _Lineage:
    lineage = []
    around: LexborNode | None = node
    while around is not None and around.tag != "-document":
        style = around.attributes.get("style") or ""
        is_hidden = "hidden" in around.attributes or bool(_HIDING_STYLE.search(style))
        lineage.append((str(around.tag), is_hidden))
        around = around.parent
    return tuple(lineage)


def _outline(tree: LexborHTMLParser, url: str) -> list[str]:
    """Write down all that may be shown but the pixels, adjacent texts as one.

    White space is left out: around the body and in tables a pixel moves it, where it is not shown. So are
    comments: behind the body they move into it with a pixel.
    """
    pieces = _nodes(tree.root.parent, url) if tree.root else iter(())
    outline: list[str] = []
    for is_text, values in groupby(pieces, key=lambda piece: piece[0]):
        nodes = [value for _, value in values]
        outline += filter(None, ["".join("".join(nodes).split())]) if is_text else nodes
    return outline


def _nodes(root: LexborNode | None, url: str) -> Iterator[tuple[bool, str]]:
    """Give nodes as text, and whether that is what they are; without recursion, as HTML nests deeply."""
    waiting: list[LexborNode | str] = [root] if root else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield False, node
        elif node.tag == "-text":
            yield True, node.text_content or ""
        elif node.tag in {"-doctype", "template"}:
            yield False, node.html or ""
        elif node.tag != "-comment" and not _is_pixel(node, url):
            yield False, f"<{node.tag} {sorted(node.attributes.items())}>"
            waiting.append(f"</{node.tag}>")
            waiting += reversed([*_children(node)])


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next
