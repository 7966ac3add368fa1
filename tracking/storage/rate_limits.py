"""How often each API key calls, in the Settings table.

| pk | sk | what |
|---|---|---|
| `RATE#<key id>` | `<group>#<minute>` | `calls`: how many there were in that minute; `expires_at` |
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tracking.errors import SettingsUnavailable
from tracking.storage.aws import from_attributes, raising, to_attributes

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEPT_FOR = timedelta(hours=1)
"""How long a minute's counter stays, for whoever asks why a key was slowed down."""


class RateLimits:
    """Counters of calls, one for each key, group of calls, and minute."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def count(self, key_id: str, group: str, at: datetime) -> int:
        """Count a call.

        Args:
            key_id: The calling key's first 16 characters.
            group: What is counted together.
            at: When the call came.

        Returns:
            How many calls of the group the key has made in that minute, this one included.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        minute = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
        with raising(SettingsUnavailable):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_attributes({"pk": f"RATE#{key_id}", "sk": f"{group}#{minute}"}),
                UpdateExpression="ADD calls :one SET expires_at = :end",
                ExpressionAttributeValues=to_attributes(
                    {":one": 1, ":end": int((at + KEPT_FOR).timestamp())}
                ),
                ReturnValues="UPDATED_NEW",
            )
        return int(from_attributes(answer["Attributes"])["calls"])
