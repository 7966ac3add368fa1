"""The deliver function dies while it sends: a process of its own, which is killed."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.functions.conftest import Cloud
from tests.functions.webhooks.line import Line
from tests.functions.webhooks.receivers import Behaviour, receiving
from tracking.mail.endpoints import Endpoint, WebhookEvent
from tracking.mail.notifications import Notification

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOLD = Notification(
    "msg_1", 1, WebhookEvent.OPEN, "06h0r9co15h30phg2640", "bob@example.net", AT, "event=open", "text/plain"
)
WELL = b"HTTP/1.1 204 No Content\r\n\r\n"

# A cloud with the same endpoint and notification, and the function, until somebody kills it.
PROCESS = """
import sys
import boto3
from datetime import UTC, datetime
from moto import mock_aws
from functions.webhooks import deliver
from tests import tables
from tests.functions.webhooks.line import event
from tests.functions.webhooks.test_killed import AT, TOLD
from tracking.mail import notifications
from tracking.mail.endpoints import Endpoint
from tracking.storage.settings import Settings

with mock_aws():
    dynamodb = boto3.client("dynamodb")
    tables.create_settings(dynamodb, "Settings")
    tables.create_notifications(dynamodb, "Notifications")
    Settings(dynamodb, "Settings").put_endpoint(Endpoint(1, sys.argv[1], AT))
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="webhooks", SecretString="root")
    message = {
        "MessageId": "1", "ReceiptHandle": "1", "Body": notifications.encode(TOLD),
        "Attributes": {"ApproximateReceiveCount": "1"},
    }
    print(deliver.handle(event(message), None), "survived")
"""


def test_what_was_sent_and_not_noted_is_sent_again_under_the_same_id_and_the_log_shows_it(
    cloud: Cloud,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    victims: list[subprocess.Popen[str]] = []

    def kill_the_first() -> list[bytes]:
        if len(receiver.requests) == 1:
            os.kill(victims[0].pid, signal.SIGKILL)
        return [WELL]

    line = Line(cloud, context, cloud.sqs)
    line.put(TOLD)
    with receiving(Behaviour(kill_the_first)) as receiver:
        url = f"http://{receiver.host}/"
        monkeypatch.setenv("WEBHOOK_EXEMPT_HOSTS", receiver.host)
        cloud.settings.put_endpoint(Endpoint(1, url, AT))
        # Lambda received it for the process that dies, and SQS shows it again when its time is up.
        (received,) = line.receive()
        cloud.sqs.change_message_visibility(
            QueueUrl=cloud.queue, ReceiptHandle=received["ReceiptHandle"], VisibilityTimeout=0
        )
        victims.append(
            subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", PROCESS, url],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "WEBHOOK_SIGNING_SECRET": "webhooks"},
            )
        )
        first_log, _ = victims[0].communicate(timeout=60)
        line.run()

    assert victims[0].returncode == -signal.SIGKILL
    assert "survived" not in first_log
    assert [request.headers["webhook-id"] for request in receiver.requests] == ["msg_1", "msg_1"]
    assert {request.body for request in receiver.requests} == {b"event=open"}
    assert line.remaining() == 0
    # One process began an attempt and says nothing of how it ended; the next one says that it may be another.
    assert '"message":"attempting"' in first_log
    assert '"notification_id":"msg_1"' in first_log
    assert '"message":"attempted"' not in first_log
    assert "received before, and nothing was recorded" in caplog.text
