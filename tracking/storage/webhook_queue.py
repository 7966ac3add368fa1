"""The webhooks' queue: what `tracking.mail.notifications.encode` writes, in groups named by the endpoint."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from tracking.errors import NotificationsUnavailable
from tracking.mail.notifications import Notification, encode
from tracking.storage.aws import raising

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_BATCH, _BATCH_BYTES = 10, 250_000
"""What SQS takes at once."""


class WebhookQueue:
    """Notifications on their way."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def send(self, notifications: Iterable[Notification], wait: timedelta = timedelta()) -> None:
        """Queue notifications.

        Args:
            notifications: Those of one endpoint are a group: fair queues let no group keep others waiting.
            wait: How long until they can be received, `LONGEST_DELAY` at most.

        Raises:
            NotificationsUnavailable: Some are not known to be queued; others may be.
        """
        for batch in _in_batches(notifications):
            with raising(NotificationsUnavailable):
                answer = self._sqs.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {
                            "Id": str(number),
                            "MessageBody": text,
                            "MessageGroupId": str(notification.endpoint_id),
                            # A second too early, it would only have to wait again.
                            "DelaySeconds": -(-wait // timedelta(seconds=1)),
                        }
                        for number, (notification, text) in enumerate(batch)
                    ],
                )
            if answer.get("Failed"):
                raise NotificationsUnavailable(
                    f"the queue did not take {len(answer['Failed'])} notifications"
                )


def _in_batches(notifications: Iterable[Notification]) -> Iterator[list[tuple[Notification, str]]]:
    """Notifications with their texts, as many at a time as SQS takes at once."""
    batch: list[tuple[Notification, str]] = []
    size = 0
    for notification in notifications:
        text = encode(notification)
        length = len(text.encode())
        if batch and (len(batch) == _BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((notification, text))
        size += length
    if batch:
        yield batch
