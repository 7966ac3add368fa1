"""A message on its way from the outbox's queue to SES."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from functions.inject import adapters
from functions.inject import ses as ses_module
from functions.inject.handler import handle
from tests.functions.conftest import Cloud
from tests.functions.sqs import batch, left
from tracking.mail import envelopes
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import EventType, History
from tracking.mail.envelopes import Envelope

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECIPIENTS = ("bob@example.net", "carol@example.net", "dave@example.net")
SENDER = "shop@example.com"
USER = Credential(CredentialKind.SMTP_USER, "alice", AT, open_tracking_enabled=True)
HTML = (
    b"From: Shop <shop@example.com>\r\nTo: bob@example.net\r\nSubject: Hello\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>Hello</p></body></html>\r\n"
)


def refusal(code: str, status: int = 400) -> ClientError:
    """An answer of SES's that is an error."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": f"{code}: not now"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "SendEmail",
    )


@dataclass
class Ses:
    """SES in front of moto's: keeps what it was asked to send, and fails where a test says."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    failures: dict[str, str | Exception] = field(default_factory=dict)

    def receive(self, params: dict[str, Any], **_: object) -> None:
        self.requests.append(params)

    def fail(self, **_: object) -> None:
        failure = self.failures.get(self.recipients[-1])
        if isinstance(failure, str):
            raise refusal(failure)
        if failure:
            raise failure

    @property
    def recipients(self) -> list[str]:
        return [request["Destination"]["ToAddresses"][0] for request in self.requests]

    @property
    def copies(self) -> list[bytes]:
        return [request["Content"]["Raw"]["Data"] for request in self.requests]


@pytest.fixture
def ses(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Ses:
    boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")
    monkeypatch.setattr(ses_module, "PAUSES", (timedelta(0),) * 2)
    watched = Ses()
    events = adapters.ses().meta.events
    events.register("provide-client-params.sesv2.SendEmail", watched.receive)
    events.register("before-call.sesv2.SendEmail", watched.fail)
    cloud.settings.add(USER)
    return watched


@pytest.fixture
def take(cloud: Cloud, context: LambdaContext) -> "Take":
    made = Take(cloud, context)
    events = adapters.envelopes()._sqs.meta.events
    events.register("provide-client-params.sqs.ChangeMessageVisibility", made.watch)
    return made


@dataclass
class Take:
    """Hand a message in and let the function take its envelope; again, if asked."""

    cloud: Cloud
    context: LambdaContext
    hidden: list[int] = field(default_factory=list)
    """For how many seconds envelopes were hidden that were not done."""

    def __call__(
        self,
        message: bytes,
        recipients: tuple[str, ...] = RECIPIENTS[:1],
        mail_from: str = SENDER,
        receives: int = 1,
        sent_at: datetime = AT,
    ) -> bool:
        """Whether all is done, and the envelope gone from the queue."""
        envelope = Envelope(
            EMAIL_ID, USER.kind, USER.id, mail_from, recipients, AT, len(message), "192.0.2.1"
        )
        self.cloud.messages.put(envelope.email_id, message)
        self.cloud.sqs.send_message(QueueUrl=self.cloud.queue, MessageBody=envelopes.encode(envelope))
        (received,) = self.cloud.sqs.receive_message(QueueUrl=self.cloud.queue)["Messages"]
        event = batch(received["Body"])
        event["Records"][0]["receiptHandle"] = received["ReceiptHandle"]
        event["Records"][0]["attributes"] = {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(int(sent_at.timestamp() * 1000)),
        }
        if left(handle(event, self.context)):
            return False
        self.cloud.sqs.delete_message(QueueUrl=self.cloud.queue, ReceiptHandle=received["ReceiptHandle"])
        return True

    def watch(self, params: dict[str, Any], **_: object) -> None:
        self.hidden.append(params["VisibilityTimeout"])


def history(cloud: Cloud, number: int = 1) -> History:
    found = cloud.activity.history(EMAIL_ID, number)
    assert found
    return found


def types(cloud: Cloud, number: int = 1) -> list[EventType]:
    return [event.type for event in history(cloud, number).events]
