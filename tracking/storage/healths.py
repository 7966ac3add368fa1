"""How the webhook endpoints are, in the Notifications table.

| pk | sk | what |
|---|---|---|
| `ENDPOINT#<id>` | `HEALTH#<digest of the URL>` | a `Health`; where there is none, nothing ever failed |

It is the health of the place that an endpoint leads to: what was on its way there when the endpoint was
edited says nothing of the new place.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import Endpoint
from tracking.mail.healths import PAUSE, PAUSED_AFTER, Health
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

_HEALTH = "HEALTH#"
_DIGITS = 32


class Healths:
    """The health of each endpoint. Others may be changing it at the same moment."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, endpoint: Endpoint) -> Health:
        """How an endpoint is.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(endpoint), ConsistentRead=True)
        return _health(from_attributes(answer.get("Item", {})))

    def failed(self, endpoint: Endpoint, at: datetime, retry_at: datetime | None) -> Health:
        """Count a failure of an endpoint; how the endpoint is then.

        Args:
            endpoint: Which failed, where it leads.
            at: Now.
            retry_at: When the endpoint asked to be called again, if it did.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        health = self._update(
            endpoint,
            "ADD failures :one SET failing_since = if_not_exists(failing_since, :at)",
            {":one": 1, ":at": to_text(at)},
        )
        until = health.pause(at, retry_at)
        if until is None or (health.paused_until and health.paused_until >= until):
            return health
        longer = "attribute_not_exists(paused_until) OR paused_until < :until"
        is_longest = self._pause(endpoint, until, longer, {})
        return replace(health, paused_until=until) if is_longest else self.get(endpoint)

    def claim(self, endpoint: Endpoint, seen: Health, at: datetime) -> bool:
        """Ask for the one attempt that shows whether an endpoint on trial is back.

        False if another has it, or if the endpoint is not on trial any more.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        condition = "paused_until = :seen" if seen.paused_until else "attribute_not_exists(paused_until)"
        condition += " AND failures >= :trial"
        values: Item = {":trial": PAUSED_AFTER}
        if seen.paused_until:
            values[":seen"] = to_text(seen.paused_until)
        return self._pause(endpoint, at + PAUSE, condition, values)

    def succeeded(self, endpoint: Endpoint) -> Health:
        """Forget an endpoint's failures; how the endpoint is then.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        return self._update(endpoint, "REMOVE failures, failing_since, paused_until", {})

    def disable(self, endpoint: Endpoint, at: datetime) -> Health:
        """Have an endpoint sent nothing any more; how the endpoint is then.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        return self._update(
            endpoint, "SET disabled_at = if_not_exists(disabled_at, :at)", {":at": to_text(at)}
        )

    def forget(self, endpoint: Endpoint) -> None:
        """Begin anew with an endpoint: it is enabled, and has not failed.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        with raising(NotificationsUnavailable):
            self._dynamodb.delete_item(TableName=self._table, Key=_key(endpoint))

    def _pause(self, endpoint: Endpoint, until: datetime, condition: str, values: Item) -> bool:
        update = partial(
            self._dynamodb.update_item,
            TableName=self._table,
            Key=_key(endpoint),
            UpdateExpression="SET paused_until = :until",
            ConditionExpression=condition,
            ExpressionAttributeValues=to_attributes({":until": to_text(until), **values}),
        )
        with raising(NotificationsUnavailable):
            return was_written(update)

    def _update(self, endpoint: Endpoint, expression: str, values: Item) -> Health:
        options: dict[str, Any] = {"ExpressionAttributeValues": to_attributes(values)} if values else {}
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(endpoint),
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


def _key(endpoint: Endpoint) -> "dict[str, AttributeValueTypeDef]":
    digest = hashlib.sha256(endpoint.url.encode()).hexdigest()[:_DIGITS]
    return to_attributes({"pk": partition(endpoint.id), "sk": _HEALTH + digest})
