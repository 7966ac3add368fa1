"""What somebody else does at the very moment when a call is about to write."""

from collections.abc import Callable

from functions.api import adapters


def once_before(operation: str, act: Callable[[], object]) -> None:
    """Have something happen after a call of the API has read the settings, and before it writes them.

    Args:
        operation: DynamoDB's, that the call writes with.
        act: Happens once, however often it writes.
    """
    waiting = [act]

    def happen(**_: object) -> None:
        while waiting:
            waiting.pop()()

    adapters.settings()._dynamodb.meta.events.register_first(f"before-call.dynamodb.{operation}", happen)
