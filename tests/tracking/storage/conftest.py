from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from boto3 import Session
from moto import mock_aws

from tests import tables
from tracking.storage.activity import Activity
from tracking.storage.healths import Healths
from tracking.storage.notifications import Notifications
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture(autouse=True)
def session() -> Iterator[Session]:
    with mock_aws():
        yield Session("test", "test", region_name="eu-central-1")


@pytest.fixture
def dynamodb(session: Session) -> "DynamoDBClient":
    return session.client("dynamodb")


@pytest.fixture
def activity(dynamodb: "DynamoDBClient") -> Activity:
    tables.create_activity(dynamodb, "Activity")
    return Activity(dynamodb, "Activity")


@pytest.fixture
def settings(dynamodb: "DynamoDBClient") -> Settings:
    tables.create_settings(dynamodb, "Settings")
    return Settings(dynamodb, "Settings")


@pytest.fixture
def notifications(dynamodb: "DynamoDBClient") -> Notifications:
    tables.create_notifications(dynamodb, "Notifications")
    return Notifications(dynamodb, "Notifications")


@pytest.fixture
def healths(dynamodb: "DynamoDBClient") -> Healths:
    tables.create_notifications(dynamodb, "Healths")
    return Healths(dynamodb, "Healths")
