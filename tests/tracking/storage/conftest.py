from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import pytest
from boto3 import Session
from moto import mock_aws

from tests import tables
from tracking.storage.activity import Activity
from tracking.storage.attempts import Attempts
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
def notifications_table(dynamodb: "DynamoDBClient") -> str:
    tables.create_notifications(dynamodb, "Notifications")
    return "Notifications"


@pytest.fixture
def notifications(dynamodb: "DynamoDBClient", notifications_table: str) -> Notifications:
    return Notifications(dynamodb, notifications_table)


@pytest.fixture
def attempts(dynamodb: "DynamoDBClient", notifications_table: str) -> Attempts:
    return Attempts(dynamodb, notifications_table)


@pytest.fixture
def healths(dynamodb: "DynamoDBClient", notifications_table: str) -> Healths:
    return Healths(dynamodb, notifications_table)


class Meanwhile(Protocol):
    """What somebody else does between two requests of an adapter's."""

    def __call__(self, operation: str, act: Callable[[], object], number: int = 1) -> None:
        """Have something happen before an operation is called the next time, or so many times later."""


@pytest.fixture
def meanwhile(dynamodb: "DynamoDBClient") -> Meanwhile:
    def register(operation: str, act: Callable[[], object], number: int = 1) -> None:
        left = number

        def happen(**_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                act()

        dynamodb.meta.events.register_first(f"before-call.dynamodb.{operation}", happen)

    return register
