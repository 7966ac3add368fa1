from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tracking.errors import ActivityUnavailable, StaleVersion
from tracking.mail import deliveries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, History, Message, Summary, TrackingMode
from tracking.opens.classification import OpenClass
from tracking.opens.fetches import Fetch
from tracking.storage.activity import Activity
from tracking.storage.activity_items import KEPT_FOR

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
MESSAGE = Message(EMAIL_ID, CredentialKind.API_KEY, "api-1", "a@example.com", AT, 1000, subject="Hello")
DELIVERY = Delivery(EMAIL_ID, 1, "Bob@Example.net", TrackingMode.FULL, AT)
FETCHED = deliveries.fetched(Fetch("cf-1", AT, user_agent="curl/8"))


def event(event_id: str, at: datetime = AT) -> Event:
    return Event(event_id, EventType.PROCESSED, at)


def test_a_delivery_is_started_once(activity: Activity) -> None:
    activity.start(DELIVERY)
    activity.mark_sent(DELIVERY, AT, "ses-1")

    again = activity.start(replace(DELIVERY, mode=TrackingMode.OFF))

    assert again == replace(DELIVERY, sent_at=AT, ses_message_id="ses-1")


def test_a_delivery_remembers_when_it_was_sent_and_delivered(activity: Activity) -> None:
    activity.start(DELIVERY)

    activity.mark_sent(DELIVERY, AT, "ses-1")
    activity.mark_delivered(EMAIL_ID, 1, AT + timedelta(seconds=2))

    assert activity.delivery(EMAIL_ID, 1) == replace(
        DELIVERY, sent_at=AT, ses_message_id="ses-1", delivered_at=AT + timedelta(seconds=2)
    )


def test_an_unknown_delivery_is_not_made_by_what_happens_to_it(activity: Activity) -> None:
    activity.mark_delivered(EMAIL_ID, 1, AT)

    assert activity.delivery(EMAIL_ID, 1) is None
    assert activity.history(EMAIL_ID, 1) is None


def test_events_of_an_unknown_delivery_are_no_history(activity: Activity) -> None:
    activity.append(EMAIL_ID, 1, FETCHED)

    assert activity.history(EMAIL_ID, 1) is None


def test_the_same_event_twice_is_one(activity: Activity) -> None:
    activity.start(DELIVERY)

    assert activity.append(EMAIL_ID, 1, FETCHED)
    assert not activity.append(EMAIL_ID, 1, FETCHED)
    assert activity.history(EMAIL_ID, 1) == History(DELIVERY, (FETCHED,))


def test_a_history_is_its_own_deliverys_events_by_time(activity: Activity) -> None:
    activity.start(DELIVERY)
    activity.start(replace(DELIVERY, number=2))
    late, early = event("a", AT + timedelta(minutes=1)), event("b")
    for each in (late, early):
        activity.append(EMAIL_ID, 1, each)
    activity.append(EMAIL_ID, 2, event("c"))

    history = activity.history(EMAIL_ID, 1)

    assert history
    assert history.events == (early, late)


def test_a_summary_is_written_and_counts_the_version_up(activity: Activity) -> None:
    activity.start(DELIVERY)
    summary = Summary({OpenClass.BOT: 1}, AT, AT)

    activity.write_summary(DELIVERY, summary)

    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, summary=summary, version=1)


def test_a_summary_of_a_version_that_changed_is_not_written(activity: Activity) -> None:
    activity.start(DELIVERY)
    activity.write_summary(DELIVERY, Summary())

    with pytest.raises(StaleVersion):
        activity.write_summary(DELIVERY, Summary({OpenClass.BOT: 1}, AT, AT))

    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, version=1)


def test_messages_are_found_by_their_ids(activity: Activity) -> None:
    many = [replace(MESSAGE, email_id=f"{number:020d}") for number in range(150)]
    for message in many:
        activity.put_message(message)

    found = activity.messages([*(message.email_id for message in many), "unknown", many[0].email_id])

    assert found == {message.email_id: message for message in many}
    assert activity.messages([]) == {}


