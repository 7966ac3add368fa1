"""SES's events, in the shape that its documentation gives them."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.inject.feedback import handle
from tests.functions.conftest import Cloud
from tests.functions.sqs import batch, left
from tests.tables import started
from tracking.mail import email_ids
from tracking.mail.deliveries import Delivery, Event, EventType, TrackingMode
from tracking.storage.feeds import Feeds, Range

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 12, 0, 3, 250000, tzinfo=UTC)
STAMP = "2026-11-24T12:00:03.250Z"

# Source: SES developer guide, "Examples of event data that Amazon SES publishes to Amazon SNS".
MAIL: dict[str, Any] = {
    "timestamp": "2026-11-24T12:00:00.000Z",
    "source": "shop@example.com",
    "messageId": "ses-1",
    "destination": ["bob@example.net"],
    "tags": {
        "ses:configuration-set": ["Sending"],
        "ses:from-domain": ["example.com"],
        "email_id": [EMAIL_ID],
        "recipient": ["001"],
    },
}
DELIVERY: dict[str, Any] = {
    "eventType": "Delivery",
    "mail": MAIL,
    "delivery": {
        "timestamp": STAMP,
        "processingTimeMillis": 3250,
        "recipients": ["bob@example.net"],
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "198.51.100.25",
        "reportingMTA": "mta.example.com",
    },
}
BOUNCE: dict[str, Any] = {
    "eventType": "Bounce",
    "mail": MAIL,
    "bounce": {
        "feedbackId": "feedback-1",
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": "bob@example.net",
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
        ],
        "timestamp": STAMP,
        "reportingMTA": "dsn; mta.example.com",
    },
}
COMPLAINT: dict[str, Any] = {
    "eventType": "Complaint",
    "mail": MAIL,
    "complaint": {
        "complainedRecipients": [{"emailAddress": "bob@example.net"}],
        "timestamp": STAMP,
        "feedbackId": "feedback-2",
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": "2026-11-24T12:00:02.000Z",
    },
}
REJECT: dict[str, Any] = {"eventType": "Reject", "mail": MAIL, "reject": {"reason": "Bad content"}}
DELAY: dict[str, Any] = {
    "eventType": "DeliveryDelay",
    "mail": MAIL,
    "deliveryDelay": {
        "timestamp": STAMP,
        "delayType": "MailboxFull",
        "expirationTime": "2026-11-25T02:00:00.000Z",
        "delayedRecipients": [{"emailAddress": "bob@example.net", "status": "4.2.2"}],
    },
}
SEND: dict[str, Any] = {"eventType": "Send", "mail": MAIL, "send": {}}

EVERY = pytest.mark.parametrize(
    "published", [DELIVERY, BOUNCE, COMPLAINT, REJECT, DELAY], ids=lambda published: published["eventType"]
)


@pytest.fixture(autouse=True)
def delivery(cloud: Cloud) -> Delivery:
    """One that SES took, as was noted."""
    stored = started(cloud.activity, Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT))
    return cloud.activity.mark_sent(stored, AT, "ses-1")


@pytest.fixture
def unanswered(cloud: Cloud) -> Delivery:
    """One of which nobody noted what SES answered."""
    fresh = Delivery(EMAIL_ID, 2, "bob@example.net", "alice", TrackingMode.FULL, AT)
    return cloud.activity.claim(fresh, AT, LATER)


def about(delivery: Delivery, published: dict[str, Any]) -> str:
    tags = {"email_id": [delivery.email_id], "recipient": [f"{delivery.number:03d}"]}
    return json.dumps({**published, "mail": {**MAIL, "tags": tags}})


def events(cloud: Cloud) -> tuple[Event, ...]:
    history = cloud.activity.history(EMAIL_ID, 1)
    assert history
    return history.events


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (
            DELIVERY,
            (
                EventType.DELIVERED,
                LATER,
                {"smtp_response": "250 2.6.0 Message received", "host": "198.51.100.25"},
            ),
        ),
        (
            BOUNCE,
            (
                EventType.BOUNCED,
                LATER,
                {
                    "bounce": "hard",
                    "bounce_subtype": "General",
                    "smtp_response": "smtp; 550 5.1.1 user unknown",
                },
            ),
        ),
        (COMPLAINT, (EventType.COMPLAINED, LATER, {"reason": "abuse"})),
        (REJECT, (EventType.REJECTED, AT, {"reason": "Bad content"})),
        (DELAY, (EventType.DELAYED, LATER, {"reason": "MailboxFull"})),
    ],
    ids=["delivered", "bounced", "complained", "rejected", "delayed"],
)
def test_what_ses_says_becomes_an_event_of_the_delivery(
    cloud: Cloud, context: LambdaContext, published: dict[str, Any], expected: tuple[object, ...]
) -> None:
    assert left(handle(batch(json.dumps(published)), context)) == []

    (event,) = events(cloud)
    assert (event.type, event.at, event.details) == expected


@pytest.mark.parametrize("bounce_type", ["Transient", "Undetermined"])
def test_a_bounce_that_is_not_permanent_is_soft(
    cloud: Cloud, context: LambdaContext, bounce_type: str
) -> None:
    bounce = {**BOUNCE, "bounce": {**BOUNCE["bounce"], "bounceType": bounce_type, "bouncedRecipients": []}}

    handle(batch(json.dumps(bounce)), context)

    (event,) = events(cloud)
    assert event.details == {"bounce": "soft", "bounce_subtype": "General"}


def test_a_delivery_remembers_when_it_arrived(cloud: Cloud, context: LambdaContext) -> None:
    handle(batch(json.dumps(DELIVERY)), context)

    found = cloud.activity.delivery(EMAIL_ID, 1)
    assert found
    assert found.delivered_at == LATER


@EVERY
def test_the_same_event_twice_is_one(cloud: Cloud, context: LambdaContext, published: dict[str, Any]) -> None:
    body = json.dumps(published)

    assert left(handle(batch(body, body), context)) == []
    assert left(handle(batch(body), context)) == []

    assert len(events(cloud)) == 1


def test_a_mail_can_be_put_off_twice(cloud: Cloud, context: LambdaContext) -> None:
    again = (LATER + timedelta(minutes=5)).isoformat()
    second = {**DELAY, "deliveryDelay": {**DELAY["deliveryDelay"], "timestamp": again}}

    handle(batch(json.dumps(DELAY), json.dumps(second)), context)

    assert [event.type for event in events(cloud)] == [EventType.DELAYED] * 2


@EVERY
def test_an_event_of_a_mail_that_is_not_ours_is_ignored(
    cloud: Cloud, context: LambdaContext, published: dict[str, Any]
) -> None:
    tags = {"ses:configuration-set": ["Sending"]}

    assert left(handle(batch(json.dumps({**published, "mail": {**MAIL, "tags": tags}})), context)) == []

    assert cloud.stored_events() == []


@EVERY
def test_an_event_of_a_delivery_that_is_not_known_is_ignored(
    cloud: Cloud, context: LambdaContext, published: dict[str, Any]
) -> None:
    tags = {"email_id": [EMAIL_ID], "recipient": ["002"]}

    assert left(handle(batch(json.dumps({**published, "mail": {**MAIL, "tags": tags}})), context)) == []

    assert cloud.stored_events() == []
    assert cloud.activity.delivery(EMAIL_ID, 2) is None


@EVERY
def test_an_event_is_in_the_feed_of_the_deliverys_credential(
    cloud: Cloud, context: LambdaContext, published: dict[str, Any]
) -> None:
    handle(batch(json.dumps(published)), context)

    found = Feeds(cloud.dynamodb, "Activity").events(["alice"], Range(AT, AT + timedelta(days=1)), 10)
    (event,) = events(cloud)
    assert [(entry.event_id, entry.type) for entry in found] == [(event.event_id, event.type)]


@pytest.mark.parametrize(
    "published",
    [
        SEND,
        {**SEND, "eventType": "Open"},
        {},
        {**DELIVERY, "mail": {**MAIL, "tags": {"email_id": [], "recipient": ["001"]}}},
        {**DELIVERY, "mail": {**MAIL, "tags": {"email_id": [EMAIL_ID], "recipient": ["x"]}}},
    ],
)
def test_what_says_nothing_new_is_ignored(
    cloud: Cloud, context: LambdaContext, published: dict[str, Any]
) -> None:
    assert left(handle(batch(json.dumps(published)), context)) == []

    assert cloud.stored_events() == []


def test_an_event_that_cannot_be_stored_stays_in_the_queue(
    cloud: Cloud, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIVITY_TABLE", "missing")

    assert left(handle(batch(json.dumps(DELIVERY), "{}"), context)) == ["message-0"]

    assert cloud.stored_events() == []


@pytest.mark.parametrize(
    "published",
    [SEND, DELIVERY, BOUNCE, COMPLAINT, REJECT, DELAY],
    ids=lambda published: published["eventType"],
)
def test_whatever_ses_says_first_also_says_that_it_took_the_mail(
    cloud: Cloud, context: LambdaContext, unanswered: Delivery, published: dict[str, Any]
) -> None:
    assert left(handle(batch(about(unanswered, published)), context)) == []

    history = cloud.activity.history(EMAIL_ID, 2)
    assert history
    delivery = history.delivery
    assert (delivery.sent_at, delivery.ses_message_id, delivery.claimed_until) == (AT, "ses-1", None)
    assert (EventType.PROCESSED, AT) in [(event.type, event.at) for event in history.events]


def test_what_was_noted_of_a_mail_stays_whatever_ses_says_later(
    cloud: Cloud, context: LambdaContext, delivery: Delivery
) -> None:
    later = {**MAIL, "timestamp": STAMP, "messageId": "ses-2"}

    handle(batch(json.dumps({**SEND, "mail": later})), context)

    assert cloud.activity.delivery(EMAIL_ID, 1) == delivery
    assert events(cloud) == ()


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(order=st.permutations([SEND, DELAY, DELIVERY, COMPLAINT, SEND, DELIVERY, DELAY, COMPLAINT]))
def test_the_order_and_the_repetition_of_events_change_nothing(
    cloud: Cloud, context: LambdaContext, order: list[dict[str, Any]]
) -> None:
    email_id = email_ids.new(AT, os.urandom(email_ids.RANDOM_BYTES))
    delivery = Delivery(email_id, 1, "bob@example.net", "alice", TrackingMode.FULL, AT)
    cloud.activity.start(delivery)

    for published in order:
        assert left(handle(batch(about(delivery, published)), context)) == []

    history = cloud.activity.history(email_id, 1)
    assert history
    assert history.delivery == replace(delivery, sent_at=AT, ses_message_id="ses-1", delivered_at=LATER)
    assert sorted(event.type for event in history.events) == [
        "complained",
        "delayed",
        "delivered",
        "processed",
    ]
