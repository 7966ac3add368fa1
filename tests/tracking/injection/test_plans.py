"""What holds for every message: bytes outside the tag stay, nothing raises, planning is repeatable."""

import re
from base64 import b64encode
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from time import thread_time
from typing import cast

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.tracking.injection.mails import HEADER, PIXEL, URL, html_mail, planned, reason
from tracking.injection import Placement, Plan, Reason, TransferEncoding, Untouched, plan

MAIL = Path(__file__).parents[2] / "data" / "mail"
GOLDEN = [path.read_bytes() for path in sorted(MAIL.glob("*.eml"))]
ENCODINGS = st.sampled_from(["7bit", "8bit", "quoted-printable", "base64"])
PIECES = """
    <p> </p> <div> </div> <b> </b> <br> <div_style="display:none"> <p_hidden> <!--[if_mso]> <![endif]--> < >
    <!--[if_!mso]><!--> <!--<![endif]--> <!-- --> --!> <style> </style> <script> </script> <template> & text
    </template> <select> </select> <svg> </svg> <body> </body> </html> <html> <a_title="</body>"> <a_href='
    = é 漢字 . ..
"""
BLANKS = [" ", "\t", "\r\n", "  \r\n", "x" * 80]
MARKUP = st.lists(
    st.sampled_from([*(piece.replace("_", " ") for piece in PIECES.split()), *BLANKS]), max_size=30
).map("".join)


def leaves(message: bytes) -> list[Message]:
    return [part for part in message_from_bytes(message).walk() if not part.is_multipart()]


@given(st.binary(max_size=400))
def test_any_bytes_are_planned_or_left_alone_for_a_known_reason(message: bytes) -> None:
    verdict = plan(message)

    assert not isinstance(verdict, Untouched) or verdict.reason is not Reason.UNEXPECTED


@given(st.sampled_from(GOLDEN), st.data())
@settings(suppress_health_check=[HealthCheck.large_base_example, HealthCheck.data_too_large])
def test_mutated_mail_is_planned_or_left_alone_for_a_known_reason(golden: bytes, data: st.DataObject) -> None:
    message = bytearray(golden)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(message)))
        length = data.draw(st.integers(0, 40))
        message[start : start + length] = data.draw(
            st.binary(max_size=6)
            | st.sampled_from([b"\r\n", b"--", b"=", b"<", b"\x1b$B", b"\0", b"\r", b'"'])
        )

    verdict = plan(bytes(message))

    assert not isinstance(verdict, Untouched) or verdict.reason is not Reason.UNEXPECTED
    if isinstance(verdict, Plan):
        before, tag, after = verdict.pieces(URL)
        assert message.startswith(before)
        assert message.endswith(after)
        assert 0 <= len(message) - len(before) - len(after) <= len(tag)


@given(MARKUP, ENCODINGS)
def test_the_new_part_without_the_tag_is_the_old_part(html: str, encoding: str) -> None:
    message = html_mail(html, "utf-8", encoding)
    verdict = plan(message)
    assume(isinstance(verdict, Plan))
    assert isinstance(verdict, Plan)

    tracked = verdict.with_pixel(URL)

    old, new = (leaves(mail)[0].get_payload(decode=True) for mail in (message, tracked))
    assert isinstance(old, bytes)
    assert isinstance(new, bytes)
    tag = re.compile(PIXEL.replace("<img ", r"<img\s").removesuffix(">").encode() + rb"\s*>")
    assert len(tag.findall(new)) == 1
    assert tag.sub(b"", new) == old


@given(MARKUP, ENCODINGS)
def test_encoded_lines_stay_within_their_limit_and_line_ends_are_whole(html: str, encoding: str) -> None:
    message = html_mail(html, "utf-8", encoding)
    verdict = plan(message)
    assume(isinstance(verdict, Plan))
    assert isinstance(verdict, Plan)

    tracked = verdict.with_pixel(URL)

    limit = 76 if encoding in {"quoted-printable", "base64"} else 998
    assert max(map(len, tracked.split(b"\r\n"))) <= max(limit, *map(len, message.split(b"\r\n")))
    assert tracked.replace(b"\r\n", b"").count(b"\n") == message.replace(b"\r\n", b"").count(b"\n")


@given(st.sampled_from(GOLDEN))
def test_planning_twice_gives_the_same_plan(message: bytes) -> None:
    assert plan(message) == plan(message)


def test_a_plan_says_where_and_how() -> None:
    message = (MAIL / "receipt.eml").read_bytes()

    found = planned(message)

    assert found.part == "1.1.2"
    assert found.charset == "utf-8"
    assert found.encoding is TransferEncoding.BASE64
    assert found.placement is Placement.BOTTOM
    assert not found.beyond_clip


def test_the_pieces_are_views_of_the_message() -> None:
    message = html_mail("<p>Hello</p>")

    before, tag, after = planned(message).pieces(URL)

    assert before.obj is message
    assert after.obj is message
    assert b"".join((before, tag, after)) == message + tag


