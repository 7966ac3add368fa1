"""What holds for real mail that something has damaged."""

import os
import re
from email import message_from_bytes

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checker import Code, encodings, structure, violations
from tests.tracking.injection.mails import URL, html_mail
from tests.tracking.injection.test_golden import MAIL, NAMES
from tracking.injection import Placement, Plan, Reason, Untouched, plan

MAILS = {name: (MAIL / f"{name}.eml").read_bytes() for name in NAMES}
DOCUMENTS = {
    f"{name} {number}": document
    for name, mail in MAILS.items()
    for number, part in enumerate(message_from_bytes(mail).walk())
    if part.get_content_type() == "text/html" and isinstance(document := part.get_payload(decode=True), bytes)
}
HOSTILE = """
    <!-- --> --!> <!--> <!--[if_mso]> <!--[if_!mso]><!--> <!--[if_!mso]>--> <![if_!mso]> <!--<![endif]-->
    <![endif]--> <![endif]> <svg> </svg> <math> </math> <template> </template> <select> </select> <textarea>
    </textarea> <title> </title> <style> </style> <script> </script> <noscript> </noscript> <object> </object>
    <plaintext> <frameset> <html> </html> <head> </head> <body> </body> <table> <tr> <td> </table> <p> </p>
    <b> </b> <div_hidden> <div_style="display:none"> <body_hidden> </div> <a_title=" " ' < > </ <! <? & &lt; =
    == =3D -- --b --alt-- --- . Content-Type:_text/html Content-Type:_multipart/mixed;_boundary=b charset=
"""
BLANKS = " |\t|\r\n|\n|\r|=\r\n|\r\n\r\n|\0|\x1b$B|\x1b(B|~{|\x0e|\x0f"
FRAGMENTS = [piece.replace("_", " ").encode() for piece in (*HOSTILE.split(), *BLANKS.split("|"))]
ABOUT_HTML = {
    Code.CHARSET, Code.ELEMENT, Code.INERT, Code.HIDDEN, Code.DOM, Code.OUTLOOK,
}  # fmt: skip
OUTLOOKS_OWN = re.compile(
    r"<!--\[if(?:(?!-->).)*<(?:[!?]|title|template|textarea|style|script|xmp|iframe|no|select|svg|math|object|plain)",
    re.IGNORECASE | re.DOTALL,
)
SHIFTING = ("iso-2022", "iso2022", "csiso2022", "hz")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")

bounded = settings(
    max_examples=int(EXAMPLES or 1000),
    derandomize=EXAMPLES is None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@st.composite
def damaged(draw: st.DrawFn, originals: dict[str, bytes]) -> bytes:
    """Replace some ranges of an original by nothing, hostile fragments, any bytes, or chunks of originals."""
    names = st.sampled_from(sorted(originals))
    lengths = st.just(0) | st.integers(0, 60)
    message = originals[draw(names)]
    for _ in range(draw(st.integers(1, 4))):
        match draw(st.sampled_from(["fragment", "fragment", "bytes", "chunk"])):
            case "fragment":
                piece = draw(st.sampled_from(FRAGMENTS))
            case "bytes":
                piece = draw(st.binary(max_size=3))
            case _:
                other = originals[draw(names)]
                start = draw(st.integers(0, len(other)))
                piece = other[start : start + draw(lengths)]
        start = draw(st.integers(0, len(message)))
        message = message[:start] + piece + message[start + draw(lengths) :]
    return message


def unsure(verdict: Plan, before: bytes, after: bytes) -> set[Code]:
    """Give the promises about which mail programs themselves would not agree in this mail."""
    change, _ = structure.compare(before, after)
    if change is None:
        return set()
    old = encodings.read(change.before, change.encoding, change.charset)
    # Every program goes on in its own way behind bytes that are no characters, most of all in shifted runs.
    is_undecodable = any(code is Code.CHARSET for code, _ in old.problems)
    if change.charset.startswith(SHIFTING):
        return {*ABOUT_HTML, Code.COUNT, Code.TEXT} if is_undecodable else ABOUT_HTML
    if is_undecodable and change.charset != "utf-8":
        return ABOUT_HTML
    # Only Outlook knows what becomes of the mail when a comment that it alone reads opens a <title>. Where
    # conditions are so tangled that no place is outside them all, the top of the body has to do.
    is_last_resort = verdict.placement is Placement.TOP and not verdict.beyond_clip
    return {Code.OUTLOOK} if is_last_resort or OUTLOOKS_OWN.search(old.text) else set()


def check(message: bytes) -> None:
    verdict = plan(message, despite_dkim=True)

    assert verdict != Untouched(Reason.UNEXPECTED)
    assert verdict == plan(message, despite_dkim=True)
    if isinstance(verdict, Plan):
        before, _, after = verdict.pieces(URL)
        copy = verdict.with_pixel(URL)
        assert message.startswith(before)
        assert message.endswith(after)
        found = violations(message, copy, URL)
        assert not found or {violation.code for violation in found} <= unsure(verdict, message, copy), found


@given(damaged(MAILS))
@bounded
def test_damaged_mail_is_left_alone_or_breaks_no_promise(message: bytes) -> None:
    check(message)


@given(damaged(DOCUMENTS), st.sampled_from(["8bit", "quoted-printable", "base64"]))
@bounded
def test_damaged_html_is_left_alone_or_breaks_no_promise(document: bytes, encoding: str) -> None:
    check(html_mail(document, encoding=encoding))
