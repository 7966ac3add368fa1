"""The Settings table: credentials and webhook endpoints.

| pk | sk | what |
|---|---|---|
| `CREDENTIAL#<kind>` | the credential's id | a `Credential` |
| `ENDPOINT` | the endpoint's id | an `Endpoint` |
| `COUNTER` | `ENDPOINT` | `value`: the newest endpoint's id |
| `FORMER` | the id of a credential that was removed | `expires_at`: when nothing of its mail is left |
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tracking.errors import SettingsUnavailable
from tracking.mail.credentials import Credential, CredentialChanges, CredentialKind, CredentialStatus
from tracking.mail.endpoints import (
    AuthScheme,
    Endpoint,
    EndpointChanges,
    OutputFormat,
    SecretRotation,
    WebhookEvent,
)
from tracking.mail.sending_limits import SendingLimit
from tracking.storage.activity_items import KEPT_FOR
from tracking.storage.aws import (
    Item,
    from_attributes,
    is_refused_condition,
    raising,
    to_attributes,
    to_text,
    to_time,
    update_expression,
    was_written,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_ENDPOINTS = "ENDPOINT"
_FORMER = "FORMER"


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

    def credentials(self, kind: CredentialKind, *, as_of_now: bool = False) -> list[Credential]:
        """All credentials of a kind, by id.

        Args:
            kind: Which.
            as_of_now: Whether the last second's changes have to be among what is read.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        return [_credential(item) for item in self._query(_partition(kind), as_of_now=as_of_now)]

    def add(self, credential: Credential) -> bool:
        """Store a new credential; False, and nothing is stored, if its id is taken.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        put = partial(
            self._dynamodb.put_item,
            TableName=self._table,
            Item=to_attributes(_credential_item(credential)),
            ConditionExpression="attribute_not_exists(pk)",
        )
        with raising(SettingsUnavailable):
            return was_written(put)

    def replace(self, credential: Credential) -> None:
        """Store a credential in place of the one of its id.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        self._put(_credential_item(credential))

    def change(self, seen: Credential, changes: CredentialChanges) -> Credential | None:
        """Change some attributes of a credential; the others may be changing at the same moment.

        Args:
            seen: As it was read when the change was allowed.
            changes: The attributes, and what they become.

        Returns:
            As it is now. None, and nothing is changed, if it is gone or has other permissions than those
            seen.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        item = self._update(_partition(seen.kind), seen.id, changes, _credential_guard(seen))
        return _credential(item) if item else None

    def remove(self, seen: Credential, at: datetime) -> Credential | None:
        """Forget a credential, but for its id, as long as its mail is kept.

        Args:
            seen: As it was read when the removal was allowed.
            at: Now.

        Returns:
            What was removed. None, and nothing is removed, if it is gone or has other permissions than those
            seen.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        self._put({"pk": _FORMER, "sk": seen.id, "expires_at": int((at + KEPT_FOR).timestamp())})
        item = self._delete(_partition(seen.kind), seen.id, _credential_guard(seen))
        return _credential(item) if item else None

    def credential_ids(self) -> set[str]:
        """The ids of all credentials whose mail there may be, those that were removed included.

        Raises:
            SettingsUnavailable: The table cannot be read.
        """
        partitions = [*map(_partition, CredentialKind), _FORMER]
        return {item["sk"] for partition in partitions for item in self._query(partition)}

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

    def change_endpoint(self, seen: Endpoint, changes: EndpointChanges | SecretRotation) -> Endpoint | None:
        """Change some attributes of an endpoint; the others may be changing at the same moment.

        Args:
            seen: As it was read when the change was allowed.
            changes: The attributes, and what they become.

        Returns:
            As it is now. None, and nothing is changed, if it is gone, or leads elsewhere or has other
            secrets than what was seen.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        item = self._update(_ENDPOINTS, _endpoint_key(seen.id), changes, _endpoint_guard(seen))
        return _endpoint(item) if item else None

    def remove_endpoint(self, seen: Endpoint) -> Endpoint | None:
        """Forget an endpoint.

        Args:
            seen: As it was read.

        Returns:
            What was removed. None, and nothing is removed, if it is gone, or leads elsewhere or has another
            secret than what was seen.

        Raises:
            SettingsUnavailable: The table cannot be written.
        """
        item = self._delete(_ENDPOINTS, _endpoint_key(seen.id), _endpoint_guard(seen))
        return _endpoint(item) if item else None

    def _get(self, pk: str, sk: str) -> Item | None:
        with raising(SettingsUnavailable):
            # What is read in order to be changed must not be older than the change before.
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_attributes({"pk": pk, "sk": sk}), ConsistentRead=True
            )
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def _query(self, pk: str, *, as_of_now: bool = False) -> list[Item]:
        with raising(SettingsUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=to_attributes({":pk": pk}),
                ConsistentRead=as_of_now,
            )
            return [from_attributes(item) for page in pages for item in page["Items"]]

    def _put(self, item: Item) -> None:
        with raising(SettingsUnavailable):
            self._dynamodb.put_item(TableName=self._table, Item=to_attributes(item))

    def _update(self, pk: str, sk: str, changes: Mapping[str, Any], guard: Item) -> Item | None:
        """Write attributes if those of the guard are what they are there; the item as it is then."""
        # What guards is written as it is, so that there is something to write where nothing changes.
        written = {**guard, **_values(changes)}
        with raising(SettingsUnavailable):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_attributes({"pk": pk, "sk": sk}),
                    UpdateExpression=update_expression(written),
                    ConditionExpression=_condition(guard),
                    ExpressionAttributeNames={f"#{name}": name for name in written},
                    ExpressionAttributeValues=to_attributes(
                        {f":{name}": value for name, value in written.items()} | _seen(guard)
                    ),
                    ReturnValues="ALL_NEW",
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return None
                raise
        return from_attributes(answer["Attributes"])

    def _delete(self, pk: str, sk: str, guard: Item) -> Item | None:
        """Delete an item if the attributes of the guard are what they are there; what it was."""
        with raising(SettingsUnavailable):
            try:
                answer = self._dynamodb.delete_item(
                    TableName=self._table,
                    Key=to_attributes({"pk": pk, "sk": sk}),
                    ConditionExpression=_condition(guard),
                    ExpressionAttributeNames={f"#{name}": name for name in guard},
                    ExpressionAttributeValues=to_attributes(_seen(guard)),
                    ReturnValues="ALL_OLD",
                )
            except ClientError as error:
                if is_refused_condition(error):
                    return None
                raise
        return from_attributes(answer["Attributes"])


def _partition(kind: CredentialKind) -> str:
    return f"CREDENTIAL#{kind}"


def _endpoint_key(endpoint_id: int) -> str:
    return f"{endpoint_id:09d}"


def _condition(guard: Item) -> str:
    """That the item is there, and its attributes are what was seen; None is one that is not there."""
    seen = [
        f"attribute_not_exists(#{name})" if value is None else f"#{name} = :seen_{name}"
        for name, value in guard.items()
    ]
    return " AND ".join(["attribute_exists(pk)", *seen])


def _seen(guard: Item) -> Item:
    return {f":seen_{name}": value for name, value in guard.items()}


def _values(changes: Mapping[str, Any]) -> Item:
    """What changes, as it is stored: attributes are called as the fields are, and collections are lists."""
    return {name: _listed(value) for name, value in changes.items()}


def _listed(value: object) -> object:
    match value:
        case tuple():
            return list(value)
        case frozenset():
            return sorted(value)
        case datetime():
            return to_text(value)
        case SendingLimit():
            return _sending_limit_item(value)
        case _:
            return value


def _credential_guard(seen: Credential) -> Item:
    """What a key may be changed by depends on its permissions."""
    return {"permissions": list(seen.permissions)}


def _endpoint_guard(seen: Endpoint) -> Item:
    """What an endpoint's Authorization header says is meant for where it leads; a secret is rotated once."""
    return {"url": seen.url, "auth_secret": seen.auth_secret, "secret_version": seen.secret_version}


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
        "permissions": list(credential.permissions),
        "sending_limit": _sending_limit_item(credential.sending_limit) if credential.sending_limit else None,
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
        permissions=tuple(item["permissions"]),
        sending_limit=_sending_limit(item["sending_limit"]) if "sending_limit" in item else None,
    )


def _sending_limit_item(limit: SendingLimit) -> Item:
    return {"recipients": limit.recipients, "period_seconds": limit.period // timedelta(seconds=1)}


def _sending_limit(item: Item) -> SendingLimit:
    return SendingLimit(int(item["recipients"]), timedelta(seconds=int(item["period_seconds"])))


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
        "secret_rotated_at": to_text(endpoint.secret_rotated_at) if endpoint.secret_rotated_at else None,
        "headers": list(endpoint.headers),
        "auth_scheme": endpoint.auth_scheme,
        "auth_secret": endpoint.auth_secret,
    }


def _endpoint(item: Item) -> Endpoint:
    return Endpoint(
        id=int(item["sk"]),
        url=item["url"],
        created_at=datetime.fromisoformat(item["created_at"]),
        events=frozenset(map(WebhookEvent, item["events"])),
        credential_ids=frozenset(item["credential_ids"]),
        output_format=OutputFormat(item["output_format"]),
        secret_version=int(item["secret_version"]),
        secret_rotated_at=to_time(item.get("secret_rotated_at")),
        headers=tuple(item["headers"]),
        auth_scheme=AuthScheme(item["auth_scheme"]),
        auth_secret=item.get("auth_secret"),
    )
