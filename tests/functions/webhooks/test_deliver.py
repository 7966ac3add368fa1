"""From the queue to real servers on the loopback address."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import boto3
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from svix import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixVerificationError

from tests.functions.conftest import SIGNING_ROOT
from tests.functions.webhooks.line import Line
from tests.functions.webhooks.one_endpoint import AT, TOLD, attempts, endpoint, progress
from tests.functions.webhooks.receivers import answer, close
from tracking.mail.endpoints import SECRETS_OVERLAP, AuthScheme, Endpoint, WebhookEvent, signing_secret
from tracking.mail.notifications import JITTER, RETRIES, Status
from tracking.storage.secrets import Authorizations


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


def test_an_endpoint_that_is_gone_gets_nothing_any_more(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(line, monkeypatch) as receiver:
        found = line.cloud.settings.endpoint(1)
        assert found is not None
        line.cloud.settings.remove_endpoint(found)
        line.put(TOLD)

        line.run()

    assert receiver.requests == []
    assert line.remaining() == 0


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
