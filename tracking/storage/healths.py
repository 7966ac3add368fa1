"""How the webhook endpoints are, in the Notifications table.

| pk | sk | what |
|---|---|---|
| `ENDPOINT#<id>` | `HEALTH` | a `Health`; what is not there is as if nothing ever failed |
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tracking.errors import NotificationsUnavailable
from tracking.mail.notifications import PAUSE, Health
from tracking.storage.aws import (
    Item,
    from_attributes,
    is_refused_condition,
    raising,
    to_attributes,
    to_text,
    to_time,
)
from tracking.storage.notifications import key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_HEALTH = "HEALTH"


class Healths:
    """The health of each endpoint. Several functions change it at once, so each change is one write."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, endpoint_id: int) -> Health:
        """How an endpoint is.

        Raises:
            NotificationsUnavailable: The table cannot be read.
        """
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.get_item(TableName=self._table, Key=key(endpoint_id, _HEALTH))
        return _health(from_attributes(answer.get("Item", {})))

    def failed(self, endpoint_id: int, seen: Health, at: datetime, retry_at: datetime | None) -> Health:
        """Count a failure of an endpoint; how the endpoint is then.

        Args:
            endpoint_id: The endpoint's.
            seen: How it was.
            at: Now.
            retry_at: When the endpoint asked to be called again, if it did.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        paused_until = seen.failed(at, retry_at).paused_until
        values: Item = {":one": 1, ":at": to_text(at)}
        expression = "ADD failures :one SET failing_since = if_not_exists(failing_since, :at)"
        if paused_until:
            values[":until"] = to_text(paused_until)
            expression += ", paused_until = :until"
        return self._update(endpoint_id, expression, values)

    def claim(self, endpoint_id: int, seen: Health, at: datetime) -> bool:
        """Ask for the one attempt that shows whether an endpoint on trial is back; False if another has it.

        Raises:
            NotificationsUnavailable: The table cannot be written.
        """
        values: Item = {":until": to_text(at + PAUSE)}
        condition = "attribute_not_exists(paused_until)"
        if seen.paused_until:
            values[":seen"] = to_text(seen.paused_until)
            condition = "paused_until = :seen"
        with raising(NotificationsUnavailable):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=key(endpoint_id, _HEALTH),
                    UpdateExpression="SET paused_until = :until",
                    ConditionExpression=condition,
                    ExpressionAttributeValues=to_attributes(values),
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return False
                raise
        return True

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
            self._dynamodb.delete_item(TableName=self._table, Key=key(endpoint_id, _HEALTH))

    def _update(self, endpoint_id: int, expression: str, values: Item) -> Health:
        options: dict[str, Any] = {"ExpressionAttributeValues": to_attributes(values)} if values else {}
        with raising(NotificationsUnavailable):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=key(endpoint_id, _HEALTH),
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
