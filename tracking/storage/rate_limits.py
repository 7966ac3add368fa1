"""How often API keys call, and to how many recipients credentials with a limit send, in the Settings table.

| pk | sk | what |
|---|---|---|
| `RATE#<key id>` | `<group>#<minute>` | `calls`: how many there were in that minute; `expires_at` |
| `SENT#<kind>#<credential's id>` | `<seconds>#<start>` | `recipients` in that period; `expires_at` |
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from tracking.errors import SettingsUnavailable
from tracking.mail.credentials import Credential
from tracking.mail.sending_limits import SendingLimit
from tracking.storage.aws import Item, from_attributes, raising, to_attributes, was_written

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEPT_FOR = timedelta(hours=1)
"""How long a counter stays after its time, for whoever asks why a key was slowed down."""


class RateLimits:
    """Counters of calls and of recipients, each of one window of time."""

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
        end = int((at + KEPT_FOR).timestamp())
        with raising(SettingsUnavailable):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_attributes({"pk": f"RATE#{key_id}", "sk": f"{group}#{minute}"}),
                UpdateExpression="ADD calls :one SET expires_at = :end",
                ExpressionAttributeValues=to_attributes({":one": 1, ":end": end}),
                ReturnValues="UPDATED_NEW",
            )
        return int(from_attributes(answer["Attributes"])["calls"])

    def take(self, credential: Credential, recipients: int, at: datetime) -> bool:
        """Count the recipients of a mail, unless they are more than the credential's limit has room for.

        A mail that is refused uses up nothing, so that a smaller one may still go. Where there is no limit,
        nothing is counted.

        Args:
            credential: As it is now. A new limit finds counted what went in its period under the old one; a
                new period counts anew.
            recipients: How many the mail has.
            at: When it came.

        Returns:
            Whether the mail may be sent.

        Raises:
            SettingsUnavailable: The table cannot be written; the recipients may have been counted.
        """
        limit = credential.sending_limit
        if limit is None:
            return True
        if recipients > limit.recipients:
            return False
        values = {
            ":recipients": recipients,
            ":room": limit.recipients - recipients,
            ":end": int((limit.window_end(at) + KEPT_FOR).timestamp()),
        }
        with raising(SettingsUnavailable):
            return was_written(
                partial(
                    self._dynamodb.update_item,
                    TableName=self._table,
                    Key=to_attributes(_sent(credential, limit, at)),
                    UpdateExpression="ADD recipients :recipients SET expires_at = :end",
                    ConditionExpression="attribute_not_exists(recipients) OR recipients <= :room",
                    ExpressionAttributeValues=to_attributes(values),
                )
            )

    def give_back(self, credential: Credential, recipients: int, at: datetime) -> None:
        """Take back what `take` counted of a mail that was not sent after all.

        Args:
            credential: As `take` had it.
            recipients: As many.
            at: The same moment.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        limit = credential.sending_limit
        if limit is None:
            return
        with raising(SettingsUnavailable):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_attributes(_sent(credential, limit, at)),
                UpdateExpression="ADD recipients :recipients",
                ExpressionAttributeValues=to_attributes({":recipients": -recipients}),
            )


def _sent(credential: Credential, limit: SendingLimit, at: datetime) -> Item:
    """The key of the counter of a period."""
    seconds, start = limit.period // timedelta(seconds=1), limit.window_start(at)
    return {
        "pk": f"SENT#{credential.kind}#{credential.id}",
        "sk": f"{seconds}#{start:%Y-%m-%dT%H:%M:%S}",
    }
