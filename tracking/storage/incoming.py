"""What SES Mail Manager hands over: raw messages in the outbox's bucket, and events that wait.

| where | key | what |
|---|---|---|
| bucket | `incoming/<slug>/<message id>` | a raw message, as Mail Manager wrote it at the door of that slug |
| queue | | JSON: `event` as Mail Manager sent it, and `function_arn`, by which it was invoked |
| its dead letters | | the same; or the event alone, where Lambda put it there |
"""

import json
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tracking.errors import InvalidArrival, OutboxUnavailable
from tracking.mail.envelopes import MAX_MESSAGE_BYTES
from tracking.storage.aws import raising
from tracking.storage.outbox import NOT_THERE

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

PREFIX = "incoming/"
"""Below it Mail Manager writes, a folder for each door."""


class Incoming:
    """Messages that were handed over."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def get(self, keys: Iterable[str]) -> bytes:
        """Read a message.

        Args:
            keys: Where it may stand; the first that is there counts.

        Returns:
            The message; of one that is longer than `MAX_MESSAGE_BYTES`, that many bytes and one more.

        Raises:
            OutboxUnavailable: It cannot be read, or is not there.
        """
        for key in keys:
            message = self._get(key)
            if message is not None:
                return message
        raise OutboxUnavailable("the message is not below its door's prefix")

    def _get(self, key: str) -> bytes | None:
        with raising(OutboxUnavailable):
            try:
                found = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] in NOT_THERE:
                    return None
                raise
            with closing(found["Body"]) as body:
                return body.read(MAX_MESSAGE_BYTES + 1)


class Waiting:
    """The queue of events that nothing could be made of yet."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, event: dict[str, Any], function_arn: str) -> None:
        """Let an event wait.

        Args:
            event: As it came.
            function_arn: By which the function was invoked; the alias in it says whose door it was.

        Raises:
            OutboxUnavailable: It is not known to wait.
        """
        text = json.dumps({"event": event, "function_arn": function_arn})
        with raising(OutboxUnavailable):
            self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=text)


def decode(text: str) -> tuple[dict[str, Any], str]:
    """The event of a message of the queue, and by which ARN the function was invoked; empty if not told.

    Raises:
        InvalidArrival: The text is no such message.
    """
    try:
        fields = json.loads(text)
        return (fields, "") if "Records" in fields else (fields["event"], fields["function_arn"])
    except (ValueError, TypeError, LookupError) as error:
        raise InvalidArrival("not a message of the queue of events that wait") from error