def test_a_message_is_stored_once(activity: Activity) -> None:
    activity.put_message(MESSAGE)
    activity.put_message(replace(MESSAGE, subject="Another"))

    assert activity.messages([EMAIL_ID]) == {EMAIL_ID: MESSAGE}


def test_what_dynamodb_did_not_get_to_is_asked_for_again(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.put_message(MESSAGE)
    asked = []

    def leave_out_once(parsed: dict[str, object], **_: object) -> None:
        asked.append(parsed)
        if len(asked) == 1:
            key = {"pk": {"S": f"EMAIL#{EMAIL_ID}"}, "sk": {"S": "ENVELOPE"}}
            parsed.update(Responses={}, UnprocessedKeys={"Activity": {"Keys": [key]}})

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out_once)

    assert activity.messages([EMAIL_ID]) == {EMAIL_ID: MESSAGE}
    assert len(asked) == 2


def test_the_feed_is_all_events_of_a_time_range_newest_first(activity: Activity) -> None:
    times = [AT + timedelta(minutes=7 * number) for number in range(-20, 20)]
    for number, at in enumerate(times):
        activity.append(EMAIL_ID, 1 + number % 3, event(f"event-{number}", at))
    start, end = times[5], times[35]

    feed = list(activity.feed(start, end))

    assert [entry.event_id for entry in feed] == [f"event-{number}" for number in range(34, 4, -1)]
    assert [entry.number for entry in feed] == [1 + number % 3 for number in range(34, 4, -1)]


def test_the_feed_goes_on_after_a_position(activity: Activity) -> None:
    for number in range(10):
        activity.append(EMAIL_ID, 1, event(f"event-{number}"))
    start, end = AT - timedelta(hours=1), AT + timedelta(hours=1)
    whole = list(activity.feed(start, end))

    for place, entry in enumerate(whole):
        assert list(activity.feed(start, end, before=entry.position)) == whole[place + 1 :]


def test_the_feed_of_a_range_that_ends_before_it_starts_is_empty(activity: Activity) -> None:
    activity.append(EMAIL_ID, 1, event("a"))

    assert list(activity.feed(AT, AT - timedelta(minutes=1))) == []
    assert list(activity.feed(AT, AT)) == []


def test_all_of_a_mail_expires(activity: Activity, dynamodb: "DynamoDBClient") -> None:
    activity.put_message(MESSAGE)
    activity.start(DELIVERY)
    activity.append(EMAIL_ID, 1, FETCHED)

    items = dynamodb.scan(TableName="Activity")["Items"]

    assert len(items) == 3
    assert {item["expires_at"]["N"] for item in items} == {str(int((AT + KEPT_FOR).timestamp()))}


def test_deliveries_are_indexed_by_the_recipient_in_lower_case(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.start(DELIVERY)
    activity.mark_sent(DELIVERY, AT, "ses-1")

    found = dynamodb.query(
        TableName="Activity",
        IndexName="recipient",
        KeyConditionExpression="recipient_key = :recipient",
        ExpressionAttributeValues={":recipient": {"S": "bob@example.net"}},
    )

    assert [item["sk"]["S"] for item in found["Items"]] == ["RCPT#001"]


@pytest.mark.parametrize(
    "call",
    [
        lambda activity: activity.put_message(MESSAGE),
        lambda activity: activity.start(DELIVERY),
        lambda activity: activity.mark_sent(DELIVERY, AT, "ses-1"),
        lambda activity: activity.mark_delivered(EMAIL_ID, 1, AT),
        lambda activity: activity.append(EMAIL_ID, 1, FETCHED),
        lambda activity: activity.write_summary(DELIVERY, Summary()),
        lambda activity: activity.delivery(EMAIL_ID, 1),
        lambda activity: activity.history(EMAIL_ID, 1),
        lambda activity: activity.messages([EMAIL_ID]),
        lambda activity: list(activity.feed(AT - timedelta(hours=1), AT)),
    ],
)
def test_a_table_that_cannot_be_reached_is_one_error(
    dynamodb: "DynamoDBClient", call: Callable[[Activity], object]
) -> None:
    with pytest.raises(ActivityUnavailable):
        call(Activity(dynamodb, "Missing"))