def test_every_recipients_copy_has_the_same_length() -> None:
    found = planned(html_mail("<body>Hello</body>", encoding="base64"))

    copies = {len(found.with_pixel(f"https://t.example.com/o/{token * 34}.gif")) for token in "a-_9"}

    assert len(copies) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/o/token.gif",
        "javascript:alert(1)",
        "https://t.example.com/o?a=1&b=2",
        'https://t.example.com/o"onload="x',
        "https://t.example.com/o'",
        "https://t.example.com/a b",
        "https://t.example.com/é",
        "https://t.example.com/o\n",
        "https://t.example.com/<o>",
        "https://t.example.com/" + "o" * 512,
    ],
)
def test_a_url_that_html_or_a_charset_could_change_is_refused(url: str) -> None:
    found = planned(html_mail("<p>Hello</p>"))

    with pytest.raises(ValueError, match="not the URL of a pixel"):
        found.with_pixel(url)


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_a_plan_knows_the_very_url_that_the_html_already_holds(encoding: str) -> None:
    found = planned(html_mail(f"<p>Hello</p>{PIXEL}", encoding=encoding))

    assert found.holds(URL)
    assert not found.holds(URL.replace("AbC", "aBc"))


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_a_plan_finds_the_urls_that_begin_alike(encoding: str) -> None:
    urls = [f"https://t.example.com/o/{number:034}.gif" for number in range(3)]
    images = "".join(f"<img src='{url}'>" for url in [*urls, urls[0], "https://t.example.org/o/1.gif"])
    found = planned(html_mail(f"<p>Hello</p>{images}", encoding=encoding))

    assert found.urls("https://t.example.com/o/", len(urls[0]), 9) == urls
    assert found.urls("https://t.example.com/o/", len(urls[0]), 2) == urls[:2]
    assert found.urls("https://t.example.net/o/", len(urls[0]), 9) == []


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32", "iso-2022-jp", "utf-8"])
def test_a_plan_finds_urls_in_any_charset(charset: str) -> None:
    html = f"<html><body><p>\u65e5\u672c</p><img src={URL}></body></html>".encode(charset)
    header = (
        f"{HEADER}Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    found = planned(header.encode() + b64encode(html))

    assert found.urls(URL[:20], len(URL), 9) == [URL]


def test_a_url_at_the_end_of_the_html_is_cut_short() -> None:
    found = planned(html_mail("<p>Hello</p>https://t.example.com/o/1"))

    (url,) = found.urls("https://t.example.com/o/", 62, 9)
    assert url.startswith("https://t.example.com/o/1")


def test_urls_without_number_are_found_in_time_that_grows_with_the_html_alone() -> None:
    found = planned(html_mail("https://t.example.com/o/" * 100_000))

    before = thread_time()

    assert len(found.urls("https://t.example.com/o/", 62, 20)) == 3
    assert thread_time() - before < 1


def test_a_dkim_signed_message_may_be_changed_when_asked() -> None:
    message = (MAIL / "dkim_signed.eml").read_bytes()

    assert isinstance(plan(message, despite_dkim=True), Plan)


def test_a_defect_of_ours_leaves_the_message_alone_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    verdict = plan(cast("bytes", "not bytes"))

    assert verdict == Untouched(Reason.UNEXPECTED)
    assert "TypeError" in caplog.text


def test_armour_of_a_pgp_signature_in_the_html_means_signed() -> None:
    message = html_mail("<pre>-----BEGIN PGP SIGNED MESSAGE-----</pre>", encoding="base64")

    assert reason(message) is Reason.SIGNED


def test_an_empty_message_is_plain_text() -> None:
    assert reason(b"") is Reason.PLAIN_TEXT
    assert reason(HEADER.encode()) is Reason.PLAIN_TEXT


@pytest.mark.parametrize(
    "unit",
    [
        b"<body ",
        b"<body x='",
        b"<html ",
        b"<p>x</p>",
        b"<div hidden></div>",
        b"<div hidden>",
        b'<div style="&#58;',
        b"<b>",
        b"<!-- ",
        b"<!--[if !mso]><!-->",
        b"<![if x]>",
        b"<![endif]>",
        b"<a x='",
        b"<script><!--",
        b"<svg>",
        b"style=",
        b"style='&#",
        b'style="',
        b"=\r\n",
        b" " * 1000 + b"\r\n",
        b"--b\r\n",
    ],
)
@pytest.mark.parametrize("start", [b"", b"<p>&#x41;x<div hidden>", b"<p>x<!-- "])
@pytest.mark.parametrize("end", [b"", b" xhidden >"])
def test_planning_takes_no_more_than_in_proportion_to_the_length(
    unit: bytes, start: bytes, end: bytes
) -> None:
    def seconds(size: int) -> float:
        message = html_mail(start + unit * (size // len(unit)) + end)
        taken = []
        for _ in range(3):
            started = thread_time()
            assert plan(message) != Untouched(Reason.UNEXPECTED)
            taken.append(thread_time() - started)
        return min(taken)

    # In proportion it is 8 times, with the square 64 times as long.
    assert seconds(80_000) < 24 * max(seconds(10_000), 0.002)
