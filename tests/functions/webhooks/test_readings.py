"""Opens whose reader is being timed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks import adapters, fan_out
from functions.webhooks.announcements import Batch
from functions.webhooks.readings import handle
from tests.counts import by_day
from tests.functions.conftest import Cloud
from tests.functions.sqs import batch, left
from tests.functions.webhooks.stream import inserted, records, told
from tracking.mail import deliveries, email_ids
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, Message, TrackingMode
from tracking.mail.endpoints import Endpoint, WebhookEvent
from tracking.opens.fetches import Fetch
from tracking.opens.reading import MAX_STEPS, Reading

AT = datetime.now(UTC) - timedelta(days=1)
EMAIL_ID = email_ids.new(AT, bytes(email_ids.RANDOM_BYTES))
MESSAGE = Message(EMAIL_ID, CredentialKind.SMTP_USER, "alice", "a@example.com", AT, 1000)
DELIVERY = Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT, sent_at=AT)
OUTLOOK = Fetch("cf-1", AT, user_agent="Microsoft Outlook", address="198.51.100.7", reading=Reading())
WAITING = {"email_id": EMAIL_ID, "recipient": 1, "event_id": "cf-1"}


@pytest.fixture(autouse=True)
def mail(cloud: Cloud) -> None:
    cloud.activity.put_message(MESSAGE)
    cloud.activity.start(DELIVERY)
    cloud.settings.put_endpoint(Endpoint(1, "https://example.com/", AT, frozenset({WebhookEvent.OPEN})))


@pytest.fixture
def kept_back(cloud: Cloud) -> list[dict[str, Any]]:
    """What was queued to come back later."""
    found: list[dict[str, Any]] = []

    def watch(params: dict[str, Any], **_: object) -> None:
        if params["QueueUrl"] == cloud.readings_queue:
            found.append(params)

    adapters.sqs().meta.events.register("provide-client-params.sqs.SendMessage", watch)
    return found


def fetched(cloud: Cloud, seconds_ago: float, steps: int | None, event_id: str = "cf-1") -> Event:
    """A fetch of somebody who is being timed, in the history."""
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    event = deliveries.fetched(replace(OUTLOOK, event_id=event_id, at=at, reading=Reading(steps)))
    cloud.activity.append(DELIVERY, event)
    return event


def wake(context: LambdaContext, **changes: object) -> list[str]:
    return left(handle(batch(json.dumps(WAITING | changes)), context))


def stream(*events: Event) -> dict[str, Any]:
    return records(*(inserted(DELIVERY, event) for event in events))


def test_an_open_whose_reading_has_just_begun_comes_back_when_it_may_have_ended(
    cloud: Cloud, context: LambdaContext, kept_back: list[dict[str, Any]]
) -> None:
    event = fetched(cloud, seconds_ago=0, steps=None)

    assert left(fan_out.handle(stream(event), context)) == []

    assert told(cloud) == []
    (message,) = kept_back
    assert json.loads(message["MessageBody"]) == WAITING
    assert message["DelaySeconds"] == 5


def test_its_summary_and_its_counters_do_not_wait(cloud: Cloud, context: LambdaContext) -> None:
    event = fetched(cloud, seconds_ago=0, steps=None)

    fan_out.handle(stream(event), context)

    day = event.at.date()
    assert by_day(cloud.dynamodb, day, day, "alice") == {
        day: {"direct_open": 1, "opened": 1, "human": 1, f"hour_{event.at:%H}": 1}
    }


def test_an_open_whose_reading_goes_on_comes_back_again(
    cloud: Cloud, context: LambdaContext, kept_back: list[dict[str, Any]]
) -> None:
    fetched(cloud, seconds_ago=11.5, steps=2)

    assert wake(context) == []

    assert told(cloud) == []
    assert [message["DelaySeconds"] for message in kept_back] == [9]


def test_what_comes_back_waits_a_whole_second_at_least(
    cloud: Cloud, context: LambdaContext, kept_back: list[dict[str, Any]]
) -> None:
    event = fetched(cloud, seconds_ago=9.5, steps=0)

    fan_out.handle(stream(event), context)

    assert [message["DelaySeconds"] for message in kept_back] == [1]


def test_a_clock_that_is_far_ahead_keeps_an_open_back_no_longer_than_the_queue_can(
    cloud: Cloud, context: LambdaContext, kept_back: list[dict[str, Any]]
) -> None:
    event = fetched(cloud, seconds_ago=-86_400, steps=None)

    assert left(fan_out.handle(stream(event), context)) == []

    assert [message["DelaySeconds"] for message in kept_back] == [900]


@pytest.mark.parametrize(("steps", "read"), [(None, None), (0, "0"), (3, "15"), (MAX_STEPS, "30")])
def test_an_open_whose_reading_has_ended_is_announced_with_it(
    cloud: Cloud,
    context: LambdaContext,
    kept_back: list[dict[str, Any]],
    steps: int | None,
    read: str | None,
) -> None:
    fetched(cloud, 31, steps)

    assert wake(context) == []

    (payload,) = told(cloud)
    assert payload["event"] == "open"
    assert payload.get("read-secs") == read
    assert kept_back == []


def test_a_repetition_waits_and_is_told_to_nobody(
    cloud: Cloud, context: LambdaContext, kept_back: list[dict[str, Any]]
) -> None:
    fetched(cloud, seconds_ago=3, steps=0)
    again = fetched(cloud, seconds_ago=1, steps=None, event_id="cf-2")

    fan_out.handle(stream(again), context)

    assert told(cloud) == []
    assert [json.loads(message["MessageBody"])["event_id"] for message in kept_back] == ["cf-2"]


def test_what_looked_like_a_repetition_and_is_an_open_is_counted_and_told(
    cloud: Cloud, context: LambdaContext
) -> None:
    """While the first reading is not known, a second fetch may belong to it."""
    first = fetched(cloud, seconds_ago=50, steps=None)
    second = fetched(cloud, seconds_ago=30, steps=None, event_id="cf-2")
    fan_out.handle(stream(first, second), context)
    assert len(told(cloud)) == 1
    cloud.activity.note_step(EMAIL_ID, 1, "cf-1", 0, datetime.now(UTC))

    assert wake(context, event_id="cf-2") == []

    assert [payload["first-open"] for payload in told(cloud)] == ["false"]
    delivery = cloud.activity.delivery(EMAIL_ID, 1)
    assert delivery
    assert sum(delivery.summary.totals.values()) == 2


def test_a_reading_that_went_on_when_its_batch_came_is_looked_at_again(
    cloud: Cloud, kept_back: list[dict[str, Any]]
) -> None:
    """What was learnt since may not be in the history that the batch has read."""
    event = fetched(cloud, seconds_ago=6, steps=None)

    Batch(event.at + timedelta(seconds=4)).announce(EMAIL_ID, 1, "cf-1")

    assert told(cloud) == []
    assert [message["DelaySeconds"] for message in kept_back] == [1]


@pytest.mark.parametrize(
    "gone", [{"event_id": "cf-9"}, {"recipient": 9}, {"email_id": "06h0r9co15h30phg264g"}]
)
def test_what_is_gone_is_told_to_nobody(
    cloud: Cloud, context: LambdaContext, gone: dict[str, object]
) -> None:
    fetched(cloud, seconds_ago=60, steps=1)

    assert wake(context, **gone) == []

    assert told(cloud) == []


def test_when_storage_fails_the_open_stays_in_the_queue(
    context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIVITY_TABLE", "missing")

    assert wake(context) == ["message-0"]
