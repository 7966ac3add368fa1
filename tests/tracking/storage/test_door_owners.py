from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tracking.errors import SettingsUnavailable
from tracking.mail import doors
from tracking.mail.credentials import Credential, CredentialKind
from tracking.storage.door_owners import DoorOwners
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ALICE = Credential(CredentialKind.SMTP_USER, "alice", datetime(2026, 11, 24, tzinfo=UTC))


@pytest.fixture
def stored(dynamodb: "DynamoDBClient", settings: Settings) -> DoorOwners:
    settings.add(ALICE)
    return DoorOwners(dynamodb, "Settings")


def test_a_door_leads_to_its_credential_as_it_is_now(stored: DoorOwners, settings: Settings) -> None:
    stored.put(ALICE)
    settings.change(ALICE, {"description": "News"})

    found = stored.credential(doors.slug(ALICE))

    assert found
    assert (found.id, found.description) == ("alice", "News")


def test_a_door_that_nobody_noted_leads_nowhere(stored: DoorOwners) -> None:
    assert stored.credential(doors.slug(ALICE)) is None


def test_a_door_does_not_lead_to_another_credential_of_the_same_name(
    stored: DoorOwners, settings: Settings
) -> None:
    stored.put(ALICE)
    settings.remove(ALICE, datetime(2026, 11, 25, tzinfo=UTC))
    settings.add(Credential(CredentialKind.SMTP_USER, "alice", datetime(2026, 11, 26, tzinfo=UTC)))

    assert stored.credential(doors.slug(ALICE)) is None


def test_a_door_that_was_removed_leads_nowhere(stored: DoorOwners) -> None:
    stored.put(ALICE)

    stored.remove(doors.slug(ALICE))

    assert stored.credential(doors.slug(ALICE)) is None


def test_since_when_a_door_is_nobodys_is_known_of_those_that_are_noted(stored: DoorOwners) -> None:
    left_at = datetime(2026, 11, 25, 7, 30, 1, 5, tzinfo=UTC)
    address = Credential(CredentialKind.IP_ADDRESS, "198.51.100.7", left_at)
    stored.put(ALICE)
    stored.put(address)

    stored.leave(doors.slug(address), left_at)
    stored.leave("u-1", left_at)

    assert stored.all(CredentialKind.IP_ADDRESS) == {doors.slug(address): left_at}
    assert stored.all(CredentialKind.SMTP_USER) == {doors.slug(ALICE): None}


def test_a_table_that_is_not_there_is_a_domain_error(dynamodb: "DynamoDBClient") -> None:
    nowhere = DoorOwners(dynamodb, "Nowhere")

    with pytest.raises(SettingsUnavailable):
        nowhere.put(ALICE)
    with pytest.raises(SettingsUnavailable):
        nowhere.credential("u-1")
    with pytest.raises(SettingsUnavailable):
        nowhere.all(CredentialKind.SMTP_USER)
    with pytest.raises(SettingsUnavailable):
        nowhere.leave("u-1", ALICE.created_at)
    with pytest.raises(SettingsUnavailable):
        nowhere.remove("u-1")
