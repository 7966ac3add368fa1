"""What can be wrong with mail that got a pixel."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """A promise that the injection broke."""

    TREE = "tree"
    """The parts, or the header fields of one, differ."""

    TARGET = "target"
    """None or several parts changed; nothing is said of what they hold."""

    PART = "part"
    """The changed part is no HTML body, or lies within what must not be changed."""

    OUTSIDE = "outside"
    """A byte outside the changed part's content differs."""

    TRANSFER_ENCODING = "transfer_encoding"
    """The content breaks a rule of its transfer encoding, where it did not before."""

    CHARSET = "charset"
    """The content can no longer be read in its charset."""

    COUNT = "count"
    """The HTML does not hold exactly one pixel more."""

    TEXT = "text"
    """The HTML without the pixel's tag is not what it was."""

    ELEMENT = "element"
    """Browsers do not build exactly one element more from the tag."""

    INERT = "inert"
    """The pixel is outside the body, or in an element that may not load it."""

    HIDDEN = "hidden"
    """The pixel, or an element around it, is hidden by its own attributes; style sheets are not read."""

    DOM = "dom"
    """Browsers build another document around the pixel."""

    OUTLOOK = "outlook"
    """Outlook's conditional comments hide the pixel from it."""

    LINE_LENGTH = "line_length"
    """A line is too long and was not before."""

    LINE_END = "line_end"
    """There are line ends of another kind."""

    DELIMITER = "delimiter"
    """A new line starts as one that ends a part."""

    NUL = "nul"
    """There are more NULs."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise of one mail."""

    code: Code
    detail: str = ""
    """Where or how, for a person; short, and empty where the code says all."""
