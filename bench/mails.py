"""Messages to measure with: newsletters as template builders write them, and a body of mixed mail.

All content is invented, and the same in every run.
"""

import binascii
from base64 import encodebytes
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from string import Template

KB, MB = 1_000, 1_000_000
"""Bytes."""

_STAMP = b"4711.1764000000"
_STAMPS = count()

GOLDEN = Path(__file__).parents[1] / "tests" / "data" / "mail"

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "8bit": lambda text: text,
    "quoted-printable": binascii.b2a_qp,
    "base64": lambda text: encodebytes(text).replace(b"\n", b"\r\n"),
}

_HEADER = """\
Received: from app7.shop.example.com (app7.shop.example.com [192.0.2.7]) by mail.example.com with ESMTPS;
 Tue, 24 Nov 2026 09:00:02 +0000
From: =?utf-8?q?Caf=C3=A9_Linden?= <news@shop.example.com>
To: Olga <olga@example.org>
Subject: =?utf-8?q?Winter_im_Caf=C3=A9_=E2=9D=84?=
Date: Tue, 24 Nov 2026 09:00:00 +0000
Message-ID: <20261124090000.7f3a@shop.example.com>
List-Unsubscribe: <https://shop.example.com/u?c=4711>
MIME-Version: 1.0
"""
_HEAD, _ARTICLE, _FOOT = (
    Path(__file__).with_name("newsletter.html").read_text(encoding="utf-8").split("<!-- article -->\n")
)
_LINK = "https://shop.example.com/p/{0}?utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=winter&amp;c=4711&amp;p={0}"
_SENTENCES = (
    "Our winter blend is back, and it sells out every year.",
    "Two bags are 20 % off until Sunday, with free shipping from 40 €.",
    "„Der beste Kaffee der Stadt“, schreibt die Zeitung.",
    "Frisch geröstet in unserer Rösterei, jeden Dienstag.",
    "It keeps for six months in a cool and dry place.",
    "Nos clients préfèrent la mouture fine.",
    "Use the code WINTER26 at the checkout.",
)
_ATTACHED = """\
Content-Type: application/pdf; name="catalogue.pdf"
Content-Disposition: attachment; filename="catalogue.pdf"
Content-Transfer-Encoding: base64

"""


def newsletter_html(size: int, chance: Random) -> bytes:
    """Write a newsletter's HTML of about `size` bytes, in UTF-8 with CRLF."""
    pieces = [_HEAD]
    left = size - len(_crlf(_HEAD + _FOOT))
    while left > 0:
        number = chance.randrange(10_000, 100_000)
        link, title = _LINK.format(number), f"Röstung Nr. {number}"
        pieces.append(
            Template(_ARTICLE).substitute(link=link, number=number, title=title, text=prose(300, chance))
        )
        left -= len(_crlf(pieces[-1]))
    return _crlf("".join([*pieces, _FOOT]))


def prose(size: int, chance: Random) -> str:
    """Write about `size` characters of text, a sentence a line."""
    return "\n".join(chance.choice(_SENTENCES) for _ in range(1 + size // 50))


def html_message(html: bytes, encoding: str) -> bytes:
    """Write a message that is HTML alone."""
    return _crlf(_HEADER) + _text("html", html, encoding)


def plain_message(text: str) -> bytes:
    """Write a message of plain text."""
    return _crlf(_HEADER) + _text("plain", _crlf(text), "8bit")


def newsletter(html: bytes, encoding: str, attached: bytes = b"") -> bytes:
    """Write a message with a plain and an HTML alternative, and what is attached after them.

    Args:
        html: The HTML, in UTF-8 with CRLF.
        encoding: One of `ENCODINGS`, for both alternatives.
        attached: A file's content; nothing is attached when it is empty.
    """
    plain = _crlf("Winter im Café. Im Browser: https://shop.example.com/w/4711\n" + prose(2 * KB, Random(0)))
    body = _multipart("alternative", _text("plain", plain, encoding), _text("html", html, encoding))
    if attached:
        body = _multipart("mixed", body, _crlf(_ATTACHED) + ENCODINGS["base64"](attached))
    return _crlf(_HEADER) + body


def newsletter_of(size: int, html: bytes) -> bytes:
    """Write a quoted-printable newsletter that an attachment fills up to about `size` bytes."""
    room = size - len(newsletter(html, "quoted-printable"))
    return newsletter(html, "quoted-printable", Random(size).randbytes(room * 57 // 78))


def anew(message: bytes) -> bytes:
    """Give a generated message boundaries that none had before, as in real mail: no cache may know them."""
    return message.replace(_STAMP, b"%0*d" % (len(_STAMP), next(_STAMPS)))


def mixed_mail() -> tuple[list[bytes], list[bytes]]:
    """Write a body of mail.

    Returns:
        Mail without attachments: 320 messages of log-normal sizes (half newsletters, 30 % HTML alone, 20 %
        plain) and the golden mails; then 40 newsletters, each with a file attached (median 150 KB).
    """
    chance = Random(5322)

    def size(middle: int) -> int:
        return min(int(middle * chance.lognormvariate(0, 1)), 4 * MB)

    def encoding() -> str:
        return chance.choices([*ENCODINGS], weights=(15, 60, 25))[0]

    texts = [plain_message(prose(size(2 * KB), chance)) for _ in range(64)]
    texts += [html_message(newsletter_html(size(6 * KB), chance), encoding()) for _ in range(96)]
    texts += [newsletter(newsletter_html(size(35 * KB), chance), encoding()) for _ in range(160)]
    golden = [path.read_bytes() for path in sorted(GOLDEN.glob("*.eml")) if path.suffixes == [".eml"]]
    files = [
        newsletter(newsletter_html(size(10 * KB), chance), encoding(), chance.randbytes(size(150 * KB)))
        for _ in range(40)
    ]
    return texts + golden, files


def _text(subtype: str, text: bytes, encoding: str) -> bytes:
    header = f"Content-Type: text/{subtype}; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    return _crlf(header) + ENCODINGS[encoding](text)


def _multipart(subtype: str, *parts: bytes) -> bytes:
    boundary = f"----=_Part_{subtype}_{_STAMP.decode()}"
    delimiter = f"\r\n--{boundary}".encode()
    header = f'Content-Type: multipart/{subtype};\n boundary="{boundary}"\n'
    return _crlf(header) + b"".join(delimiter + b"\r\n" + part for part in parts) + delimiter + b"--\r\n"


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
