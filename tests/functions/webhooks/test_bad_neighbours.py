"""Five endpoints, a thousand events for each, and four of them misbehave."""

import time
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
from tracking.mail.notifications import Notification, Status

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVENTS = 1000
HOUR = timedelta(hours=1)
WELL = answer(204)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(AT, tick=True) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for whoever hangs, and try less often: each attempt takes moto some milliseconds."""
    monkeypatch.setattr(egress, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(notifications, "RETRIES", (*notifications.RETRIES[:2], 2 * HOUR))


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


def told(round_: str) -> list[Notification]:
    """What the five are told, each in turn."""
    return [
        Notification(
            f"msg_{round_}_{number}", endpoint, WebhookEvent.OPEN, "email", "b@example.net", AT, "a=b", "text"
        )
        for number in range(EVENTS)
        for endpoint in range(1, 6)
    ]


def seconds_until_all_is_told(line: Line, receiver: Receiver) -> float:
    heard_before, started = len(receiver.requests), time.perf_counter()
    while len(receiver.requests) < heard_before + EVENTS:
        assert line.run()
    return time.perf_counter() - started


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
    with endpoints(cloud, monkeypatch, *[WELL] * 5) as receivers:
        line.put(*told("well"))
        usual = seconds_until_all_is_told(line, receivers[-1])
        finish(line)
    asks_for_time = answer(429, headers={"Retry-After": "60"})
    bad = (later(AT + HOUR, answer(500)), hang(), drip_header(), later(AT + HOUR, asks_for_time))

    with endpoints(cloud, monkeypatch, *bad, WELL) as receivers:
        line.put(*told("bad"))
        beside_bad_ones = seconds_until_all_is_told(line, receivers[-1])
        # The last attempt is made whatever the others came to, and half of them hang.
        monkeypatch.setattr(egress, "TIMEOUT_SECONDS", 0.1)
        for wait in (HOUR / 30, HOUR / 6, 3 * HOUR, HOUR):
            finish(line)
            clock.shift(wait)
            line.requeue()
        finish(line)

    assert beside_bad_ones < 1.5 * usual + 5
    assert queue.remaining() == 0
    for endpoint in range(1, 6):
        took, failed = delivered(cloud, endpoint), listed(cloud, endpoint)
        assert len(took) + len(failed) == 2 * EVENTS
        assert took.isdisjoint(failed)
    assert listed(cloud, 5) == set()
