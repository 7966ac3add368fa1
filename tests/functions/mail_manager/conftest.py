"""Mail as Mail Manager hands it over: bytes in the bucket, and an event."""

import json
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.mail_manager import handler
from tests.functions.conftest import Cloud
from tracking.mail import doors, envelopes
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.envelopes import Envelope
from tracking.storage.door_owners import DoorOwners

EVENTS = Path(__file__).parents[2] / "data" / "mail_manager"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:OpenTracking-Arrivals"
MESSAGE_ID = "7c191be45e9aedb9a02f94d12a87ddd0099a07f8a000001"
MESSAGE = (
    b"Received: from mailer.example.com ([203.0.113.1])\r\n"
    b" by mail-manager-smtp.eu-central-1.amazonaws.com with ESMTPSA id 1;\r\n"
    b" Tue, 24 Nov 2026 11:00:02 +0000 (UTC)\r\n"
    b"Subject: Hello\r\n\r\nHello\r\n"
)
ALICE = Credential(CredentialKind.SMTP_USER, "alice", datetime(2026, 11, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Door:
    """A credential's door, and what comes in by it."""

    cloud: Cloud
    context: LambdaContext
    credential: Credential = ALICE

    @property
    def slug(self) -> str:
        return doors.slug(self.credential)

    @property
    def arn(self) -> str:
        return f"{FUNCTION}:{self.slug}"

    def wrote(self, key: str | None = None, message: bytes = MESSAGE) -> None:
        """Mail Manager has written a message."""
        self.cloud.s3.put_object(
            Bucket=self.cloud.bucket, Key=key or f"incoming/{self.slug}/{MESSAGE_ID}", Body=message
        )

    def event(self, name: str = "alias_told", change: Callable[[Any], object] | None = None) -> Any:  # noqa: ANN401
        """One of the recorded events, changed by what is done to its mail and receipt."""
        event = json.loads((EVENTS / f"{name}.json").read_text().replace("SLUG", self.slug))
        if change:
            change(event["Records"][0]["ses"])
        return event

    def invoked(self, event: Any, arn: str | None = None) -> None:  # noqa: ANN401
        """Mail Manager invokes the function, by the door's alias if not by another."""
        context = copy(self.context)
        context._invoked_function_arn = arn or self.arn
        handler.handle(event, context)


@pytest.fixture
def door(cloud: Cloud, context: LambdaContext) -> Door:
    cloud.settings.add(ALICE)
    DoorOwners(cloud.dynamodb, "Settings").put(ALICE)
    return Door(cloud, context)


@pytest.fixture
def waiting(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What waits to be accepted."""
    queue = cloud.sqs.create_queue(QueueName="arrivals")["QueueUrl"]
    monkeypatch.setenv("ARRIVALS_QUEUE", queue)

    def bodies() -> list[str]:
        received = cloud.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    return bodies


def sent(cloud: Cloud) -> list[Envelope]:
    """The envelopes in the outbox; they are gone from it afterwards."""
    return [envelopes.decode(body) for body in cloud.queued()]
