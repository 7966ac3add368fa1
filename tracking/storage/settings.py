"""The Settings table: credentials and webhook endpoints.

| pk | sk | what |
|---|---|---|
| `CREDENTIAL#<kind>` | the credential's id | a `Credential` |
| `ENDPOINT` | the endpoint's id | an `Endpoint` |
| `COUNTER` | `ENDPOINT` | `value`: the newest endpoint's id |
"""

from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tracking.errors import SettingsUnavailable
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.deliveries import EventType
from tracking.mail.endpoints import Endpoint, OutputFormat
from tracking.storage.aws import Item, from_attributes, is_refused_condition, raising, to_attributes, to_text

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_ENDPOINTS = "ENDPOINT"


class Settings:
    """Credentials and webhook endpoints, by their ids."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def credential(self, kind: CredentialKind, credential_id: str) -> Credential | None:
        """The credential of that id; None if there is none.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        item = self._get(_partition(kind), credential_id)
        return _credential(item) if item else None

    def credentials(self, kind: CredentialKind) -> list[Credential]:
        """All credentials of a kind, by id.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        return [_credential(item) for item in self._query(_partition(kind))]

    def add(self, credential: Credential) -> bool:
        """Store a new credential; False, and nothing is stored, if its id is taken.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        with raising(SettingsUnavailable):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_attributes(_credential_item(credential)),
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return False
                raise
        return True

    def replace(self, credential: Credential) -> None:
        """Store a credential in place of the one of its id.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        self._put(_credential_item(credential))

    def remove(self, credential: Credential) -> None:
        """Forget a credential.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        self._delete(_partition(credential.kind), credential.id)

    def endpoint(self, endpoint_id: int) -> Endpoint | None:
        """The webhook endpoint of that id; None if there is none.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        item = self._get(_ENDPOINTS, _endpoint_key(endpoint_id))
        return _endpoint(item) if item else None

    def endpoints(self) -> list[Endpoint]:
        """All webhook endpoints, by id.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        return [_endpoint(item) for item in self._query(_ENDPOINTS)]

    def next_endpoint_id(self) -> int:
        """An id that no endpoint had before.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        with raising(SettingsUnavailable):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_attributes({"pk": "COUNTER", "sk": _ENDPOINTS}),
                UpdateExpression="ADD #value :one",
                ExpressionAttributeNames={"#value": "value"},
                ExpressionAttributeValues=to_attributes({":one": 1}),
                ReturnValues="UPDATED_NEW",
            )
        return int(from_attributes(answer["Attributes"])["value"])

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """Store an endpoint, in place of the one of its id if there is one.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        self._put(_endpoint_item(endpoint))

    def remove_endpoint(self, endpoint: Endpoint) -> None:
        """Forget an endpoint.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        self._delete(_ENDPOINTS, _endpoint_key(endpoint.id))

    def _get(self, pk: str, sk: str) -> Item | None:
        with raising(SettingsUnavailable):
            answer = self._dynamodb.get_item(TableName=self._table, Key=to_attributes({"pk": pk, "sk": sk}))
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def _query(self, pk: str) -> list[Item]:
        with raising(SettingsUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=to_attributes({":pk": pk}),
            )
            return [from_attributes(item) for page in pages for item in page["Items"]]

    def _put(self, item: Item) -> None:
        with raising(SettingsUnavailable):
            self._dynamodb.put_item(TableName=self._table, Item=to_attributes(item))

    def _delete(self, pk: str, sk: str) -> None:
        with raising(SettingsUnavailable):
            self._dynamodb.delete_item(TableName=self._table, Key=to_attributes({"pk": pk, "sk": sk}))


def _partition(kind: CredentialKind) -> str:
    return f"CREDENTIAL#{kind}"


def _endpoint_key(endpoint_id: int) -> str:
    return f"{endpoint_id:09d}"


def _credential_item(credential: Credential) -> Item:
    return {
        "pk": _partition(credential.kind),
        "sk": credential.id,
        "kind": credential.kind,
        "created_at": to_text(credential.created_at),
        "secret_hash": credential.secret_hash,
        "status": credential.status,
        "open_tracking_enabled": credential.open_tracking_enabled,
        "description": credential.description,
        "endpoints": list(credential.endpoints),
    }


def _credential(item: Item) -> Credential:
    return Credential(
        kind=CredentialKind(item["kind"]),
        id=item["sk"],
        created_at=datetime.fromisoformat(item["created_at"]),
        secret_hash=item.get("secret_hash"),
        status=CredentialStatus(item["status"]),
        open_tracking_enabled=item["open_tracking_enabled"],
        description=item["description"],
        endpoints=tuple(item["endpoints"]),
    )


def _endpoint_item(endpoint: Endpoint) -> Item:
    return {
        "pk": _ENDPOINTS,
        "sk": _endpoint_key(endpoint.id),
        "url": endpoint.url,
        "created_at": to_text(endpoint.created_at),
        "events": sorted(endpoint.events),
        "credential_ids": sorted(endpoint.credential_ids),
        "output_format": endpoint.output_format,
        "secret_version": endpoint.secret_version,
    }


def _endpoint(item: Item) -> Endpoint:
    return Endpoint(
        id=int(item["sk"]),
        url=item["url"],
        created_at=datetime.fromisoformat(item["created_at"]),
        events=frozenset(map(EventType, item["events"])),
        credential_ids=frozenset(item["credential_ids"]),
        output_format=OutputFormat(item["output_format"]),
        secret_version=int(item["secret_version"]),
    )
