"""A batch of a queue's messages as Lambda hands it over, and what is left of it."""

from typing import Any


def batch(*bodies: str) -> dict[str, Any]:
    """An event for these messages; the first is `message-0`.

    Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS".
    """
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": "receipt",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1"},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:queue",
                "awsRegion": "eu-central-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def left(answer: dict[str, Any]) -> list[str]:
    """Which messages stay in the queue."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
