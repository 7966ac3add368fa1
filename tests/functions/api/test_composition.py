"""What a caller says of a mail, and the message that comes of it."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import formataddr, getaddresses, unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.api.composition import compose
from functions.api.mails import Mail, Mailbox, mailbox
from tests.functions.api.submissions import MAIL

SPECIAL = " \"\\()<>@,;:.[]%*=?'_aé\u200d\u202e\xa0\U0001f600"
texts = st.one_of(
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=250),
    st.text(st.one_of(st.sampled_from(SPECIAL), st.characters(codec="utf-8")), max_size=250),
)


def header_of(mail: Mail) -> "Message[str, str]":
    return message_from_bytes(compose(mail), policy=policy.compat32)


def read(field: str) -> str:
    """A header field's text as a mail program shows it."""
    return str(make_header(decode_header(field.replace("\r\n", ""))))


def names(field: str) -> list[tuple[str, str]]:
    return [(read(name), address) for name, address in getaddresses([field.replace("\r\n", "")])]


@given(subject=texts, name=texts, value=texts, filename=texts)
def test_whatever_is_accepted_reads_back_as_it_was_and_adds_no_header(
    subject: str, name: str, value: str, filename: str
) -> None:
    assume("=?" not in subject + name + value)
    # `get_filename` takes quotes off twice.
    assume(unquote(filename.strip()) == filename.strip())
    file = {"filename": filename, "fileblob": "YWJj", "mimetype": "text/csv"}
    try:
        mail = Mail.model_validate(
            {
                **MAIL,
                "sender": f"{name}<shop@example.com>",
                "to": [f"{name} <b{number}@example.net>" for number in range(3)],
                "subject": subject,
                "html_body": "<p>Hello</p>",
                "custom_headers": [{"header": "X-Campaign", "value": value}],
                "attachments": [file],
                "inlines": [file],
            }
        )
    except ValidationError:
        # Nothing is promised of what is refused.
        return

    raw = compose(mail)

    raw.decode("ascii")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    header = header_of(mail)
    written = {"From", "To", "X-Campaign", "Content-Type", "MIME-Version"} | (
        {"Subject"} if subject else set()
    )
    assert sorted(header.keys()) == sorted(written)
    assert read(header.get("Subject", "")) == subject.strip(" ")
    assert read(header["X-Campaign"]).strip(" ") == value.strip(" ")
    shown = mailbox(mail.sender).name
    assert names(header["From"]) == [(shown, "shop@example.com")]
    assert names(header["To"]) == [(shown, f"b{number}@example.net") for number in range(3)]
    message = message_from_bytes(raw, policy=policy.default)
    files = [part for part in message.walk() if part.get_content_disposition()]
    assert [part.get_filename() for part in files] == [filename.strip()] * 2
    known = {"content-type", "content-transfer-encoding", "content-disposition", "mime-version", "content-id"}
    assert {name.lower() for part in message.walk() if part is not message for name in part} <= known


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b@y.test", Mailbox("", "b@y.test")),
        ("<b@y.test>", Mailbox("", "b@y.test")),
        (" < b@y.test > ", Mailbox("", "b@y.test")),
        ("Bob <b@y.test>", Mailbox("Bob", "b@y.test")),
        ("Bob<b@y.test>", Mailbox("Bob", "b@y.test")),
        ('"Bob \\"the man\\" B." <b@y.test>', Mailbox('Bob "the man" B.', "b@y.test")),
        ('"" <b@y.test>', Mailbox("", "b@y.test")),
        ("Doe, John (sales) <b@y.test>", Mailbox("Doe, John (sales)", "b@y.test")),
        ("a@b.test <b@y.test>", Mailbox("a@b.test", "b@y.test")),
        ("<<b@y.test>", Mailbox("<", "b@y.test")),
    ],
)
def test_a_mailbox_is_read_as_people_write_it(text: str, expected: Mailbox) -> None:
    assert mailbox(text) == expected


@pytest.mark.parametrize(
    "text", ["", "b", "<b>", "<>", "Bob", "b@y.test Bob", "Bob <b@y.test> x", "Bob b@y.test", '"b b"@y.test']
)
def test_a_text_without_an_address_is_no_mailbox(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        mailbox(text)


def test_a_name_that_its_writer_encoded_is_not_encoded_again() -> None:
    encoded = formataddr(("Jürgen Müller", "b@y.test"))

    header = header_of(Mail.model_validate({**MAIL, "to": [encoded]}))

    assert header["To"] == encoded
    assert names(header["To"]) == [("Jürgen Müller", "b@y.test")]


def test_a_name_with_characters_that_mean_something_is_quoted() -> None:
    header = header_of(Mail.model_validate({**MAIL, "to": ['Doe, John "Jack" \\ <b@y.test>']}))

    assert header["To"] == r'"Doe, John \"Jack\" \\" <b@y.test>'
    assert names(header["To"]) == [('Doe, John "Jack" \\', "b@y.test")]


def test_a_subject_that_cannot_be_folded_is_encoded() -> None:
    subject = "a" * 998

    header = header_of(Mail.model_validate({**MAIL, "subject": subject}))

    assert max(map(len, header["Subject"].split("\r\n"))) <= 78
    assert read(header["Subject"]) == subject


def test_a_long_url_in_a_header_stays_whole() -> None:
    url = f"<https://example.com/{'a' * 500}>, <mailto:unsubscribe@example.com?subject={'b' * 300}>"
    headers = [{"header": "List-Unsubscribe", "value": url}]

    header = header_of(Mail.model_validate({**MAIL, "custom_headers": headers}))

    assert header["List-Unsubscribe"].replace("\r\n", "") == url


def test_an_address_field_with_names_keeps_its_addresses_readable() -> None:
    headers = [{"header": "Reply-To", "value": '"Müller, Jürgen" <j@y.test>, b@y.test'}]

    header = header_of(Mail.model_validate({**MAIL, "custom_headers": headers}))

    assert names(header["Reply-To"]) == [("Müller, Jürgen", "j@y.test"), ("", "b@y.test")]


def test_the_header_of_a_mail_to_many_with_long_names_is_written_in_short_lines() -> None:
    everybody = [f"{'Jürgen ' * 130}<b{number}@y.test>" for number in range(100)]

    raw = compose(Mail.model_validate({**MAIL, "to": everybody}))

    header = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, header.split(b"\r\n"))) <= 100
    assert len(names(header_of(Mail.model_validate({**MAIL, "to": everybody}))["To"])) == 100


def test_an_inline_without_html_is_an_attachment() -> None:
    inline = {"filename": "logo.png", "fileblob": "cG5n"}

    raw = compose(Mail.model_validate({**MAIL, "inlines": [inline]}))

    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("logo.png", b"png")
