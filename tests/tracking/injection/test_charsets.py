import re
from email import message_from_bytes

import pytest

from tests.tracking.injection.mails import PIXEL, URL, html_mail, planned, reason
from tracking.injection import Reason, TransferEncoding

SUPERSETS = [
    "us-ascii", "utf-8", "utf8", "iso-8859-1", "iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-8-i",
    "iso-8859-9", "iso-8859-15", "latin1", "windows-1250", "windows-1251", "windows-1252",
    "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258",
    "windows-874", "windows-949", "koi8-r", "koi8-u", "macintosh", "tis-620", "cp437", "cp850", "cp866",
    "gb2312", "gbk", "gb18030", "big5", "big5-hkscs", "shift_jis", "windows-31j", "x-sjis", "euc-jp",
    "euc-kr", "euc-tw", "ks_c_5601-1987", "unknown-8bit", "x-mac-cyrillic",
]  # fmt: skip
SHIFTED = [
    ("iso-2022-jp", b"\x1b$B</body>\x1b(B"),
    ("iso-2022-jp", b"\x1b$@</body>\x1b(J"),
    ("iso-2022-jp", b"\x1b(I</body>\x1b(B"),
    ("iso-2022-jp-2", b"\x1b$(D</body>\x1b(B\x1b.A\x1bN<"),
    ("iso2022jp", b"\x1b$B</body>\x1b(B"),
    ("iso2022_jp_2", b"\x1b$B</body>\x1b(B"),
    ("iso-2022-kr", b"\x1b$)C\x0e</body>\x0f"),
    ("iso2022kr", b"\x1b$)C\x0e</body>\x0f"),
    ("iso-2022-cn", b"\x1b$)A\x0e</body>\x0f"),
    ("hz-gb-2312", b"~~~{</body>~}~~"),
]


def decoded(message: bytes) -> bytes:
    document = message_from_bytes(message).get_payload(decode=True)
    assert isinstance(document, bytes)
    return document


@pytest.mark.parametrize("charset", SUPERSETS)
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_a_superset_of_ascii_is_read_byte_by_byte(charset: str, encoding: str) -> None:
    message = html_mail(b"<body>\xc4\xe3\x83\x5c</body>", charset, encoding)

    assert planned(message).charset == charset


@pytest.mark.parametrize(
    "charset",
    [
        "utf-7",
        "cp037",
        "cp500",
        "ibm037",
        "johab",
        "x-ebcdic",
        "idna",
        "rot13",
        "hex",
        "undefined",
        "../x",
        '"a\tb"',
    ],
)
def test_another_charset_is_left_alone(charset: str) -> None:
    assert reason(html_mail(b"<body>x</body>", charset)) is Reason.UNSUPPORTED_CHARSET


@pytest.mark.parametrize(("charset", "run"), SHIFTED)
def test_a_shifted_run_may_look_like_markup(charset: str, run: bytes) -> None:
    html = b"<body><p>" + run + b"</p>\n</body>\n"

    tracked = planned(html_mail(html, charset, "7bit")).with_pixel(URL)

    assert tracked.endswith(b"<p>" + run + b"</p>\n" + PIXEL.encode() + b"</body>\n")


@pytest.mark.parametrize(("charset", "run"), SHIFTED)
def test_a_shifted_run_may_look_like_the_only_end_of_the_body(charset: str, run: bytes) -> None:
    html = b"<body><p>" + run + b"</p>"

    assert planned(html_mail(html, charset, "7bit")).with_pixel(URL).endswith(html + PIXEL.encode())


@pytest.mark.parametrize("swallower", [b"<object>b", b"<!-- b"])
@pytest.mark.parametrize("charset", ["iso-2022-jp", "iso-2022-kr"])
def test_an_escape_that_designates_nothing_hides_no_markup(charset: str, swallower: bytes) -> None:
    tracked = planned(html_mail(b"<p>a\x1b" + swallower, charset, "7bit")).with_pixel(URL)

    assert tracked.endswith(PIXEL.encode() + swallower)


@pytest.mark.parametrize(
    ("charset", "run"), [("iso-2022-jp", b"\x1b$B<<"), ("hz", b"~{<<"), ("iso-2022-kr", b"\x0e<<")]
)
def test_nothing_is_put_behind_a_run_that_is_never_shifted_back(charset: str, run: bytes) -> None:
    tracked = planned(html_mail(b"<p>a</p><!-- b -->c" + run, charset, "7bit")).with_pixel(URL)

    assert tracked.endswith(b"<p>a</p><!-- b -->" + PIXEL.encode() + b"c" + run)


def test_text_may_end_in_a_shifted_run() -> None:
    html = b"<p>\x1b$B<<\x1b(B"

    assert planned(html_mail(html, "iso-2022-jp", "7bit")).with_pixel(URL).endswith(html + PIXEL.encode())


def test_a_designation_before_the_head_does_not_start_the_body() -> None:
    html = "\x1b$)C\n<html><head><title>t</title></head><body>" + "<p>x</p>\r\n" * 12_000

    assert f"<body>{PIXEL}<p>".encode() in planned(html_mail(html, "iso-2022-kr", "7bit")).with_pixel(URL)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be"])
@pytest.mark.parametrize("text", ["\U0001f600é", "漢字", "\u3c3e\u3e3c", "<p>a", ""])
def test_wide_characters_in_base64_get_a_wide_tag(charset: str, text: str) -> None:
    found = planned(html_mail(f"<body>{text}</body>", charset, "base64"))

    document = decoded(found.with_pixel(URL)).decode(charset)

    assert found.encoding is TransferEncoding.BASE64
    assert re.sub(r"<img [^>]+>", "|", document) == f"<body>{text}|</body>"
    assert not found.holds(URL)


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable"])
def test_wide_characters_travel_in_base64_only(encoding: str) -> None:
    assert reason(html_mail("<p>x", "utf-16", encoding)) is Reason.UNSUPPORTED_ENCODING


def test_unmarked_utf_16_that_does_not_read_as_little_endian_is_ambiguous() -> None:
    message = html_mail("<p>x".encode("utf-16-be"), "utf-16", "base64")

    assert reason(message) is Reason.AMBIGUOUS


@pytest.mark.parametrize("charset", ["utf-8", "us-ascii", "utf-16le"])
def test_a_byte_order_mark_that_contradicts_the_charset_is_ambiguous(charset: str) -> None:
    message = html_mail(b"\xfe\xff" + "<p>x".encode("utf-16-be"), charset, "base64")

    assert reason(message) is Reason.AMBIGUOUS


def test_wide_characters_cut_in_half_are_malformed() -> None:
    assert reason(html_mail(b"\xff\xfe<\0p", "utf-16", "base64")) is Reason.MALFORMED
