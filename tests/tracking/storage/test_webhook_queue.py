from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3 import Session
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import LONGEST_DELAY, Notification, decode
from tracking.storage import webhook_queue
from tracking.storage.webhook_queue import WebhookQueue

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTIFICATION = Notification(
    "msg_0", 1, WebhookEvent.OPEN, "06h0r9co15h30phg2640", "olga@example.org", AT, "{}", "application/json"
)


@pytest.fixture
def sqs(session: Session) -> "SQSClient":
    return session.client("sqs")


@pytest.fixture
def url(sqs: "SQSClient") -> str:
    return sqs.create_queue(QueueName="webhooks")["QueueUrl"]


@pytest.fixture
def requests(sqs: "SQSClient") -> list[dict[str, Any]]:
    """What SQS was asked to take."""
    made: list[dict[str, Any]] = []
    sqs.meta.events.register(
        "provide-client-params.sqs.SendMessageBatch", lambda params, **_: made.append(params)
    )
    return made


def numbered(number: int, **changes: Any) -> Notification:  # noqa: ANN401
    return replace(NOTIFICATION, id=f"msg_{number}", **changes)


def received(sqs: "SQSClient", url: str) -> list[Notification]:
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [decode(message["Body"]) for message in messages]
    return sorted(found, key=lambda each: int(each.id.removeprefix("msg_")))


def test_what_is_queued_is_received_as_it_was(sqs: "SQSClient", url: str) -> None:
    many = [numbered(number, body="ü\u2028" * number) for number in range(25)]

    WebhookQueue(sqs, url).send(many)

    assert received(sqs, url) == many


def test_no_request_is_larger_than_sqs_takes(
    sqs: "SQSClient", url: str, requests: list[dict[str, Any]]
) -> None:
    many = [numbered(number, body="x" * 100_000) for number in range(5)]

    WebhookQueue(sqs, url).send(many)

    assert [len(request["Entries"]) for request in requests] == [2, 2, 1]
    assert received(sqs, url) == many


@given(st.lists(strategies.notifications, max_size=30), st.integers(1, 10), st.integers(1, 5000))
def test_batches_hold_all_in_order_and_keep_within_their_bounds(
    many: list[Notification], most: int, most_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(webhook_queue, "_BATCH", most)
        patched.setattr(webhook_queue, "_BATCH_BYTES", most_bytes)
        batches = list(webhook_queue._in_batches(many))

    assert [notification for batch in batches for notification, _ in batch] == many
    for batch in batches:
        assert all(decode(text) == notification for notification, text in batch)
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(len(text.encode()) for _, text in batch) <= most_bytes


def test_a_batch_ends_only_where_the_next_one_would_not_fit() -> None:
    assert [len(batch) for batch in webhook_queue._in_batches([NOTIFICATION] * 25)] == [10, 10, 5]


def test_each_endpoint_is_a_group_so_that_none_holds_up_another(
    sqs: "SQSClient", url: str, requests: list[dict[str, Any]]
) -> None:
    WebhookQueue(sqs, url).send([numbered(0, endpoint_id=7), numbered(1, endpoint_id=8)])

    (request,) = requests
    assert [entry["MessageGroupId"] for entry in request["Entries"]] == ["7", "8"]


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (timedelta(), 0),
        (timedelta(milliseconds=1), 1),
        (timedelta(seconds=5), 5),
        (LONGEST_DELAY, 900),
    ],
)
def test_what_is_to_wait_waits_to_the_full_second(
    sqs: "SQSClient", url: str, requests: list[dict[str, Any]], wait: timedelta, seconds: int
) -> None:
    WebhookQueue(sqs, url).send([NOTIFICATION], wait)

    (request,) = requests
    assert [entry["DelaySeconds"] for entry in request["Entries"]] == [seconds]


def test_nothing_is_asked_where_there_is_nothing_to_queue(
    sqs: "SQSClient", url: str, requests: list[dict[str, Any]]
) -> None:
    WebhookQueue(sqs, url).send([])

    assert requests == []


def test_a_queue_that_is_not_there_is_a_fault_of_ours(sqs: "SQSClient", url: str) -> None:
    with pytest.raises(NotificationsUnavailable):
        WebhookQueue(sqs, f"{url}-missing").send([NOTIFICATION])


def test_what_the_queue_refuses_is_not_taken_for_queued(sqs: "SQSClient", url: str) -> None:
    failed = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    sqs.meta.events.register("after-call.sqs.SendMessageBatch", lambda parsed, **_: parsed.update(failed))

    with pytest.raises(NotificationsUnavailable, match="1 notification"):
        WebhookQueue(sqs, url).send([NOTIFICATION])
