import re
from base64 import b64decode, b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tracking.injection.mails import HEADER, PIXEL, URL, html_mail, planned, reason
from tracking.injection import Reason
from tracking.injection.encodings import TransferEncoding, content


def spliced(document: bytes, encoding: str) -> bytes:
    """Give the encoded content with the pixel."""
    mail = (
        f"{HEADER}Content-Type: text/html\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        + document
    )
    return planned(mail).with_pixel(URL).split(b"\r\n\r\n", 1)[1]


@pytest.mark.parametrize("encoding", ["", "7BIT", "8bit", "binary"])
def test_what_travels_as_it_is_gets_the_bare_tag(encoding: str) -> None:
    assert spliced(b"<p>caf\xe9</p>", encoding) == b"<p>caf\xe9</p>" + PIXEL.encode()


@pytest.mark.parametrize("encoding", ["x-uuencode", "8-bit", "base64;"])
def test_another_transfer_encoding_is_not_supported(encoding: str) -> None:
    assert reason(html_mail("<p>Hello</p>", encoding=encoding)) is Reason.UNSUPPORTED_ENCODING


def test_a_line_that_would_be_too_long_is_broken_within_the_tag() -> None:
    line = b"<p>" + b"x" * 900

    before, tag, after = spliced(line + b"</body>\r\n", "8bit").removesuffix(b"\r\n").split(b"\r\n")

    assert before == line + b"<img"
    assert tag == PIXEL.removeprefix("<img ").removesuffix(">").encode()
    assert after == b"></body>"


@pytest.mark.parametrize("line", [b"<p>" + b"x" * 993, b"<p>" + b"x" * 995])
def test_a_line_without_room_for_the_start_of_the_tag_leaves_the_message_alone(line: bytes) -> None:
    assert reason(html_mail(line)) is Reason.NO_SAFE_PLACE


@pytest.mark.parametrize("length", [993, 995, 5000])
def test_a_full_line_that_ends_the_document_hands_the_tag_on_to_the_next(length: int) -> None:
    line = b"<p>" + b"x" * length

    assert spliced(line + b"\r\n \r\n", "8bit") == line + b"\r\n" + PIXEL.encode() + b" \r\n"


def test_many_full_lines_at_the_end_hand_the_tag_on_to_the_first_with_room() -> None:
    full = b"<p>" + b"x" * 998 + b"\r\n" + (b" " * 1000 + b"\r\n") * 2000

    assert spliced(full + b"\r\n", "8bit") == full + PIXEL.encode() + b"\r\n"


def test_a_line_that_was_already_too_long_takes_only_the_start_of_the_tag() -> None:
    lines = spliced(b"<p>" + b"x" * 5000, "8bit").split(b"\r\n")

    assert max(map(len, lines)) == len(b"<p><img") + 5000


@pytest.mark.parametrize(
    ("raw", "document"),
    [
        (b"a=3Db", b"a=b"),
        (b"a=3db", b"a=b"),
        (b"a=\r\nb", b"ab"),
        (b"a=\nb", b"ab"),
        (b"a= \t\r\nb", b"ab"),
        (b"a \t\r\nb \nc ", b"a \t\r\nb \nc "),
        (b"a = b == c =zz =3", b"a = b == c =zz =3"),
        (b"a=\rb", b"a=\rb"),
        (b"a=", b"a"),
        (b"a=\r", b"a"),
        (b"caf\xe9", b"caf\xe9"),
    ],
)
def test_quoted_printable_is_read_as_leniently_as_mail_programs_do(raw: bytes, document: bytes) -> None:
    assert content(raw, TransferEncoding.QUOTED_PRINTABLE).document == document


