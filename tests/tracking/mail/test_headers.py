from dataclasses import replace
from datetime import UTC, datetime
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Message
from tracking.mail.envelopes import Envelope
from tracking.mail.headers import MAX_KEPT_BYTES, describe, head, pick

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


def described(raw: bytes, *wanted: str) -> Message:
    return describe(ENVELOPE, raw, wanted)


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
        recipients=("bob@example.net",),
    )


def test_encoded_words_are_decoded() -> None:
    assert described(b"Subject: =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=\r\n\r\n").subject == "日本語"


def test_a_folded_field_is_one_line() -> None:
    assert described(b"Subject: one\r\n two\r\n\tthree\r\n\r\n").subject == "one two three"


def test_a_field_in_an_unknown_charset_is_shown_as_it_stands() -> None:
    assert described(b"Subject: =?x-nope?Q?a?=\n\nbody").subject == "=?x-nope?Q?a?="


def test_a_very_long_field_is_cut() -> None:
    assert len(described(b"Subject: " + b"a" * 5000).subject) == 998


@pytest.mark.parametrize(
    ("raw", "header"),
    [
        (b"A: 1\r\nB: 2\r\n\r\nbody\r\n\r\nmore", b"A: 1\r\nB: 2"),
        (b"A: 1\nB: 2\n\nbody\n\nmore", b"A: 1\nB: 2"),
        (b"A: 1\n\nbody\r\n\r\nmore", b"A: 1"),
        (b"A: 1\r\n\r\nbody\n\nmore", b"A: 1"),
        (b"A: 1\n\r\nbody", b"A: 1"),
        (b"A: 1\r\n", b"A: 1\r\n"),
        (b"A: 1", b"A: 1"),
        (b"\r\nbody\r\n\r\nmore", b""),
        (b"\nbody\n\nmore", b""),
        (b"", b""),
    ],
)
def test_the_header_ends_at_the_first_empty_line(raw: bytes, header: bytes) -> None:
    assert head(raw) == header


def test_fields_are_picked_by_the_names_that_were_asked_for() -> None:
    header = b"X-Campaign: =?utf-8?Q?Fr=C3=BChling?=\r\nSubject: one\r\n two\r\nx-tag: first\r\nX-Tag: second"

    found = pick(header, ["x-campaign", "SUBJECT", "X-Tag", "X-Missing"])

    assert found == {"x-campaign": "Frühling", "SUBJECT": "one two", "X-Tag": "first"}


def test_an_empty_header_has_no_fields() -> None:
    assert pick(b"", ["Subject"]) == {}


def test_the_fields_that_are_wanted_are_kept_by_their_names_in_lower_case() -> None:
    message = described(
        b"X-Campaign: =?utf-8?Q?Fr=C3=BChling?=\r\nSubject: one\r\n two\r\nX-Other: o\r\n\r\nX-Body: body",
        "X-CAMPAIGN",
        "x-campaign",
        "Subject",
        "X-Body",
    )

    assert message.headers == {"x-campaign": "Frühling", "subject": "one two"}


def test_of_fields_of_one_name_the_first_is_kept_if_it_is_not_empty() -> None:
    message = described(b"X-A: first\r\nx-a: second\r\nX-B:\r\nX-B: second\r\n\r\n", "X-A", "X-B")

    assert message.headers == {"x-a": "first"}


def test_a_very_long_field_that_is_wanted_is_cut() -> None:
    assert len(described(b"X-A: " + b"a" * 5000, "X-A").headers["x-a"]) == 998


def test_wanted_fields_are_left_out_when_there_is_no_more_room() -> None:
    names = [f"x-{number:02}" for number in range(20)]
    value = "日" * 998
    encoded = Header(value, "utf-8").encode(linesep="\r\n")
    raw = "".join(f"{name}: {encoded}\r\n" for name in names) + "X-Short: short\r\n\r\n"

    kept = described(raw.encode(), *names, "X-Short").headers

    assert kept == {**dict.fromkeys(names[:5], value), "x-short": "short"}
    assert len("".join([*kept, *kept.values()]).encode()) <= MAX_KEPT_BYTES


@given(st.binary().map(b"X-A: ".__add__), st.lists(st.text() | st.just("x-a"), max_size=3))
def test_any_field_that_is_wanted_can_be_stored(raw: bytes, names: list[str]) -> None:
    for name, text in described(raw, *names).headers.items():
        assert text
        (name + text).encode()


def bcc(raw: bytes, *recipients: str) -> str:
    return describe(replace(ENVELOPE, recipients=recipients), raw, []).bcc


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"To: bob@example.net\r\nCc: carol@example.net", ""),
        (b"To: bob@example.net", "carol@example.net"),
        (b"Cc: Carol <CAROL@EXAMPLE.NET>", "Bob@example.net"),
        (b"Subject: Hello", "Bob@example.net, carol@example.net"),
        (b"Bcc: bob@example.net", "Bob@example.net, carol@example.net"),
        (b"To: bob@example.net\r\nTo: carol@example.net", ""),
        (b"To: =?utf-8?Q?B=C3=B6b=2C_Jr?= <bob@example.net>,\r\n carol@example.net", ""),
        (b'To: "Doe, Bob" <bob@example.net>, carol@example.net (Doe, Carol)', ""),
        (b"To: Doe, Bob <bob@example.net>, carol@example.net,", ""),
        (b"To: Friends: bob@example.net, Carol <carol@example.net>;", ""),
        (b"To: undisclosed-recipients:;\r\nCc: bob@example.net", "carol@example.net"),
        (b"To: kbob@example.net, bob@example.net.example", "Bob@example.net, carol@example.net"),
        (b"To: B\xf6b <bob@example.net>, carol@example.net", ""),
        (b"To: " + b"(" * 5000 + b")" * 5000 + b" bob@example.net", "carol@example.net"),
    ],
)
def test_blind_copies_are_the_recipients_that_neither_to_nor_cc_names(raw: bytes, expected: str) -> None:
    assert bcc(raw + b"\r\n\r\n", "Bob@example.net", "carol@example.net") == expected


def test_a_recipient_at_the_end_of_a_very_long_list_is_no_blind_copy() -> None:
    recipients = [f"somebody-{number}@example.net" for number in range(300)]
    raw = f"To: {',\r\n '.join(recipients)}\r\n\r\n".encode()

    message = describe(replace(ENVELOPE, recipients=tuple(recipients)), raw, [])

    assert len(message.to) == 998
    assert message.recipients == tuple(recipients)
    assert message.bcc == ""


def test_a_very_long_list_of_blind_copies_is_cut() -> None:
    recipients = [f"somebody-{number}@example.net" for number in range(300)]

    assert len(bcc(b"Subject: Hello\r\n\r\n", *recipients)) == 998


@given(st.binary() | st.binary().map(b"Subject: ".__add__) | st.binary().map(b"To: ".__add__))
def test_any_bytes_are_described_in_text_that_can_be_stored(raw: bytes) -> None:
    message = described(raw)

    for text in (message.subject, message.sender, message.to, message.rfc_message_id, message.bcc):
        text.encode()
