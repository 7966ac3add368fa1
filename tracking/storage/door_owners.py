"""Whose door is whose, in the Settings table.

| pk | sk | what |
|---|---|---|
| `DOOR` | the door's slug | `kind` and `credential_id` of who hands in mail at it |
| | | `left_at`, since when it is nobody's, once that has been seen |
"""

from datetime import datetime
from typing import TYPE_CHECKING

from tracking.errors import SettingsUnavailable
from tracking.mail import doors
from tracking.mail.credentials import Credential, CredentialKind
from tracking.storage.aws import from_attributes, raising, to_attributes, to_text, to_time, was_written
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_DOORS = "DOOR"


class DoorOwners:
    """The credentials behind the doors."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._settings = Settings(dynamodb, table)

    def put(self, credential: Credential) -> None:
        """Note whose a credential's door is.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        item = {
            "pk": _DOORS,
            "sk": doors.slug(credential),
            "kind": credential.kind,
            "credential_id": credential.id,
        }
        with raising(SettingsUnavailable):
            self._dynamodb.put_item(TableName=self._table, Item=to_attributes(item))

    def credential(self, slug: str) -> Credential | None:
        """Whose door it is; None if it is nobody's, or was a former credential's of the same name.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        with raising(SettingsUnavailable):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_attributes({"pk": _DOORS, "sk": slug}), ConsistentRead=True
            )
        if "Item" not in answer:
            return None
        item = from_attributes(answer["Item"])
        found = self._settings.credential(CredentialKind(item["kind"]), item["credential_id"])
        return found if found and doors.slug(found) == slug else None

    def all(self, kind: CredentialKind) -> dict[str, datetime | None]:
        """The slugs that are noted for credentials of a kind, and since when each is nobody's, if ever.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        with raising(SettingsUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=to_attributes({":pk": _DOORS}),
                ConsistentRead=True,
            )
            items = [from_attributes(item) for page in pages for item in page["Items"]]
        return {item["sk"]: to_time(item.get("left_at")) for item in items if item["kind"] == kind}

    def leave(self, slug: str, at: datetime) -> None:
        """Note since when a door is nobody's; nothing happens if it is not noted.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        with raising(SettingsUnavailable):
            was_written(
                lambda: self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_attributes({"pk": _DOORS, "sk": slug}),
                    UpdateExpression="SET left_at = :at",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues=to_attributes({":at": to_text(at)}),
                )
            )

    def remove(self, slug: str) -> None:
        """Forget whose door it was.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        with raising(SettingsUnavailable):
            self._dynamodb.delete_item(TableName=self._table, Key=to_attributes({"pk": _DOORS, "sk": slug}))
