import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.webhooks import payloads
from functions.webhooks.payloads import FIELDS, MAX_BODY_BYTES, Payload
from tests import strategies
from tracking.mail import deliveries, email_ids, summaries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, History, Message, TrackingMode
from tracking.mail.endpoints import Endpoint, OutputFormat, WebhookEvent, webhook_event
from tracking.opens.classification import Open, Sending, classify
from tracking.opens.fetches import MAX_USER_AGENT, Fetch
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
    recipients=("carol@example.net", "bob@example.net"),
    headers={"x-campaign": "autumn", "x-order": "7", "event": "delivered", "bounce": "hard", "test": "true"},
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
PROCESSED = deliveries.processed(AT)
OPENED, AGAIN = (classify(Sending(), [event.fetch])[0] for event in (FIRST, SECOND) if event.fetch)
JSON = Endpoint(1, "https://example.com/", AT, output_format=OutputFormat.JSON)
FORM = replace(JSON, output_format=OutputFormat.FORM)
POSTMARK = replace(JSON, output_format=OutputFormat.POSTMARK)
MADE_UP_EVENTS = [event for event in WebhookEvent if payloads.sample(JSON, event, AT)]


def told(
    event: Event,
    opened: Open | None = None,
    *,
    endpoint: Endpoint = JSON,
    message: Message = MESSAGE,
    delivery: Delivery = DELIVERY,
    is_first: bool = False,
) -> Payload:
    """What the endpoint reads from the body, be it a form or JSON."""
    body = payloads.write(endpoint, message, delivery, event, opened, is_first=is_first)
    assert body
    if endpoint.output_format is OutputFormat.FORM:
        assert body.content_type == "application/x-www-form-urlencoded"
        read = parse_qs(body.text, strict_parsing=True)
        return {name: values if name == "recipients" else values[0] for name, values in read.items()}
    assert body.content_type == "application/json"
    payload: Payload = json.loads(body.text)
    return payload


def test_an_open_is_told_with_its_facts_and_their_meaning() -> None:
    payload = told(FIRST, OPENED, is_first=True)

    assert len(payload.pop("id")) == 32
    assert payload == {
        "event": "open",
        "time": "2026-11-24T12:01:00Z",
        "sendtime": "2026-11-24T12:00:00Z",
        "email_id": EMAIL_ID,
        "message-id": "<1@example.com>",
        "Message-Id": "<1@example.com>",
        "sender": "bounces@example.com",
        "from": '"Shop" <shop@example.com>',
        "from_address": "shop@example.com",
        "from_name": "Shop",
        "rcpt": "bob@example.net",
        "auth": "alice",
        "subject": "Hello",
        "Subject": "Hello",
        "client": "curl",
        "user-agent": "curl/8",
        "srchost": "192.0.2.9",
        "geoip-continent": "EU",
        "geoip-country": "AT",
        "open-class": "bot",
        "open-confidence": str(OPENED.confidence),
        "open-reasons": "HTTP_LIBRARY",
        "first-open": "true",
    }


def test_only_the_first_open_is_the_first() -> None:
    assert told(SECOND, AGAIN)["first-open"] == "false"


def test_an_open_names_the_client_and_how_long_the_mail_was_read() -> None:
    user_agent = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    )
    fetch = Fetch("cf-3", AT, user_agent=f"{user_agent} Mobile/15E148", city="Linz", reading=Reading(3))
    (opened,) = classify(Sending(), [fetch])

    payload = told(deliveries.fetched(fetch), opened)

    assert (payload["client"], payload["client-device"], payload["client-os"], payload["geoip-city"]) == (
        "Apple Mail",
        "Mobile",
        "iOS",
        "Linz",
    )
    assert payload["read-secs"] == "15"


@pytest.mark.parametrize("country", [None, "ZZ"])
def test_an_open_from_nowhere_known_names_no_continent(country: str | None) -> None:
    fetch = Fetch("cf-3", AT, country=country)
    (opened,) = classify(Sending(), [fetch])

    assert "geoip-continent" not in told(deliveries.fetched(fetch), opened)


