from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tracking.errors import SettingsUnavailable, StorageUnavailable
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import EventType
from tracking.mail.endpoints import Endpoint
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 24, tzinfo=UTC)
USER = Credential(CredentialKind.SMTP_USER, "alice", AT, secret_hash="$argon2id$")
ENDPOINT = Endpoint(1, "https://example.com/", AT, frozenset({EventType.FETCHED}), frozenset({"alice"}))


def test_a_credential_is_added_and_found(settings: Settings) -> None:
    assert settings.add(USER)

    assert settings.credential(CredentialKind.SMTP_USER, "alice") == USER
    assert settings.credential(CredentialKind.API_KEY, "alice") is None
    assert settings.credential(CredentialKind.SMTP_USER, "Alice") is None


def test_an_id_that_is_taken_stays_with_its_credential(settings: Settings) -> None:
    settings.add(USER)

    assert not settings.add(replace(USER, secret_hash="another"))
    assert settings.credential(CredentialKind.SMTP_USER, "alice") == USER


def test_credentials_are_listed_by_kind_in_the_order_of_their_ids(settings: Settings) -> None:
    bob, address = replace(USER, id="bob"), Credential(CredentialKind.IP_ADDRESS, "192.0.2.1", AT)
    for credential in (bob, address, USER):
        settings.add(credential)

    assert settings.credentials(CredentialKind.SMTP_USER) == [USER, bob]
    assert settings.credentials(CredentialKind.IP_ADDRESS) == [address]


def test_a_credential_is_replaced_and_removed(settings: Settings) -> None:
    settings.add(USER)

    settings.replace(replace(USER, open_tracking_enabled=True))
    assert settings.credential(USER.kind, USER.id) == replace(USER, open_tracking_enabled=True)

    settings.remove(USER)
    assert settings.credential(USER.kind, USER.id) is None


def test_endpoints_are_stored_listed_and_removed(settings: Settings) -> None:
    tenth = replace(ENDPOINT, id=10, credential_ids=frozenset())
    for endpoint in (tenth, ENDPOINT):
        settings.put_endpoint(endpoint)

    assert settings.endpoints() == [ENDPOINT, tenth]
    assert settings.endpoint(10) == tenth

    settings.remove_endpoint(tenth)
    assert settings.endpoint(10) is None


def test_no_endpoint_gets_an_id_that_one_had_before(settings: Settings) -> None:
    assert [settings.next_endpoint_id() for _ in range(3)] == [1, 2, 3]
    assert settings.endpoints() == []


@pytest.mark.parametrize(
    "call",
    [
        lambda settings: settings.credential(USER.kind, USER.id),
        lambda settings: settings.credentials(USER.kind),
        lambda settings: settings.add(USER),
        lambda settings: settings.replace(USER),
        lambda settings: settings.remove(USER),
        lambda settings: settings.endpoint(1),
        lambda settings: settings.endpoints(),
        lambda settings: settings.next_endpoint_id(),
        lambda settings: settings.put_endpoint(ENDPOINT),
        lambda settings: settings.remove_endpoint(ENDPOINT),
    ],
)
def test_a_table_that_cannot_be_reached_is_one_error(
    dynamodb: "DynamoDBClient", call: Callable[[Settings], object]
) -> None:
    with pytest.raises(SettingsUnavailable) as raised:
        call(Settings(dynamodb, "Missing"))

    assert isinstance(raised.value, StorageUnavailable)
