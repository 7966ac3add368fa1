"""What somebody else does at the very moment when a call is about to write."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import EndpointConnectionError

from functions.api import adapters


def once_before(operation: str, act: Callable[[], object], *clients: Any) -> None:  # noqa: ANN401
    """Have something happen after a call of the API has read the settings, and before it writes them.

    Args:
        operation: AWS's, that the call writes with.
        act: Happens once, however often it writes.
        clients: Of boto3, that it writes with; without them those of the settings and the secrets.
    """
    waiting = [act]

    def happen() -> None:
        while waiting:
            waiting.pop()()

    each_time_before(operation, happen, *clients)


def each_time_before(operation: str, act: Callable[[], object], *clients: Any) -> None:  # noqa: ANN401
    """Have something happen before each of an operation's writes, but those that it makes itself."""
    is_acting = False

    def happen(**_: object) -> None:
        nonlocal is_acting
        if not is_acting:
            is_acting = True
            act()
            is_acting = False

    for client in clients or _clients():
        service = client.meta.service_model.service_name
        client.meta.events.register_first(f"before-call.{service}.{operation}", happen)


def repeated(operation: str) -> None:
    """Have boto3 make an operation of the settings twice, as if its first answer had been lost."""
    client = adapters.settings()._dynamodb
    make = client._make_api_call  # type: ignore[attr-defined]

    def make_twice(name: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401
        if name == operation:
            make(name, arguments)
        return make(name, arguments)

    client._make_api_call = make_twice  # type: ignore[attr-defined]


def failing(operation: str, *clients: Any) -> None:  # noqa: ANN401 -- boto3's have no type in common
    """Have an operation of AWS fail each time.

    Args:
        operation: What fails.
        clients: Of boto3; without them those of the settings and the secrets.
    """

    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://aws.example.com")

    for client in clients or _clients():
        service = client.meta.service_model.service_name
        client.meta.events.register(f"before-call.{service}.{operation}", fail)


def _clients() -> tuple[Any, ...]:
    return adapters.settings()._dynamodb, adapters.authorizations()._secretsmanager
