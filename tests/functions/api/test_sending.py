"""`email/send`: what is stored and queued of a mail, and what is refused."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.api.mails import MAX_ADDRESSES
from tests.functions.api.conftest import Api
from tests.functions.api.submissions import MAIL, accepted, parsed
from tests.functions.conftest import Cloud
from tracking.mail.credentials import CredentialKind
from tracking.mail.envelopes import MAX_RECIPIENTS, Envelope


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


@pytest.mark.parametrize(
    ("told", "source_ip"),
    [
        ("198.51.100.7:46532", "198.51.100.7"),
        ("2001:db8:0:0::7:46532", "2001:db8::7"),
        ("somebody", "192.0.2.1"),
    ],
)
def test_a_mail_came_from_where_cloudfront_saw_its_sender(
    api: Api, cloud: Cloud, told: str, source_ip: str
) -> None:
    answer = api("/email/send", MAIL, headers={"cloudfront-viewer-address": told})

    assert accepted(cloud, answer)[0].source_ip == source_ip


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
                {"filename": "c", "fileblob": "YWJj\r\nZGVm\r\n", "mimetype": None, "url": None},
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
        ("application/octet-stream", "c"),
    ]
    assert list(message.iter_attachments())[-1].get_content() == b"abcdef"
    (logo,) = [part for part in message.walk() if part["Content-ID"]]
    assert (logo["Content-ID"], logo.get_content_disposition()) == ("<logo.png>", "inline")


def test_a_mail_goes_to_a_hundred_of_each_kind(api: Api, cloud: Cloud) -> None:
    kinds = {kind: [f"{kind}{n}@b.test" for n in range(MAX_ADDRESSES)] for kind in ("to", "cc", "bcc")}

    envelope, raw = accepted(cloud, api("/email/send", {**MAIL, **kinds}))

    assert len(envelope.recipients) == MAX_RECIPIENTS
    assert len(parsed(raw)["To"].addresses) == MAX_ADDRESSES


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


def test_null_is_the_same_as_leaving_an_optional_field_out(api: Api, cloud: Cloud) -> None:
    optional = (
        "cc bcc subject html_body custom_headers attachments inlines template_id template_data schedule"
    )

    answer = api("/email/send", {**MAIL, **dict.fromkeys(optional.split())})

    assert parsed(accepted(cloud, answer)[1])["Subject"] is None


def test_fields_that_are_not_known_are_ignored(api: Api, cloud: Cloud) -> None:
    accepted(cloud, api("/email/send", {**MAIL, "version": 1, "fastaccept": True}))


def test_what_smtp2gos_clients_tell_their_server_never_leaves_with_the_mail(api: Api, cloud: Cloud) -> None:
    told = {"X-Smtp2go-Api": "smtp2go-python", "X-Smtp2go-Api-Version": "2.3.1", "x-smtp2go-api-key": api.key}
    headers = [{"header": name, "value": value} for name, value in told.items()]

    _, raw = accepted(cloud, api("/email/send", {**MAIL, "custom_headers": headers}))

    assert b"smtp2go" not in raw.lower()


@pytest.mark.parametrize("name", ["Return-Path", "X-SES-Source-ARN", "Bcc", "MIME-Version", "content-ID"])
def test_a_header_that_is_not_the_callers_to_write_is_left_out(api: Api, cloud: Cloud, name: str) -> None:
    headers = [{"header": name, "value": "mine"}]

    _, raw = accepted(cloud, api("/email/send", {**MAIL, "custom_headers": headers}))

    assert b"mine" not in raw


def test_a_person_who_is_signed_in_cannot_send(console: Api) -> None:
    answer = console("/email/send", MAIL)

    assert (answer.status, answer.field) == (400, "api_key")


NOT_TEXTS: list[Any] = [None, 7, True, [], {}, {"a": {"b": "c"}}]
CONTROL = ["\r\n", "\n", "\r", "\0", "\t", "\x7f", "\x85", "\u2028"]
FILE = {"filename": "a", "fileblob": ""}


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({"sender": value}, "sender") for value in NOT_TEXTS),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "jürgen@example.com"}, "sender"),
        ({"sender": "a@example.com, b@example.com"}, "sender"),
        ({"sender": "a" * 999 + " <a@example.com>"}, "sender"),
        ({"to": None}, "to"),
        ({"to": []}, "to"),
        ({"to": "bob@example.net"}, "to"),
        ({"to": {"bob@example.net": "Bob"}}, "to"),
        ({"to": [{"email": "bob@example.net"}]}, "to.0"),
        ({"to": ["bob@example.net", "bob"]}, "to.1"),
        ({"to": ["<bob>"]}, "to.0"),
        ({"to": [""]}, "to.0"),
        ({"to": ["a@example.net"] * 101}, "to"),
        ({"to": [f"a{n}@b.test" for n in range(10_000)]}, "to"),
        ({"cc": ["jürgen@example.net"]}, "cc.0"),
        ({"bcc": [None]}, "bcc.0"),
        ({"bcc": [f"a{n}@b.test" for n in range(101)]}, "bcc"),
        *(({"subject": value}, "subject") for value in NOT_TEXTS[1:]),
        ({"subject": "a" * 999}, "subject"),
        ({"text_body": None}, "body"),
        ({"text_body": ""}, "body"),
        ({"text_body": 7}, "text_body"),
        ({"html_body": ["<p>"]}, "html_body"),
        ({"custom_headers": {"X-A": "b"}}, "custom_headers"),
        ({"custom_headers": ["X-A: b"]}, "custom_headers.0"),
        ({"custom_headers": [{"header": "X-A", "value": "b"}] * 101}, "custom_headers"),
        ({"custom_headers": [{"header": "X A", "value": "b"}]}, "custom_headers.0.header"),
        ({"custom_headers": [{"header": "X-A: b\r\nY", "value": "c"}]}, "custom_headers.0.header"),
        ({"custom_headers": [{"header": "X-A\n", "value": "c"}]}, "custom_headers.0.header"),
        ({"custom_headers": [{"header": "X-Ä", "value": "c"}]}, "custom_headers.0.header"),
        ({"custom_headers": [{"header": "", "value": "c"}]}, "custom_headers.0.header"),
        ({"custom_headers": [{"header": "X-A", "value": "b" * 901}]}, "custom_headers.0.value"),
        ({"custom_headers": [{"header": "X-A"}]}, "custom_headers.0.value"),
        ({"custom_headers": [{"header": "Reply-To", "value": "Jürgen"}]}, "custom_headers.0.value"),
        ({"custom_headers": [{"header": "X-A", "value": {"b": "c"}}]}, "custom_headers.0.value"),
        ({"attachments": [{"filename": "a", "fileblob": "%"}]}, "attachments.0.fileblob"),
        ({"attachments": [{"filename": "a", "fileblob": "é"}]}, "attachments.0.fileblob"),
        ({"attachments": [{"filename": "a", "fileblob": "YQ"}]}, "attachments.0.fileblob"),
        ({"attachments": [{"filename": "a", "fileblob": ["YQ=="]}]}, "attachments.0.fileblob"),
        ({"attachments": [{"filename": "a", "fileblob": None}]}, "attachments.0.fileblob"),
        ({"attachments": [{"filename": "", "fileblob": ""}]}, "attachments.0.filename"),
        ({"attachments": [{"filename": " \u3000", "fileblob": ""}]}, "attachments.0.filename"),
        ({"attachments": [{"filename": "a" * 256, "fileblob": ""}]}, "attachments.0.filename"),
        ({"attachments": [{**FILE, "mimetype": "x"}]}, "attachments.0.mimetype"),
        ({"attachments": [{**FILE, "mimetype": "text/html; a=b"}]}, "attachments.0.mimetype"),
        ({"attachments": [{**FILE, "mimetype": "text/ä"}]}, "attachments.0.mimetype"),
        ({"attachments": [{"filename": "a", "url": "https://example.com/a"}]}, "attachments.0.url"),
        ({"attachments": [FILE] * 101}, "attachments"),
        ({"inlines": {}}, "inlines"),
        ({"inlines": [{**FILE, "url": ""}]}, "inlines.0.url"),
        ({"template_id": "1"}, "template_id"),
        ({"template_data": {}}, "template_data"),
        ({"schedule": "2026-11-24T13:00:00Z"}, "schedule"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_a_mail_with_a_wrong_field_is_refused_by_its_name(
    api: Api, change: dict[str, object], field: str
) -> None:
    answer = api("/email/send", {**MAIL, **change})

    assert (answer.status, answer.field) == (400, field)


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("control", CONTROL, ids=ascii)
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sender": "a@example.com%sBcc: x@example.com"}, "sender"),
        ({"sender": "Shop%sBcc: x@example.com <a@example.com>"}, "sender"),
        ({"to": ["Bob%s <bob@example.net>"]}, "to.0"),
        ({"subject": "one%stwo"}, "subject"),
        ({"custom_headers": [{"header": "X-A", "value": "b%sBcc: c"}]}, "custom_headers.0.value"),
        ({"custom_headers": [{"header": "X-A%sBcc", "value": "b"}]}, "custom_headers.0.header"),
        ({"attachments": [{"filename": "a%sb", "fileblob": ""}]}, "attachments.0.filename"),
        (
            {"inlines": [{"filename": "a", "mimetype": "a/b%s", "fileblob": ""}]},
            "inlines.0.mimetype",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_header_cannot_be_broken_out_of(
    api: Api, change: dict[str, object], field: str, control: str
) -> None:
    answer = api("/email/send", _filled({**MAIL, **change}, control))

    assert (answer.status, answer.field) == (400, field)


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("body", ["[]", '"mail"', "null", "7", "{", "[" * 50 + "]" * 50, "[" * 100_000])
def test_a_body_that_is_no_object_is_refused(api: Api, body: str) -> None:
    assert api("/email/send", body).status == 400


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_mail_nested_fifty_levels_deep_is_refused(api: Api) -> None:
    deep: object = "bob@example.net"
    for _ in range(50):
        deep = [deep]

    answer = api("/email/send", {**MAIL, "to": deep})

    assert (answer.status, answer.field) == (400, "to.0")


@pytest.mark.usefixtures("nothing_is_queued")
def test_half_of_a_surrogate_pair_is_refused(api: Api) -> None:
    assert api("/email/send", {**MAIL, "subject": "\ud800"}).status == 400


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("name", ["Reply-To", "Sender", "Message-ID", "In-Reply-To", "References", "Date"])
def test_a_header_that_a_mail_can_have_only_once_is_refused_twice(api: Api, name: str) -> None:
    twice = [{"header": name, "value": "a"}, {"header": name.upper(), "value": "b"}]

    answer = api("/email/send", {**MAIL, "custom_headers": twice})

    assert (answer.status, answer.field) == (400, "custom_headers")
    assert name.lower() in answer.data["error"]


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"template_id": "1"}, "html_body"),
        ({"schedule": "tomorrow"}, "not scheduled"),
        (
            {"attachments": [{"filename": "a", "url": "https://example.com/a"}]},
            "attachments by URL are not fetched; send the content as base64 in fileblob",
        ),
    ],
    ids=str,
)
def test_what_there_is_not_is_refused_with_what_to_do(
    api: Api, change: dict[str, object], advice: str
) -> None:
    assert advice in api("/email/send", {**MAIL, **change}).data["error"]


def _filled(value: Any, control: str) -> Any:  # noqa: ANN401 -- JSON
    """The value with the control character wherever there is a place for it."""
    match value:
        case str():
            return value.replace("%s", control)
        case list():
            return [_filled(item, control) for item in value]
        case dict():
            return {name: _filled(item, control) for name, item in value.items()}
    return value
