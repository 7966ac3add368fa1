import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.mailbox.contents import Content


@given(st.binary())
def test_any_bytes_can_be_taken_apart(raw: bytes) -> None:
    content = Content.of(raw)

    assert content.text is None or isinstance(content.text, str)
    assert content.linked_html(str) is None or isinstance(content.html, str)


@given(
    st.lists(
        st.sampled_from(
            [
                b"Content-Type: multipart/mixed; boundary=b\r\n",
                b"Content-Type: text/html; charset=nonsense\r\n",
                b"Content-Type: message/rfc822\r\n",
                b"Content-Transfer-Encoding: base64\r\n",
                b"Content-ID: <a>\r\n",
                b"Subject: =?utf-8?b?*?=\r\n",
                b"\r\n",
                b"--b\r\n",
                b"--b--\r\n",
                b"cid:a \xff\xfe\r\n",
            ]
        ),
        max_size=12,
    )
)
def test_no_broken_structure_breaks_the_reading(lines: list[bytes]) -> None:
    content = Content.of(b"".join(lines))

    assert content.linked_html(str) is None or content.html is not None


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"Subject: =?iso-2022-jp?b?GyRCRnxLXDhsGyhC?=", "日本語"),
        (b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_aus?=", "Grüße aus"),
        ("Subject: Grüße".encode(), "Grüße"),
        (b"Subject: =?nonsense?q?a?=", "=?nonsense?q?a?="),
        (b"X: y", ""),
    ],
)
def test_a_subject_is_decoded(raw: bytes, subject: str) -> None:
    assert Content.of(raw + b"\r\n\r\n").header("subject") == subject


@pytest.mark.parametrize(
    ("charset", "text"),
    [("iso-2022-jp", "日本語"), ("utf-8", "Grüße"), ("windows-1252", "42 €"), ("koi8-r", "Привет")],
)
def test_html_is_read_with_its_charset(charset: str, text: str) -> None:
    raw = f"Content-Type: text/html; charset={charset}\r\n\r\n".encode() + text.encode(charset)

    assert Content.of(raw).html == text


def test_an_attached_page_is_not_the_mails_html() -> None:
    raw = b"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<p>"

    assert Content.of(raw).html is None


def test_the_html_of_a_forwarded_mail_is_not_the_mails_own() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\nContent-Type: text/html\r\n\r\n<p>inner"

    content = Content.of(raw)

    assert content.html is None
    assert b"<p>inner" in content.parts[0].body