def test_a_bounce_says_whether_it_is_hard_and_what_the_server_said() -> None:
    bounced = Event("b", EventType.BOUNCED, AT, {"bounce": "hard", "smtp_response": "550", "host": "mx"})

    payload = told(bounced)

    assert (payload["event"], payload["bounce"], payload["message"], payload["host"]) == (
        "bounce",
        "hard",
        "550",
        "mx",
    )
    assert "open-class" not in payload


def test_a_message_without_an_id_of_its_own_goes_by_that_of_ses() -> None:
    payload = told(PROCESSED, message=replace(MESSAGE, rfc_message_id=""))

    assert payload["message-id"] == payload["Message-Id"] == "ses-1"


@pytest.mark.parametrize("endpoint", [FORM, JSON])
def test_who_else_got_the_mail_is_told_when_it_was_processed(endpoint: Endpoint) -> None:
    assert told(PROCESSED, endpoint=endpoint)["recipients"] == ["carol@example.net", "bob@example.net"]
    assert "recipients" not in told(FIRST, OPENED, endpoint=endpoint)


def test_a_form_repeats_the_field_of_the_recipients() -> None:
    body = payloads.write(FORM, MESSAGE, DELIVERY, PROCESSED)

    assert body
    assert "&recipients=carol%40example.net&recipients=bob%40example.net" in body.text


@pytest.mark.parametrize("endpoint", [FORM, JSON])
def test_the_mails_own_headers_are_told_in_the_spelling_of_the_endpoint(endpoint: Endpoint) -> None:
    endpoint = replace(endpoint, headers=("X-Campaign", "x-CAMPAIGN", "X-Missing"))

    payload = told(FIRST, OPENED, endpoint=endpoint)

    assert (payload["X-Campaign"], payload["x-CAMPAIGN"]) == ("autumn", "autumn")
    assert not {"X-Missing", "x-campaign", "X-Order", "x-order"} & payload.keys()


def test_the_mails_own_headers_never_speak_in_the_place_of_a_field() -> None:
    payload = told(PROCESSED, endpoint=replace(JSON, headers=("event", "bounce", "test")))

    assert payload["event"] == "processed"
    assert not {"bounce", "test"} & payload.keys()


@pytest.mark.parametrize("endpoint", [FORM, JSON, POSTMARK])
@pytest.mark.parametrize("kind", [EventType.DELAYED, EventType.QUOTED])
def test_nobody_is_told_what_webhooks_have_no_name_for(endpoint: Endpoint, kind: EventType) -> None:
    assert payloads.write(endpoint, MESSAGE, DELIVERY, Event("1", kind, AT)) is None


def test_every_event_and_every_endpoint_has_an_id_of_its_own_that_stays() -> None:
    def ids() -> list[str]:
        return [
            payloads.webhook_id(endpoint, EMAIL_ID, number, event.event_id)
            for endpoint in (FORM, replace(FORM, id=2))
            for number in (1, 2)
            for event in (PROCESSED, FIRST, SECOND)
        ]

    assert len(set(ids())) == 12
    assert ids() == ids()
    assert payloads.webhook_id(FORM, EMAIL_ID, 2, "processed") == "msg_61f5e3c010c640bcbc1d505f58336bf0"


def test_an_event_is_named_the_same_to_every_endpoint() -> None:
    assert told(PROCESSED)["id"] == told(PROCESSED, endpoint=replace(FORM, id=2))["id"]
    assert told(PROCESSED)["id"] != told(FIRST, OPENED)["id"]


@st.composite
def tellings(draw: st.DrawFn) -> tuple[Endpoint, Message, Delivery, Event, Open | None]:
    """Anything that an endpoint may be told of, and asks for."""
    message, delivery = draw(strategies.messages), draw(strategies.deliveries)
    event = draw(strategies.events.filter(lambda event: webhook_event(event.type) is not None))
    asked = (*message.headers, *draw(strategies.endpoints).headers, "event", "X-Missing")
    opens = summaries.opens(message, History(delivery, (event,)))
    return replace(JSON, headers=asked), message, delivery, event, next(iter(opens), None)


