"""From the queue to real servers on the loopback address, over two days and more."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import boto3
import pytest
import time_machine
from aws_lambda_powertools.utilities.typing import LambdaContext
from standardwebhooks import Webhook, WebhookVerificationError
from svix import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixVerificationError
from time_machine import Traveller

from tests.functions.conftest import SIGNING_ROOT, Cloud
from tests.functions.webhooks.line import Line
from tests.functions.webhooks.receivers import Behaviour, Receiver, answer, close, receiving
from tracking.mail.endpoints import (
    SECRETS_OVERLAP,
    AuthScheme,
    Endpoint,
    OutputFormat,
    WebhookEvent,
    signing_secret,
)
from tracking.mail.healths import FAILING_AFTER, PAUSE, PAUSED_AFTER, Health
from tracking.mail.notifications import JITTER, RETRIES, Notification, Progress, Status
from tracking.storage.attempts import AttemptAt
from tracking.storage.secrets import Authorizations
from tracking.storage.webhook_queue import WebhookQueue

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOLD = Notification(
    "msg_1", 1, WebhookEvent.OPEN, "06h0r9co15h30phg2640", "bob@example.net", AT, "event=open", "text/plain"
)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(AT, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def line(cloud: Cloud, context: LambdaContext, clock: Traveller) -> Line:
    assert clock
    return Line(cloud, context, cloud.sqs)


@contextmanager
def endpoint(
    line: Line, monkeypatch: pytest.MonkeyPatch, *behaviours: Behaviour, number: int = 1
) -> Iterator[Receiver]:
    """An endpoint whose server behaves so; the last behaviour is the one for all that follows."""
    with receiving(*(behaviours or (answer(204),))) as receiver:
        monkeypatch.setenv("WEBHOOK_EXEMPT_HOSTS", f"other.example:1,{receiver.host}")
        line.cloud.settings.put_endpoint(Endpoint(number, f"http://{receiver.host}/hook?customer=7", AT))
        yield receiver


def progress(line: Line, notification: Notification = TOLD) -> Progress | None:
    return line.cloud.notifications.progress(notification)


def attempts(line: Line, number: int = 1) -> list[AttemptAt]:
    return line.cloud.attempts.newest(number, 100)


def stored(line: Line) -> Endpoint:
    found = line.cloud.settings.endpoint(1)
    assert found is not None
    return found


def health(line: Line) -> Health:
    return line.cloud.healths.get(stored(line))


def until_due(line: Line, clock: Traveller) -> timedelta:
    """Let the time pass until the notification is due, and run; how long that was."""
    found = progress(line)
    assert found is not None
    assert found.next_at is not None
    waited = found.next_at - datetime.now(UTC)
    # SQS counts whole seconds.
    clock.move_to(found.next_at + timedelta(seconds=1))
    line.requeue()
    line.run()
    return waited


def test_what_was_queued_is_posted_as_it_is(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.put(replace(TOLD, body="a=Gr%C3%BC%C3%9Fe", content_type="application/x-www-form-urlencoded"))

        line.run()

    (request,) = receiver.requests
    assert request.path == "/hook?customer=7"
    assert request.headers["Host"] == receiver.host
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(request.body.decode())) == {"a": "Grüße"}
    assert "Authorization" not in request.headers
    assert line.remaining() == 0
    assert progress(line) is None


@pytest.mark.parametrize("body", ["event=open&subject=Gr%C3%BC%C3%9Fe", '{"event": "open", "subject": "№1"}'])
def test_form_and_json_are_signed_so_that_both_libraries_verify_them(
    line: Line, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.put(replace(TOLD, body=body))

        line.run()

    (request,) = receiver.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    secret = signing_secret(Endpoint(1, "", AT), SIGNING_ROOT)
    assert headers["webhook-id"] == "msg_1"
    Webhook(secret).verify(request.body, headers, json_parse=False)
    SvixWebhook(secret).verify(request.body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.body + b" ", headers, json_parse=False)
    with pytest.raises(SvixVerificationError):
        SvixWebhook(secret).verify(request.body + b" ", headers)


@pytest.mark.parametrize(
    ("since", "verified"), [(SECRETS_OVERLAP - timedelta(minutes=1), 2), (SECRETS_OVERLAP, 1)]
)
def test_after_a_rotation_the_old_secret_verifies_for_a_day_and_no_longer(
    line: Line, monkeypatch: pytest.MonkeyPatch, since: timedelta, verified: int
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        old = line.cloud.settings.endpoint(1)
        assert old is not None
        new = replace(old, secret_version=2, secret_rotated_at=AT - since)
        line.cloud.settings.put_endpoint(new)
        line.put(TOLD)

        line.run()

    (request,) = receiver.requests
    signatures = request.headers["webhook-signature"].split(" ")
    expected = [
        Webhook(signing_secret(each, SIGNING_ROOT)).sign("msg_1", AT, TOLD.body) for each in (new, old)
    ]
    assert signatures == expected[:verified]


@pytest.mark.parametrize(
    ("scheme", "header"), [(AuthScheme.BEARER, "Bearer t0ken"), (AuthScheme.BASIC, "Basic dXNlcjpwYXNz")]
)
def test_it_carries_the_endpoints_authorization_as_it_is_at_that_moment(
    line: Line, monkeypatch: pytest.MonkeyPatch, scheme: AuthScheme, header: str
) -> None:
    authorizations = Authorizations(boto3.client("secretsmanager"), "Stack/webhooks/")
    with endpoint(line, monkeypatch) as receiver:
        made = line.cloud.settings.endpoint(1)
        assert made is not None
        for each in ("Bearer old", header):
            secret = authorizations.add(1, each)
            line.cloud.settings.put_endpoint(replace(made, auth_scheme=scheme, auth_secret=secret))
            line.put(TOLD)

            line.run()

    assert [request.headers["Authorization"] for request in receiver.requests] == ["Bearer old", header]


def test_without_its_authorization_it_is_not_sent_and_tried_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        made = line.cloud.settings.endpoint(1)
        assert made is not None
        line.cloud.settings.put_endpoint(
            replace(made, auth_scheme=AuthScheme.BEARER, auth_secret="Stack/webhooks/1-gone")
        )
        line.put(TOLD)

        line.run()

    assert receiver.requests == []
    found = progress(line)
    assert found is not None
    assert found.last_result == "not sent: the secret of its Authorization header cannot be read"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_answer_of_success_ends_it_and_is_kept_as_an_attempt(
    line: Line, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with endpoint(line, monkeypatch, answer(status, b"" if status == 204 else b"thanks")):
        line.put(TOLD)

        line.run()

    assert line.remaining() == 0
    ((tried),) = attempts(line)
    assert (tried.notification_id, tried.event) == ("msg_1", WebhookEvent.OPEN)
    assert (tried.attempt.at, tried.attempt.status, tried.attempt.error) == (AT, status, None)
    assert tried.attempt.answer == ("" if status == 204 else "thanks")


@pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500, 503])
def test_any_other_answer_is_a_failure_and_no_redirect_is_followed(
    line: Line, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with endpoint(line, monkeypatch, answer(status, headers={"Location": "http://169.254.169.254/"})) as it:
        line.put(TOLD)

        line.run()

    assert len(it.requests) == 1
    assert line.remaining() == 1
    found = progress(line)
    assert found is not None
    assert found.status is Status.RETRYING
    assert (found.attempts, found.last_at, found.last_result) == (1, AT, f"answered {status}")
    assert found.next_at is not None
    assert RETRIES[0] <= found.next_at - AT <= RETRIES[0] * (1 + JITTER)


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


def test_an_endpoint_that_is_gone_gets_nothing_any_more(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(line, monkeypatch) as receiver:
        found = line.cloud.settings.endpoint(1)
        assert found is not None
        line.cloud.settings.remove_endpoint(found)
        line.put(TOLD)

        line.run()

    assert receiver.requests == []
    assert line.remaining() == 0


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


def test_what_cannot_be_noted_of_a_success_does_not_send_it_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def forget() -> list[bytes]:
        line.cloud.dynamodb.delete_table(TableName="Notifications")
        return [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]

    with endpoint(line, monkeypatch, Behaviour(forget)):
        line.put(TOLD)

        line.run()

    assert line.remaining() == 0
    assert "not recorded" in caplog.text


def test_what_cannot_be_noted_of_a_failure_comes_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    def forget() -> list[bytes]:
        line.cloud.dynamodb.delete_table(TableName="Notifications")
        return [b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"]

    with endpoint(line, monkeypatch, Behaviour(forget)):
        line.put(TOLD)

        line.run()
        clock.move_to(AT + timedelta(minutes=4))

    assert len(line.receive()) == 1


@pytest.mark.parametrize("variable", ["SETTINGS_TABLE", "NOTIFICATIONS_TABLE", "WEBHOOK_SIGNING_SECRET"])
def test_while_storage_fails_nothing_is_sent_and_everything_waits(
    line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variable: str
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.put(TOLD)
        monkeypatch.setenv(variable, "missing")

        line.run()

    assert receiver.requests == []
    assert line.remaining() == 1
    assert "not decided" in caplog.text


def test_what_is_no_notification_does_not_keep_the_others_back(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.cloud.sqs.send_message(QueueUrl=line.cloud.queue, MessageBody="{}")
        line.put(TOLD)

        line.run()

    assert len(receiver.requests) == 1
    assert line.remaining() == 1


def test_nothing_personal_is_logged(
    line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with endpoint(line, monkeypatch, answer(500, b"bob@example.net is unknown"), close()):
        line.put(TOLD, replace(TOLD, id="msg_2"))

        line.run()

    # Keys are not in the text.
    logged = str([vars(record) for record in caplog.records])
    assert "msg_1" in logged
    for personal in ("bob", "customer", TOLD.body):
        assert personal not in logged
