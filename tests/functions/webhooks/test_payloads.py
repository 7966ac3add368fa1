import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from hypothesis import given
from hypothesis import strategies as st

from functions.webhooks import payloads
from tests import strategies
from tracking.mail import deliveries, summaries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, History, Message, TrackingMode
from tracking.mail.endpoints import Endpoint, OutputFormat, webhook_event
from tracking.opens.classification import Sending, classify
from tracking.opens.fetches import Fetch
from tracking.opens.reading import Reading

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MESSAGE = Message(
    EMAIL_ID,
    CredentialKind.SMTP_USER,
    "alice",
    "bounces@example.com",
    AT,
    1000,
    subject="Hello",
    sender='"Shop" <shop@example.com>',
    rfc_message_id="<1@example.com>",
)
DELIVERY = Delivery(
    EMAIL_ID, 2, "bob@example.net", "alice", TrackingMode.FULL, AT, sent_at=AT, ses_message_id="ses-1"
)
FIRST, SECOND = (
    deliveries.fetched(
        Fetch(f"cf-{n}", AT + timedelta(minutes=n), user_agent="curl/8", address="192.0.2.9", country="AT")
    )
    for n in (1, 2)
)
PROCESSED = deliveries.processed(DELIVERY)
OPENED, AGAIN = (classify(Sending(), [event.fetch])[0] for event in (FIRST, SECOND) if event.fetch)
ENDPOINT = Endpoint(1, "https://example.com/", AT)


def test_an_open_is_told_with_its_facts_and_their_meaning() -> None:
    payload = payloads.describe(MESSAGE, DELIVERY, FIRST, OPENED, is_first=True)

    digest = payload.pop("id")
    assert len(digest) == 32
    assert payload == {
        "event": "open",
        "time": "2026-11-24T12:01:00Z",
        "sendtime": "2026-11-24T12:00:00Z",
        "email_id": EMAIL_ID,
        "message-id": "<1@example.com>",
        "sender": "bounces@example.com",
        "from": '"Shop" <shop@example.com>',
        "from_address": "shop@example.com",
        "from_name": "Shop",
        "rcpt": "bob@example.net",
        "auth": "alice",
        "subject": "Hello",
        "client": "curl",
        "user-agent": "curl/8",
        "srchost": "192.0.2.9",
        "geoip-country": "AT",
        "open-class": "bot",
        "open-confidence": str(OPENED.confidence),
        "open-reasons": "HTTP_LIBRARY",
        "first-open": "true",
    }


def test_only_the_first_open_is_the_first() -> None:
    assert payloads.describe(MESSAGE, DELIVERY, SECOND, AGAIN)["first-open"] == "false"


def test_an_open_names_the_client_and_how_long_the_mail_was_read() -> None:
    user_agent = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    )
    fetch = Fetch("cf-3", AT, user_agent=f"{user_agent} Mobile/15E148", city="Linz", reading=Reading(3))
    (opened,) = classify(Sending(), [fetch])

    payload = payloads.describe(MESSAGE, DELIVERY, deliveries.fetched(fetch), opened)

    assert (payload["client"], payload["client-device"], payload["client-os"], payload["geoip-city"]) == (
        "Apple Mail",
        "Mobile",
        "iOS",
        "Linz",
    )
    assert payload["read-secs"] == "15"


def test_a_bounce_says_whether_it_is_hard_and_what_the_server_said() -> None:
    bounced = Event("b", EventType.BOUNCED, AT, {"bounce": "hard", "smtp_response": "550", "host": "mx"})

    payload = payloads.describe(MESSAGE, DELIVERY, bounced)

    assert (payload["event"], payload["bounce"], payload["message"], payload["host"]) == (
        "bounce",
        "hard",
        "550",
        "mx",
    )
    assert "open-class" not in payload


def test_a_message_without_an_id_of_its_own_goes_by_that_of_ses() -> None:
    payload = payloads.describe(replace(MESSAGE, rfc_message_id=""), DELIVERY, PROCESSED)

    assert payload["message-id"] == "ses-1"


def test_every_event_and_every_endpoint_has_an_id_of_its_own_that_stays() -> None:
    told = [payloads.describe(MESSAGE, DELIVERY, event) for event in (PROCESSED, FIRST, SECOND)]
    ids = {
        payloads.webhook_id(endpoint, each)
        for endpoint in (ENDPOINT, replace(ENDPOINT, id=2))
        for each in told
    }

    assert len(ids) == 6
    again = payloads.describe(MESSAGE, DELIVERY, PROCESSED)
    assert payloads.webhook_id(ENDPOINT, again) in ids


@given(st.dictionaries(strategies.names, st.text(min_size=1)))
def test_a_payload_can_be_read_back_from_either_form(payload: dict[str, str]) -> None:
    form, form_type = payloads.encode(payload, OutputFormat.FORM)
    text, text_type = payloads.encode(payload, OutputFormat.JSON)

    assert {
        name: values[0] for name, values in parse_qs(form, strict_parsing=bool(payload)).items()
    } == payload
    assert json.loads(text) == payload
    assert (form_type, text_type) == ("application/x-www-form-urlencoded", "application/json")


@given(
    strategies.messages,
    strategies.deliveries,
    strategies.events.filter(lambda event: webhook_event(event.type) is not None),
)
def test_any_event_is_told_in_text_alone(message: Message, delivery: Delivery, event: Event) -> None:
    opens = summaries.opens(message, History(delivery, (event,)))

    payload = payloads.describe(message, delivery, event, next(iter(opens), None))

    assert all(isinstance(value, str) and value for value in payload.values())
    assert payload["event"]
