"""SMTP users, each with a door of their own, where SES Mail Manager is the SMTP server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from functions.api import adapters
from functions.api.smtp_users import PRICE
from tests.functions.api.concurrency import each_time_before, once_before
from tests.functions.api.conftest import Answer, Api
from tests.functions.api.mail_manager import ENVIRONMENT, FUNCTION, LOST, MailManager
from tests.functions.conftest import Cloud
from tracking.mail import doors
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.storage.door_owners import DoorOwners

ALICE = {"username": "alice"}


@pytest.fixture
def mail_manager(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> MailManager:
    assert cloud
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = MailManager()
    made.stand_behind_the_api()
    return made


@pytest.fixture
def alice(api: Api, mail_manager: MailManager) -> dict[str, Any]:
    """An SMTP user with a door that is active, as she was shown when she was added."""
    added = shown(api("/users/smtp/add", {**ALICE, "email_password": "correct-horse"}))
    mail_manager.settle()
    mail_manager.asked.clear()
    return added


def shown(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer
    (user,) = answer.data["results"] if isinstance(answer.data, dict) else answer.data
    assert isinstance(user, dict)
    return user


def stored(cloud: Cloud) -> Credential | None:
    return cloud.settings.credential(CredentialKind.SMTP_USER, "alice")


def removed(cloud: Cloud) -> None:
    """Somebody else removes her."""
    user = stored(cloud)
    assert user
    cloud.settings.remove(user, datetime.now(UTC))


def client() -> Any:  # noqa: ANN401 -- as `once_before` takes it
    """Of Mail Manager, that the API makes doors with."""
    user_doors = adapters.user_doors()
    assert user_doors
    return user_doors._mailmanager


def slug(cloud: Cloud) -> str:
    user = stored(cloud)
    assert user
    return doors.slug(user)


def test_a_user_who_is_added_gets_a_door_that_is_being_made_and_hears_its_price(
    api: Api, mail_manager: MailManager
) -> None:
    user = shown(api("/users/smtp/add", {**ALICE, "email_password": "correct-horse"}))

    (point,) = mail_manager.points.values()
    assert (user["smtp_username"], user["smtp_host"]) == (point["IngressPointId"], None)
    assert (user["smtp_status"], user["smtp_price"]) == ("provisioning", PRICE)
    assert "50 USD a month" in PRICE
    assert point["IngressPointConfiguration"] == {"SmtpPassword": "correct-horse"}


def test_mail_of_a_door_goes_to_its_own_prefix_and_alias(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    api("/users/smtp/add", ALICE)

    (point,) = mail_manager.points.values()
    (rule,) = mail_manager.rule_sets[point["RuleSetId"]]["Rules"]
    written, invoked = rule["Actions"]
    assert written["WriteToS3"]["S3Prefix"] == f"incoming/{slug(cloud)}/"
    assert invoked["InvokeLambda"]["FunctionArn"] == f"{FUNCTION}:{slug(cloud)}"
    assert mail_manager.aliases == {slug(cloud)}
    found = DoorOwners(cloud.dynamodb, "Settings").credential(slug(cloud))
    assert found == stored(cloud)


def test_a_door_is_shown_as_mail_manager_tells_when_it_is_looked_at(
    api: Api, mail_manager: MailManager
) -> None:
    api("/users/smtp/add", ALICE)
    before = shown(api("/users/smtp/view"))
    mail_manager.settle()
    after = shown(api("/users/smtp/view", ALICE))

    assert (before["smtp_status"], before["smtp_host"]) == ("provisioning", None)
    assert after["smtp_status"] == "active"
    assert after["smtp_host"] == f"{after['smtp_username']}.mail-manager-smtp.amazonaws.com"
    assert after["email_password"] is None


def test_a_password_that_is_made_here_is_one_that_mail_manager_takes(
    api: Api, mail_manager: MailManager
) -> None:
    user = shown(api("/users/smtp/add", ALICE))

    (point,) = mail_manager.points.values()
    assert point["IngressPointConfiguration"] == {"SmtpPassword": user["email_password"]}


@pytest.mark.parametrize("password", ["correct horse", "p" * 65, "pässword", "half:colon"])
@pytest.mark.parametrize("call", ["add", "edit"])
def test_a_password_that_mail_manager_does_not_take_is_refused(
    api: Api, mail_manager: MailManager, call: str, password: str
) -> None:
    if call == "edit":
        api("/users/smtp/add", ALICE)
        mail_manager.asked.clear()

    answer = api(f"/users/smtp/{call}", {**ALICE, "email_password": password})

    assert answer.field == "email_password"
    assert mail_manager.asked == []


def test_a_limit_that_mail_manager_cannot_keep_is_refused(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    limit = {
        "custom_ratelimit": True,
        "custom_ratelimit_value": 10,
        "custom_ratelimit_period": "1 hour",
    }

    assert api("/users/smtp/add", {**ALICE, **limit}).field == "custom_ratelimit"

    assert stored(cloud) is None
    assert mail_manager.asked == []


def test_a_taken_name_leaves_the_door_as_it_is(
    api: Api, alice: dict[str, Any], mail_manager: MailManager
) -> None:
    assert api("/users/smtp/add", ALICE).field == "username"

    assert mail_manager.asked == []
    assert shown(api("/users/smtp/view"))["smtp_username"] == alice["smtp_username"]


@pytest.mark.parametrize("operation", ["CreateAlias", "CreateRuleSet", "CreateIngressPoint"])
def test_a_user_for_whom_there_is_no_room_is_refused_and_nothing_is_left(
    api: Api, cloud: Cloud, mail_manager: MailManager, operation: str
) -> None:
    mail_manager.refusals[operation] = "ServiceQuotaExceededException"

    answer = api("/users/smtp/add", ALICE)

    assert (answer.status, answer.field) == (400, "username")
    assert "50 endpoints" in answer.data["error"]
    assert stored(cloud) is None
    assert mail_manager.points == mail_manager.rule_sets == {}


@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ("CreateAlias", "ResourceConflictException"),
        ("CreateRuleSet", "ValidationException"),
        ("CreateIngressPoint", "ValidationException"),
        ("ListRuleSets", "InternalFailure"),
    ],
)
def test_a_user_whose_door_fails_is_not_there_and_can_be_added_again(
    api: Api, cloud: Cloud, mail_manager: MailManager, operation: str, refusal: str
) -> None:
    mail_manager.refusals[operation] = refusal
    assert api("/users/smtp/add", ALICE).status == 503
    assert stored(cloud) is None
    mail_manager.refusals.clear()

    assert shown(api("/users/smtp/add", ALICE))["smtp_status"] == "provisioning"

    assert len(mail_manager.points) == len(mail_manager.rule_sets) == 1


@pytest.mark.parametrize("is_late", [True, False])
def test_a_user_whose_door_may_be_there_stays_is_seen_and_can_be_removed(
    api: Api, cloud: Cloud, mail_manager: MailManager, *, is_late: bool
) -> None:
    mail_manager.refusals["CreateIngressPoint"] = LOST
    mail_manager.is_late = is_late

    assert api("/users/smtp/add", ALICE).status == 503

    mail_manager.is_late = False
    user = shown(api("/users/smtp/view"))
    assert (user["smtp_username"], user["smtp_status"]) == (*mail_manager.points, "provisioning")
    mail_manager.settle()
    assert api("/users/smtp/remove", ALICE).status == 200
    assert stored(cloud) is None


@pytest.mark.parametrize("refusal", ["InternalFailure", "ConflictException"])
def test_a_user_of_whose_door_aws_does_not_say_that_it_is_not_there_stays(
    api: Api, cloud: Cloud, mail_manager: MailManager, refusal: str
) -> None:
    mail_manager.refusals["CreateIngressPoint"] = refusal

    assert api("/users/smtp/add", ALICE).status in {400, 503}

    assert stored(cloud)


def test_a_user_who_is_added_blocked_has_no_door_until_allowed_with_a_password(
    api: Api, mail_manager: MailManager
) -> None:
    user = shown(api("/users/smtp/add", {**ALICE, "status": "blocked"}))
    assert (user["smtp_status"], mail_manager.points) == (None, {})

    user = shown(
        api("/users/smtp/edit", {**ALICE, "status": "allowed", "email_password": "correct-horse"}, "PATCH")
    )

    assert user["smtp_status"] == "provisioning"


def test_a_user_from_before_gets_a_door_with_a_password_and_not_without(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "alice", datetime(2026, 1, 1, tzinfo=UTC)))

    assert shown(api("/users/smtp/edit", ALICE))["smtp_status"] is None
    assert shown(api("/users/smtp/edit", {**ALICE, "email_password": "correct-horse"}))["smtp_status"]

    assert mail_manager.aliases == {slug(cloud)}


@pytest.mark.usefixtures("alice")
def test_a_new_password_is_mail_managers_too(api: Api, mail_manager: MailManager) -> None:
    user = shown(api("/users/smtp/edit", {**ALICE, "email_password": "a-new-horse"}, "PATCH"))

    (point,) = mail_manager.points.values()
    assert point["IngressPointConfiguration"] == {"SmtpPassword": "a-new-horse"}
    assert (user["smtp_status"], user["email_password"]) == ("updating", "a-new-horse")


@pytest.mark.usefixtures("alice")
def test_an_edit_that_does_not_matter_to_the_door_leaves_it_alone(
    api: Api, mail_manager: MailManager
) -> None:
    user = shown(api("/users/smtp/edit", {**ALICE, "open_tracking_enabled": True}))

    assert (mail_manager.asked, user["smtp_status"]) == ([], "active")


@pytest.mark.usefixtures("alice")
def test_a_user_who_is_blocked_has_a_closed_door_until_allowed(api: Api, mail_manager: MailManager) -> None:
    api("/users/smtp/edit", {**ALICE, "status": "blocked"}, "PATCH")
    mail_manager.settle()
    closed = shown(api("/users/smtp/view"))["smtp_status"]
    api("/users/smtp/edit", {**ALICE, "status": "sandbox"}, "PATCH")
    mail_manager.settle()
    opened = shown(api("/users/smtp/view"))["smtp_status"]

    assert (closed, opened) == ("closed", "active")
    assert mail_manager.asked == ["UpdateIngressPoint", "UpdateIngressPoint"]


@pytest.mark.usefixtures("alice")
def test_a_user_who_is_allowed_while_the_door_is_being_closed_is_told_to_try_again(
    api: Api, mail_manager: MailManager
) -> None:
    api("/users/smtp/edit", {**ALICE, "status": "blocked"}, "PATCH")

    assert api("/users/smtp/edit", {**ALICE, "status": "allowed"}, "PATCH").field == "username"

    mail_manager.settle()
    api("/users/smtp/edit", {**ALICE, "status": "allowed"}, "PATCH")
    mail_manager.settle()
    assert shown(api("/users/smtp/view"))["smtp_status"] == "active"


@pytest.mark.usefixtures("alice")
def test_an_edit_beside_another_leaves_the_door_as_the_last_stored(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    def block() -> None:
        user = stored(cloud)
        assert user
        cloud.settings.change(user, {"status": CredentialStatus.BLOCKED})

    once_before("UpdateIngressPoint", block, client())
    each_time_before("ListIngressPoints", mail_manager.settle, client())

    shown(api("/users/smtp/edit", {**ALICE, "email_password": "a-new-horse"}, "PATCH"))

    mail_manager.settle()
    assert shown(api("/users/smtp/view"))["smtp_status"] == "closed"


def test_a_user_who_is_removed_while_the_door_is_being_made_is_not_answered_as_there(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    once_before("CreateIngressPoint", lambda: removed(cloud), client())

    assert api("/users/smtp/add", ALICE).field == "username"

    mail_manager.settle()
    api("/users/smtp/add", {"username": "bobby"})
    mail_manager.settle()
    assert len(mail_manager.points) == 1


def test_a_user_who_is_removed_beside_an_edit_is_not_answered_as_there_and_the_door_goes(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "alice", datetime(2026, 1, 1, tzinfo=UTC)))
    once_before("CreateIngressPoint", lambda: removed(cloud), client())
    each_time_before("DeleteIngressPoint", mail_manager.settle, client())

    assert api("/users/smtp/edit", {**ALICE, "email_password": "correct-horse"}).field == "username"

    assert [point["Status"] for point in mail_manager.points.values()] == ["DEPROVISIONING"]


def test_a_user_whose_door_is_being_made_is_blocked_although_it_cannot_be_closed_yet(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    api("/users/smtp/add", ALICE)

    answer = api("/users/smtp/edit", {**ALICE, "status": "blocked"}, "PATCH")

    assert (answer.status, answer.field) == (400, "username")
    assert "not sent" in answer.data["error"]
    user = stored(cloud)
    assert user
    assert user.status is CredentialStatus.BLOCKED
    mail_manager.settle()
    assert (
        shown(api("/users/smtp/edit", {**ALICE, "status": "blocked"}, "PATCH"))["smtp_status"] == "updating"
    )


@pytest.mark.usefixtures("alice")
def test_all_of_a_removed_users_door_goes_the_rule_set_with_the_next_change_the_alias_days_later(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    former = slug(cloud)

    assert api("/users/smtp/remove", ALICE).status == 200

    assert stored(cloud) is None
    assert [point["Status"] for point in mail_manager.points.values()] == ["DEPROVISIONING"]
    assert len(mail_manager.rule_sets) == 1
    mail_manager.settle()
    api("/users/smtp/add", {"username": "bobby"})
    assert len(mail_manager.points) == len(mail_manager.rule_sets) == 1
    # Mail Manager tries for 36 hours to invoke the function by it.
    assert former in mail_manager.aliases
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=49), tick=False):
        api("/users/smtp/add", {"username": "carol"})
    assert former not in mail_manager.aliases
    items = cloud.dynamodb.scan(TableName="Settings")["Items"]
    assert former not in [item["sk"]["S"] for item in items]


@pytest.mark.usefixtures("alice")
def test_an_alias_stays_as_long_as_an_endpoint_hands_over_by_it(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    former = slug(cloud)
    api("/users/smtp/remove", ALICE)

    with time_machine.travel(datetime.now(UTC) + timedelta(days=9), tick=False):
        api("/users/smtp/add", {"username": "bobby"})
        assert former in mail_manager.aliases
        mail_manager.settle()
        for name in ("carol", "david"):
            api("/users/smtp/add", {"username": name})

    assert former not in mail_manager.aliases


@pytest.mark.usefixtures("mail_manager")
def test_a_call_waits_for_mail_manager_and_lambda_no_longer_than_it_may_take() -> None:
    for each in (client(), adapters.aliases()._lambda):
        config: Any = each.meta.config
        attempts = config.retries["total_max_attempts"]
        assert attempts * (config.connect_timeout + config.read_timeout) < 29


def test_a_user_who_is_added_again_while_the_former_door_goes_gets_a_new_one(
    api: Api, alice: dict[str, Any], mail_manager: MailManager
) -> None:
    api("/users/smtp/remove", ALICE)

    user = shown(api("/users/smtp/add", ALICE))

    assert user["smtp_username"] != alice["smtp_username"]
    assert shown(api("/users/smtp/view"))["smtp_status"] == "provisioning"
    assert len(mail_manager.points) == 2


def test_a_user_whose_door_is_being_made_cannot_be_removed_yet_and_stays(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    api("/users/smtp/add", ALICE)

    assert api("/users/smtp/remove", ALICE).field == "username"
    assert stored(cloud)

    mail_manager.settle()
    assert api("/users/smtp/remove", ALICE).status == 200


@pytest.mark.usefixtures("alice")
def test_a_user_is_removed_although_the_endpoint_is_gone(api: Api, mail_manager: MailManager) -> None:
    mail_manager.points.clear()

    assert api("/users/smtp/remove", ALICE).status == 200
    assert mail_manager.points == mail_manager.rule_sets == {}


@pytest.mark.usefixtures("alice")
def test_a_removal_stands_although_nothing_could_be_cleared_away(
    api: Api, cloud: Cloud, mail_manager: MailManager
) -> None:
    mail_manager.points.clear()
    mail_manager.refusals["DeleteRuleSet"] = "InternalFailure"

    assert api("/users/smtp/remove", ALICE).status == 200

    assert stored(cloud) is None


@pytest.mark.usefixtures("alice")
def test_what_cannot_be_cleared_away_does_not_keep_the_rest(api: Api, mail_manager: MailManager) -> None:
    api("/users/smtp/remove", ALICE)
    mail_manager.points["inp-0"] = {
        "IngressPointName": f"OpenTracking-u-{'1' * 24}",
        "IngressPointId": "inp-0",
        "RuleSetId": "rs-0",
        "Status": "ACTIVE",
        "Type": "AUTH",
    }
    mail_manager.settle()
    mail_manager.refusals["DeleteIngressPoint"] = "InternalFailure"

    api("/users/smtp/add", {"username": "bobby"})

    assert len(mail_manager.points) == 2
    assert len(mail_manager.rule_sets) == 1


@pytest.mark.usefixtures("alice")
def test_what_is_not_of_this_stack_is_left_alone(api: Api, mail_manager: MailManager) -> None:
    foreign = f"Another-u-{'0' * 24}"
    mail_manager.points["inp-0"] = {
        "IngressPointName": foreign,
        "IngressPointId": "inp-0",
        "RuleSetId": "rs-0",
        "Status": "ACTIVE",
        "Type": "AUTH",
    }
    mail_manager.rule_sets["rs-0"] = {"RuleSetName": foreign, "RuleSetId": "rs-0"}

    api("/users/smtp/remove", ALICE)
    mail_manager.settle()
    api("/users/smtp/add", {"username": "bobby"})

    assert "inp-0" in mail_manager.points
    assert "rs-0" in mail_manager.rule_sets


@pytest.mark.usefixtures("alice")
def test_users_cannot_be_viewed_while_mail_manager_does_not_tell(api: Api, mail_manager: MailManager) -> None:
    mail_manager.refusals["ListIngressPoints"] = "InternalFailure"

    assert api("/users/smtp/view").status == 503


def test_with_the_gateway_there_are_no_doors(api: Api) -> None:
    added = shown(api("/users/smtp/add", {**ALICE, "email_password": "correct horse"}))
    viewed = shown(api("/users/smtp/view"))
    edited = shown(api("/users/smtp/edit", {**ALICE, "status": "blocked"}, "PATCH"))
    removed = shown(api("/users/smtp/remove", ALICE))

    for user in (added, viewed, edited, removed):
        assert {user[f"smtp_{name}"] for name in ("username", "host", "status", "price")} == {None}
