"""How the webhook endpoints are, in the Notifications table.

| pk | sk | what |
|---|---|---|
| `ENDPOINT#<id>` | `HEALTH` | a `Health`; what is not there is as if nothing ever failed |
"""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from tracking.errors import NotificationsUnavailable
from tracking.mail.healths import PAUSE, Health
from tracking.storage.aws import (
    Item,
    from_attributes,
    raising,
    to_attributes,
    to_text,
    to_time,
    was_written,
)
from tracking.storage.notifications import partition

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

_HEALTH = "HEALTH"


class Healths:
    """The health of each endpoint. Others may be changing it at the same moment."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, endpoint_id: int) -> Health:
        """How an endpoint is.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=_key(endpoint_id), ConsistentRead=True
            )
        return _health(from_attributes(answer.get("Item", {})))

    def failed(self, endpoint_id: int, at: datetime, retry_at: datetime | None) -> Health:
        """Count a failure of an endpoint; how the endpoint is then.

        Args:
            endpoint_id: The endpoint's.
            at: Now.
            retry_at: When the endpoint asked to be called again, if it did.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        health = self._update(
            endpoint_id,
            "ADD failures :one SET failing_since = if_not_exists(failing_since, :at)",
            {":one": 1, ":at": to_text(at)},
        )
        until = health.pause(at, retry_at)
        if until is None or (health.paused_until and health.paused_until >= until):
            return health
        longer = "attribute_not_exists(paused_until) OR paused_until < :until"
        is_longest = self._pause(endpoint_id, until, longer, {})
        return replace(health, paused_until=until) if is_longest else self.get(endpoint_id)

    def claim(self, endpoint_id: int, seen: Health, at: datetime) -> bool:
        """Ask for the one attempt that shows whether an endpoint on trial is back; False if another has it.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        condition = "paused_until = :seen" if seen.paused_until else "attribute_not_exists(paused_until)"
        values = {":seen": to_text(seen.paused_until)} if seen.paused_until else {}
        return self._pause(endpoint_id, at + PAUSE, condition, values)

    def succeeded(self, endpoint_id: int) -> None:
        """Forget an endpoint's failures.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        self._update(endpoint_id, "REMOVE failures, failing_since, paused_until", {})

    def disable(self, endpoint_id: int, at: datetime) -> Health:
        """Have an endpoint sent nothing any more; how the endpoint is then.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        return self._update(
            endpoint_id, "SET disabled_at = if_not_exists(disabled_at, :at)", {":at": to_text(at)}
        )

    def forget(self, endpoint_id: int) -> None:
        """Begin anew with an endpoint: it is enabled, and has not failed.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        with raising(NotificationsUnavailable):
            self._dynamodb.delete_item(TableName=self._table, Key=_key(endpoint_id))

    def _pause(self, endpoint_id: int, until: datetime, condition: str, values: Item) -> bool:
        update = partial(
            self._dynamodb.update_item,
            TableName=self._table,
            Key=_key(endpoint_id),
            UpdateExpression="SET paused_until = :until",
            ConditionExpression=condition,
            ExpressionAttributeValues=to_attributes({":until": to_text(until), **values}),
        )
        with raising(NotificationsUnavailable):
            return was_written(update)

    def _update(self, endpoint_id: int, expression: str, values: Item) -> Health:
        options: dict[str, Any] = {"ExpressionAttributeValues": to_attributes(values)} if values else {}
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(endpoint_id),
                UpdateExpression=expression,
                ReturnValues="ALL_NEW",
                **options,
            )
        return _health(from_attributes(answer.get("Attributes", {})))


def _health(item: Item) -> Health:
    return Health(
        failures=int(item.get("failures", 0)),
        failing_since=to_time(item.get("failing_since")),
        paused_until=to_time(item.get("paused_until")),
        disabled_at=to_time(item.get("disabled_at")),
    )


def _key(endpoint_id: int) -> "dict[str, AttributeValueTypeDef]":
    return to_attributes({"pk": partition(endpoint_id), "sk": _HEALTH})
