from datetime import UTC, datetime

import pytest
from boto3 import Session

from tracking.errors import OutboxUnavailable
from tracking.mail import envelopes
from tracking.mail.credentials import CredentialKind
from tracking.mail.envelopes import Envelope
from tracking.storage.outbox import Messages, Outbox

EMAIL_ID = "06h0r9co15h30phg2640"
MESSAGE = b"Subject: Hello\r\n\r\n\x00\xff\r\n"
ENVELOPE = Envelope(
    EMAIL_ID,
    CredentialKind.SMTP_USER,
    "alice",
    "",
    ("bob@example.net",),
    datetime(2026, 11, 24, tzinfo=UTC),
    len(MESSAGE),
)
NO_QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/missing"


@pytest.fixture
def bucket(session: Session) -> str:
    session.client("s3").create_bucket(
        Bucket="outbox", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return "outbox"


@pytest.fixture
def queue(session: Session) -> str:
    return session.client("sqs").create_queue(QueueName="outbox")["QueueUrl"]


def outbox(session: Session, bucket: str, queue: str) -> Outbox:
    return Outbox(session.client("s3"), session.client("sqs"), bucket, queue)


def queued(session: Session, queue: str) -> list[Envelope]:
    received = session.client("sqs").receive_message(QueueUrl=queue).get("Messages", [])
    return [envelopes.decode(message["Body"]) for message in received]


def test_a_message_is_stored_as_it_is_and_its_envelope_queued(
    session: Session, bucket: str, queue: str
) -> None:
    outbox(session, bucket, queue).put(ENVELOPE, MESSAGE)

    assert Messages(session.client("s3"), bucket).get(EMAIL_ID) == MESSAGE
    assert queued(session, queue) == [ENVELOPE]


def test_nothing_is_queued_of_a_message_that_could_not_be_stored(session: Session, queue: str) -> None:
    with pytest.raises(OutboxUnavailable):
        outbox(session, "missing", queue).put(ENVELOPE, MESSAGE)

    assert queued(session, queue) == []


def test_a_message_whose_envelope_could_not_be_queued_was_not_taken(session: Session, bucket: str) -> None:
    with pytest.raises(OutboxUnavailable):
        outbox(session, bucket, NO_QUEUE).put(ENVELOPE, MESSAGE)


def test_a_message_that_is_gone_cannot_be_read(session: Session, bucket: str) -> None:
    with pytest.raises(OutboxUnavailable):
        Messages(session.client("s3"), bucket).get(EMAIL_ID)
