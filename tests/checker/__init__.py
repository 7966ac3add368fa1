"""A checker of mail that got a pixel, independent of what put it there.

`structure` finds what changed, `encodings` reads it, `html` and `dom` look at what it says and `lines` at how
it travels. It shares nothing with `tracking.injection`, so that the two do not err alike.
"""

from tests.checker import dom, encodings, html, lines, structure
from tests.checker.codes import Code, Violation

__all__ = ["Code", "Violation", "violations"]


def violations(before: bytes, after: bytes, url: str) -> list[Violation]:
    """Say what is wrong with a message that got a pixel.

    Args:
        before: The message as it was handed in.
        after: The copy with the pixel.
        url: The pixel's URL.

    Returns:
        Every broken promise that was found; none for a good copy.
    """
    change, found = structure.compare(before, after)
    if change is None:
        return found
    found += lines.violations(before, after, change)
    old, new = (
        encodings.read(content, change.encoding, change.charset) for content in (change.before, change.after)
    )
    found += encodings.violations(old, new)
    found += html.violations(old.text, new.text, url)
    found += dom.violations(old.text, new.text, url)
    return found
