from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from boto3 import Session
from botocore.config import Config
from botocore.stub import Stubber

from tracking.errors import OutboxUnavailable
from tracking.mail import envelopes
from tracking.mail.credentials import CredentialKind
from tracking.mail.envelopes import MAX_MESSAGE_BYTES, Envelope
from tracking.storage.outbox import Messages, Outbox, Uploads

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

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


UPLOAD_ID = "0" * 32
KEY = f"uploads/api-1/{UPLOAD_ID}"


@pytest.fixture
def s3(session: Session) -> "S3Client":
    return session.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


def test_an_uploads_url_is_good_for_one_object_one_size_and_one_time(s3: "S3Client") -> None:
    url = urlsplit(Uploads(s3, "outbox").url("api-1", UPLOAD_ID, 1000, timedelta(minutes=15)))

    assert (url.netloc, url.path) == ("outbox.s3.eu-central-1.amazonaws.com", f"/{KEY}")
    asked = parse_qs(url.query)
    assert asked["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert asked["X-Amz-Expires"] == ["900"]


def test_what_was_uploaded_is_read_by_whom_it_belongs_to(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=MESSAGE)

    uploads = Uploads(s3, bucket)

    assert uploads.get("api-1", UPLOAD_ID) == MESSAGE
    assert uploads.get("api-2", UPLOAD_ID) is None
    assert uploads.get("api-1", "1" * 32) is None


def test_of_an_upload_that_is_too_long_no_more_is_read_than_shows_it(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=bytes(MAX_MESSAGE_BYTES + 1000))

    message = Uploads(s3, bucket).get("api-1", UPLOAD_ID)

    assert message is not None
    assert len(message) == MAX_MESSAGE_BYTES + 1


def test_what_s3_calls_forbidden_because_it_may_not_say_that_it_is_not_there_is_not_there(
    s3: "S3Client",
) -> None:
    with Stubber(s3) as stubber:
        stubber.add_client_error("get_object", "AccessDenied")

        assert Uploads(s3, "outbox").get("api-1", UPLOAD_ID) is None


def test_an_upload_that_cannot_be_read_is_not_taken_for_none(s3: "S3Client") -> None:
    with pytest.raises(OutboxUnavailable):
        Uploads(s3, "missing").get("api-1", UPLOAD_ID)
