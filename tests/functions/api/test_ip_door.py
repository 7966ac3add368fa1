"""Addresses that may send, where SES Mail Manager is the SMTP server."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from functions.api import adapters
from tests.functions.api.concurrency import once_before
from tests.functions.api.conftest import Api
from tests.functions.api.mail_manager import ENVIRONMENT, FUNCTION, MailManager
from tests.functions.conftest import Cloud
from tracking.mail import doors
from tracking.mail.credentials import Credential, CredentialKind
from tracking.storage.door_owners import DoorOwners


@pytest.fixture(autouse=True)
def mail_manager(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> MailManager:
    assert cloud
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = MailManager()
    made.stand_behind_the_api()
    return made


def slug(cloud: Cloud, network: str) -> str:
    found = cloud.settings.credential(CredentialKind.IP_ADDRESS, network)
    assert found
    return doors.slug(found)


def stored(cloud: Cloud) -> list[str]:
    return [found.id for found in cloud.settings.credentials(CredentialKind.IP_ADDRESS)]


def told(mail_manager: MailManager) -> list[str]:
    return [rule["Name"] for rule in mail_manager.ip_rules]


def networks(mail_manager: MailManager) -> set[str]:
    """Those that a rule is for."""
    return {
        network
        for rule in mail_manager.ip_rules
        for condition in rule["Conditions"]
        for network in condition["IpExpression"]["Values"]
    }


def test_an_address_is_admitted_and_its_mail_goes_to_its_own_prefix_and_alias(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    assert api("/ip_auth/add", {"ip_address": "198.51.100.7"}).status == 200

    name = slug(cloud, "198.51.100.7")
    rule, _ = mail_manager.ip_rules
    written, invoked = rule["Actions"]
    assert mail_manager.admitted == ["198.51.100.7/32"]
    assert rule["Conditions"][0]["IpExpression"]["Values"] == ["198.51.100.7/32"]
    assert written["WriteToS3"]["S3Prefix"] == f"incoming/{name}/"
    assert invoked["InvokeLambda"]["FunctionArn"] == f"{FUNCTION}:{name}"
    assert mail_manager.aliases == {name}
    assert DoorOwners(cloud.dynamodb, "Settings").credential(name)


def test_a_blocked_range_within_an_allowed_one_is_not_admitted(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    api("/ip_auth/add", {"ip_address": "198.51.100.0/30"})
    api("/ip_auth/add", {"ip_address": "198.51.100.0/31", "status": "blocked"})

    assert mail_manager.admitted == ["198.51.100.2/31"]
    narrow, wide, _ = mail_manager.ip_rules
    assert narrow["Name"] == slug(cloud, "198.51.100.0/31")
    assert wide["Unless"][0]["IpExpression"]["Values"] == ["198.51.100.0/31"]


def test_a_rule_is_there_before_an_address_is_admitted_and_until_it_is_not(
    api: Api, mail_manager: MailManager
) -> None:
    written = ["UpdateRuleSet", "UpdateTrafficPolicy"]

    for call, body, expected in (
        ("add", {}, ["CreateAlias", *written]),
        ("edit", {"status": "blocked"}, written),
        ("edit", {"status": "allowed"}, written),
        ("remove", {}, [*written, "UpdateRuleSet", *written]),
    ):
        mail_manager.asked.clear()
        method = "PATCH" if call == "edit" else "POST"
        assert api(f"/ip_auth/{call}", {"ip_address": "198.51.100.7", **body}, method).status == 200
        assert mail_manager.asked == expected


def test_an_address_that_was_removed_is_let_in_no_more_and_its_alias_goes_days_later(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    api("/ip_auth/add", {"ip_address": "198.51.100.7"})
    former = slug(cloud, "198.51.100.7")

    api("/ip_auth/remove", {"ip_address": "198.51.100.7"})

    assert (mail_manager.admitted, told(mail_manager)) == ([], [doors.NOBODY])
    assert DoorOwners(cloud.dynamodb, "Settings").credential(former) is None
    # Mail Manager tries for 36 hours to invoke the function by it.
    for hours, expected in ((37, {former}), (49, set())):
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=False):
            api("/ip_auth/add", {"ip_address": "203.0.113.1"})
            api("/ip_auth/remove", {"ip_address": "203.0.113.1"})
        assert mail_manager.aliases & {former} == expected
    assert former not in DoorOwners(cloud.dynamodb, "Settings").all(CredentialKind.IP_ADDRESS)


@pytest.mark.parametrize("operation", ["UpdateRuleSet", "UpdateTrafficPolicy"])
def test_a_removal_stands_and_its_alias_stays_although_the_door_could_not_be_written_again(
    api: Api, cloud: Cloud, mail_manager: MailManager, operation: str
) -> None:
    api("/ip_auth/add", {"ip_address": "198.51.100.7"})

    def refuse() -> None:
        mail_manager.refusals[operation] = "ConflictException"

    once_before("DeleteItem", refuse)

    assert api("/ip_auth/remove", {"ip_address": "198.51.100.7"}).status == 200

    assert stored(cloud) == []
    assert len(mail_manager.aliases) == 1


def test_no_address_is_admitted_without_a_rule_also_where_one_is_blocked_or_removed(
    api: Api, mail_manager: MailManager
) -> None:
    """A deployment has emptied both, and the first change after it is no addition."""
    for number in (7, 8, 10):
        api("/ip_auth/add", {"ip_address": f"198.51.100.{number}"})
    expected = {"198.51.100.8/32", "198.51.100.10/32"}

    for call, body in (("edit", {"status": "blocked"}), ("remove", {})):
        mail_manager.ip_rules, mail_manager.admitted = [], []
        mail_manager.refusals["UpdateRuleSet"] = "ConflictException"
        method = "PATCH" if call == "edit" else "POST"
        api(f"/ip_auth/{call}", {"ip_address": "198.51.100.7", **body}, method)
        assert mail_manager.admitted == []
        mail_manager.refusals.clear()
        api(f"/ip_auth/{call}", {"ip_address": "198.51.100.7", **body}, method)
        assert {*mail_manager.admitted} == expected
        assert expected <= networks(mail_manager)


def test_one_change_also_lets_in_the_addresses_from_before(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    cloud.settings.add(Credential(CredentialKind.IP_ADDRESS, "2001:db8::1", datetime(2026, 1, 1, tzinfo=UTC)))

    api("/ip_auth/edit", {"ip_address": "2001:db8::1"}, "PATCH")

    assert mail_manager.admitted == ["2001:0db8:0000:0000:0000:0000:0000:0001/128"]
    assert mail_manager.aliases == {slug(cloud, "2001:db8::1")}


def test_the_fortieth_address_is_refused_and_nothing_is_left_of_it(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(39):
        cloud.settings.add(Credential(CredentialKind.IP_ADDRESS, f"198.51.100.{number}", at))

    answer = api("/ip_auth/add", {"ip_address": "203.0.113.1"})

    assert (answer.status, answer.field) == (400, "ip_address")
    assert "39" in answer.data["error"]
    assert "203.0.113.1" not in stored(cloud)
    assert mail_manager.asked == []
    assert DoorOwners(cloud.dynamodb, "Settings").all(CredentialKind.IP_ADDRESS) == {}


def test_where_there_are_too_many_from_before_they_can_be_removed_until_the_rest_is_let_in(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(41):
        cloud.settings.add(Credential(CredentialKind.IP_ADDRESS, f"198.51.100.{number}", at))

    assert api("/ip_auth/remove", {"ip_address": "198.51.100.0"}).status == 200
    assert mail_manager.asked == []
    assert api("/ip_auth/remove", {"ip_address": "198.51.100.1"}).status == 200

    assert len(mail_manager.ip_rules) == 40
    assert "198.51.100.2/31" in mail_manager.admitted


@pytest.mark.parametrize("refusal", ["ConflictException", "InternalFailure"])
@pytest.mark.parametrize("operation", ["UpdateRuleSet", "UpdateTrafficPolicy"])
def test_an_address_that_could_not_be_let_in_is_not_there(
    api: Api, cloud: Cloud, mail_manager: MailManager, operation: str, refusal: str
) -> None:
    mail_manager.refusals[operation] = refusal

    status = api("/ip_auth/add", {"ip_address": "198.51.100.7"}).status

    assert status == {"ConflictException": 400, "InternalFailure": 503}[refusal]

    assert stored(cloud) == []


def test_an_address_that_could_not_be_turned_away_is_still_there(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    api("/ip_auth/add", {"ip_address": "198.51.100.7"})
    mail_manager.refusals["UpdateTrafficPolicy"] = "ConflictException"

    assert api("/ip_auth/remove", {"ip_address": "198.51.100.7"}).field == "ip_address"

    assert stored(cloud) == ["198.51.100.7"]


def test_two_who_add_addresses_at_once_both_find_theirs_let_in(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    other = Credential(CredentialKind.IP_ADDRESS, "203.0.113.1", datetime(2026, 11, 24, tzinfo=UTC))
    ip_door = adapters.ip_door()
    assert ip_door
    once_before("UpdateTrafficPolicy", lambda: cloud.settings.add(other), ip_door._mailmanager)

    api("/ip_auth/add", {"ip_address": "198.51.100.7"})

    assert mail_manager.admitted == ["198.51.100.7/32", "203.0.113.1/32"]
    assert networks(mail_manager) == {*mail_manager.admitted}


@pytest.mark.parametrize("operation", ["UpdateRuleSet", "UpdateTrafficPolicy", "DeleteItem"])
def test_who_adds_an_address_while_another_is_removed_does_not_let_the_other_in_again(
    api: Api, cloud: Cloud, mail_manager: MailManager, operation: str
) -> None:
    api("/ip_auth/add", {"ip_address": "198.51.100.7"})
    removed = slug(cloud, "198.51.100.7")
    ip_door = adapters.ip_door()
    assert ip_door
    once_before(
        operation,
        lambda: api("/ip_auth/add", {"ip_address": "203.0.113.1"}),
        *([ip_door._mailmanager] if operation.startswith("Update") else []),
    )

    assert api("/ip_auth/remove", {"ip_address": "198.51.100.7"}).status == 200

    assert mail_manager.admitted == ["203.0.113.1/32"]
    assert told(mail_manager) == [slug(cloud, "203.0.113.1"), doors.NOBODY]
    assert removed in mail_manager.aliases


def test_a_limit_that_mail_manager_cannot_keep_is_refused(api: Api, cloud: Cloud) -> None:
    limit = {"custom_ratelimit": True, "custom_ratelimit_value": 10, "custom_ratelimit_period": "1 hour"}

    assert api("/ip_auth/add", {"ip_address": "198.51.100.7", **limit}).field == "custom_ratelimit"
    assert stored(cloud) == []
