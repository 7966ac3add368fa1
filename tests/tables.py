"""The tables as the template makes them, for moto, and a delivery in one of them."""

from typing import TYPE_CHECKING

from tracking.mail.deliveries import Delivery
from tracking.storage.activity import Activity

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeDefinitionTypeDef,
        GlobalSecondaryIndexTypeDef,
        KeySchemaElementTypeDef,
        ProjectionTypeDef,
    )


def create_settings(dynamodb: "DynamoDBClient", name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=_texts("pk", "sk"),
        KeySchema=_key("pk", "sk"),
        BillingMode="PAY_PER_REQUEST",
    )


def create_notifications(dynamodb: "DynamoDBClient", name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=_texts("pk", "sk", "listed", "listed_at", "parked", "next_at"),
        KeySchema=_key("pk", "sk"),
        GlobalSecondaryIndexes=[
            _index("listed", "listed", "listed_at"),
            _index("parked", "parked", "next_at"),
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def create_activity(dynamodb: "DynamoDBClient", name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=_texts("pk", "sk", "feed", "feed_at", "recipient_key", "started_at"),
        KeySchema=_key("pk", "sk"),
        GlobalSecondaryIndexes=[
            _index("feed", "feed", "feed_at", "type"),
            _index("recipient", "recipient_key", "started_at"),
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def _texts(*names: str) -> "list[AttributeDefinitionTypeDef]":
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _key(partition: str, sort: str) -> "list[KeySchemaElementTypeDef]":
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _index(name: str, partition: str, sort: str, *included: str) -> "GlobalSecondaryIndexTypeDef":
    projection: ProjectionTypeDef = (
        {"ProjectionType": "INCLUDE", "NonKeyAttributes": included}
        if included
        else {"ProjectionType": "KEYS_ONLY"}
    )
    return {"IndexName": name, "KeySchema": _key(partition, sort), "Projection": projection}


def started(activity: Activity, delivery: Delivery) -> Delivery:
    """Store a delivery that is not there yet."""
    assert activity.start(delivery)
    return delivery
