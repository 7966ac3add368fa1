"""Postmark's form, as django-anymail reads it: its own view of Postmark's webhooks, unmodified."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent, tracking
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.test import RequestFactory
from hypothesis import given

from functions.webhooks import payloads, postmark
from tests import strategies
from tracking.mail import deliveries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode
from tracking.mail.endpoints import Endpoint, OutputFormat, WebhookEvent, missing_from
from tracking.opens.classification import Open, Sending, classify
from tracking.opens.fetches import Fetch
from tracking.opens.reading import Reading

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ENDPOINT = Endpoint(
    1, "https://example.com/", AT, output_format=OutputFormat.POSTMARK, headers=("X-Campaign", "open-class")
)
MESSAGE = Message(
    EMAIL_ID,
    CredentialKind.SMTP_USER,
    "alice",
    "bounces@example.com",
    AT,
    1000,
    subject="Hello",
    sender="Shop <shop@example.com>",
    rfc_message_id="<1@example.com>",
    headers={"x-campaign": "autumn", "open-class": "human"},
)
DELIVERY = Delivery(EMAIL_ID, 2, "bob@example.net", "alice", TrackingMode.FULL, AT, sent_at=AT)
THUNDERBIRD = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Thunderbird/140.0"
FETCH = Fetch("cf-1", AT, user_agent=THUNDERBIRD)
DELIVERED = Event("d", EventType.DELIVERED, AT, {"smtp_response": "250 OK", "host": "192.0.2.25"})
HARD = Event("h", EventType.BOUNCED, AT, {"bounce": "hard", "smtp_response": "550 5.1.1"})
SOFT = Event("s", EventType.BOUNCED, AT, {"bounce": "soft", "smtp_response": "452 4.2.2"})
COMPLAINED = Event("c", EventType.COMPLAINED, AT, {"reason": "abuse"})


def opened(fetch: Fetch = FETCH) -> tuple[Event, Open]:
    return deliveries.fetched(fetch), classify(Sending(), [fetch])[0]


def record(event: Event, opened: Open | None = None, *, is_first: bool = False) -> dict[str, Any]:
    body = payloads.write(ENDPOINT, MESSAGE, DELIVERY, event, opened, is_first=is_first)
    assert body
    assert body.content_type == "application/json"
    read: dict[str, Any] = json.loads(body.text)
    return read


def test_an_open_is_told_in_postmarks_fields() -> None:
    fetch = replace(FETCH, address="198.51.100.7", country="DE", city="Hamburg", reading=Reading(3))

    found = record(*opened(fetch), is_first=True)

    metadata = found.pop("Metadata")
    assert found == {
        "RecordType": "Open",
        "MessageID": EMAIL_ID,
        "MessageStream": "outbound",
        "ServerID": postmark.SERVER_ID,
        "Recipient": "bob@example.net",
        "ReceivedAt": "2026-11-24T12:00:00Z",
        "FirstOpen": True,
        "ReadSeconds": 15,
        "UserAgent": THUNDERBIRD,
        "Client": {"Name": "Thunderbird", "Company": "unknown", "Family": "Thunderbird"},
        "OS": {"Name": "Windows", "Company": "unknown", "Family": "Windows"},
        "Platform": "Desktop",
        "Geo": {"CountryISOCode": "DE", "City": "Hamburg", "IP": "198.51.100.7"},
    }
    assert len(metadata.pop("id")) == 32
    assert metadata == {
        "X-Campaign": "autumn",
        "auth": "alice",
        "message-id": "<1@example.com>",
        "geoip-continent": "EU",
        "open-class": "direct_open",
        "open-confidence": "0.95",
        "open-reasons": "MAIL_APP_UA",
    }


def test_what_is_not_known_of_an_open_is_left_out_or_called_unknown() -> None:
    found = record(*opened(Fetch("cf-1", AT)))

    assert found["Geo"] == {}
    assert found["Client"] == found["OS"] == dict.fromkeys(("Name", "Company", "Family"), "unknown")
    assert (found["Platform"], found["UserAgent"], found["FirstOpen"]) == ("Unknown", "", False)
    assert "ReadSeconds" not in found


@pytest.mark.parametrize(
    ("event", "kind", "code"),
    [(HARD, "HardBounce", 1), (SOFT, "SoftBounce", 4096), (COMPLAINED, "SpamComplaint", 100_001)],
)
def test_a_mail_that_came_back_has_its_kind_and_the_code_of_it(event: Event, kind: str, code: int) -> None:
    found = record(event)

    assert (found["Type"], found["TypeCode"]) == (kind, code)
    assert (found["Email"], found["From"], found["Subject"]) == (
        "bob@example.net",
        "shop@example.com",
        "Hello",
    )
    assert (found["Inactive"], found["CanActivate"], found["DumpAvailable"]) == (False, False, False)


def test_a_mail_that_came_back_has_a_number_of_its_own_that_stays() -> None:
    numbers = [record(event)["ID"] for event in (HARD, SOFT, COMPLAINED)]

    assert len(set(numbers)) == 3
    assert numbers == [record(event)["ID"] for event in (HARD, SOFT, COMPLAINED)]
    assert all(0 <= number < 2**53 for number in numbers)


@pytest.mark.parametrize(
    "event", [deliveries.processed(AT), deliveries.rejected(AT, "no")], ids=["processed", "reject"]
)
def test_postmark_has_nothing_for_what_ses_answers(event: Event) -> None:
    assert payloads.write(ENDPOINT, MESSAGE, DELIVERY, event) is None


@pytest.mark.parametrize(
    "event", [WebhookEvent.OPEN, WebhookEvent.DELIVERED, WebhookEvent.BOUNCE, WebhookEvent.SPAM]
)
def test_a_sample_is_marked_in_the_metadata(event: WebhookEvent) -> None:
    body = payloads.sample(ENDPOINT, event, AT)

    assert body
    assert json.loads(body.text)["Metadata"]["test"] == "true"


def test_there_is_no_sample_of_what_is_missing_from_postmark() -> None:
    json_endpoint = replace(ENDPOINT, output_format=OutputFormat.JSON)

    made_up = {event for event in WebhookEvent if payloads.sample(json_endpoint, event, AT)}
    as_record = {event for event in WebhookEvent if payloads.sample(ENDPOINT, event, AT)}

    assert as_record == made_up - missing_from(OutputFormat.POSTMARK)
    assert as_record < made_up


@given(strategies.messages, strategies.deliveries, strategies.events)
def test_any_event_becomes_a_record_or_nothing(message: Message, delivery: Delivery, event: Event) -> None:
    open_ = classify(Sending(), [event.fetch])[0] if event.fetch else None

    body = payloads.write(ENDPOINT, message, delivery, event, open_)

    assert body is None or json.loads(body.text)["MessageID"] == message.email_id


class Receiver:
    """A Django project with django-anymail, which gets what an endpoint gets."""

    def __init__(self) -> None:
        self.events: list[AnymailTrackingEvent] = []
        self._view = PostmarkTrackingWebhookView.as_view()

    def note(self, event: AnymailTrackingEvent, **_: object) -> None:
        self.events.append(event)

    def post(self, event: Event, opened: Open | None = None) -> None:
        body = payloads.write(ENDPOINT, MESSAGE, DELIVERY, event, opened)
        assert body
        authorization = "Basic " + base64.b64encode(b"user:password").decode()
        request = RequestFactory().post(
            "/", body.text, content_type=body.content_type, headers={"Authorization": authorization}
        )
        assert self._view(request).status_code == 200


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    if not settings.configured:
        settings.configure()
    monkeypatch.setattr(settings, "ANYMAIL", {"WEBHOOK_SECRET": "user:password"}, raising=False)
    receiver = Receiver()
    tracking.connect(receiver.note)
    yield receiver
    tracking.disconnect(receiver.note)


def test_anymail_reads_an_open(receiver: Receiver) -> None:
    receiver.post(*opened())

    (event,) = receiver.events
    assert (event.event_type, event.message_id, event.recipient, event.timestamp, event.user_agent) == (
        "opened",
        EMAIL_ID,
        "bob@example.net",
        AT,
        THUNDERBIRD,
    )
    assert event.metadata["X-Campaign"] == "autumn"
    assert event.metadata["open-class"] == "direct_open"
    assert event.tags == []


@pytest.mark.parametrize(
    ("told", "event_type", "reject_reason", "answer"),
    [
        (DELIVERED, "delivered", None, "250 OK"),
        (HARD, "bounced", "bounced", "550 5.1.1"),
        (SOFT, "bounced", "bounced", "452 4.2.2"),
        (COMPLAINED, "complained", "spam", "abuse"),
    ],
)
def test_anymail_reads_what_became_of_a_mail(
    receiver: Receiver, told: Event, event_type: str, reject_reason: str | None, answer: str
) -> None:
    receiver.post(told)

    (event,) = receiver.events
    assert (event.event_type, event.reject_reason, event.mta_response) == (event_type, reject_reason, answer)
    assert (event.message_id, event.recipient, event.timestamp) == (EMAIL_ID, "bob@example.net", AT)
    assert event.metadata["message-id"] == "<1@example.com>"


def test_anymail_knows_a_bounce_that_comes_twice(receiver: Receiver) -> None:
    receiver.post(HARD)
    receiver.post(HARD)
    receiver.post(replace(HARD, event_id="another"))

    first, again, other = (event.event_id for event in receiver.events)
    assert first == again != other
