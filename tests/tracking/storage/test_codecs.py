"""Whatever is stored comes back equal, through DynamoDB's own types."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail.credentials import Credential
from tracking.mail.deliveries import Delivery, Event, Message, TrackingMode
from tracking.mail.endpoints import Endpoint
from tracking.storage import activity_items, aws, counters, settings
from tracking.storage.aws import Item
from tracking.storage.counters import SendersDay

AT = datetime(2026, 11, 24, tzinfo=UTC)
DELIVERY = Delivery("06h0r9co15h30phg2640", 1, "bob@example.net", "alice", TrackingMode.FULL, AT)


def stored(item: Item) -> Item:
    return aws.from_attributes(aws.to_attributes(item))


@given(strategies.messages)
def test_a_message_comes_back(message: Message) -> None:
    assert activity_items.message(stored(activity_items.message_item(message))) == message


@given(strategies.messages)
def test_a_message_that_was_stored_before_headers_were_kept_has_none(message: Message) -> None:
    item = stored(activity_items.message_item(message))
    item.pop("headers", None)

    assert activity_items.message(item) == replace(message, headers={})


@given(strategies.deliveries)
def test_a_delivery_comes_back(delivery: Delivery) -> None:
    assert activity_items.delivery(stored(activity_items.delivery_item(delivery))) == delivery


@given(strategies.deliveries)
def test_a_summary_that_was_stored_before_hours_and_domains_were_counted_says_so(delivery: Delivery) -> None:
    item = stored(activity_items.delivery_item(delivery))
    for name in ("hours", "by_domain"):
        del item["summary"][name]

    found = activity_items.delivery(item)

    assert found == replace(delivery, summary=replace(delivery.summary, hours={}, is_counted_by_domain=False))


@given(strategies.deliveries, st.dates())
def test_what_is_counted_of_a_domain_is_no_event_in_the_stream(delivery: Delivery, day: date) -> None:
    assert activity_items.event_of(activity_items.domain_key(delivery, day)) is None


@given(strategies.events)
def test_an_event_comes_back(event: Event) -> None:
    assert activity_items.event(stored(activity_items.event_item(DELIVERY, event))) == event


@given(strategies.deliveries, strategies.events)
def test_an_event_comes_back_from_the_stream_with_its_delivery(delivery: Delivery, event: Event) -> None:
    image = aws.to_attributes(activity_items.event_item(delivery, event))

    assert activity_items.event_of(image) == (delivery.email_id, delivery.number, event)


@given(strategies.messages, strategies.deliveries)
def test_a_message_or_a_delivery_in_the_stream_is_no_event(message: Message, delivery: Delivery) -> None:
    assert activity_items.event_of(aws.to_attributes(activity_items.message_item(message))) is None
    assert activity_items.event_of(aws.to_attributes(activity_items.delivery_item(delivery))) is None


@given(strategies.messages, st.from_regex(r"[!-~]{5,100}", fullmatch=True), st.dates())
def test_what_is_counted_of_a_day_comes_back_and_is_no_event_in_the_stream(
    message: Message, credential_id: str, day: date
) -> None:
    message = replace(message, credential_id=credential_id)
    key = activity_items.count_key(message, day)

    found = counters._senders_day(
        key | aws.to_attributes({"bot": 1, "expires_at": 1, "last_ip": "192.0.2.1"})
    )

    assert activity_items.event_of(key) is None
    assert found == SendersDay(
        day, message.kind, message.credential_id, message.sender_address.lower(), Counter(bot=1), "192.0.2.1"
    )


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
