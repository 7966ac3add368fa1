"""Each promise is broken on purpose; a good copy breaks none."""

import quopri
from base64 import encodebytes

import pytest

from tests.checker import Code, violations

URL = "https://t.example.com/o/token.gif"
TAG = f'<img src="{URL}" alt="" width="1" height="1">'
HTML = "<html><head><title>t</title></head><body><p>Grüße, wir liefern.</p>|</body></html>"
REPEATED = f"<body>{TAG}<p>Re: Order</p>|</body>"


def mail(html: str, encoding: str = "8bit", kind: str = "mixed", fields: str = "") -> bytes:
    """Make a mail of a text, an HTML body and an attached HTML file."""
    document = html.encode()
    match encoding:
        case "quoted-printable":
            document = quopri.encodestring(document.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        case "base64":
            document = encodebytes(document).replace(b"\n", b"\r\n")
    return (
        b"Subject: Order\r\nContent-Type: multipart/%b; boundary=b\r\n\r\npreamble\r\n"
        b"--b\r\n\r\nHello\r\n--b\r\n"
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n%b\r\n%b\r\n--b\r\n"
        b"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<p>A file</p>\r\n--b--\r\n"
    ) % (kind.encode(), encoding.encode(), fields.encode(), document)


def placed(html: str, tag: str = TAG, **how: str) -> tuple[bytes, bytes]:
    """Give a mail before and after a tag came where the `|` is."""
    return mail(html.replace("|", ""), **how), mail(html.replace("|", tag), **how)


def rewritten(old: bytes, new: bytes, html: str = HTML, **how: str) -> tuple[bytes, bytes]:
    """Give a mail before and after a good pixel and a change came."""
    before, after = placed(html, **how)
    assert old in after
    return before, after.replace(old, new)


BEFORE, GOOD = placed(HTML)
PIXEL = TAG.encode()
DAMAGED = [
    (Code.TREE, rewritten(b"Subject: Order", b"Subject: order")),
    (Code.TREE, rewritten(b"--b--", b"--b\r\n\r\nSeen?\r\n--b--")),
    (Code.TARGET, (BEFORE, BEFORE)),
    (Code.TARGET, rewritten(b"Hello", b"Hallo")),
    (Code.PART, (BEFORE, BEFORE.replace(b"Hello", b"Hello" + PIXEL))),
    (Code.PART, (BEFORE, BEFORE.replace(b"A file", b"A file" + PIXEL))),
    (Code.PART, placed(HTML, fields="Content-Disposition: inline; filename=a.html\r\n")),
    (Code.PART, placed(HTML, kind="signed")),
    (Code.PART, placed(HTML, kind="report")),
    (Code.PART, tuple(b"Content-Type: message/rfc822\r\n\r\n" + message for message in (BEFORE, GOOD))),
    (Code.OUTSIDE, rewritten(b"preamble", b"pre-amble")),
    (Code.OUTSIDE, rewritten(b"--b\r\n\r\n", b"--b \r\n\r\n")),
    (Code.OUTSIDE, (BEFORE, GOOD + b"\r\n")),
    (Code.TRANSFER_ENCODING, rewritten(b"src=3D", b"src=", encoding="quoted-printable")),
    (Code.TRANSFER_ENCODING, rewritten(b"alt=3D", b"\xe9=3D", encoding="quoted-printable")),
    (Code.TRANSFER_ENCODING, rewritten(b"=\r\n", b" \r\n", encoding="quoted-printable")),
    (Code.TRANSFER_ENCODING, rewritten(b"=\r\n\r\n", b"\r\n\r\n", html="<p>x|", encoding="base64")),
    (Code.TRANSFER_ENCODING, rewritten(b"PGlt", b"PGl!t", html="<p>|x", encoding="base64")),
    (Code.TRANSFER_ENCODING, rewritten(b"PGlt", b"PG==", html="<p>|x", encoding="base64")),
    (Code.TRANSFER_ENCODING, rewritten(b"alt", "ält".encode(), html="<p>x|", encoding="7bit")),
    (Code.CHARSET, (BEFORE, BEFORE.replace(b"\xc3\xbc", b"\xc3" + PIXEL + b"\xbc"))),
    (Code.COUNT, placed(HTML, TAG + TAG)),
    (Code.COUNT, placed(HTML, TAG.replace("token", "other"))),
    (Code.COUNT, placed(HTML, TAG.replace("<img", "<IMG-"))),
    (Code.COUNT, (placed(REPEATED)[0], placed(REPEATED, "")[0].replace(b"Re: Order", b"Re: order"))),
    (Code.TEXT, rewritten(b"liefern", b"liefen")),
    (Code.TEXT, placed(HTML, TAG + "\r\n")),
    (Code.TEXT, placed(HTML, f"<p>{TAG}</p>")),
    (Code.ELEMENT, placed("<body><p>x</p><!-- | --></body>")),
    (Code.ELEMENT, placed("<body><textarea>|</textarea></body>")),
    (Code.ELEMENT, placed("<body><a title='|'>x</a></body>")),
    (Code.ELEMENT, placed("<frameset>|<frame></frameset>")),
    (Code.ELEMENT, placed("<body><template>|</template></body>")),
    (Code.INERT, placed("<body><object>|</object></body>")),
    (Code.INERT, placed("<body><div><video>|</video></div></body>")),
    (Code.INERT, placed("<body><noscript><p>|</p></noscript></body>")),
    (Code.INERT, placed("<body><svg><foreignObject>|</foreignObject></svg></body>")),
    (Code.HIDDEN, placed("<body><div hidden><p>x</p>|</div></body>")),
    (Code.HIDDEN, placed("<body><div style='color:red; Display : none'>|</div></body>")),
    (Code.HIDDEN, placed("<body><span style=mso-hide:all>|</span></body>")),
    (Code.HIDDEN, placed("<body style='visibility: hidden'>|</body>")),
    (Code.HIDDEN, placed(HTML, TAG.replace("alt", "style=display:none alt"))),
    (Code.DOM, placed("<head>|<title>t</title></head><body>x</body>")),
    (Code.DOM, placed("<p><b>x</p>|")),
    (Code.DOM, placed("<body><svg>|<path d=x></svg></body>")),
    (Code.OUTLOOK, placed("<body><!--[if !mso]><!-->|<!--<![endif]--></body>")),
    (Code.OUTLOOK, placed("<body><!--[if !mso]>-->x|<!--<![endif]-->y</body>")),
    (Code.OUTLOOK, placed("<body><![if !(gte mso 9)]><p>x</p>|<![endif]></body>")),
    (Code.OUTLOOK, placed("<body><![if IE]><!--[if mso]>x<![endif]-->|<![endif]></body>")),
    (Code.LINE_LENGTH, placed("<p>" + "x" * 990 + "|")),
    (Code.LINE_LENGTH, rewritten(b"=\r\n", b"", encoding="quoted-printable")),
    (Code.LINE_LENGTH, rewritten(b"PGlt", b"PGlt" * 20, html="<p>|x", encoding="base64")),
    (Code.LINE_END, placed(HTML, TAG.replace(" ", "\n", 1))),
    (Code.LINE_END, placed(HTML, TAG.replace(" ", "\r", 1))),
    (Code.LINE_END, (BEFORE.replace(b"\r", b""), GOOD.replace(b"\r", b"").replace(b"<img ", b"<img\r\n"))),
    (Code.DELIMITER, placed(HTML, TAG.replace(" ", "\r\n--bx ", 1))),
    (Code.NUL, placed(HTML, TAG.replace(" ", " \0", 1))),
]


def codes(before: bytes, after: bytes) -> set[Code]:
    return {violation.code for violation in violations(before, after, URL)}


@pytest.mark.parametrize(("code", "mails"), DAMAGED)
def test_a_damaged_copy_is_found_out(code: Code, mails: tuple[bytes, bytes]) -> None:
    assert code in codes(*mails)


def test_every_promise_is_broken_here() -> None:
    assert {code for code, _ in DAMAGED} == set(Code)


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize("kind", ["mixed", "alternative", "x-unknown"])
@pytest.mark.parametrize(
    "html",
    [
        HTML,
        REPEATED,
        "<p>x</p>|",
        "|\r\n",
        "<body><!--[if mso]><table><tr><td><![endif]-->x|<!--[if mso]></td></tr></table><![endif]--></body>",
        "<body><!--[if !mso]><!-->x<!--<![endif]-->|</body>",
        "<body><![if gte mso 9]>x|<![endif]></body>",
        "<body><!--[if !mso]><!-->never closed|</body>",
        "<body><div style='overflow:hidden'>|</div></body>",
        "<body><p>x</p>|<!",
        "<body><title><!--[if IE]></title>|<![endif]--></body>",
        "<body><p>x</p></body>|<!-- y -->",
    ],
)
def test_a_good_copy_breaks_no_promise(html: str, kind: str, encoding: str) -> None:
    assert violations(*placed(html, encoding=encoding, kind=kind), URL) == []
