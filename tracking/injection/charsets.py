"""How a charset's bytes read as markup: as they are, with shifted runs masked, or only when decoded."""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from tracking.injection.reasons import LeaveAlone, Reason

MASK = b"\x1b"
"""Stands for a byte of a shifted run: it may look like ASCII and is not, and no ASCII may follow it."""

_TEXT = b"~"
_MARKUP = bytes(set(range(0x20, 0x7F)) - set(rb"\~")) + b"\t\r\n"
"""What must read as in ASCII; shift_jis and its like write a yen and an overline for the two left out."""

_UNKNOWN_TO_PYTHON = {
    "armscii-8", "cesu-8", "cn-big5", "csiso88596e", "csiso88596i", "csiso88598e", "csiso88598i", "dos-874",
    "euc-tw", "iso-8859-6-e", "iso-8859-6-i", "iso-8859-8-e", "iso-8859-8-i", "koi", "koi8", "koi8-ru",
    "logical", "ms_kanji", "sun_eu_greek", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8",
    "unknown-8bit", "viscii", "visual", "windows-31j", "windows-874", "windows-949", "windows1250",
    "windows1251", "windows1252", "x-cp1250", "x-cp1251", "x-cp1252", "x-euc-jp", "x-euc-tw", "x-gbk",
    "x-mac-cyrillic", "x-mac-roman", "x-mac-ukrainian", "x-sjis", "x-unicode20utf8", "x-unknown",
    "x-user-defined", "x-windows-949", "x-x-big5",
}  # fmt: skip
"""More supersets of ASCII: labels of the WHATWG's Encoding Standard, and RFC 1428's `unknown-8bit`."""

_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}")
_NO_SUPERSETS = {"johab", "utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}
_ASCII, _ISO_2022, _HZ = "ascii", "iso-2022", "hz"
_BOMS = {
    "utf-32": {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be"},
    "utf-16": {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"},
}
_BOM = "\ufeff"
_BEYOND_ASCII = re.compile("[^\0-\x7f]")
_BEYOND_THE_BMP = re.compile("[\U00010000-\U0010ffff]")

_SHIFTS = {
    # `ESC $ ) C` and its like only designate; what follows is ASCII until a shift.
    _ISO_2022: re.compile(
        rb"((?:\x1b\$\(?[@-Z]|\x1b\((?![BJ])[@-Z])(?:[^\x1b]|\x1b(?!\([BJ]))*+|\x0e[^\x0f]*+)(\x1b\([BJ]|\x0f)?"
        rb"|(\x1b[NO].)|\x1b[ -/]++[0-~]",
        re.DOTALL,
    ),
    _HZ: re.compile(rb"(~\{(?:[^~]|~(?!\}))*+)(~\})?|(~~)"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """An HTML document, one byte for each of its code units."""

    view: bytes
    """ASCII where the document is; anything else may stand for other characters."""

    unit: int
    """Bytes of a code unit in the document."""

    codec: str
    """How ASCII is written in the document, without a byte order mark."""


def read(document: bytes, charset: str) -> Reading:
    """Make a document's markup readable.

    Args:
        document: HTML, without its transfer encoding.
        charset: The part's charset in lower case.

    Raises:
        LeaveAlone: The charset is unknown or no superset of ASCII, or the document is not written in it.

    Source:
        RFC 1468, 1554, 1557 and 1922 (ISO-2022), RFC 1843 (HZ), RFC 2781 (UTF-16), the Encoding Standard.
    """
    family = _family(charset)
    if family.startswith(("utf-16", "utf-32")):
        return _wide(document, family)
    if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise LeaveAlone(Reason.AMBIGUOUS)
    shifts = _SHIFTS.get(family)
    return Reading(shifts.sub(_masked, document) if shifts else document, 1, "ascii")


@lru_cache(maxsize=256)
def _family(charset: str) -> str:
    # Some labels come with underscores or without hyphens; Python knows but a few of them.
    letters = re.sub("[-_]", "", charset)
    if letters.startswith(("iso2022", "csiso2022")):
        return _ISO_2022
    if letters in {"hz", "hzgb", "hzgb2312"}:
        return _HZ
    if charset in _UNKNOWN_TO_PYTHON:
        return _ASCII
    try:
        name = codecs.lookup(charset if _LABEL.fullmatch(charset) else "").name
        if name.startswith(("utf-16", "utf-32")):
            return name
        is_superset = name not in _NO_SUPERSETS and _MARKUP.decode(name) == _MARKUP.decode("ascii")
    except (LookupError, ValueError):
        is_superset = False
    if not is_superset:
        raise LeaveAlone(Reason.UNSUPPORTED_CHARSET)
    return _ASCII


def _wide(document: bytes, family: str) -> Reading:
    label, order = family[:6], family[6:]
    marked = next((codec for bom, codec in _BOMS[label].items() if document.startswith(bom)), None)
    if marked and order and marked != family:
        raise LeaveAlone(Reason.AMBIGUOUS)
    # Browsers and Python take unmarked UTF-16 for little-endian, RFC 2781 for big-endian: it must show.
    codec = marked or (family if order else f"{label}-le")
    try:
        text = document.decode(codec)
    except UnicodeError as error:
        raise LeaveAlone(Reason.MALFORMED) from error
    if not (marked or order) and "<" not in text:
        raise LeaveAlone(Reason.AMBIGUOUS)
    unit = 2 if label == "utf-16" else 4
    if label == "utf-16":
        text = _BEYOND_THE_BMP.sub("~~", text)
    if marked:
        text = " " + text.removeprefix(_BOM)
    return Reading(_BEYOND_ASCII.sub("~", text).encode("ascii"), unit, codec)


def _masked(shift: re.Match[bytes]) -> bytes:
    if shift.lastindex is None:
        return b" " * len(shift[0])
    run = len(shift[1] or b"")
    return MASK * run + _TEXT * (len(shift[0]) - run)
