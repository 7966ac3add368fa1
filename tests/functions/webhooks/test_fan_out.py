"""From the table's stream to the queue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks import adapters, histories
from functions.webhooks.fan_out import handle
from tests.counts import by_day
from tests.functions.conftest import Cloud
from tests.functions.sqs import left
from tests.functions.webhooks.stream import inserted, queued, records, told
from tracking.mail import deliveries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, Outcome, Summary, TrackingMode
from tracking.mail.endpoints import Endpoint, WebhookEvent
from tracking.opens.fetches import Fetch
from tracking.opens.rules import OpenClass
from tracking.storage import activity_items, aws

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MESSAGE = Message(EMAIL_ID, CredentialKind.SMTP_USER, "alice", "a@example.com", AT, 1000, subject="Hello")
DELIVERY = Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT, sent_at=AT)
PROCESSED = deliveries.processed(AT)
FETCHED = deliveries.fetched(Fetch("cf-1", AT + timedelta(minutes=1), user_agent="curl/8"))
FETCHED_LATER = deliveries.fetched(Fetch("cf-2", AT + timedelta(hours=1), user_agent="curl/8"))
BOT = Summary({AT.date(): {OpenClass.BOT: 1}}, FETCHED.at, FETCHED.at)
ENDPOINT = Endpoint(1, "https://example.com/", AT, frozenset({WebhookEvent.OPEN, WebhookEvent.PROCESSED}))


@pytest.fixture(autouse=True)
def mail(cloud: Cloud) -> None:
    cloud.activity.put_message(MESSAGE)
    cloud.activity.start(DELIVERY)
    cloud.settings.put_endpoint(ENDPOINT)


def stream(*events: Event, name: str = "INSERT") -> dict[str, Any]:
    return records(*(inserted(DELIVERY, event) for event in events), name=name)


def summary(cloud: Cloud) -> tuple[Summary, int]:
    delivery = cloud.activity.delivery(EMAIL_ID, 1)
    assert delivery
    return delivery.summary, delivery.version


def test_an_event_is_queued_for_the_endpoint_that_wants_it(cloud: Cloud, context: LambdaContext) -> None:
    cloud.activity.append(DELIVERY, FETCHED)

    assert left(handle(stream(FETCHED), context)) == []

    (notification,) = queued(cloud)
    assert notification.endpoint_id == 1
    assert notification.id.startswith("msg_")
    assert (notification.event, notification.email_id) == (WebhookEvent.OPEN, EMAIL_ID)
    assert (notification.recipient, notification.event_at) == ("bob@example.net", FETCHED.at)
    assert notification.content_type == "application/x-www-form-urlencoded"
    said = dict(parse_qsl(notification.body))
    assert (said["event"], said["subject"], said["open-class"]) == ("open", "Hello", "bot")


def test_the_same_event_twice_has_the_same_id(cloud: Cloud, context: LambdaContext) -> None:
    cloud.activity.append(DELIVERY, PROCESSED)

    handle(stream(PROCESSED, PROCESSED), context)

    first, second = queued(cloud)
    assert first == second


def test_each_endpoint_hears_only_of_what_it_asked_for(cloud: Cloud, context: LambdaContext) -> None:
    for endpoint in (
        replace(ENDPOINT, id=2, events=frozenset({WebhookEvent.BOUNCE})),
        replace(ENDPOINT, id=3, credential_ids=frozenset({"carol"})),
        replace(ENDPOINT, id=4, credential_ids=frozenset({"carol", "alice"})),
        replace(ENDPOINT, id=5, events=frozenset()),
    ):
        cloud.settings.put_endpoint(endpoint)
    cloud.activity.append(DELIVERY, PROCESSED)

    handle(stream(PROCESSED), context)

    assert sorted(notification.endpoint_id for notification in queued(cloud)) == [1, 4]


def test_a_fetch_brings_the_summary_up_to_date(cloud: Cloud, context: LambdaContext) -> None:
    cloud.activity.append(DELIVERY, FETCHED)

    handle(stream(FETCHED), context)

    assert summary(cloud) == (BOT, 1)


def test_a_fetch_that_comes_again_counts_once_and_writes_nothing(
    cloud: Cloud, context: LambdaContext
) -> None:
    cloud.activity.append(DELIVERY, FETCHED)

    handle(stream(FETCHED, FETCHED), context)

    assert summary(cloud) == (BOT, 1)


@pytest.mark.parametrize("event_type", [EventType.DELAYED, EventType.QUOTED])
def test_an_event_that_changes_nothing_leaves_the_summary_alone(
    cloud: Cloud, context: LambdaContext, event_type: EventType
) -> None:
    event = Event("1", event_type, AT, {"reason": "MailboxFull"})
    cloud.activity.append(DELIVERY, event)

    handle(stream(event), context)

    assert summary(cloud) == (Summary(), 0)


def test_what_became_of_a_mail_counts_once_however_often_the_stream_tells_it(
    cloud: Cloud, context: LambdaContext
) -> None:
    delivered = Event("delivered-1", EventType.DELIVERED, AT + timedelta(days=1), {"smtp_response": "250"})

    for event in (PROCESSED, delivered):
        cloud.activity.append(DELIVERY, event)
        handle(stream(event, event), context)
    handle(stream(delivered, PROCESSED), context)

    outcomes = {Outcome.PROCESSED: AT, Outcome.DELIVERED: delivered.at}
    assert summary(cloud) == (Summary(outcomes=outcomes), 2)
    first, second = AT.date(), delivered.at.date()
    assert by_day(cloud.dynamodb, first, second, "alice") == {
        first: {"processed": 1, "bytes": MESSAGE.size},
        second: {"delivered": 1},
    }


def test_each_recipients_copy_counts_and_with_it_the_mails_bytes(
    cloud: Cloud, context: LambdaContext
) -> None:
    for number in (2, 3):
        cloud.activity.start(replace(DELIVERY, number=number))
    images = []
    for number in (1, 2, 3):
        copy = replace(DELIVERY, number=number)
        cloud.activity.append(copy, PROCESSED)
        images.append(inserted(copy, PROCESSED))

    assert left(handle(records(*images, *images), context)) == []

    day = AT.date()
    assert by_day(cloud.dynamodb, day, day, "alice") == {day: {"processed": 3, "bytes": 3 * MESSAGE.size}}


@pytest.mark.parametrize(
    ("event_type", "details", "counter"),
    [
        (EventType.BOUNCED, {"bounce": "hard"}, "hard_bounced"),
        (EventType.BOUNCED, {"bounce": "soft"}, "soft_bounced"),
        (EventType.REJECTED, {"reason": "Bad content"}, "rejected"),
        (EventType.COMPLAINED, {"reason": "abuse"}, "complained"),
    ],
)
def test_a_mail_that_was_not_wanted_is_counted_as_what_it_is(
    cloud: Cloud, context: LambdaContext, event_type: EventType, details: dict[str, str], counter: str
) -> None:
    event = Event("1", event_type, AT, details)
    cloud.activity.append(DELIVERY, event)

    handle(stream(event, event), context)

    day = AT.date()
    assert by_day(cloud.dynamodb, day, day, "alice") == {day: {counter: 1}}


def write_between(cloud: Cloud, times: int) -> None:
    """Let another writer be first, between the function's reading and its writing."""
    written: list[int] = []

    def write(**_: object) -> None:
        if len(written) < times:
            written.append(1)
            delivery = cloud.activity.delivery(EMAIL_ID, 1)
            assert delivery
            cloud.activity.write_summary(MESSAGE, delivery, Summary())

    adapters.activity()._dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", write)