@given(tellings(), st.booleans())
def test_any_event_says_the_same_in_a_form_and_in_json(
    telling: tuple[Endpoint, Message, Delivery, Event, Open | None], is_first: bool
) -> None:
    endpoint, message, delivery, event, opened = telling
    form = replace(endpoint, output_format=OutputFormat.FORM)

    payload, read = (
        told(event, opened, endpoint=asked, message=message, delivery=delivery, is_first=is_first)
        for asked in (endpoint, form)
    )

    assert read == payload
    assert payload["event"] == webhook_event(event.type)
    assert payload["rcpt"] == delivery.recipient
    assert payload.get("subject", "") == payload.get("Subject", "") == message.subject
    assert payload.keys() - set(endpoint.headers) <= FIELDS
    for name, text in message.headers.items():
        assert name in FIELDS or payload[name] == text


@given(tellings())
def test_any_event_is_told_in_text_alone(
    telling: tuple[Endpoint, Message, Delivery, Event, Open | None],
) -> None:
    endpoint, message, delivery, event, opened = telling

    payload = told(event, opened, endpoint=endpoint, message=message, delivery=delivery)

    recipients = payload.pop("recipients", [])
    assert all(isinstance(text, str) and text for text in [*payload.values(), *recipients])


@pytest.mark.parametrize("endpoint", [FORM, JSON, POSTMARK])
def test_what_is_no_text_is_told_all_the_same(endpoint: Endpoint) -> None:
    message = replace(MESSAGE, subject="\ud83d Hello", headers={"x-campaign": "\udcff"})
    fetch = Fetch("cf-3", AT, user_agent="Mail\udcfc")
    (opened,) = classify(Sending(), [fetch])

    body = payloads.write(
        replace(endpoint, headers=("X-Campaign",)), message, DELIVERY, deliveries.fetched(fetch), opened
    )

    assert body
    assert body.text.isascii()
    assert "ud83d" not in body.text


HEADERS = {f"x-{number}": "日" * 998 for number in range(20)}
FULL = replace(
    MESSAGE,
    subject="日" * 998,
    recipients=tuple(f"{number:03}{'a' * 61}@{'example.' * 23}com" for number in range(300)),
    headers=HEADERS,
)


def test_the_most_that_is_usual_is_told_whole() -> None:
    endpoint = replace(FORM, headers=tuple(HEADERS))
    message = replace(FULL, headers=dict(list(HEADERS.items())[:5]))

    payload = told(PROCESSED, endpoint=endpoint, message=message)

    assert payload["x-4"] == HEADERS["x-4"]
    assert len(payload["recipients"]) == 300


def test_a_body_that_would_be_too_long_leaves_out_the_mails_own_headers() -> None:
    endpoint = replace(FORM, headers=tuple(HEADERS))

    payload = told(PROCESSED, endpoint=endpoint, message=FULL)

    assert not HEADERS.keys() & payload.keys()
    assert len(payload["recipients"]) == 300
    assert payload["subject"] == FULL.subject


@pytest.mark.parametrize("endpoint", [FORM, JSON])
def test_a_body_that_would_still_be_too_long_leaves_out_the_recipients_too(endpoint: Endpoint) -> None:
    endpoint = replace(endpoint, headers=tuple(HEADERS))
    message = replace(FULL, recipients=tuple("日" * 200 + address for address in FULL.recipients))

    payload = told(PROCESSED, endpoint=endpoint, message=message)

    assert not {"recipients", *HEADERS} & payload.keys()
    assert payload["subject"] == FULL.subject


def test_a_body_that_grows_too_long_in_the_queue_is_too_long() -> None:
    payload = told(PROCESSED, message=replace(FULL, recipients=('"' * 300,) * 300))

    assert "recipients" not in payload


LONG = "😀" * 5000


