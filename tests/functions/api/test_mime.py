"""`email/mime`: mail that the caller wrote."""

import pytest

from tests.functions.api.conftest import Api
from tests.functions.api.submissions import RAW, accepted, mime
from tests.functions.conftest import Cloud
from tracking.mail.envelopes import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, MAX_RECIPIENTS

TO = b"bob@example.net"
BLIND = b"Bcc: dave@example.net\r\n"


def test_a_mail_that_the_caller_wrote_is_stored_byte_for_byte(api: Api, cloud: Cloud) -> None:
    raw = RAW.replace(b"To:", b"Bcc: <dave@example.net>\nCc: Carol <carol@example.net>, bob@example.net\nTo:")

    envelope, stored = accepted(cloud, api("/email/mime", mime(raw)))

    assert stored == raw
    assert envelope.mail_from == "shop@example.com"
    assert envelope.recipients == ("bob@example.net", "carol@example.net", "dave@example.net")
    assert envelope.size == len(raw)


@pytest.mark.parametrize(
    "to",
    [
        b"undisclosed-recipients:;",
        b"Undisclosed recipients: ;",
        b"dave@example.net,",
        b"",
        b"friends: dave@example.net;",
        b'"Dave, of the shop" <dave@example.net>',
        b"=?utf-8?q?D=C3=A4ve?=\r\n <dave@example.net>",
        "Däve <dave@example.net>".encode("latin-1"),
    ],
)
def test_a_list_of_recipients_is_read_as_mail_programs_write_it(api: Api, cloud: Cloud, to: bytes) -> None:
    envelope, _ = accepted(cloud, api("/email/mime", mime(BLIND + RAW.replace(TO, to))))

    assert envelope.recipients == ("dave@example.net",)


def test_what_stands_below_the_header_names_nobody(api: Api, cloud: Cloud) -> None:
    envelope, _ = accepted(cloud, api("/email/mime", mime(RAW + b"\r\n\r\nCc: x@example.com\r\n")))

    assert envelope.recipients == ("bob@example.net",)


def test_a_mail_may_be_only_a_header(api: Api, cloud: Cloud) -> None:
    accepted(cloud, api("/email/mime", mime(RAW.partition(b"\r\n\r\n")[0])))


def test_a_mail_of_exactly_the_limit_is_taken(api: Api, cloud: Cloud) -> None:
    envelope, _ = accepted(cloud, api("/email/mime", mime(RAW.ljust(MAX_MESSAGE_BYTES))))

    assert envelope.size == MAX_MESSAGE_BYTES


def test_a_mail_goes_to_as_many_as_a_message_can(api: Api, cloud: Cloud) -> None:
    everybody = ", ".join(f"a{n}@b.test" for n in range(MAX_RECIPIENTS)).encode()

    envelope, _ = accepted(cloud, api("/email/mime", mime(RAW.replace(TO, everybody))))

    assert len(envelope.recipients) == MAX_RECIPIENTS


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_mail_over_the_limit_of_ses_is_refused(api: Api) -> None:
    answer = api("/email/mime", mime(RAW.ljust(MAX_MESSAGE_BYTES + 1)))

    assert (answer.status, answer.field) == (400, "mime_email")
    assert str(MAX_MESSAGE_BYTES) in answer.data["error"]


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_text_that_no_mail_can_come_of_is_not_even_decoded(api: Api) -> None:
    answer = api("/email/mime", {"mime_email": "a" * MAX_MESSAGE_BYTES * 2})

    assert (answer.status, answer.field) == (400, "mime_email")


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"\r\n" + RAW,
        b"\x00\xff",
        b"\x00" * 1_000_000,
        RAW.replace(b"To:", b"X-To:"),
        RAW.replace(b"From:", b"X-From:"),
        b"From: b@example.com\r\n" + RAW,
        RAW.replace(b"<shop@example.com>", b"<shop@example.com>, b@example.com"),
        RAW.replace(TO, b"bob"),
        RAW.replace(TO, b"j\xfcrgen@example.net"),
        RAW.replace(TO, "jürgen@example.net".encode()),
        RAW.replace(TO, b"undisclosed-recipients:;"),
        RAW.replace(TO, b"dave@example.net <bob@example.net"),
        BLIND + RAW.replace(TO, b"Doe, John <bob@example.net>"),
        BLIND + RAW.replace(TO, b"bob@example.net [eve@example.net]"),
        RAW.replace(TO, b":" * 10_000),
        RAW.replace(TO, b"(" * 10_000),
        RAW.replace(TO, b'"<@' * 10_000),
        RAW.replace(TO, ", ".join(f"a{n}@b.test" for n in range(MAX_RECIPIENTS + 1)).encode()),
        RAW.replace(TO, ", ".join(f"a{n}@b.test" for n in range(10_000)).encode()),
        b"X-A: " + b"a" * MAX_HEADER_BYTES + b"\r\n" + RAW,
    ],
    ids=lambda raw: ascii(raw[:30]),
)
def test_a_mail_without_one_sender_or_recipients_is_refused(api: Api, raw: bytes) -> None:
    answer = api("/email/mime", mime(raw))

    assert (answer.status, answer.field) == (400, "mime_email")


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mime_email": None},
        {"mime_email": "%"},
        {"mime_email": "é"},
        {"mime_email": 7},
        {"mime_email": {"a": "b"}},
        {"mime_email": [[[[]]]]},
        {"mime_email": "YQ==", "upload_id": "0" * 32},
    ],
)
def test_what_is_no_base64_is_refused(api: Api, body: dict[str, object]) -> None:
    answer = api("/email/mime", body)

    assert (answer.status, answer.field) == (400, "mime_email")


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_mail_that_the_caller_wrote_is_not_scheduled(api: Api) -> None:
    answer = api("/email/mime", {**mime(RAW), "schedule": "2026-11-24T13:00:00Z"})

    assert (answer.status, answer.field) == (400, "schedule")


def test_a_person_who_is_signed_in_cannot_send(console: Api) -> None:
    answer = console("/email/mime", mime(RAW))

    assert (answer.status, answer.field) == (400, "api_key")
