"""The webhooks' queue, and the function that it feeds, as SQS and Lambda put them together."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from typing import TYPE_CHECKING, Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks import deliver, requeue
from tests.functions.conftest import Cloud
from tests.functions.sqs import left
from tracking.mail.notifications import Notification
from tracking.storage.webhook_queue import WebhookQueue

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

VISIBILITY_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Line:
    """`sqs` is the cloud's, unless another is given."""

    cloud: Cloud
    context: LambdaContext
    sqs: "SQSClient"

    def put(self, *notifications: Notification) -> None:
        WebhookQueue(self.sqs, self.cloud.queue).send(notifications)

    def run(self) -> int:
        """Hand over a batch of what is visible; how many messages that were."""
        received = self.receive()
        if received:
            self.settle(received, deliver.handle(event(*received), self.context))
        return len(received)

    def requeue(self) -> None:
        """Do what is done each minute."""
        requeue.handle({}, self.context)

    def receive(self) -> "list[MessageTypeDef]":
        answer = self.sqs.receive_message(
            QueueUrl=self.cloud.queue,
            MaxNumberOfMessages=10,
            VisibilityTimeout=VISIBILITY_SECONDS,
            MessageSystemAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def settle(self, received: "list[MessageTypeDef]", answer: dict[str, Any]) -> None:
        """Delete what the function is done with, as Lambda does."""
        stays = left(answer)
        for message in received:
            if message["MessageId"] not in stays:
                self.sqs.delete_message(QueueUrl=self.cloud.queue, ReceiptHandle=message["ReceiptHandle"])

    def remaining(self) -> int:
        """How many messages there are, whether they are visible or not."""
        found = self.sqs.get_queue_attributes(QueueUrl=self.cloud.queue, AttributeNames=["All"])
        return sum(
            int(number)
            for name, number in found["Attributes"].items()
            if name.startswith("ApproximateNumberOfMessages")
        )


@dataclass(order=True)
class _Message:
    visible_at: float
    number: int
    body: str = field(compare=False)
    receives: int = field(default=0, compare=False)


class LongQueue:
    """One standard queue of SQS's for thousands of messages; moto's takes longer by the square of them.

    It is stricter than fair queues: who comes first is served first.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._messages: list[_Message] = []
        self._gone: set[int] = set()

    def client(self) -> "SQSClient":
        return cast("SQSClient", self)

    def send_message_batch(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401 -- As boto3 has it.
        for entry in options["Entries"]:
            visible_at = _now() + entry["DelaySeconds"]
            heapq.heappush(self._messages, _Message(visible_at, next(self._numbers), entry["MessageBody"]))
        return {}

    def receive_message(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401 -- As boto3 has it.
        received = list(islice(self._visible(), options["MaxNumberOfMessages"]))
        for message in received:
            message.receives += 1
            message.visible_at = _now() + options["VisibilityTimeout"]
            heapq.heappush(self._messages, message)
        return {
            "Messages": [
                {
                    "MessageId": str(message.number),
                    "ReceiptHandle": str(message.number),
                    "Body": message.body,
                    "Attributes": {"ApproximateReceiveCount": str(message.receives)},
                }
                for message in received
            ]
        }

    def delete_message(self, **options: Any) -> None:  # noqa: ANN401 -- As boto3 has it.
        self._gone.add(int(options["ReceiptHandle"]))

    def remaining(self) -> int:
        """How many messages there are, whether they are visible or not."""
        return sum(message.number not in self._gone for message in self._messages)

    def _visible(self) -> Iterator[_Message]:
        """Take out what is visible, one after the other."""
        while self._messages and self._messages[0].visible_at <= _now():
            message = heapq.heappop(self._messages)
            if message.number not in self._gone:
                yield message


def _now() -> float:
    return datetime.now(UTC).timestamp()


def event(*messages: "MessageTypeDef") -> dict[str, Any]:
    """What Lambda hands over. Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS"."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": dict(message["Attributes"]),
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:queue",
                "awsRegion": "eu-central-1",
            }
            for message in messages
        ]
    }
