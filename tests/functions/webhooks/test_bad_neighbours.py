"""Five endpoints, a thousand events for each, and four of them misbehave."""

import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from aws_lambda_powertools.utilities.typing import LambdaContext
from time_machine import Traveller

from functions.webhooks import adapters, egress
from tests.functions.conftest import Cloud
from tests.functions.webhooks.line import Line, LongQueue
from tests.functions.webhooks.receivers import Behaviour, Receiver, answer, drip_header, hang, receiving
from tracking.mail import notifications
from tracking.mail.endpoints import Endpoint, WebhookEvent
from tracking.mail.healths import PAUSE, PAUSED_AFTER
from tracking.mail.notifications import Notification, Status

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVENTS = 1000
BATCH = 10
HOUR = timedelta(hours=1)
WELL = answer(204)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(AT, tick=True) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for whoever hangs, and try less often: each attempt takes moto some milliseconds."""
    monkeypatch.setattr(egress, "TIMEOUT_SECONDS", 3)
    monkeypatch.setattr(notifications, "RETRIES", (notifications.RETRIES[0], 2 * HOUR))


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> LongQueue:
    queue = LongQueue()
    monkeypatch.setattr(adapters, "sqs", queue.client)
    return queue


@contextmanager
def endpoints(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, *behaviours: Behaviour
) -> Iterator[list[Receiver]]:
    with ExitStack() as stack:
        receivers = [stack.enter_context(receiving(behaviour)) for behaviour in behaviours]
        monkeypatch.setenv("WEBHOOK_EXEMPT_HOSTS", ",".join(receiver.host for receiver in receivers))
        for number, receiver in enumerate(receivers, start=1):
            cloud.settings.put_endpoint(Endpoint(number, f"http://{receiver.host}/", AT))
        yield receivers


def told() -> list[Notification]:
    """What the five are told, each in turn."""
    return [
        Notification(
            f"msg_{number}", endpoint, WebhookEvent.OPEN, "email", "b@example.net", AT, "a=b", "text"
        )
        for number in range(EVENTS)
        for endpoint in range(1, 6)
    ]


def batches_until_all_is_told(line: Line, receiver: Receiver) -> int:
    batches = 0
    while len(receiver.requests) < EVENTS:
        assert line.run()
        batches += 1
    return batches


def most_attempts(took: timedelta) -> int:
    """How often an endpoint that fails can be tried at most: an attempt beside the last that counts."""
    return PAUSED_AFTER + 1 + math.ceil(took / PAUSE)


def finish(line: Line) -> None:
    while line.run():
        pass


def later(well_from: datetime, bad: Behaviour) -> Behaviour:
    """One that misbehaves until then."""

    def pieces() -> Iterable[bytes]:
        return (WELL if datetime.now(UTC) >= well_from else bad).pieces()

    return Behaviour(pieces)


def listed(cloud: Cloud, endpoint: int) -> set[str]:
    """What is listed as failed."""
    found: set[str] = set()
    last = None
    while True:
        page = cloud.notifications.listed(endpoint, datetime.now(UTC), EVENTS, last)
        assert {progress.status for progress in page.found} <= {Status.FAILED}
        found |= {progress.notification.id for progress in page.found}
        last = page.last
        if last is None:
            return found


def delivered(cloud: Cloud, endpoint: int) -> set[str]:
    """What the endpoint took."""
    tried = cloud.attempts.newest(endpoint, 10 * EVENTS)
    return {each.notification_id for each in tried if each.attempt.is_success}


def test_four_that_misbehave_do_not_slow_down_the_fifth_and_nothing_is_lost(
    cloud: Cloud,
    context: LambdaContext,
    clock: Traveller,
    queue: LongQueue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = Line(cloud, context, queue.client())
    asks_for_time = answer(429, headers={"Retry-After": "60"})
    bad = (later(AT + HOUR, answer(500)), hang(), drip_header(), later(AT + HOUR, asks_for_time))

    with endpoints(cloud, monkeypatch, *bad, WELL) as receivers:
        line.put(*told())
        batches = batches_until_all_is_told(line, receivers[-1])
        took = datetime.now(UTC) - AT
        tried = [len(receiver.requests) for receiver in receivers[:-1]]
        # The last attempt is made whatever the others came to, and half of them hang.
        monkeypatch.setattr(egress, "TIMEOUT_SECONDS", 0.1)
        for wait in (HOUR / 30, HOUR / 6, 3 * HOUR, HOUR):
            finish(line)
            clock.shift(wait)
            line.requeue()
        finish(line)

    # No batch is theirs alone, but for what was tried again; and next to none has to wait for one of them.
    assert batches <= 5 * EVENTS / BATCH + sum(tried)
    assert max(tried) <= most_attempts(took)
    assert queue.remaining() == 0
    for endpoint in range(1, 6):
        taken, failed = delivered(cloud, endpoint), listed(cloud, endpoint)
        assert len(taken) + len(failed) == EVENTS
        assert taken.isdisjoint(failed)
    assert listed(cloud, 5) == set()
