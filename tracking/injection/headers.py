"""Taking whole header fields out of a message."""

import re
from collections.abc import Iterable

_BLANK_LINE = re.compile(rb"(?:\A|\n)\r?\n")
_LINE_END = rb"(?:\r*+\n|\r)"


def without_headers(message: bytes, names: Iterable[str]) -> bytes:
    """Remove header fields of the message itself; those of its parts stay.

    Args:
        message: A raw message.
        names: Field names in any case; one that ends in `-` stands for every name that begins with it.

    Returns:
        The message without these fields and their continuation lines, every other byte the same; the very
        object passed in when it has none of them.
    """
    blank_line = _BLANK_LINE.search(message)
    end = blank_line.end() if blank_line else len(message)
    kept = []
    start = 0
    for field in _fields(names).finditer(message, 0, end):
        kept.append(memoryview(message)[start : field.start()])
        start = field.end()
    return b"".join([*kept, memoryview(message)[start:]]) if kept else message


def _fields(names: Iterable[str]) -> re.Pattern[bytes]:
    patterns = [re.escape(name) + (r"[!-9;-~]*+" if name.endswith("-") else "") for name in names]
    name = "|".join(patterns).encode("ascii")
    # A lone CR ends a line for some mail programs; a Bcc behind one would not stay secret.
    return re.compile(
        rb"(?i)(?:^|(?<=[\r\n]))(?:%(name)b)[ \t]*+:[^\r\n]*+(?:%(end)b[ \t][^\r\n]*+)*+(?:%(end)b|\Z)"
        % {b"name": name, b"end": _LINE_END}
    )
