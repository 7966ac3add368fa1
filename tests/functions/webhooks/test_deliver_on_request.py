"""What a user asks for while notifications wait: an end, a new start, a test."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from time_machine import Traveller

from tests.functions.webhooks.line import Line
from tests.functions.webhooks.one_endpoint import AT, TOLD, attempts, endpoint, health, progress, stored
from tests.functions.webhooks.receivers import Behaviour, answer
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.healths import PAUSED_AFTER, Health
from tracking.mail.notifications import Progress, Status


def test_what_was_cancelled_is_not_sent_any_more(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    with endpoint(line, monkeypatch, answer(500)) as receiver:
        line.put(TOLD)
        line.run()
        found = progress(line)
        assert found is not None
        assert line.cloud.notifications.cancel(found)
        clock.move_to(AT + timedelta(minutes=1))

        line.run()

    assert len(receiver.requests) == 1
    assert line.remaining() == 0


def test_what_was_cancelled_while_it_was_sent_is_not_tried_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    def cancel() -> list[bytes]:
        found = progress(line)
        assert found is not None
        line.cloud.notifications.cancel(found)
        return []

    with endpoint(line, monkeypatch, answer(500), Behaviour(cancel)) as receiver:
        line.put(TOLD)
        line.run()

        until_due_after_cancel = AT + timedelta(minutes=1)
        clock.move_to(until_due_after_cancel)
        line.run()

    assert len(receiver.requests) == 2
    assert line.remaining() == 0
    found = progress(line)
    assert found is not None
    assert found.status is Status.CANCELLED


def test_what_starts_anew_is_sent_at_once_and_what_was_left_of_it_is_void(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    with endpoint(line, monkeypatch, answer(500), answer(200)) as receiver:
        line.put(TOLD)
        line.run()
        again = replace(TOLD, run=1)
        line.put(again)
        line.cloud.notifications.restarted(again, AT)
        line.run()
        clock.move_to(AT + timedelta(minutes=1))

        line.run()

    assert len(receiver.requests) == 2
    assert line.remaining() == 0
    found = progress(line)
    assert found is not None
    assert (found.status, found.notification.run) == (Status.DELIVERED, 1)


def test_a_new_start_that_nobody_could_note_yet_is_sent_all_the_same(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.cloud.notifications.save(Progress(TOLD, Status.FAILED, 11), AT)
        line.put(replace(TOLD, run=1))

        line.run()

    assert len(receiver.requests) == 1
    found = progress(line)
    assert found is not None
    assert found.status is Status.DELIVERED


def test_a_test_is_a_marked_sample_that_is_sent_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(line, monkeypatch, answer(500, b"no")) as receiver:
        line.put(replace(TOLD, is_test=True, body="", content_type=""))

        line.run()

    (request,) = receiver.requests
    fields = dict(parse_qsl(request.body.decode()))
    assert (fields["event"], fields["test"]) == ("open", "true")
    assert request.headers["webhook-id"] == "msg_1"
    assert line.remaining() == 0
    (tried,) = attempts(line)
    assert (tried.attempt.status, tried.attempt.answer) == (500, "no")
    assert health(line) == Health()


def test_a_test_that_succeeds_ends_the_endpoints_pause(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(line, monkeypatch):
        for _ in range(PAUSED_AFTER):
            line.cloud.healths.failed(stored(line), AT, None)
        line.put(replace(TOLD, is_test=True))

        line.run()

    assert health(line) == Health()


def test_a_test_of_what_the_endpoints_form_does_not_know_is_not_sent(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.put(replace(TOLD, is_test=True, event=WebhookEvent.CLICK))

        line.run()

    assert receiver.requests == []
    assert line.remaining() == 0
