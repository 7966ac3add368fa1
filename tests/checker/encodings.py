"""Reading a part's content strictly: its transfer encoding, then its charset."""

import binascii
import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.checker.codes import Code, Violation

type Problems = Counter[tuple[Code, str]]

_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})?")
_NO_QUOTED_PRINTABLE = re.compile(rb"[^\t -~]")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\r\n]")
_BASE64_PADDED = re.compile(rb"[^=]*={0,2}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a content says, and which rules it breaks."""

    text: str
    """What cannot be decoded stands as private-use characters, so that nothing is lost."""

    problems: Problems


def _in_private_use(error: UnicodeError) -> tuple[str, int]:
    """Decode bytes that are no characters to such as mean nothing in HTML."""
    assert isinstance(error, UnicodeDecodeError)
    return "".join(chr(0xF700 + octet) for octet in error.object[error.start : error.end]), error.end


codecs.register_error("checker.private_use", _in_private_use)


def read(content: bytes, encoding: str, charset: str) -> Reading:
    """Read a content and take note of everything that is not as it should be.

    Args:
        content: As it travels.
        encoding: Content-Transfer-Encoding in lower case; an unknown one stands for the bytes as they are.
        charset: Any name; an unknown one stands for a superset of ASCII.
    """
    problems: Problems = Counter()
    match encoding:
        case "quoted-printable":
            document = b"".join(_quoted_printable(content, problems))
        case "base64":
            document = _base64(content, problems)
        case "8bit" | "binary":
            document = content
        case _:
            document = content
            problems[_broken("no 7bit")] += not content.isascii()
    text = document.decode("latin-1")
    try:
        text = document.decode(charset, "checker.private_use")
        document.decode(charset)
    except (LookupError, ValueError):
        problems[Code.CHARSET, charset] += 1
    return Reading(text, problems)


def violations(old: Reading, new: Reading) -> list[Violation]:
    """Say which problems are new."""
    return [Violation(code, detail) for code, detail in new.problems - old.problems]


def _broken(rule: str) -> tuple[Code, str]:
    return Code.TRANSFER_ENCODING, rule


def _quoted_printable(content: bytes, problems: Problems) -> Iterator[bytes]:
    """Read line by line, as RFC 2045, section 6.7, describes it."""

    def unescaped(escape: re.Match[bytes]) -> bytes:
        if escape[1] is None:
            problems[_broken("stray equals sign")] += 1
            return escape[0]
        return bytes.fromhex(escape[1].decode("ascii"))

    for line in re.findall(rb"[^\n]*\n|[^\n]+", content):
        text = line.removesuffix(b"\n").removesuffix(b"\r") if line.endswith(b"\n") else line
        end = line[len(text) :]
        shown = text.rstrip(b" \t")
        if shown.endswith(b"="):
            shown, end = shown[:-1], b""
        elif shown != text:
            problems[_broken("blanks at a line's end")] += 1
        problems[_broken("unescaped octet")] += len(_NO_QUOTED_PRINTABLE.findall(shown))
        yield _ESCAPE.sub(unescaped, shown) + end


def _base64(content: bytes, problems: Problems) -> bytes:
    problems[_broken("no base64")] += len(_NO_BASE64.findall(content))
    characters = _NO_BASE64.sub(b"", content).translate(None, b"\r\n")
    problems[_broken("misplaced padding")] += not _BASE64_PADDED.fullmatch(characters)
    problems[_broken("incomplete quantum")] += len(characters) % 4 != 0
    try:
        return binascii.a2b_base64(characters)
    except binascii.Error:
        return b""
