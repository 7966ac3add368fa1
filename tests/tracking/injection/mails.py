"""Mail made for one test, and a look at what became of it."""

import quopri
from base64 import encodebytes

from tracking.injection import Plan, Reason, Untouched, plan

URL = "https://t.example.com/o/AbCdEfGhIjKlMnOpQrStUvWxYz012345_-.gif"
PIXEL = (
    f'<img src="{URL}" alt="" width="1" height="1" border="0" '
    'style="display:block;position:absolute;width:1px;height:1px;border:0;margin:0;padding:0">'
)
HEADER = "From: orders@shop.example.com\r\nTo: somebody@example.org\r\nMIME-Version: 1.0\r\n"


def html_mail(html: str | bytes, charset: str = "utf-8", encoding: str = "8bit", fields: str = "") -> bytes:
    """Make a mail of one HTML part."""
    document = html if isinstance(html, bytes) else html.encode(charset)
    match encoding:
        case "quoted-printable":
            content = quopri.encodestring(document).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        case "base64":
            content = encodebytes(document).replace(b"\n", b"\r\n")
        case _:
            content = document
    kind = (
        f"{fields}Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return (HEADER + kind).encode() + content


def multipart(kind: str, *parts: str, boundary: str = "b", parameters: str = "") -> str:
    """Make a multipart entity, header and content."""
    header = f"Content-Type: multipart/{kind}; boundary={boundary}{parameters}\r\n\r\n"
    return header + "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def planned(message: str | bytes) -> Plan:
    """Plan a mail that must be trackable."""
    verdict = plan(message if isinstance(message, bytes) else (HEADER + message).encode())
    assert isinstance(verdict, Plan), verdict
    return verdict


def reason(message: str | bytes) -> Reason:
    """Say why a mail that must not be trackable is left alone."""
    verdict = plan(message if isinstance(message, bytes) else (HEADER + message).encode())
    assert isinstance(verdict, Untouched), verdict
    return verdict.reason


def placed(html: str) -> str:
    """Write `|` where the pixel goes in an HTML document."""
    return planned(html_mail(html)).with_pixel(URL).split(b"\r\n\r\n", 1)[1].decode().replace(PIXEL, "|")
