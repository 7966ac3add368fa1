"""Mail handed in over HTTPS: what is stored and queued of it, and what is refused."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from tests.functions.api.conftest import Answer, Api
from tests.functions.conftest import Cloud
from tracking.mail import envelopes
from tracking.mail.credentials import CredentialKind
from tracking.mail.envelopes import MAX_MESSAGE_BYTES, Envelope

MAIL: dict[str, Any] = {
    "sender": "Shop <shop@example.com>",
    "to": ["Bob <bob@example.net>"],
    "subject": "Hi",
    "text_body": "Hello",
}
RAW = b"From: Shop <shop@example.com>\r\nTo: bob@example.net\r\nSubject: Hi\r\n\r\nHello\r\n"


def accepted(cloud: Cloud, answer: Answer) -> tuple[Envelope, bytes]:
    """The one mail that the outbox now holds."""
    assert answer.status == 200, answer
    (body,) = cloud.queued()
    envelope = envelopes.decode(body)
    assert answer.data == {
        "succeeded": len(envelope.recipients),
        "failed": 0,
        "failures": [],
        "email_id": envelope.email_id,
    }
    return envelope, cloud.messages.get(envelope.email_id)


def parsed(raw: bytes) -> EmailMessage:
    raw.decode("ascii")
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def mime(raw: bytes) -> dict[str, str]:
    return {"mime_email": base64.b64encode(raw).decode()}


def test_a_mail_is_stored_and_queued_under_its_senders_key(api: Api, cloud: Cloud) -> None:
    answer = api("/email/send", MAIL)

    envelope, raw = accepted(cloud, answer)
    assert api.key
    assert abs(datetime.now(UTC) - envelope.received_at) < timedelta(minutes=1)
    assert envelope == Envelope(
        envelope.email_id,
        CredentialKind.API_KEY,
        api.key[:16],
        "shop@example.com",
        ("bob@example.net",),
        envelope.received_at,
        len(raw),
        "192.0.2.1",
    )


def test_a_mail_says_what_it_was_told_to(api: Api, cloud: Cloud) -> None:
    answer = api(
        "/email/send",
        {
            **MAIL,
            "sender": "Müller & Söhne <shop@example.com>",
            "cc": ["carol@example.net"],
            "bcc": ["dave@example.net", "bob@example.net"],
            "subject": "Grüße №1",
            "html_body": '<p>Grüße <img src="cid:logo.png"></p>',
            "text_body": "Grüße",
            "custom_headers": [
                {"header": "X-Campaign", "value": "spring"},
                {"header": "Subject", "value": "ignored"},
            ],
            "attachments": [
                {"filename": "a.pdf", "fileblob": base64.b64encode(b"%PDF").decode()},
                {"filename": "b", "fileblob": "", "mimetype": "message/rfc822"},
            ],
            "inlines": [
                {"filename": "logo.png", "fileblob": "cG5n", "mimetype": "image/png"},
            ],
        },
    )

    envelope, raw = accepted(cloud, answer)
    message = parsed(raw)
    assert envelope.recipients == ("bob@example.net", "carol@example.net", "dave@example.net")
    assert message["From"] == "Müller & Söhne <shop@example.com>"
    assert message["To"] == "Bob <bob@example.net>"
    assert message["Cc"] == "carol@example.net"
    assert message["Bcc"] is None
    assert message["Subject"] == "Grüße №1"
    assert message["X-Campaign"] == "spring"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain
    assert html
    assert plain.get_content().strip() == "Grüße"
    assert html.get_content().strip() == '<p>Grüße <img src="cid:logo.png"></p>'
    assert [(part.get_content_type(), part.get_filename()) for part in message.iter_attachments()] == [
        ("application/pdf", "a.pdf"),
        ("application/octet-stream", "b"),
    ]
    (logo,) = [part for part in message.walk() if part["Content-ID"]]
    assert (logo["Content-ID"], logo.get_content_disposition()) == ("<logo.png>", "inline")


def test_a_mail_of_html_alone_is_one_part(api: Api, cloud: Cloud) -> None:
    answer = api("/email/send", {**MAIL, "text_body": None, "html_body": "<p>Hello</p>", "cc": None})

    assert parsed(accepted(cloud, answer)[1]).get_content_type() == "text/html"


@pytest.mark.parametrize(
    ("bodies", "content_type"),
    [
        ({"text_body": "", "html_body": "<p>Hello</p>"}, "text/html"),
        ({"text_body": "Hello", "html_body": ""}, "text/plain"),
    ],
)
def test_an_empty_body_is_no_part(api: Api, cloud: Cloud, bodies: dict[str, str], content_type: str) -> None:
    assert (
        parsed(accepted(cloud, api("/email/send", {**MAIL, **bodies}))[1]).get_content_type() == content_type
    )


def test_fields_that_are_not_known_are_ignored(api: Api, cloud: Cloud) -> None:
    accepted(cloud, api("/email/send", {**MAIL, "version": 1, "template_id": None, "fastaccept": True}))


@pytest.fixture
def nothing_is_queued(cloud: Cloud) -> Iterator[None]:
    yield
    assert cloud.queued() == []
    assert cloud.stored_messages() == 0


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sender": None}, "sender"),
        ({"sender": 7}, "sender"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@example.com\r\nBcc: x@example.com"}, "sender"),
        ({"to": None}, "to"),
        ({"to": []}, "to"),
        ({"to": "bob@example.net"}, "to"),
        ({"to": ["bob@example.net", "bob"]}, "to.1"),
        ({"to": ["a@example.net"] * 101}, "to"),
        ({"to": [f"a{n}@b.net" for n in range(60)], "cc": [f"c{n}@b.net" for n in range(60)]}, "to"),
        ({"cc": ["jürgen@example.net"]}, "cc.0"),
        ({"bcc": [None]}, "bcc.0"),
        ({"subject": "one\ntwo"}, "subject"),
        ({"subject": "a" * 999}, "subject"),
        ({"subject": "\ud800"}, "subject"),
        ({"text_body": None}, "body"),
        ({"text_body": ""}, "body"),
        ({"html_body": ["<p>"]}, "html_body"),
        ({"custom_headers": [{"header": "X A", "value": "b"}]}, "custom_headers.0.header"),
        ({"custom_headers": [{"header": "X-A", "value": "b\r\nBcc: c"}]}, "custom_headers.0.value"),
        ({"custom_headers": [{"header": "X-A"}]}, "custom_headers.0.value"),
        ({"attachments": [{"filename": "a", "fileblob": "%"}]}, "attachments.0.fileblob"),
        ({"attachments": [{"filename": "", "fileblob": ""}]}, "attachments.0.filename"),
        (
            {"attachments": [{"filename": "a", "fileblob": "", "mimetype": "x"}]},
            "attachments.0.mimetype",
        ),
        ({"inlines": {}}, "inlines"),
        ({"template_id": "1"}, "template_id"),
        ({"schedule": "tomorrow"}, "schedule"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_a_mail_with_a_wrong_field_is_refused_by_its_name(
    api: Api, change: dict[str, object], field: str
) -> None:
    answer = api("/email/send", {**MAIL, **change})

    assert (answer.status, answer.field) == (400, field)


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_header_that_a_mail_can_have_only_once_is_refused_twice(api: Api) -> None:
    twice = [
        {"header": "Reply-To", "value": "a@example.com"},
        {"header": "reply-to", "value": "b@example.com"},
    ]

    answer = api("/email/send", {**MAIL, "custom_headers": twice})

    assert (answer.status, answer.field) == (400, "custom_headers")


def test_a_mail_that_the_caller_wrote_is_stored_byte_for_byte(api: Api, cloud: Cloud) -> None:
    raw = RAW.replace(b"To:", b"Bcc: <dave@example.net>\nCc: Carol <carol@example.net>, bob@example.net\nTo:")

    envelope, stored = accepted(cloud, api("/email/mime", mime(raw)))

    assert stored == raw
    assert envelope.mail_from == "shop@example.com"
    assert envelope.recipients == ("bob@example.net", "carol@example.net", "dave@example.net")
    assert envelope.size == len(raw)


def test_a_mail_of_exactly_the_limit_is_taken(api: Api, cloud: Cloud) -> None:
    envelope, _ = accepted(cloud, api("/email/mime", mime(RAW.ljust(MAX_MESSAGE_BYTES))))

    assert envelope.size == MAX_MESSAGE_BYTES


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_mail_over_the_limit_of_ses_is_refused(api: Api) -> None:
    answer = api("/email/mime", mime(RAW.ljust(MAX_MESSAGE_BYTES + 1)))

    assert (answer.status, answer.field) == (400, "mime_email")
    assert str(MAX_MESSAGE_BYTES) in answer.data["error"]


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff",
        RAW.replace(b"To:", b"X-To:"),
        RAW.replace(b"From:", b"X-From:"),
        RAW.replace(b"bob@example.net", b"bob"),
        RAW.replace(b"bob@example.net", b"j\xfcrgen@example.net"),
        RAW.replace(b"bob@example.net", b"undisclosed-recipients:;"),
        RAW.replace(b"bob@example.net", ", ".join(f"a{n}@b.net" for n in range(101)).encode()),
    ],
    ids=["empty", "binary", "no_to", "no_from", "no_domain", "not_ascii", "group", "too_many"],
)
def test_a_mime_mail_without_a_sender_or_recipients_is_refused(api: Api, raw: bytes) -> None:
    answer = api("/email/mime", mime(raw))

    assert (answer.status, answer.field) == (400, "mime_email")


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("body", [{}, {"mime_email": "%"}, {"mime_email": "é"}, {"mime_email": 7}])
def test_what_is_no_base64_is_refused(api: Api, body: dict[str, object]) -> None:
    answer = api("/email/mime", body)

    assert (answer.status, answer.field) == (400, "mime_email")
