"""The golden mails of tests/data/mail: what goes in, and what must come out."""

from pathlib import Path

import pytest

from tests.tracking.injection.mails import URL
from tracking.injection import Plan, Reason, Untouched, plan

MAIL = Path(__file__).parents[2] / "data" / "mail"
UNTOUCHED = {
    "content_md5": Reason.CHECKSUMMED,
    "digest": Reason.PLAIN_TEXT,
    "dkim_signed": Reason.DKIM_SIGNED,
    "empty_html": Reason.NO_SAFE_PLACE,
    "encrypted_inline_pgp": Reason.ENCRYPTED,
    "encrypted_pgp": Reason.ENCRYPTED,
    "encrypted_smime": Reason.ENCRYPTED,
    "frameset": Reason.NO_SAFE_PLACE,
    "garbage_behind_the_closing_boundary": Reason.AMBIGUOUS,
    "html_attachment_only": Reason.HTML_ATTACHMENT_ONLY,
    "html_file_inline": Reason.HTML_ATTACHMENT_ONLY,
    "no_header_field": Reason.MALFORMED,
    "plain": Reason.PLAIN_TEXT,
    "repeated_content_type": Reason.AMBIGUOUS,
    "report": Reason.REPORT,
    "signed_opaque_smime": Reason.SIGNED,
    "signed_pgp_in_list_mail": Reason.SIGNED,
    "signed_smime": Reason.SIGNED,
    "unknown_encoding": Reason.UNSUPPORTED_ENCODING,
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


def test_every_golden_mail_says_in_the_readme_why_it_exists() -> None:
    readme = (MAIL / "README.md").read_text(encoding="utf-8")

    assert [name for name in NAMES if f"`{name}`" not in readme] == []


def test_every_expected_mail_has_its_input() -> None:
    expected = {path.name.removesuffix(".expected.eml") for path in MAIL.glob("*.expected.eml")}

    assert expected == set(TRACKED)
