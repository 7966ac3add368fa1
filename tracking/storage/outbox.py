"""The outbox: raw messages in S3, their envelopes in SQS.

| where | key | what |
|---|---|---|
| bucket | `messages/<email_id>` | the raw message, as it was handed in |
| queue | | `tracking.mail.envelopes.encode` |
"""

from typing import TYPE_CHECKING

from tracking.errors import OutboxUnavailable
from tracking.mail import envelopes
from tracking.mail.envelopes import Envelope
from tracking.storage.aws import raising

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


class Messages:
    """The raw messages alone, for those who only read them."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, email_id: str, message: bytes) -> None:
        """Store a raw message.

        Raises:
            OutboxUnavailable: It is not stored.
        """
        with raising(OutboxUnavailable):
            self._s3.put_object(Bucket=self._bucket, Key=_key(email_id), Body=message)

    def get(self, email_id: str) -> bytes:
        """Read a raw message.

        Raises:
            OutboxUnavailable: It cannot be read, or is no longer there.
        """
        with raising(OutboxUnavailable):
            return self._s3.get_object(Bucket=self._bucket, Key=_key(email_id))["Body"].read()


class Outbox:
    """Where the front doors put mail."""

    def __init__(self, s3: "S3Client", sqs: "SQSClient", bucket: str, queue_url: str) -> None:
        self._messages = Messages(s3, bucket)
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, envelope: Envelope, message: bytes) -> None:
        """Take responsibility for a message: when this returns, both its bytes and its envelope are stored.

        Raises:
            OutboxUnavailable: At least one of the two is not known to be stored. Whoever hands the message in
                again may rarely have it sent twice: the queue may have taken an envelope and lost the answer.
        """
        self._messages.put(envelope.email_id, message)
        with raising(OutboxUnavailable):
            self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=envelopes.encode(envelope))


def _key(email_id: str) -> str:
    return f"messages/{email_id}"
