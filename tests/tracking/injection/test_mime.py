import pytest

from tests.tracking.injection.mails import HEADER, multipart, planned, reason
from tracking.injection import Plan, Reason, plan
from tracking.injection.mime import DEPTH_LIMIT

TEXT = "Content-Type: text/plain\r\n\r\nHello"
HTML = "Content-Type: text/html\r\n\r\n<p>Hello</p>"
IMAGE = "Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\nx"


def disposed(disposition: str, fields: str = "") -> str:
    return f"Content-Type: text/html\r\nContent-Disposition: {disposition}\r\n{fields}\r\n<p>Hello</p>"


def test_a_part_without_fields_is_text() -> None:
    assert planned(multipart("mixed", "\r\nHello", HTML)).part == "2"


def test_the_last_html_alternative_is_the_one_shown() -> None:
    assert planned(multipart("alternative", HTML, HTML, TEXT)).part == "2"


def test_the_first_html_of_any_other_multipart_is_the_body() -> None:
    assert planned(multipart("x-unknown", TEXT, HTML, HTML)).part == "2"


def test_a_related_without_start_begins_with_its_root() -> None:
    assert planned(multipart("related", HTML, HTML, parameters='; start="<nobody>"')).part == "1"


def test_a_related_whose_root_has_no_html_yields_the_first_that_has() -> None:
    parts = (HTML, IMAGE.replace("\r\n\r\n", "\r\nContent-ID: <i>\r\n\r\n"))

    assert planned(multipart("related", *parts, parameters='; start="<i>"')).part == "1"


@pytest.mark.parametrize("kind", ["alternative", "related"])
def test_an_inline_html_with_a_file_name_is_the_body_of_an_alternative_or_related(kind: str) -> None:
    assert planned(multipart(kind, disposed("inline; filename=body.html"))).part == "1"


def test_a_whole_message_with_a_file_name_is_still_the_body() -> None:
    assert planned(disposed("inline; filename=body.html")).part == "1"


@pytest.mark.parametrize(
    "disposition", ["attachment", "ATTACHMENT; filename=x", "inline; filename*=utf-8''x.html"]
)
def test_an_attached_html_is_not_the_body(disposition: str) -> None:
    assert reason(multipart("mixed", TEXT, disposed(disposition))) is Reason.HTML_ATTACHMENT_ONLY


def test_an_attached_multipart_is_not_entered() -> None:
    attached = "Content-Disposition: attachment\r\n" + multipart("mixed", HTML, boundary="c")

    assert reason(multipart("mixed", TEXT, attached)) is Reason.PLAIN_TEXT


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/digest", "multipart/form-data"])
def test_other_messages_within_are_not_entered(kind: str) -> None:
    inner = multipart("digest", HTML, boundary="c").replace("multipart/digest", kind)

    assert reason(multipart("mixed", TEXT, inner)) is Reason.PLAIN_TEXT


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("signed", Reason.SIGNED), ("encrypted", Reason.ENCRYPTED), ("report", Reason.REPORT)],
)
def test_a_protected_part_before_the_body_protects_the_message(kind: str, expected: Reason) -> None:
    assert reason(multipart("mixed", multipart(kind, TEXT, boundary="c"), HTML)) is expected


def test_a_protected_part_behind_the_body_is_not_even_seen() -> None:
    assert planned(multipart("mixed", HTML, multipart("signed", TEXT, boundary="c"))).part == "1"


def test_a_protected_alternative_protects_its_siblings() -> None:
    assert reason(multipart("alternative", HTML, multipart("signed", HTML, boundary="c"))) is Reason.SIGNED


@pytest.mark.parametrize("field", ["Content-Type: text/html", "Content-Transfer-Encoding: 7bit"])
def test_a_repeated_field_of_the_body_is_ambiguous(field: str) -> None:
    assert reason(f"{field}\r\n{field}\r\n" + HTML) is Reason.AMBIGUOUS


def test_a_repeated_field_of_another_part_does_not_matter() -> None:
    assert planned(multipart("mixed", "Content-Type: text/plain\r\n" + TEXT, HTML)).part == "2"


@pytest.mark.parametrize("line", ["no field", " continued", "name : x", "naïve: x", "a: b\rc: d"])
def test_a_header_line_that_is_none_is_malformed(line: str) -> None:
    part = f"{line}\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>"

    assert reason(multipart("mixed", part, HTML)) is Reason.MALFORMED


def test_folded_and_rfc_2231_parameters_are_understood() -> None:
    message = multipart("alternative", TEXT, HTML).replace(
        "boundary=b", "\r\n\tboundary*0=;\r\n boundary*1*=us-ascii''b"
    )

    assert isinstance(plan((HEADER + message).encode()), Plan)


@pytest.mark.parametrize(
    "parameter",
    [
        "boundary",
        'boundary=""',
        'boundary="é"',
        "name*0=a; name=b; name*=c; x*1=d; x*=e",
        "charset*=idna''x",
        "a" * 9000,
    ],
)
def test_parameters_that_nobody_understands_are_malformed(parameter: str) -> None:
    assert (
        reason(f"Content-Type: multipart/mixed; {parameter}\r\n\r\n--b\r\n{HTML}\r\n--b--")
        is Reason.MALFORMED
    )


@pytest.mark.parametrize("tail", ["x", "--x", " x", "-"])
def test_a_delimiter_with_garbage_behind_it_is_ambiguous(tail: str) -> None:
    message = multipart("mixed", TEXT + f"\r\n--b{tail}", HTML)

    assert reason(message) is Reason.AMBIGUOUS


@pytest.mark.parametrize("tail", ["\r\r\n", "--\r\r\n"])
def test_a_delimiter_with_a_lone_carriage_return_behind_it_is_ambiguous(tail: str) -> None:
    assert reason(multipart("mixed", TEXT + f"\r\n--b{tail}", HTML)) is Reason.AMBIGUOUS


def test_a_delimiter_behind_a_lone_carriage_return_is_ambiguous() -> None:
    assert reason(multipart("mixed", TEXT + "\r--b\r\n", HTML)) is Reason.AMBIGUOUS


def test_blanks_behind_a_delimiter_are_nothing() -> None:
    assert planned(multipart("mixed", TEXT, HTML).replace("--b\r\n", "--b \t\r\n")).part == "2"


def test_a_delimiter_within_a_line_is_text() -> None:
    assert planned(multipart("mixed", TEXT + " --b\r\n --b", HTML)).part == "2"


def test_what_follows_the_closing_delimiter_is_no_part() -> None:
    assert reason(multipart("mixed", TEXT) + f"--b\r\n{HTML}\r\n--b--\r\n") is Reason.PLAIN_TEXT


def test_multiparts_within_multiparts_end_at_a_limit() -> None:
    message = HTML
    for number in range(DEPTH_LIMIT + 1):
        message = multipart("mixed", message, boundary=f"b{number}b")

    assert reason(message) is Reason.MALFORMED
