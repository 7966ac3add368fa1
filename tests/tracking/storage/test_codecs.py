"""Whatever is stored comes back equal, through DynamoDB's own types."""

from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import Delivery, Event, Message
from tracking.mail.endpoints import Endpoint
from tracking.storage import activity_items, aws, settings
from tracking.storage.aws import Item


def stored(item: Item) -> Item:
    return aws.from_attributes(aws.to_attributes(item))


@given(strategies.messages)
def test_a_message_comes_back(message: Message) -> None:
    assert activity_items.message(stored(activity_items.message_item(message))) == message


@given(strategies.deliveries)
def test_a_delivery_comes_back(delivery: Delivery) -> None:
    assert activity_items.delivery(stored(activity_items.delivery_item(delivery))) == delivery


@given(strategies.events)
def test_an_event_comes_back(event: Event) -> None:
    assert activity_items.event(stored(activity_items.event_item("06h0r9co15h30phg2640", 1, event))) == event


@given(strategies.ids, strategies.numbers, strategies.events)
def test_an_event_comes_back_from_the_stream_with_its_delivery(
    email_id: str, number: int, event: Event
) -> None:
    image = aws.to_attributes(activity_items.event_item(email_id, number, event))

    assert activity_items.event_of(image) == (email_id, number, event)


@given(strategies.messages, strategies.deliveries)
def test_a_message_or_a_delivery_in_the_stream_is_no_event(message: Message, delivery: Delivery) -> None:
    assert activity_items.event_of(aws.to_attributes(activity_items.message_item(message))) is None
    assert activity_items.event_of(aws.to_attributes(activity_items.delivery_item(delivery))) is None


@given(strategies.ids, strategies.names, st.dates())
def test_what_is_counted_of_a_day_is_no_event_in_the_stream(
    email_id: str, credential_id: str, day: date
) -> None:
    key = activity_items.counts_key(CredentialKind.SMTP_USER, credential_id)
    item = {"pk": key, "sk": activity_items.day_key(day, email_id), "bot": 1, "expires_at": 1}

    assert activity_items.event_of(aws.to_attributes(item)) is None
    assert activity_items.day_counts(item) == (day, {"bot": 1})


@given(strategies.credentials)
def test_a_credential_comes_back(credential: Credential) -> None:
    assert settings._credential(stored(settings._credential_item(credential))) == credential


@given(strategies.endpoints)
def test_an_endpoint_comes_back(endpoint: Endpoint) -> None:
    assert settings._endpoint(stored(settings._endpoint_item(endpoint))) == endpoint


@given(strategies.times, strategies.times)
def test_times_come_back_and_sort_as_text(one: datetime, other: datetime) -> None:
    assert aws.to_time(aws.to_text(one)) == one
    assert (aws.to_text(one) < aws.to_text(other)) == (one < other)


def test_no_time_stays_none() -> None:
    assert aws.to_time(None) is None