@given(
    st.lists(st.sampled_from(b"a|=|3D|=3D|=\r\n|=\n| |\t|\r\n|\n|\r|.|=\r|\xe9|==".split(b"|"))).map(b"".join)
)
@example(b"=\r=\r\n")
@example(b"=\r=\r")
@example(b"=a \r")
@example(b"x" + b"." * 200)
@example(b"=" * 200)
@example(b"=2E" * 30 + b"=")
def test_every_position_in_quoted_printable_leads_back_to_its_place(raw: bytes) -> None:
    decoded = content(raw, TransferEncoding.QUOTED_PRINTABLE)

    for offset in (split.start() for split in re.finditer(rb"(?!(?<=\r)\n)", decoded.document)):
        splice = decoded.splice(offset, "ascii", b"\r\n")
        tracked = raw[: splice.start] + splice.spell("<img =>") + raw[splice.end :]
        found = content(tracked, TransferEncoding.QUOTED_PRINTABLE).document
        assert found == decoded.document[:offset] + b"<img =>" + decoded.document[offset:]


def test_the_quoted_printable_tag_stands_in_short_lines_of_its_own() -> None:
    before, *lines, after = spliced(b"<p>x</p></body>", "quoted-printable").split(b"\r\n")

    assert before == b"<p>x</p>="
    assert after == b"</body>"
    assert all(line.endswith(b"=") and len(line) <= 72 and not line.startswith(b".") for line in lines)


def test_a_stray_equals_sign_does_not_meet_the_soft_break() -> None:
    assert spliced(b"<p>1 =</body>", "quoted-printable").startswith(b"<p>1 =\r\n=3D<img src=3D")


def test_no_line_of_the_quoted_printable_tag_starts_with_a_dot() -> None:
    found = planned(html_mail("<p>x</p>", encoding="quoted-printable"))

    for padding in range(80):
        tracked = found.with_pixel(f"https://t.example.com/{'o' * padding}.{'.' * 60}gif")
        assert b"\n." not in tracked


@given(st.binary(max_size=80), st.integers(1, 30), st.sampled_from([b"\n", b"\r\n", b" \r\n"]))
def test_every_position_in_base64_leads_back_to_its_place(
    document: bytes, width: int, line_end: bytes
) -> None:
    encoded = b64encode(document)
    raw = b"".join(encoded[at : at + width] + line_end for at in range(0, len(encoded), width))
    decoded = content(raw, TransferEncoding.BASE64)

    for offset in range(len(document) + 1):
        splice = decoded.splice(offset, "ascii", line_end.strip(b" "))
        tracked = raw[: splice.start] + splice.spell("<img>") + raw[splice.end :]
        found = content(tracked, TransferEncoding.BASE64).document
        assert found == document[:offset] + b"<img >" + document[offset:]
        assert tracked.startswith(raw[: splice.start])
        assert splice.end - splice.start <= 4 + 3 * len(line_end)


def test_the_base64_tag_stands_in_lines_of_its_own() -> None:
    before, *lines, after = spliced(b64encode(b"<p>xxxx</p></body>"), "base64").split(b"\r\n")

    assert before == b64encode(b"<p>xxxx</p></body>")[:12]
    assert [len(line) for line in lines[:-1]] == [76, 76, 76]
    assert after == b64encode(b"<p>xxxx</p></body>")[16:]


@pytest.mark.parametrize("surplus", [b"=", b"==\r\n", b"\r\n==\r\n"])
@pytest.mark.parametrize("document", [b"<p>xyzabc</p>", b"<p>xyzab</p></body>"])
def test_padding_of_what_is_complete_stays_where_it_was(document: bytes, surplus: bytes) -> None:
    encoded = b64encode(document.ljust(21, b"!"))

    tracked = spliced(encoded + surplus, "base64")

    assert tracked.endswith(surplus)
    assert b64decode(tracked.removesuffix(surplus)).count(b"<img ") == 1


@pytest.mark.parametrize(
    "raw", [b"PHA+eA", b"PHA+eA==PHA+eA==", b"PHA+eA==\r\n-- \r\nlist footer", b"PHA*eA=="]
)
def test_broken_base64_is_left_alone(raw: bytes) -> None:
    mail = html_mail(raw).replace(b"8bit", b"base64")

    assert reason(mail) is Reason.MALFORMED
