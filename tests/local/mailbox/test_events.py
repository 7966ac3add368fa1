from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from local.mailbox import events
from local.mailbox.contents import Content
from local.mailbox.events import Event, Sent
from tests.local.mailbox.conftest import newsletter

ACCEPTED = datetime(2026, 11, 24, 10, 0, 0, 250_000, UTC)
LATER = ACCEPTED + timedelta(milliseconds=1234)
ANN = "ann@example.net"

SENT = Sent(
    "0100-1@email.amazonses.com",
    "bounces@example.com",
    (ANN, "bob@example.net"),
    "Sending",
    {"email_id": "1abc", "recipient": "001"},
    ACCEPTED,
    Content.of(newsletter().as_bytes()),
)


def test_a_delivery_has_sess_documented_shape() -> None:
    event = events.delivery(SENT, ANN, LATER)

    headers = event["mail"].pop("headers")
    assert event == {
        "eventType": "Delivery",
        "mail": {
            "timestamp": "2026-11-24T10:00:00.250Z",
            "source": "bounces@example.com",
            "messageId": "0100-1@email.amazonses.com",
            "destination": [ANN, "bob@example.net"],
            "headersTruncated": False,
            "commonHeaders": {
                "from": ["Müller & Söhne <shop@example.com>"],
                "to": ["Ann <ann@example.net>"],
                "messageId": "0100-1@email.amazonses.com",
                "subject": "Grüße №1",
            },
            "tags": {
                "ses:source-ip": ["127.0.0.1"],
                "ses:from-domain": ["example.com"],
                "ses:configuration-set": ["Sending"],
                "ses:outgoing-ip": ["127.0.0.1"],
                "email_id": ["1abc"],
                "recipient": ["001"],
            },
        },
        "delivery": {
            "timestamp": "2026-11-24T10:00:01.484Z",
            "processingTimeMillis": 1234,
            "recipients": [ANN],
            "smtpResponse": "250 2.6.0 Message received",
            "remoteMtaIp": "127.0.0.1",
            "reportingMTA": "localhost",
        },
    }
    assert {"name": "Subject", "value": "Grüße №1"} in headers


@pytest.mark.parametrize(
    ("build", "kind", "subtype", "recipient"),
    [
        (
            events.hard_bounce,
            "Permanent",
            "General",
            {
                "emailAddress": ANN,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            },
        ),
        (events.out_of_office, "Transient", "General", {"emailAddress": ANN}),
    ],
)
def test_a_bounce_has_sess_documented_shape(
    build: Callable[[Sent, str, datetime], Event], kind: str, subtype: str, recipient: dict[str, str]
) -> None:
    event = build(SENT, ANN, LATER)

    assert event["eventType"] == "Bounce"
    assert event["bounce"].pop("feedbackId")
    assert event["bounce"] == {
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [recipient],
        "timestamp": "2026-11-24T10:00:01.484Z",
        "reportingMTA": "dns; localhost",
    }


def test_a_suppressed_recipient_is_a_permanent_bounce_of_its_own_kind() -> None:
    bounce = events.suppressed(SENT, ANN, LATER)["bounce"]

    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Permanent", "OnAccountSuppressionList")


def test_a_complaint_has_sess_documented_shape() -> None:
    event = events.complaint(SENT, ANN, LATER)

    assert event["eventType"] == "Complaint"
    assert event["complaint"].pop("feedbackId")
    assert event["complaint"] == {
        "complainedRecipients": [{"emailAddress": ANN}],
        "timestamp": "2026-11-24T10:00:01.484Z",
        "complaintSubType": None,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": "2026-11-24T10:00:01.484Z",
    }


def test_each_bounce_has_a_feedback_id_of_its_own() -> None:
    ids = {events.hard_bounce(SENT, ANN, LATER)["bounce"]["feedbackId"] for _ in range(2)}

    assert len(ids) == 2


def test_headers_beyond_ten_kilobytes_are_left_out_and_that_is_said() -> None:
    raw = b"Subject: first\r\nX-Long: " + b"x" * 11_000 + b"\r\n\r\n"
    sent = Sent("m", "", (ANN,), None, {}, ACCEPTED, Content.of(raw))

    mail = events.delivery(sent, ANN, LATER)["mail"]

    assert mail["headersTruncated"] is True
    assert mail["headers"] == [{"name": "Subject", "value": "first"}]
