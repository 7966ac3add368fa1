from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Message
from tracking.mail.envelopes import Envelope
from tracking.mail.headers import describe

ENVELOPE = Envelope(
    "06h0r9co15h30phg2640",
    CredentialKind.SMTP_USER,
    "alice",
    "bounces@example.com",
    ("bob@example.net",),
    datetime(2026, 11, 24, tzinfo=UTC),
    1000,
    source_ip="192.0.2.1",
)


def described(raw: bytes) -> Message:
    return describe(ENVELOPE, raw)


def test_a_message_is_described_by_its_header() -> None:
    message = described(
        b"From: Shop <shop@example.com>\r\nTo: bob@example.net\r\nCc: c@example.net\r\n"
        b"Reply-To: help@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: Hello\r\n\r\n"
        b"Subject: not this one\r\n"
    )

    assert message == Message(
        email_id=ENVELOPE.email_id,
        kind=ENVELOPE.kind,
        credential_id="alice",
        mail_from="bounces@example.com",
        received_at=ENVELOPE.received_at,
        size=1000,
        subject="Hello",
        sender="Shop <shop@example.com>",
        to="bob@example.net",
        cc="c@example.net",
        reply_to="help@example.com",
        rfc_message_id="<1@example.com>",
        source_ip="192.0.2.1",
    )


def test_encoded_words_are_decoded() -> None:
    assert described(b"Subject: =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=\r\n\r\n").subject == "日本語"


def test_a_folded_field_is_one_line() -> None:
    assert described(b"Subject: one\r\n two\r\n\tthree\r\n\r\n").subject == "one two three"


def test_a_field_in_an_unknown_charset_is_shown_as_it_stands() -> None:
    assert described(b"Subject: =?x-nope?Q?a?=\n\nbody").subject == "=?x-nope?Q?a?="


def test_a_very_long_field_is_cut() -> None:
    assert len(described(b"Subject: " + b"a" * 5000).subject) == 998


@given(st.binary() | st.binary().map(b"Subject: ".__add__))
def test_any_bytes_are_described_in_text_that_can_be_stored(raw: bytes) -> None:
    message = described(raw)

    for text in (message.subject, message.sender, message.to, message.rfc_message_id):
        text.encode()
