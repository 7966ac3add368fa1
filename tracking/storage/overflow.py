"""The queue of fetches that the Activity table did not take in time.

A message is JSON: `token` as it stood in the URL, and the fetch's facts by the names of `Fetch`, `at` in
ISO 8601. Nothing in it has been verified: that is left to whoever drains the queue.
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tracking.errors import InvalidOverflow, OverflowUnavailable
from tracking.opens.fetches import Fetch
from tracking.storage.aws import raising, to_text

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class Overflow:
    """Where fetches wait."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, token: str, fetch: Fetch) -> None:
        """Let a fetch wait, with the text that it came with in place of a token.

        Raises:
            OverflowUnavailable: It is not known to wait.
        """
        with raising(OverflowUnavailable):
            self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=encode(token, fetch))


def encode(token: str, fetch: Fetch) -> str:
    """A message of the queue. The fetch is one that the function saw, and is not being timed."""
    return json.dumps(
        {
            "token": token,
            "event_id": fetch.event_id,
            "at": to_text(fetch.at),
            "method": fetch.method,
            "user_agent": fetch.user_agent,
            "address": fetch.address,
            "asn": fetch.asn,
            "country": fetch.country,
            "city": fetch.city,
            "headers": dict(fetch.headers),
        }
    )


def decode(text: str) -> tuple[str, Fetch]:
    """The token and the fetch of a message.

    Raises:
        InvalidOverflow: The text is no such message.
    """
    try:
        fields: dict[str, Any] = json.loads(text)
        at = datetime.fromisoformat(fields.pop("at"))
        return fields.pop("token"), Fetch(at=at, **fields)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise InvalidOverflow("not a message of the overflow queue") from error
