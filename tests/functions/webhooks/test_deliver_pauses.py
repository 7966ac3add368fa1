"""Endpoints that are left alone: for a while, or for good."""

from dataclasses import replace
from datetime import timedelta

import pytest
from time_machine import Traveller

from tests.functions.webhooks.line import Line
from tests.functions.webhooks.one_endpoint import AT, TOLD, endpoint, health, progress, stored
from tests.functions.webhooks.receivers import Behaviour, answer
from tracking.mail.healths import FAILING_AFTER, PAUSE, PAUSED_AFTER, Health
from tracking.mail.notifications import RETRIES, Progress, Status


@pytest.mark.parametrize("status", [429, 503])
def test_an_endpoint_that_asks_for_time_is_left_alone_until_then(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller, status: int
) -> None:
    other = replace(TOLD, id="msg_2")
    with endpoint(line, monkeypatch, answer(status, headers={"Retry-After": "600"}), answer(200)) as receiver:
        line.put(TOLD)
        line.run()
        line.put(other)
        line.run()

        for each in (TOLD, other):
            found = progress(line, each)
            assert found is not None
            assert found.next_at is not None
            assert found.next_at >= AT + timedelta(seconds=600)
        assert len(receiver.requests) == 1
        clock.move_to(AT + timedelta(seconds=661))
        line.run()

    assert sorted(each.headers["webhook-id"] for each in receiver.requests[1:]) == ["msg_1", "msg_2"]
    assert line.remaining() == 0


def test_an_endpoint_that_answers_gone_is_disabled_and_all_that_comes_is_listed_as_failed(
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    clock: Traveller,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = replace(TOLD, id="msg_2")
    with endpoint(line, monkeypatch, answer(410)) as receiver:
        line.put(TOLD)
        line.run()
        line.put(other)
        line.run()
        clock.move_to(AT + timedelta(days=1))
        assert line.run() == 0

    assert len(receiver.requests) == 1
    assert health(line).disabled_at == AT
    listed = line.cloud.notifications.listed(1, AT, 10).found
    assert {(each.notification.id, each.status, each.last_result) for each in listed} == {
        ("msg_1", Status.FAILED, "answered 410"),
        ("msg_2", Status.FAILED, "not sent: the endpoint answered 410 (gone) at 2026-11-24 12:00 UTC"),
    }
    assert "endpoint disabled" in caplog.text


def test_who_answers_gone_after_the_endpoint_was_moved_disables_nothing(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def move() -> list[bytes]:
        moved = line.cloud.settings.endpoint(1)
        assert moved is not None
        line.cloud.settings.put_endpoint(replace(moved, url="https://elsewhere.example.com/"))
        return list(answer(410).pieces())

    with endpoint(line, monkeypatch, Behaviour(move)):
        line.put(TOLD)

        line.run()

    assert health(line).disabled_at is None
    found = progress(line)
    assert found is not None
    assert (found.status, found.attempts) == (Status.FAILED, 1)


def test_an_endpoint_that_keeps_failing_is_left_alone_but_for_one_attempt_each_pause(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    told = [replace(TOLD, id=f"msg_{number}") for number in range(30)]
    with endpoint(line, monkeypatch, answer(500)) as receiver:
        line.put(*told[:PAUSED_AFTER])
        line.run()
        line.put(*told[PAUSED_AFTER:])
        while line.run():
            pass
        assert len(receiver.requests) == PAUSED_AFTER
        skipped = progress(line, told[-1])
        assert skipped is not None
        assert skipped.attempts == 1
        assert skipped.last_result == "not sent: the endpoint failed just before, and is left alone"

        clock.move_to(AT + PAUSE * 1.2)
        while line.run():
            pass

    assert len(receiver.requests) == PAUSED_AFTER + 1


def test_one_success_ends_an_endpoints_pause_for_all(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    told = [replace(TOLD, id=f"msg_{number}") for number in range(PAUSED_AFTER)]
    failing = [answer(500)] * PAUSED_AFTER
    with endpoint(line, monkeypatch, *failing, answer(200)) as receiver:
        line.put(*told)
        line.run()
        assert health(line).failures == PAUSED_AFTER

        clock.move_to(AT + PAUSE * 1.2)
        # The others of the trial's batch wait a little longer.
        line.run()
        clock.move_to(AT + timedelta(minutes=10))
        while line.run():
            pass

    assert health(line) == Health()
    assert {each.headers["webhook-id"] for each in receiver.requests[PAUSED_AFTER:]} == {
        each.id for each in told
    }
    assert line.remaining() == 0


def test_the_last_attempt_is_made_whatever_others_of_the_endpoint_came_to(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    with endpoint(line, monkeypatch, answer(200)) as receiver:
        for _ in range(PAUSED_AFTER):
            line.cloud.healths.failed(stored(line), AT + timedelta(minutes=4), None)
        line.cloud.notifications.save(Progress(TOLD, attempts=len(RETRIES), next_at=AT), AT)
        line.put(TOLD)
        line.receive()
        clock.move_to(AT + timedelta(minutes=4, seconds=1))

        line.run()

    assert len(receiver.requests) == 1
    assert line.remaining() == 0


def test_an_endpoint_that_failed_for_two_days_is_said_to_be_failing(
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    clock: Traveller,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with endpoint(line, monkeypatch, answer(500)):
        line.put(TOLD)
        line.run()
        assert "endpoint failing" not in caplog.text
        clock.move_to(AT + FAILING_AFTER)
        line.put(replace(TOLD, id="msg_2"))

        line.run()

    assert "endpoint failing" in caplog.text
    assert health(line).is_failing(AT + FAILING_AFTER)
