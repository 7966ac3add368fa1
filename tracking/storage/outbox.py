"""The outbox: raw messages in S3, their envelopes in SQS.

| where | key | what |
|---|---|---|
| bucket | `messages/<email_id>` | the raw message, as it was handed in |
| bucket | `uploads/<credential_id>/<upload_id>` | a raw message that its sender uploaded, to be handed in |
| queue | | `tracking.mail.envelopes.encode` |
"""

import math
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tracking.errors import OutboxUnavailable
from tracking.mail import envelopes
from tracking.mail.envelopes import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, Envelope
from tracking.mail.headers import head
from tracking.storage.aws import raising

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

# Whoever may not list a bucket is told that an object is forbidden when there is none.
NOT_THERE = frozenset({"NoSuchKey", "AccessDenied"})


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

    def header(self, email_id: str) -> bytes | None:
        """Read the header of a raw message, its first 256 KB at most; None if it is no longer there.

        Raises:
            OutboxUnavailable: It cannot be read.
        """
        with raising(OutboxUnavailable):
            try:
                found = self._s3.get_object(
                    Bucket=self._bucket, Key=_key(email_id), Range=f"bytes=0-{MAX_HEADER_BYTES - 1}"
                )
            except ClientError as error:
                if error.response["Error"]["Code"] in NOT_THERE:
                    return None
                raise
            return head(found["Body"].read())


class Envelopes:
    """The queue of envelopes, for whoever takes them out."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def hide(self, receipt_handle: str, wait: timedelta) -> None:
        """Have an envelope that was taken out appear again after a time, unless it is deleted.

        Args:
            receipt_handle: What SQS calls this taking out.
            wait: From now, at most 12 hours after it was taken out.

        Raises:
            OutboxUnavailable: It appears when the queue's own visibility timeout ends.
        """
        with raising(OutboxUnavailable):
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=math.ceil(wait.total_seconds()),
            )


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


class Uploads:
    """Messages larger than a request, which their senders put into the bucket themselves.

    The bucket's lifecycle removes them; until then a message can be handed in more than once.
    """

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def url(self, credential_id: str, upload_id: str, size: int, valid_for: timedelta) -> str:
        """Where a message of exactly `size` bytes can be put, by whoever knows the URL.

        Args:
            credential_id: Who may hand the message in.
            upload_id: Its name among those of the credential, hard to guess.
            size: In bytes; S3 refuses another Content-Length.
            valid_for: How long the URL is good. One that was signed with a role's credentials is good for no
                longer than these.

        Raises:
            OutboxUnavailable: There are no credentials to sign with.
        """
        with raising(OutboxUnavailable):
            return self._s3.generate_presigned_url(
                "put_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": _upload_key(credential_id, upload_id),
                    "ContentLength": size,
                },
                ExpiresIn=int(valid_for.total_seconds()),
            )

    def get(self, credential_id: str, upload_id: str) -> bytes | None:
        """What was uploaded; None if nothing was, or another credential did.

        Returns:
            The message; of one that is longer than `MAX_MESSAGE_BYTES`, that many bytes and one more.

        Raises:
            OutboxUnavailable: It cannot be read.
        """
        with raising(OutboxUnavailable):
            try:
                found = self._s3.get_object(Bucket=self._bucket, Key=_upload_key(credential_id, upload_id))
            except ClientError as error:
                if error.response["Error"]["Code"] in NOT_THERE:
                    return None
                raise
            with closing(found["Body"]) as body:
                return body.read(MAX_MESSAGE_BYTES + 1)


def _upload_key(credential_id: str, upload_id: str) -> str:
    return f"uploads/{credential_id}/{upload_id}"


def _key(email_id: str) -> str:
    return f"messages/{email_id}"
