"""What Mail Manager is asked for, to the letter."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import botocore
import pytest
from boto3 import Session
from botocore.exceptions import ReadTimeoutError

from tests.tracking.storage.mail_manager import FUNCTION, HAND_OVER, Aws, handed_over
from tracking.errors import DoorBusy, DoorQuotaReached, MailManagerSilent, MailManagerUnavailable
from tracking.mail.doors import Door
from tracking.storage.ip_door import IpDoor
from tracking.storage.user_doors import UserDoors

SLUG = "u-" + "0a" * 12
OTHER = "u-" + "1b" * 12
TAGS = [{"Key": "open-tracking-stack", "Value": "OpenTracking"}]
DOOR = Door(SLUG, "inp-1", "x.mail-manager-smtp.eu-central-1.amazonaws.com", "active")


@pytest.fixture
def aws(session: Session) -> Iterator[Aws]:
    made = Aws.of(session)
    with made.said_by_mail_manager, made.said_by_lambda:
        yield made
        made.said_by_mail_manager.assert_no_pending_responses()
        made.said_by_lambda.assert_no_pending_responses()


@pytest.fixture
def user_doors(aws: Aws) -> UserDoors:
    return UserDoors(aws.mailmanager, aws.aliases, HAND_OVER, stack="OpenTracking", traffic_policy="tp-1")


def point(slug: str, status: str = "ACTIVE", stack: str = "OpenTracking", **more: str) -> dict[str, Any]:
    name = f"{stack}-{slug}"
    return {
        "IngressPointName": name,
        "IngressPointId": f"inp-{slug[-2:]}",
        "Status": status,
        "Type": "AUTH",
        **more,
    }


def lists_rule_sets(aws: Aws, *slugs: str) -> None:
    named = [{"RuleSetName": f"OpenTracking-{slug}", "RuleSetId": f"rs-{slug[-2:]}"} for slug in slugs]
    aws.answers("list_rule_sets", {"RuleSets": [{"RuleSetName": "mine", "RuleSetId": "rs-0"}, *named]})


def lists_points(aws: Aws, *points: dict[str, Any]) -> None:
    aws.answers("list_ingress_points", {"IngressPoints": [*points]})


def expects_alias(aws: Aws) -> None:
    request = {"FunctionName": FUNCTION, "Name": SLUG, "FunctionVersion": "$LATEST"}
    aws.said_by_lambda.add_response("create_alias", {}, request)


def expects_endpoint(aws: Aws, rule_set: str) -> None:
    aws.answers(
        "create_ingress_point",
        {"IngressPointId": "inp-1"},
        ClientToken=SLUG,
        IngressPointName=f"OpenTracking-{SLUG}",
        Type="AUTH",
        RuleSetId=rule_set,
        TrafficPolicyId="tp-1",
        IngressPointConfiguration={"SmtpPassword": "correct-horse"},
        NetworkConfiguration={"PublicNetworkConfiguration": {"IpType": "DUAL_STACK"}},
        Tags=TAGS,
    )


def test_a_door_is_an_alias_a_rule_set_of_one_rule_and_an_endpoint(aws: Aws, user_doors: UserDoors) -> None:
    expects_alias(aws)
    lists_rule_sets(aws)
    aws.answers(
        "create_rule_set",
        {"RuleSetId": "rs-1"},
        ClientToken=SLUG,
        RuleSetName=f"OpenTracking-{SLUG}",
        Rules=[{"Name": "all", "Actions": handed_over(SLUG)}],
        Tags=TAGS,
    )
    expects_endpoint(aws, "rs-1")

    door = user_doors.open(SLUG, "correct-horse")

    assert door == Door(SLUG, "inp-1", None, "provisioning")


def test_what_is_there_of_a_door_already_is_used(aws: Aws, user_doors: UserDoors) -> None:
    aws.said_by_lambda.add_client_error("create_alias", "ResourceConflictException")
    aws.said_by_lambda.add_response("get_alias", {}, {"FunctionName": FUNCTION, "Name": SLUG})
    lists_rule_sets(aws, OTHER, SLUG)
    expects_endpoint(aws, "rs-0a")

    user_doors.open(SLUG, "correct-horse")


def test_an_alias_that_is_not_there_because_lambda_is_busy_is_an_error(
    aws: Aws, user_doors: UserDoors
) -> None:
    aws.said_by_lambda.add_client_error("create_alias", "ResourceConflictException")
    aws.said_by_lambda.add_client_error("get_alias", "ResourceNotFoundException")

    with pytest.raises(MailManagerUnavailable):
        user_doors.open(SLUG, "correct-horse")


@pytest.mark.parametrize("status", [500, 503])
def test_what_fails_at_aws_may_be_done(aws: Aws, user_doors: UserDoors, status: int) -> None:
    aws.said_by_mail_manager.add_client_error("delete_rule_set", http_status_code=status)

    with pytest.raises(MailManagerSilent):
        user_doors.remove_rule_set("rs-0a")


def test_what_is_not_answered_may_be_done(aws: Aws, user_doors: UserDoors) -> None:
    def fail(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://aws")

    aws.mailmanager.meta.events.register_first("before-call.mailmanager.DeleteRuleSet", fail)
    aws.said_by_mail_manager.deactivate()

    with pytest.raises(MailManagerSilent):
        user_doors.remove_rule_set("rs-0a")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ServiceQuotaExceededException", DoorQuotaReached),
        ("ConflictException", DoorBusy),
        ("ValidationException", MailManagerUnavailable),
        ("ThrottlingException", MailManagerUnavailable),
    ],
)
def test_what_mail_manager_refuses_has_a_cause(
    aws: Aws, user_doors: UserDoors, code: str, error: type[Exception]
) -> None:
    expects_alias(aws)
    lists_rule_sets(aws)
    aws.refuses("create_rule_set", code)

    with pytest.raises(error):
        user_doors.open(SLUG, "correct-horse")


def test_a_function_that_has_no_room_for_an_alias_is_a_quota_too(aws: Aws, user_doors: UserDoors) -> None:
    aws.said_by_lambda.add_client_error("create_alias", "AliasLimitExceededException")

    with pytest.raises(DoorQuotaReached):
        user_doors.open(SLUG, "correct-horse")


def test_the_doors_of_this_stack_are_listed_and_no_others(aws: Aws, user_doors: UserDoors) -> None:
    aws.answers(
        "list_ingress_points",
        {
            "IngressPoints": [
                point(SLUG, ARecord="x.example.com"),
                point(OTHER, stack="Another"),
                point("archive"),
            ],
            "NextToken": "more",
        },
    )
    aws.answers("list_ingress_points", {"IngressPoints": [point(OTHER, "PROVISIONING")]}, NextToken="more")

    assert user_doors.all() == {
        SLUG: Door(SLUG, "inp-0a", "x.example.com", "active"),
        OTHER: Door(OTHER, "inp-1b", None, "provisioning"),
    }


def test_a_password_and_whether_a_door_is_open_are_changed_at_once(aws: Aws, user_doors: UserDoors) -> None:
    aws.answers(
        "update_ingress_point",
        {},
        IngressPointId="inp-1",
        IngressPointConfiguration={"SmtpPassword": "a-new-horse"},
        StatusToUpdate="ACTIVE",
    )
    aws.answers("update_ingress_point", {}, IngressPointId="inp-1", StatusToUpdate="CLOSED")

    user_doors.change(DOOR, password="a-new-horse", is_open=True)
    user_doors.change(DOOR, password=None, is_open=False)


def test_an_endpoint_is_removed_unless_it_is_gone_or_going(aws: Aws, user_doors: UserDoors) -> None:
    aws.answers("delete_ingress_point", {}, IngressPointId="inp-1")
    aws.refuses("delete_ingress_point", "ResourceNotFoundException")

    for status in ("active", "failed", "deprovisioning"):
        user_doors.remove(replace(DOOR, status=status))


def test_an_endpoint_that_is_being_made_cannot_be_removed(aws: Aws, user_doors: UserDoors) -> None:
    aws.refuses("delete_ingress_point", "ConflictException")

    with pytest.raises(DoorBusy):
        user_doors.remove(replace(DOOR, status="provisioning"))


def test_the_rule_sets_of_this_stack_are_listed_and_no_others(aws: Aws, user_doors: UserDoors) -> None:
    lists_rule_sets(aws, SLUG, OTHER)

    assert user_doors.rule_sets() == {SLUG: "rs-0a", OTHER: "rs-1b"}


def test_a_rule_set_is_removed_unless_it_is_gone(aws: Aws, user_doors: UserDoors) -> None:
    aws.answers("delete_rule_set", {}, RuleSetId="rs-0a")
    aws.refuses("delete_rule_set", "ResourceNotFoundException")

    for _ in range(2):
        user_doors.remove_rule_set("rs-0a")


def test_a_rule_set_stays_as_long_as_its_endpoint_is_there(aws: Aws, user_doors: UserDoors) -> None:
    aws.refuses("delete_rule_set", "ConflictException")

    with pytest.raises(DoorBusy):
        user_doors.remove_rule_set("rs-0a")


def test_an_alias_is_taken_away_unless_it_is_gone(aws: Aws) -> None:
    aws.said_by_lambda.add_response("delete_alias", {}, {"FunctionName": FUNCTION, "Name": SLUG})
    aws.said_by_lambda.add_client_error("delete_alias", "ResourceNotFoundException")

    for _ in range(2):
        aws.aliases.remove(SLUG)


def test_where_botocore_is_too_old_for_mail_manager_the_error_says_which_it_is(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailmanager = session.client("mailmanager")
    shapes = cast("Any", mailmanager.meta.service_model)._service_description["shapes"]
    monkeypatch.delitem(shapes["RuleAction"]["members"], "InvokeLambda")
    door = IpDoor(mailmanager, HAND_OVER, traffic_policy="tp-2", rule_set="rs-2")

    with pytest.raises(MailManagerUnavailable, match=f"botocore {botocore.__version__}: .*\n.*InvokeLambda"):
        door.tell_apart([])


def test_a_request_that_aws_would_not_take_is_noticed_here(user_doors: UserDoors) -> None:
    with pytest.raises(AssertionError, match="SmtpPassword"):
        user_doors.change(DOOR, password="a blank", is_open=None)
