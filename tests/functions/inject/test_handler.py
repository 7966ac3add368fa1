"""From an envelope in the queue to one mail for each recipient."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from functions.inject import adapters, copies
from functions.inject.copies import DISABLED, TOO_LARGE
from functions.inject.handler import handle
from tests.functions.conftest import Cloud
from tests.functions.inject.conftest import (
    AT,
    EMAIL_ID,
    HTML,
    RECIPIENTS,
    SENDER,
    USER,
    Ses,
    Take,
    history,
    types,
)
from tests.functions.sqs import batch, left
from tracking import tokens
from tracking.mail import envelopes
from tracking.mail.credentials import CredentialStatus
from tracking.mail.deliveries import Delivery, Event, EventType, TrackingMode
from tracking.mail.endpoints import Endpoint
from tracking.mail.envelopes import MAX_MESSAGE_BYTES, Envelope
from tracking.storage.feeds import Feeds, Range
from tracking.tokens import PixelToken

PLAIN = b"From: shop@example.com\r\nSubject: Hello\r\n\r\nHello!\r\n"
PIXEL = re.compile(rb"https://t\.example\.com/o/([\w-]+)\.gif")

pytestmark = pytest.mark.usefixtures("ses")


def test_each_recipient_gets_a_copy_with_a_pixel_of_their_own(take: Take, ses: Ses, cloud: Cloud) -> None:
    assert take(HTML, RECIPIENTS)

    assert ses.recipients == list(RECIPIENTS)
    found = [PIXEL.findall(copy) for copy in ses.copies]
    assert [tokens.verify(token.decode(), cloud.keys.verifying()) for (token,) in found] == [
        PixelToken(EMAIL_ID, number) for number in (1, 2, 3)
    ]


def test_a_mail_that_holds_the_recipients_own_pixel_gets_no_second_one(
    take: Take, ses: Ses, cloud: Cloud
) -> None:
    own = tokens.sign(PixelToken(EMAIL_ID, 2), *cloud.keys.signing())
    message = HTML.replace(b"Hello</p>", b"<img src=https://t.example.com/o/%b.gif></p>" % own.encode())

    assert take(message, RECIPIENTS)

    assert [len(PIXEL.findall(copy)) for copy in ses.copies] == [2, 1, 2]
    assert ses.copies[1] == message
    delivery = history(cloud, 2).delivery
    assert (delivery.mode, delivery.untracked_reason, delivery.placement) == (
        TrackingMode.FULL,
        "already_tracked",
        None,
    )


def test_a_copy_is_the_message_but_for_the_pixel(take: Take, ses: Ses) -> None:
    take(HTML)

    (copy,) = ses.copies
    without = re.sub(rb"<img[^>]*>", b"", copy)
    assert without == HTML


def test_a_sent_delivery_and_its_message_are_recorded(take: Take, cloud: Cloud) -> None:
    before = datetime.now(UTC)

    take(HTML)

    delivery = history(cloud).delivery
    assert delivery.recipient == RECIPIENTS[0]
    assert delivery.mode is TrackingMode.FULL
    assert delivery.untracked_reason is None
    assert delivery.placement
    assert delivery.started_at == AT
    assert delivery.ses_message_id
    assert delivery.sent_at
    assert before <= delivery.sent_at <= datetime.now(UTC)
    (event,) = history(cloud).events
    assert (event.type, event.at) == (EventType.PROCESSED, delivery.sent_at)
    message = cloud.activity.messages([EMAIL_ID])[EMAIL_ID]
    assert (message.subject, message.sender, message.credential_id, message.mail_from) == (
        "Hello",
        "Shop <shop@example.com>",
        "alice",
        SENDER,
    )
    assert message.source_ip == "192.0.2.1"


def test_a_message_keeps_the_headers_that_any_endpoint_wants_to_be_told(take: Take, cloud: Cloud) -> None:
    endpoint = Endpoint(1, "https://example.com/", AT, headers=("X-Campaign", "X-Missing"))
    cloud.settings.put_endpoint(endpoint)
    cloud.settings.put_endpoint(replace(endpoint, id=2, headers=("x-order",)))

    take(b"X-Campaign: autumn\r\nX-Order: 7\r\nX-Other: other\r\n" + HTML)

    message = cloud.activity.messages([EMAIL_ID])[EMAIL_ID]
    assert message.headers == {"x-campaign": "autumn", "x-order": "7"}


def test_a_mail_does_not_wait_for_what_endpoints_want(take: Take, ses: Ses, cloud: Cloud) -> None:
    def fail(**_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "not now"}}, "Query")

    adapters.settings()._dynamodb.meta.events.register_first("before-call.dynamodb.Query", fail)

    assert take(HTML)

    assert len(ses.requests) == 1
    assert cloud.activity.messages([EMAIL_ID])[EMAIL_ID].headers == {}


def test_a_message_knows_all_its_recipients_and_who_of_them_got_a_blind_copy(
    take: Take, cloud: Cloud
) -> None:
    take(HTML, RECIPIENTS)

    message = cloud.activity.messages([EMAIL_ID])[EMAIL_ID]
    assert message.recipients == RECIPIENTS
    assert message.bcc == "carol@example.net, dave@example.net"


def test_what_happens_to_a_mail_is_in_its_credentials_feed(take: Take, ses: Ses, cloud: Cloud) -> None:
    ses.failures[RECIPIENTS[1]] = "MessageRejected"

    take(HTML, RECIPIENTS[:2])

    found = Feeds(cloud.dynamodb, "Activity").events([USER.id], Range(AT, datetime.now(UTC)), 10)
    assert {(entry.number, entry.type) for entry in found} == {
        (1, EventType.PROCESSED),
        (2, EventType.REJECTED),
    }
    assert {history(cloud, number).delivery.credential_id for number in (1, 2)} == {USER.id}


@pytest.mark.parametrize("name", [b"From", b"To", b"Cc"])
def test_a_mail_goes_out_however_deep_the_comments_in_its_header_are(
    take: Take, ses: Ses, name: bytes
) -> None:
    """The standard library's parser, which moto asks and we do not, goes no deeper than Python's stack."""
    nested = b"%b: %b%b\r\n" % (name, b"(" * 5000, b")" * 5000)

    take(nested + HTML)

    assert len(ses.copies) == 1


EARLIER, OTHER = "06h0r9co15h30phg2620", "06h0r9co15h30phg2630"


def pixel(cloud: Cloud, email_id: str, number: int = 1) -> bytes:
    token = tokens.sign(PixelToken(email_id, number), *cloud.keys.signing())
    return b"<img src=https://t.example.com/o/%b.gif>" % token.encode()


def quoting(*images: bytes) -> bytes:
    return HTML.replace(b"Hello</p>", b"</p><blockquote>%b</blockquote>" % b"".join(images))


def start(cloud: Cloud, email_id: str, number: int = 1) -> None:
    cloud.activity.start(Delivery(email_id, number, RECIPIENTS[0], "alice", TrackingMode.FULL, AT))


def test_a_delivery_learns_which_mail_quotes_its_pixel(take: Take, ses: Ses, cloud: Cloud) -> None:
    start(cloud, EARLIER, 2)
    start(cloud, OTHER)
    message = quoting(pixel(cloud, EARLIER, 2), pixel(cloud, OTHER), pixel(cloud, OTHER))

    assert take(message, RECIPIENTS)
    assert take(message, RECIPIENTS)

    told = Event(f"quoted-{EMAIL_ID}", EventType.QUOTED, AT, {"by": EMAIL_ID})
    for email_id, number in [(EARLIER, 2), (OTHER, 1)]:
        quoted = cloud.activity.history(email_id, number)
        assert quoted
        assert quoted.events == (told,)
    assert len(ses.requests) == len(RECIPIENTS)
    assert types(cloud) == [EventType.PROCESSED]


def test_pixels_that_are_the_mails_own_forged_or_of_nobody_are_not_quoted(take: Take, cloud: Cloud) -> None:
    genuine = pixel(cloud, EARLIER)
    start(cloud, EARLIER)
    forged = (
        genuine.replace(b".gif", b"A.gif"),
        genuine.replace(b"/o/A", b"/o/B"),
        genuine.replace(b"t.", b"u."),
    )

    assert take(quoting(pixel(cloud, EMAIL_ID, 2), pixel(cloud, OTHER), *forged), RECIPIENTS)

    assert cloud.stored_events() == [f"RCPT#{number:03}#processed" for number in (1, 2, 3)]


def test_no_more_than_some_quoted_pixels_are_looked_at(take: Take, cloud: Cloud) -> None:
    for number in range(1, 41):
        start(cloud, EARLIER, number)

    assert take(quoting(*(pixel(cloud, EARLIER, number) for number in range(1, 41))))

    assert len(cloud.stored_events()) == copies.MAX_QUOTED + 1


def test_a_mail_that_is_not_tracked_is_not_searched_for_pixels(take: Take, cloud: Cloud) -> None:
    start(cloud, EARLIER)
    cloud.settings.replace(replace(USER, open_tracking_enabled=False))

    assert take(quoting(pixel(cloud, EARLIER)))

    assert cloud.stored_events() == ["RCPT#001#processed"]


def test_a_mail_goes_out_though_what_it_quotes_cannot_be_noted(
    take: Take, ses: Ses, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    start(cloud, EARLIER)

    def fail(params: dict[str, Any], **_: object) -> None:
        if params["Item"]["sk"]["S"].startswith("RCPT#001#quoted-"):
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "not now"}}, "PutItem")

    adapters.activity()._dynamodb.meta.events.register("provide-client-params.dynamodb.PutItem", fail)

    assert take(quoting(pixel(cloud, EARLIER)))

    assert len(ses.requests) == 1
    assert "quoted pixels not noted" in caplog.text


def test_a_mail_is_tagged_and_sent_by_the_configuration_set(take: Take, ses: Ses) -> None:
    take(HTML, RECIPIENTS)

    request = ses.requests[1]
    assert request["ConfigurationSetName"] == "Sending"
    assert request["FromEmailAddress"] == SENDER
    assert request["EmailTags"] == [
        {"Name": "email_id", "Value": EMAIL_ID},
        {"Name": "recipient", "Value": "002"},
    ]


def test_the_null_sender_leaves_the_sender_to_the_mails_own_header(take: Take, ses: Ses) -> None:
    assert take(HTML, mail_from="")

    assert "FromEmailAddress" not in ses.requests[0]


@pytest.mark.parametrize("status", [CredentialStatus.ALLOWED, CredentialStatus.BLOCKED])
def test_a_credential_without_tracking_sends_the_very_bytes_and_says_that_it_is_disabled(
    take: Take, ses: Ses, cloud: Cloud, status: CredentialStatus
) -> None:
    cloud.settings.replace(replace(USER, open_tracking_enabled=False, status=status))

    assert take(HTML)

    assert ses.copies == [HTML]
    assert history(cloud).delivery.mode is TrackingMode.OFF
    assert history(cloud).delivery.untracked_reason == DISABLED
    assert types(cloud) == [EventType.PROCESSED]


def test_a_credential_that_is_gone_sends_without_tracking(take: Take, ses: Ses, cloud: Cloud) -> None:
    cloud.settings.remove(USER, AT)

    assert take(HTML)

    assert ses.copies == [HTML]
    assert history(cloud).delivery.untracked_reason == DISABLED


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (PLAIN, "plain_text"),
        (PLAIN.replace(b"Subject", b"Content-Type: multipart/mixed\r\nSubject"), "malformed"),
    ],
)
def test_a_mail_that_cannot_be_tracked_goes_out_as_it_came_and_says_why(
    take: Take, ses: Ses, cloud: Cloud, message: bytes, reason: str
) -> None:
    assert take(message)

    assert ses.copies == [message]
    assert history(cloud).delivery.mode is TrackingMode.OFF
    assert history(cloud).delivery.untracked_reason == reason
    assert types(cloud) == [EventType.PROCESSED]


def test_a_mail_without_room_for_the_pixel_goes_out_as_it_came(take: Take, ses: Ses, cloud: Cloud) -> None:
    message = HTML + b" " * (MAX_MESSAGE_BYTES - len(HTML))

    assert take(message)

    assert ses.copies == [message]
    assert history(cloud).delivery.untracked_reason == TOO_LARGE


@pytest.mark.parametrize("tracked", [True, False])
def test_what_only_concerns_us_is_not_sent(take: Take, ses: Ses, cloud: Cloud, *, tracked: bool) -> None:
    cloud.settings.replace(replace(USER, open_tracking_enabled=tracked))
    ours = (
        b"Bcc: carol@example.net,\r\n dave@example.net\r\nReturn-Path: <x@example.com>\r\n"
        b"x-ses-configuration-set: Another\r\nX-SES-MESSAGE-TAGS: a=b\r\n"
    )

    take(ours + HTML)

    (copy,) = ses.copies
    assert copy.startswith(HTML[: HTML.index(b"<p>")])
    assert b"dave" not in copy


def test_a_sandbox_sends_nothing_and_records_all(take: Take, ses: Ses, cloud: Cloud) -> None:
    cloud.settings.replace(replace(USER, status=CredentialStatus.SANDBOX))

    assert take(HTML, RECIPIENTS)

    assert ses.requests == []
    assert [types(cloud, number) for number in (1, 2, 3)] == [[EventType.PROCESSED]] * 3
    assert history(cloud).delivery.ses_message_id == "sandbox"


def test_a_mail_that_ses_refuses_is_rejected_and_not_tried_again(take: Take, cloud: Cloud) -> None:
    assert take(HTML, mail_from="shop@not-verified.example")

    (event,) = history(cloud).events
    assert event.type is EventType.REJECTED
    assert "not-verified.example" in event.details["reason"]
    assert history(cloud).delivery.sent_at is None


@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException"])
def test_one_refused_recipient_does_not_keep_the_others_from_their_mail(
    take: Take, ses: Ses, cloud: Cloud, code: str
) -> None:
    ses.failures = {RECIPIENTS[0]: code}

    assert take(HTML, RECIPIENTS)

    assert [types(cloud, number) for number in (1, 2, 3)] == [
        [EventType.REJECTED],
        [EventType.PROCESSED],
        [EventType.PROCESSED],
    ]


@pytest.mark.parametrize(
    "variable", ["ACTIVITY_TABLE", "SETTINGS_TABLE", "OUTBOX_BUCKET", "PIXEL_KEYS_SECRET"]
)
def test_when_storage_fails_nothing_is_sent_and_the_envelope_stays(
    take: Take, ses: Ses, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "missing")

    assert not take(HTML)

    assert ses.requests == []


def test_what_is_no_envelope_stays_and_the_rest_of_the_batch_is_sent(
    cloud: Cloud, ses: Ses, context: LambdaContext
) -> None:
    cloud.messages.put(EMAIL_ID, HTML)
    envelope = Envelope(EMAIL_ID, USER.kind, USER.id, SENDER, RECIPIENTS[:1], AT, len(HTML))

    answer = handle(batch("{}", envelopes.encode(envelope)), context)

    assert left(answer) == ["message-0"]
    assert ses.recipients == [RECIPIENTS[0]]
