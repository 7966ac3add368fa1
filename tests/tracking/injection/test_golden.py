"""The golden mails of tests/data/mail: what goes in, and what must come out."""

import re
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.tracking.injection.mails import URL, html_mail, planned
from tracking.injection import Plan, Reason, Untouched, plan

MAIL = Path(__file__).parents[2] / "data" / "mail"
UNTOUCHED = {
    "amp_with_plain_text": Reason.PLAIN_TEXT,
    "attached_multipart": Reason.PLAIN_TEXT,
    "base64_with_a_list_footer": Reason.MALFORMED,
    "calendar_alone": Reason.PLAIN_TEXT,
    "charset_cp037": Reason.UNSUPPORTED_CHARSET,
    "charset_johab": Reason.UNSUPPORTED_CHARSET,
    "charset_tcvn": Reason.UNSUPPORTED_CHARSET,
    "content_md5": Reason.CHECKSUMMED,
    "digest": Reason.PLAIN_TEXT,
    "dkim_signed": Reason.DKIM_SIGNED,
    "empty_html": Reason.NO_SAFE_PLACE,
    "empty_html_alternative": Reason.NO_SAFE_PLACE,
    "encrypted_inline_pgp": Reason.ENCRYPTED,
    "encrypted_pgp": Reason.ENCRYPTED,
    "encrypted_smime": Reason.ENCRYPTED,
    "encrypted_smime_attached": Reason.ENCRYPTED,
    "form_data": Reason.PLAIN_TEXT,
    "forwarded_message_only": Reason.PLAIN_TEXT,
    "frameset": Reason.NO_SAFE_PLACE,
    "frameset_with_noframes": Reason.NO_SAFE_PLACE,
    "garbage_behind_a_boundary": Reason.AMBIGUOUS,
    "garbage_behind_the_closing_boundary": Reason.AMBIGUOUS,
    "header_comment_in_encoding": Reason.UNSUPPORTED_ENCODING,
    "header_mbox_line": Reason.MALFORMED,
    "hidden_body": Reason.NO_SAFE_PLACE,
    "hidden_second_body": Reason.NO_SAFE_PLACE,
    "html_attachment_only": Reason.HTML_ATTACHMENT_ONLY,
    "html_file_inline": Reason.HTML_ATTACHMENT_ONLY,
    "line_without_room": Reason.NO_SAFE_PLACE,
    "message_partial": Reason.PLAIN_TEXT,
    "nested_31_deep": Reason.MALFORMED,
    "no_header_field": Reason.MALFORMED,
    "no_parts": Reason.PLAIN_TEXT,
    "plain": Reason.PLAIN_TEXT,
    "repeated_content_type": Reason.AMBIGUOUS,
    "repeated_disposition": Reason.AMBIGUOUS,
    "repeated_transfer_encoding": Reason.AMBIGUOUS,
    "report": Reason.REPORT,
    "report_disposition": Reason.REPORT,
    "signed_alternative": Reason.SIGNED,
    "signed_inline_pgp": Reason.SIGNED,
    "signed_opaque_smime": Reason.SIGNED,
    "signed_pgp": Reason.SIGNED,
    "signed_pgp_in_list_mail": Reason.SIGNED,
    "signed_smime": Reason.SIGNED,
    "unknown_encoding": Reason.UNSUPPORTED_ENCODING,
    "utf_16_byte_order_mark_contradicts": Reason.AMBIGUOUS,
    "utf_16_quoted_printable": Reason.UNSUPPORTED_ENCODING,
    "utf_16_without_byte_order_mark": Reason.AMBIGUOUS,
    "utf_7": Reason.UNSUPPORTED_CHARSET,
}
NAMES = sorted(path.stem for path in MAIL.glob("*.eml") if not path.stem.endswith((".expected", ".actual")))
TRACKED = [name for name in NAMES if name not in UNTOUCHED]


@pytest.mark.parametrize("name", TRACKED)
def test_a_golden_mail_comes_out_as_expected(name: str) -> None:
    expected = (MAIL / f"{name}.expected.eml").read_bytes()
    actual_path = MAIL / f"{name}.actual.eml"
    actual_path.unlink(missing_ok=True)

    verdict = plan((MAIL / f"{name}.eml").read_bytes())

    assert isinstance(verdict, Plan), verdict
    actual = verdict.with_pixel(URL)
    if actual != expected:
        actual_path.write_bytes(actual)
    assert actual == expected


@pytest.mark.parametrize(("name", "reason"), UNTOUCHED.items())
def test_a_golden_mail_that_must_not_change_is_left_alone_for_its_reason(name: str, reason: Reason) -> None:
    assert plan((MAIL / f"{name}.eml").read_bytes()) == Untouched(reason)


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary", "quoted-printable", "base64"])
@pytest.mark.parametrize("start", ['<html><head></head><body class="a>b">', "<style>p{}</style>\r\n"])
def test_a_mail_of_200_kilobytes_gets_its_pixel_at_the_top(start: str, encoding: str) -> None:
    filler = "<p>Your order is on its way.</p>\r\n" * 6_000

    tracked = planned(html_mail(start + filler, encoding=encoding)).with_pixel(URL)

    document = message_from_bytes(tracked).get_payload(decode=True)
    assert isinstance(document, bytes)
    assert re.sub(r"<img [^>]+>", "|", document.decode()) == f"{start}|{filler}"


def test_every_golden_mail_says_in_the_readme_why_it_exists() -> None:
    readme = (MAIL / "README.md").read_text(encoding="utf-8")

    assert [name for name in NAMES if f"`{name}`" not in readme] == []


def test_every_expected_mail_has_its_input() -> None:
    expected = {path.name.removesuffix(".expected.eml") for path in MAIL.glob("*.expected.eml")}

    assert expected == set(TRACKED)
