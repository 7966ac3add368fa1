from hypothesis import given
from hypothesis import strategies as st

from tracking.injection import without_headers

NAMES = ("Bcc", "Return-Path", "X-SES-")


def test_named_fields_go_with_their_continuation_lines_and_nothing_else_changes() -> None:
    message = (
        b"Return-Path: <a@shop.example.com>\r\nTo: somebody@example.org\r\n"
        b"bCC: b@example.org,\r\n\tc@example.org\r\n"
        b"X-SES-CONFIGURATION-SET: x\r\nX-SESSION: kept\r\nSubject: Bcc: d\r\n\r\nBcc: in the body\r\n"
    )

    kept = b"To: somebody@example.org\r\nX-SESSION: kept\r\nSubject: Bcc: d\r\n\r\nBcc: in the body\r\n"
    assert without_headers(message, NAMES) == kept


def test_a_message_without_these_fields_is_not_copied() -> None:
    message = b"To: somebody@example.org\n\nBcc: b@example.org\n"

    assert without_headers(message, NAMES) is message


def test_fields_of_parts_stay() -> None:
    message = b"Content-Type: message/rfc822\n\nBcc: b@example.org\n\nhello\n"

    assert without_headers(message, NAMES) is message


def test_a_field_with_blanks_before_its_colon_or_without_a_line_end_goes() -> None:
    assert without_headers(b"To: a\nBcc : b@example.org", NAMES) == b"To: a\n"


def test_a_field_behind_a_lone_carriage_return_goes() -> None:
    assert without_headers(b"To: a\rBcc: b@example.org\r\nCc: c\r\n\r\n", NAMES) == b"To: a\rCc: c\r\n\r\n"


def test_a_field_that_ends_in_two_carriage_returns_leaves_no_blank_line() -> None:
    assert without_headers(b"To: a\r\nBcc: b\r\r\nCc: c\r\n\r\n", NAMES) == b"To: a\r\nCc: c\r\n\r\n"


def test_a_message_that_starts_with_a_blank_line_has_no_fields() -> None:
    message = b"\r\nBcc: b@example.org\r\n"

    assert without_headers(message, NAMES) is message


@given(st.binary(max_size=200))
def test_removing_twice_is_removing_once(message: bytes) -> None:
    once = without_headers(b"Bcc: b@example.org\r\n" + message, NAMES)

    assert without_headers(once, NAMES) == once