@pytest.fixture
def histories_read() -> list[dict[str, Any]]:
    """The queries for a delivery's history."""
    found: list[dict[str, Any]] = []

    def watch(params: dict[str, Any], **_: object) -> None:
        if params["TableName"] == "Activity":
            found.append(params)

    adapters.activity()._dynamodb.meta.events.register("provide-client-params.dynamodb.Query", watch)
    return found


def test_a_batch_reads_a_delivery_once(
    cloud: Cloud, context: LambdaContext, histories_read: list[dict[str, Any]]
) -> None:
    cloud.activity.start(replace(DELIVERY, number=2))
    events = [PROCESSED, FETCHED, FETCHED_LATER]
    for number in (1, 2):
        for event in events:
            cloud.activity.append(replace(DELIVERY, number=number), event)

    images = [inserted(replace(DELIVERY, number=number), event) for event in events for number in (1, 2)]
    assert left(handle(records(*images), context)) == []

    assert len(histories_read) == 2
    assert len(queued(cloud)) == 6
    assert summary(cloud)[1] == 1


def test_the_next_batch_reads_it_again(cloud: Cloud, context: LambdaContext) -> None:
    for event in (FETCHED, FETCHED_LATER):
        cloud.activity.append(DELIVERY, event)
        handle(stream(event), context)

    assert [said["first-open"] for said in told(cloud)] == ["true", "false"]
    assert summary(cloud)[1] == 2


def test_a_delivery_that_fails_fails_alone_and_with_all_of_its_events(
    cloud: Cloud, context: LambdaContext
) -> None:
    cloud.activity.start(replace(DELIVERY, number=2, recipient="carol@example.net"))
    for number, event in [(1, FETCHED), (2, PROCESSED), (1, FETCHED_LATER)]:
        cloud.activity.append(replace(DELIVERY, number=number), event)
    write_between(cloud, histories.SUMMARY_ATTEMPTS)

    images = (
        inserted(replace(DELIVERY, number=number), event)
        for number, event in [(1, FETCHED), (2, PROCESSED), (1, FETCHED_LATER)]
    )
    assert left(handle(records(*images), context)) == ["sequence-0", "sequence-2"]

    assert [said["rcpt"] for said in told(cloud)] == ["carol@example.net"]
    assert summary(cloud) == (Summary(), histories.SUMMARY_ATTEMPTS)


