"""What the adapters share: DynamoDB's types, and AWS's failures as domain errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from tracking.errors import StorageUnavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()

type Item = dict[str, Any]
"""An item in Python's types; a number in it is an int."""


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


def to_attributes(item: Mapping[str, Any]) -> "dict[str, AttributeValueTypeDef]":
    """Python's types to DynamoDB's. What is None is left out."""
    return {name: _SERIALIZER.serialize(value) for name, value in item.items() if value is not None}


def from_attributes(attributes: "Mapping[str, AttributeValueTypeDef]") -> Item:
    """DynamoDB's types to Python's."""
    return {name: _DESERIALIZER.deserialize(value) for name, value in attributes.items()}


def to_text(at: datetime) -> str:
    """A time as text that sorts: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_time(text: str | None) -> datetime | None:
    """The time behind `to_text`'s text."""
    return datetime.fromisoformat(text) if text else None
