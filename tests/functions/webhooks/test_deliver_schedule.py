"""When a notification is tried again, over two days and more."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from tests.functions.webhooks.line import Line
from tests.functions.webhooks.one_endpoint import AT, TOLD, endpoint, progress, until_due
from tests.functions.webhooks.receivers import answer, close
from tracking.mail.endpoints import OutputFormat
from tracking.mail.notifications import JITTER, RETRIES, Notification, Progress, Status
from tracking.storage.webhook_queue import WebhookQueue


def test_each_attempt_sends_the_same_under_the_same_id_with_a_new_timestamp(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    with endpoint(line, monkeypatch, close(), answer(500), answer(200)) as receiver:
        line.put(TOLD)
        line.run()
        # What was queued is what is sent, however the endpoint is edited meanwhile.
        edited = line.cloud.settings.endpoint(1)
        assert edited is not None
        line.cloud.settings.put_endpoint(replace(edited, output_format=OutputFormat.JSON))

        until_due(line, clock)
        until_due(line, clock)

    assert {(each.body, each.headers["webhook-id"]) for each in receiver.requests} == {
        (b"event=open", "msg_1")
    }
    assert len({each.headers["webhook-timestamp"] for each in receiver.requests}) == 3
    assert line.remaining() == 0
    found = progress(line)
    assert found is not None
    assert found.status is Status.DELIVERED


def test_it_is_tried_by_the_schedule_for_two_days_and_then_listed_as_failed(
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    clock: Traveller,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with endpoint(line, monkeypatch, answer(500)) as receiver:
        line.put(TOLD)
        line.run()

        waited = []
        while (found := progress(line)) and found.next_at:
            waited.append(until_due(line, clock))

    assert len(receiver.requests) == len(RETRIES) + 1
    assert all(least <= wait <= least * (1 + JITTER) for wait, least in zip(waited, RETRIES, strict=True))
    assert found is not None
    assert (found.status, found.attempts) == (Status.FAILED, len(RETRIES) + 1)
    assert line.cloud.notifications.listed(1, datetime.now(UTC), 10).found == (found,)
    assert line.remaining() == 0
    assert "notification failed" in caplog.text


def test_what_waits_for_long_is_in_the_table_and_not_in_the_queue(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    with endpoint(line, monkeypatch, answer(500, headers={"Retry-After": "7200"}), answer(200)) as receiver:
        line.put(TOLD)
        line.run()
        assert line.remaining() == 0
        clock.move_to(AT + timedelta(minutes=119))
        line.requeue()
        assert line.remaining() == 0
        clock.move_to(AT + timedelta(hours=2, minutes=13))
        line.requeue()
        line.requeue()
        assert line.remaining() == 1

        line.run()

    assert len(receiver.requests) == 2
    assert line.remaining() == 0


def test_what_fails_while_it_is_put_back_into_the_queue_stays_parked(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    with endpoint(line, monkeypatch, answer(500, headers={"Retry-After": "7200"})) as receiver:
        line.put(TOLD)
        line.run()
        clock.move_to(AT + timedelta(hours=2, minutes=13))
        send = WebhookQueue.send

        def send_and_deliver(queue: WebhookQueue, due: Iterable[Notification]) -> None:
            send(queue, due)
            monkeypatch.setattr(WebhookQueue, "send", send)
            line.run()

        # Deliver is quicker than what notes that it is in the queue.
        monkeypatch.setattr(WebhookQueue, "send", send_and_deliver)
        line.requeue()
        assert line.remaining() == 0
        clock.move_to(AT + timedelta(hours=5))

        line.requeue()

    assert len(receiver.requests) == 2
    assert line.remaining() == 1


def test_what_comes_before_its_time_waits_on(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.cloud.notifications.save(Progress(TOLD, attempts=3, next_at=AT + timedelta(minutes=5)), AT)
        line.put(replace(TOLD, is_tried=True))
        line.run()
        assert receiver.requests == []
        clock.move_to(AT + timedelta(minutes=5))

        line.run()

    assert len(receiver.requests) == 1