def test_a_summary_that_another_writer_changed_is_computed_anew(cloud: Cloud, context: LambdaContext) -> None:
    cloud.activity.append(DELIVERY, FETCHED)
    write_between(cloud, 2)

    assert left(handle(stream(FETCHED), context)) == []

    assert summary(cloud) == (BOT, 3)
    assert len(queued(cloud)) == 1


def test_a_summary_that_never_stands_still_leaves_the_event_to_the_stream(
    cloud: Cloud, context: LambdaContext
) -> None:
    cloud.activity.append(DELIVERY, FETCHED)
    write_between(cloud, histories.SUMMARY_ATTEMPTS)

    assert left(handle(stream(FETCHED), context)) == ["sequence-0"]

    assert queued(cloud) == []
    assert summary(cloud) == (Summary(), histories.SUMMARY_ATTEMPTS)


@pytest.mark.parametrize("name", ["MODIFY", "REMOVE"])
def test_what_is_not_new_is_not_told(cloud: Cloud, context: LambdaContext, name: str) -> None:
    cloud.activity.append(DELIVERY, PROCESSED)

    assert left(handle(stream(PROCESSED, name=name), context)) == []

    assert queued(cloud) == []


def test_a_new_message_or_delivery_is_no_event(cloud: Cloud, context: LambdaContext) -> None:
    items = activity_items.message_item(MESSAGE), activity_items.delivery_item(DELIVERY)

    assert left(handle(records(*items), context)) == []

    assert queued(cloud) == []


def test_an_event_of_an_unknown_delivery_is_told_to_nobody(cloud: Cloud, context: LambdaContext) -> None:
    assert left(handle(records(inserted(replace(DELIVERY, number=9), FETCHED)), context)) == []

    assert queued(cloud) == []


def test_an_event_of_an_unknown_message_is_told_to_nobody(cloud: Cloud, context: LambdaContext) -> None:
    cloud.activity.start(replace(DELIVERY, email_id="06h0r9co15h30phg264g"))

    assert (
        left(
            handle(records(inserted(replace(DELIVERY, email_id="06h0r9co15h30phg264g"), PROCESSED)), context)
        )
        == []
    )

    assert queued(cloud) == []


def test_what_is_counted_is_no_event(cloud: Cloud, context: LambdaContext) -> None:
    cloud.activity.append(DELIVERY, FETCHED)
    handle(stream(FETCHED), context)
    assert len(queued(cloud)) == 1
    images = cloud.dynamodb.scan(TableName="Activity")["Items"]
    (counter,) = (aws.from_attributes(image) for image in images if image["pk"]["S"].startswith("COUNTS#"))

    assert left(handle(records(counter), context)) == []

    assert queued(cloud) == []


def test_a_repeated_fetch_is_counted_and_told_to_nobody(cloud: Cloud, context: LambdaContext) -> None:
    assert FETCHED.fetch
    repeated = deliveries.fetched(
        replace(FETCHED.fetch, event_id="cf-2", at=FETCHED.at + timedelta(seconds=1))
    )
    for event in (FETCHED, repeated):
        cloud.activity.append(DELIVERY, event)

    handle(stream(repeated, FETCHED), context)

    (said,) = told(cloud)
    assert said["time"] == "2026-11-24T12:01:00Z"
    assert summary(cloud)[0] == BOT


def test_an_event_that_gives_fetches_another_meaning_brings_the_summary_up_to_date(
    cloud: Cloud, context: LambdaContext
) -> None:
    outlook = Fetch(
        "cf-1", AT + timedelta(hours=1), user_agent="Microsoft Outlook", address="198.51.100.7", asn=3320
    )
    opened = deliveries.fetched(outlook)
    quoted = Event("quoted-1", EventType.QUOTED, AT + timedelta(minutes=1), {"by": "1"})
    cloud.activity.append(DELIVERY, opened)
    handle(stream(opened), context)
    cloud.activity.append(DELIVERY, quoted)

    handle(stream(quoted), context)

    day = AT.date()
    assert summary(cloud)[0] == Summary({day: {OpenClass.UNCLASSIFIED: 1}}, outlook.at, outlook.at)
    assert by_day(cloud.dynamodb, day, day, "alice") == {day: {"unclassified": 1, "opened": 1}}
    assert [said["event"] for said in told(cloud)] == ["open"]


def test_when_the_queue_fails_the_event_comes_again(
    cloud: Cloud, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.activity.append(DELIVERY, PROCESSED)
    monkeypatch.setenv("WEBHOOK_QUEUE", cloud.queue.rpartition("/")[0] + "/missing")

    assert left(handle(stream(PROCESSED), context)) == ["sequence-0"]
