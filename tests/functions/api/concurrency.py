"""What somebody else does at the very moment when a call is about to write."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import EndpointConnectionError

from functions.api import adapters


def once_before(operation: str, act: Callable[[], object]) -> None:
    """Have something happen after a call of the API has read the settings, and before it writes them.

    Args:
        operation: DynamoDB's or Secrets Manager's, that the call writes with.
        act: Happens once, however often it writes.
    """
    waiting = [act]

    def happen() -> None:
        while waiting:
            waiting.pop()()

    each_time_before(operation, happen)


def each_time_before(operation: str, act: Callable[[], object]) -> None:
    """Have something happen before each of an operation's writes, but those that it makes itself."""
    is_acting = False

    def happen(**_: object) -> None:
        nonlocal is_acting
        if not is_acting:
            is_acting = True
            act()
            is_acting = False

    for client in _clients():
        service = client.meta.service_model.service_name
        client.meta.events.register_first(f"before-call.{service}.{operation}", happen)


def failing(operation: str) -> None:
    """Have an operation of DynamoDB or Secrets Manager fail each time."""

    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://aws.example.com")

    for client in _clients():
        service = client.meta.service_model.service_name
        client.meta.events.register(f"before-call.{service}.{operation}", fail)


def _clients() -> tuple[Any, ...]:
    return adapters.settings()._dynamodb, adapters.authorizations()._secretsmanager
