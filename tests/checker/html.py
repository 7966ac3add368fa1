"""HTML as text: the pixel's tag in it, and the conditional comments that Outlook obeys."""

import re

from tests.checker.codes import Code, Violation

_MARK = re.compile(
    r"<!--\[if(?P<revealed>[^\]>]*)\]>(?:\s*<!)?-->|(?P<end_revealed><!--\s*<!\[endif\]-->)"
    r"|<!(?:--)?\[if(?P<plain>[^\]>]*)\]>|(?P<end_plain><!\[endif\][^>]*>)"
    # What may seem to hold one: other comments, raw text and tags.
    r"|<!--(?:-?>|.*?--!?>)|<(script|style|textarea|title)\b[^>]*>.*?</\5\b"
    r"|</?[a-z](?:=\s*(?:\"[^\"]*\"|'[^']*')|[^>])*+>",
    re.IGNORECASE | re.DOTALL,
)
_NAMES_OUTLOOK = re.compile("mso|vml", re.IGNORECASE)


def violations(old: str, new: str, url: str) -> list[Violation]:
    """Say whether one tag with a URL is all that came to a document."""
    # A line may be broken within the tag, never around it.
    tag = re.compile(rf'<img\s[^<>]*?src="{re.escape(url)}"[^<>]*>')
    tags = list(tag.finditer(new))
    found = []
    if (more := len(tags) - len(tag.findall(old))) != 1:
        found.append(Violation(Code.COUNT, f"{more} more"))
    if not any(new[: one.start()] + new[one.end() :] == old for one in tags):
        found.append(Violation(Code.TEXT))
    return found


def outlook_view(html: str) -> str:
    """Drop the regions that a condition hides from Outlook's Word engine.

    Roughly: a condition that names `mso` or `vml` is true, any other one false, an exclamation mark turns it
    around. A region that is not closed as it was opened is none.

    Source:
        "About conditional comments", Microsoft Developer Network.
    """
    shown: list[str] = []
    opened: list[tuple[str, int, bool]] = []
    at = 0
    for mark in _MARK.finditer(html):
        shown += (html[at : mark.start()], mark[0])
        at = mark.end()
        kind = mark.lastgroup or ""
        if kind.startswith("end_"):
            kind = kind.removeprefix("end_")
            while kind in {one for one, _, _ in opened}:
                name, start, is_true = opened.pop()
                if name == kind:
                    shown[start:] = shown[start + 1 : -1] if is_true else []
                    break
        elif kind:
            is_true = bool(_NAMES_OUTLOOK.search(mark[kind])) != ("!" in mark[kind])
            opened.append((kind, len(shown) - 1, is_true))
    return "".join([*shown, html[at:]])