@pytest.mark.parametrize("endpoint", [FORM, JSON, POSTMARK])
@pytest.mark.parametrize("kind", [EventType.FETCHED, EventType.BOUNCED, EventType.PROCESSED])
def test_no_body_is_longer_than_what_the_queue_takes(endpoint: Endpoint, kind: EventType) -> None:
    message = Message(
        EMAIL_ID,
        CredentialKind.SMTP_USER,
        LONG,
        LONG,
        AT,
        1000,
        subject=LONG,
        sender=f"{LONG} <{LONG}@example.com>",
        rfc_message_id=LONG,
        recipients=(LONG,) * 300,
        headers=dict.fromkeys(HEADERS, LONG),
    )
    fetch = Fetch("cf-3", AT, user_agent=LONG[:MAX_USER_AGENT], address=LONG, country="DE", city=LONG)
    (opened,) = classify(Sending(), [replace(fetch, address="192.0.2.1")])
    opened = replace(opened, fetches=(fetch,))
    event = Event("1", kind, AT, {"bounce": "hard", "smtp_response": LONG, "host": LONG})

    body = payloads.write(
        replace(endpoint, headers=tuple(HEADERS)),
        message,
        replace(DELIVERY, recipient=LONG),
        event,
        opened if kind is EventType.FETCHED else None,
    )

    assert body is None or len(body.text.encode()) <= MAX_BODY_BYTES


@pytest.mark.parametrize("endpoint", [FORM, JSON, POSTMARK])
@pytest.mark.parametrize("event", [WebhookEvent.CLICK, WebhookEvent.UNSUBSCRIBE, WebhookEvent.RESUBSCRIBE])
def test_there_is_no_sample_of_what_is_never_sent(endpoint: Endpoint, event: WebhookEvent) -> None:
    assert payloads.sample(endpoint, event, AT) is None


@pytest.mark.parametrize("endpoint", [FORM, JSON])
@pytest.mark.parametrize("event", MADE_UP_EVENTS)
def test_a_sample_is_marked_as_one(endpoint: Endpoint, event: WebhookEvent) -> None:
    payload = read_sample(endpoint, event)

    assert (payload["event"], payload["test"], payload["time"]) == (event, "true", "2026-11-24T12:00:00Z")
    assert (payload["rcpt"], payload["from_address"]) == ("olga@example.org", "news@example.com")
    assert payload.keys() <= FIELDS


def test_a_sample_of_an_open_says_what_one_says() -> None:
    payload = read_sample(JSON, WebhookEvent.OPEN)

    assert payload.keys() >= {"client", "client-device", "client-os", "read-secs", "geoip-continent"}
    assert (payload["open-class"], payload["first-open"]) == ("direct_open", "true")


def test_a_sample_has_the_headers_that_the_endpoint_wants() -> None:
    payload = read_sample(replace(JSON, headers=("X-Campaign", "event")), WebhookEvent.DELIVERED)

    assert "X-Campaign" in payload
    assert payload["event"] == "delivered"


@pytest.mark.parametrize("event", MADE_UP_EVENTS)
def test_a_sample_is_no_real_event(event: WebhookEvent) -> None:
    payload = read_sample(JSON, event)

    email_id = str(payload["email_id"])
    assert email_ids.from_bytes(email_ids.to_bytes(email_id)) == email_id
    real = told(PROCESSED, message=replace(MESSAGE, email_id=email_id), delivery=replace(DELIVERY, number=1))
    assert payload["id"] != real["id"]


def test_every_sample_has_an_id_of_its_own() -> None:
    ids = {
        str(read_sample(JSON, event, at)["id"])
        for event in MADE_UP_EVENTS
        for at in (AT, AT + timedelta(milliseconds=1))
    }

    assert len(ids) == len(MADE_UP_EVENTS) * 2


def read_sample(endpoint: Endpoint, event: WebhookEvent, at: datetime = AT) -> Mapping[str, str | list[str]]:
    body = payloads.sample(endpoint, event, at)
    assert body
    if endpoint.output_format is OutputFormat.FORM:
        read = parse_qs(body.text, strict_parsing=True)
        return {name: values[0] for name, values in read.items()}
    payload: Payload = json.loads(body.text)
    return payload
