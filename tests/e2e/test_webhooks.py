"""Webhooks of the running system, at receivers that take them and at some that do not."""

import json
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from local.endpoints import Endpoints
from tests.e2e import console, conversation
from tests.e2e.clients.tour import client
from tests.e2e.conftest import LocalSystem
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.notifications import Notification, Progress
from tracking.storage.notifications import Notifications

pytestmark = pytest.mark.e2e

REQUEUED_WITHIN_SECONDS = 100
"""The rule is of each minute, and the emulator looks for rules that are due every ten seconds."""


@dataclass(frozen=True, slots=True)
class Told:
    """A key whose mail alone one endpoint is told of."""

    found: Endpoints
    key: str
    id: int

    def send(self) -> str:
        """Send a mail; its recipient."""
        recipient = conversation.somebody()
        client(self.found, self.key)(
            "email/send", {"sender": conversation.SENDER, "to": [recipient], "subject": "x", "text_body": "x"}
        )
        return recipient

    def call(self, name: str, **fields: object) -> Any:  # noqa: ANN401 - Whatever the call answers.
        return console.call(self.found, f"webhook/{name}", id=self.id, **fields)

    def failures(self) -> list[dict[str, Any]]:
        notifications: list[dict[str, Any]] = self.call("failures")["notifications"]
        return notifications

    def hooks(self) -> list[dict[str, Any]]:
        """What the sink received for the endpoint, the newest first."""
        received = conversation.get(f"{self.found.webhook_sink_url}/api/hooks")
        return [hook for hook in received if hook["path"].endswith(f"/{self.key[:16]}")]

    def url(self, path: str) -> str:
        return f"{self.found.webhook_sink_url}/{path}"


@pytest.fixture
def told(system: LocalSystem) -> Told:
    found = system.endpoints
    key = console.new_key(found, "/email/send")
    made = console.call(
        found,
        "webhook/add",
        url=f"{found.webhook_sink_url}/hook/{key[:16]}",
        events=["processed"],
        usernames=[key[:16]],
        output_format="json",
    )
    register(found, made["secret"])
    return Told(found, key, made["id"])


def register(found: Endpoints, secret: str) -> None:
    """Let the sink verify with a secret."""
    urllib.request.urlopen(
        urllib.request.Request(
            f"{found.webhook_sink_url}/api/secret", json.dumps({"secret": secret}).encode(), method="PUT"
        ),
        timeout=10,
    ).close()


def test_what_fails_is_listed_with_its_attempts_and_can_be_retried_elsewhere(told: Told) -> None:
    told.call("edit", url=told.url("status/500"))
    recipient = told.send()

    (failed,) = conversation.until(told.failures, bool)
    assert (failed["status"], failed["event"], failed["rcpt"]) == ("retrying", "processed", recipient)
    assert failed["last_result"] == "answered 500"
    attempts = told.call("attempts")
    assert {(attempt["notification_id"], attempt["status"]) for attempt in attempts} == {
        (failed["notification_id"], 500)
    }
    told.call("edit", url=told.url(f"hook/{told.key[:16]}"))
    assert told.call("retry", notification_ids=[failed["notification_id"]])["retried"] == 1

    (hook,) = conversation.until(told.hooks, bool)
    assert hook["headers"]["webhook-id"] == failed["notification_id"]
    assert hook["body"] == failed["body"]
    assert hook["verified"]
    conversation.until(told.failures, lambda failures: not failures)


def test_what_fails_is_tried_again_by_itself(told: Told) -> None:
    told.call("edit", url=told.url("status/500"))
    told.send()
    conversation.until(told.failures, bool)
    told.call("edit", url=told.url(f"hook/{told.key[:16]}"))

    # Five seconds after the first attempt, or one minute after the second.
    (hook,) = conversation.until(told.hooks, bool, 90)

    assert hook["verified"]


def test_what_was_cancelled_is_not_listed_any_more(told: Told) -> None:
    told.call("edit", url=told.url("status/503?retry_after=3600"))
    told.send()
    conversation.until(told.failures, bool)

    assert told.call("cancel", status="retrying")["cancelled"] == 1

    assert told.failures() == []


def test_an_endpoint_that_answers_gone_is_disabled_until_it_is_enabled(told: Told) -> None:
    told.call("edit", url=told.url("status/410"))
    told.send()
    (failed,) = conversation.until(told.failures, bool)
    assert (failed["status"], failed["last_result"]) == ("failed", "answered 410")
    (shown,) = told.call("view")
    assert shown["status"] == "disabled"

    assert told.call("enable")["status"] == "active"


def test_a_test_arrives_marked_and_its_attempt_is_shown(told: Told) -> None:
    notification_id = told.call("test", event="open")["notification_id"]

    (hook,) = conversation.until(told.hooks, bool)
    assert hook["headers"]["webhook-id"] == notification_id
    assert (hook["fields"]["event"], hook["fields"]["test"]) == ("open", "true")
    assert hook["verified"]
    (attempt,) = conversation.until(lambda: told.call("attempts"), bool)
    assert (attempt["notification_id"], attempt["status"]) == (notification_id, 204)


def test_after_a_rotation_both_secrets_sign(told: Told) -> None:
    register(told.found, told.call("rotate_secret")["secret"])
    told.call("test")

    (hook,) = conversation.until(told.hooks, bool)

    assert len(hook["headers"]["webhook-signature"].split(" ")) == 2
    assert hook["verified"]


@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/", "https://127.0.0.1/", "https://localhost/", "http://example.com/"]
)
def test_an_endpoint_that_leads_inside_is_not_taken(system: LocalSystem, url: str) -> None:
    found = system.endpoints

    status, answer = conversation.refusal(
        f"{found.api_url}/webhook/add", json.dumps({"url": url, "events": ["open"]}).encode(), found.api_key
    )

    assert status == 400
    assert answer["data"]["field_validation_errors"]["fieldname"] == "url"


def test_what_was_parked_comes_back_by_itself(system: LocalSystem, told: Told) -> None:
    dynamodb = boto3.client("dynamodb", **system.access)
    (name,) = [each for each in dynamodb.list_tables()["TableNames"] if "Notifications" in each]
    now = datetime.now(UTC)
    parked = Notification(
        f"msg_{uuid.uuid4().hex}",
        told.id,
        WebhookEvent.OPEN,
        "06h0r9co15h30phg2640",
        "olga@example.org",
        now - timedelta(hours=3),
        '{"event": "open"}',
        "application/json",
    )

    # As if it had failed three hours ago, and were due since an hour.
    Notifications(dynamodb, name).save(
        Progress(parked, attempts=6, next_at=now - timedelta(hours=1), is_parked=True), now
    )

    (hook,) = conversation.until(told.hooks, bool, REQUEUED_WITHIN_SECONDS)
    assert hook["headers"]["webhook-id"] == parked.id
