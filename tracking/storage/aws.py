"""What the adapters share: DynamoDB's types, and AWS's failures as domain errors."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from tracking.errors import StorageUnavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, KeysAndAttributesTypeDef

_BATCH_GET_LIMIT = 100
_BATCH_GET_ATTEMPTS = 6
_BATCH_GET_PAUSE_SECONDS = 0.05
"""The first pause before what DynamoDB left out is asked for again; each other one is twice as long."""

_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()

type Item = dict[str, Any]
"""An item in Python's types; a number in it is an int."""


class LeftOut(BotoCoreError):
    """DynamoDB did not answer for all of the keys that it was asked for."""

    fmt = "{message}"

    def __init__(self, message: str) -> None:
        super().__init__(message=message)


@contextmanager
def raising(unavailable: type[StorageUnavailable]) -> Iterator[None]:
    """Turn what AWS raises inside into one domain error. Conditions are for the caller to catch inside."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise unavailable(str(error)) from error


def is_refused_condition(error: ClientError) -> bool:
    """Whether a write did nothing because its condition did not hold."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def was_written(write: Callable[[], object]) -> bool:
    """Make a conditional write; False if its condition did not hold.

    Raises:
        ClientError, BotoCoreError: Nobody knows whether it was made.
    """
    try:
        write()
    except ClientError as error:
        if is_refused_condition(error):
            return False
        raise
    return True


def to_attributes(item: Mapping[str, Any]) -> "dict[str, AttributeValueTypeDef]":
    """Python's types to DynamoDB's. What is None is left out."""
    return {name: _SERIALIZER.serialize(value) for name, value in item.items() if value is not None}


def from_attributes(attributes: "Mapping[str, AttributeValueTypeDef]") -> Item:
    """DynamoDB's types to Python's."""
    return {name: _DESERIALIZER.deserialize(value) for name, value in attributes.items()}


def update_expression(changes: Item) -> str:
    """Sets attributes, and removes those that become None; `#name` names one, and `:name` is its value."""
    kept = [f"#{name} = :{name}" for name, value in changes.items() if value is not None]
    gone = [f"#{name}" for name, value in changes.items() if value is None]
    return f"SET {', '.join(kept)}" + (f" REMOVE {', '.join(gone)}" if gone else "")


def batch_get(
    dynamodb: "DynamoDBClient", table: str, keys: "Sequence[dict[str, AttributeValueTypeDef]]"
) -> Iterator[Item]:
    """Items of a table by their keys, consistently read, in any order; those that are not there are left out.

    Raises:
        ClientError, BotoCoreError: The table cannot be read.
        LeftOut: DynamoDB left out some, again and again.
    """
    for start in range(0, len(keys), _BATCH_GET_LIMIT):
        request: Mapping[str, KeysAndAttributesTypeDef] = {
            table: {"Keys": keys[start : start + _BATCH_GET_LIMIT], "ConsistentRead": True}
        }
        for attempt in range(_BATCH_GET_ATTEMPTS):
            answer = dynamodb.batch_get_item(RequestItems=request)
            yield from map(from_attributes, answer["Responses"].get(table, []))
            request = cast("Mapping[str, KeysAndAttributesTypeDef]", answer["UnprocessedKeys"])
            if not request:
                break
            time.sleep(_BATCH_GET_PAUSE_SECONDS * 2**attempt)
        else:
            raise LeftOut(f"DynamoDB left out keys {_BATCH_GET_ATTEMPTS} times")


def to_text(at: datetime) -> str:
    """A time as text that sorts: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_time(text: str | None) -> datetime | None:
    """The time behind `to_text`'s text."""
    return datetime.fromisoformat(text) if text else None
