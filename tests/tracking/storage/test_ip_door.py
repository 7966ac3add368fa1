"""What the door for addresses is told, to the letter."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from boto3 import Session

from tests.tracking.storage.mail_manager import HAND_OVER, Aws, address, handed_over
from tracking.errors import DoorBusy, DoorQuotaReached, MailManagerUnavailable
from tracking.mail import doors
from tracking.mail.credentials import CredentialStatus
from tracking.storage.ip_door import IpDoor


@pytest.fixture
def aws(session: Session) -> Iterator[Aws]:
    made = Aws.of(session)
    with made.said_by_mail_manager:
        yield made
        made.said_by_mail_manager.assert_no_pending_responses()


@pytest.fixture
def ip_door(aws: Aws) -> IpDoor:
    return IpDoor(aws.mailmanager, HAND_OVER, traffic_policy="tp-2", rule_set="rs-2")


def from_(*cidrs: str) -> dict[str, object]:
    return {
        "IpExpression": {
            "Evaluate": {"Attribute": "SOURCE_IP"},
            "Operator": "CIDR_MATCHES",
            "Values": [*cidrs],
        }
    }


def last_rule(*known: str) -> dict[str, object]:
    """The rule for what fits no other."""
    unless = [from_(*known)] if known else []
    name = "u-000000000000000000000000"
    return {"Name": name, "Conditions": [], "Unless": unless, "Actions": handed_over(name)}


def test_mail_that_no_rule_knows_is_handed_over_as_nobodys(aws: Aws, ip_door: IpDoor) -> None:
    aws.answers("update_rule_set", {}, RuleSetId="rs-2", Rules=[last_rule()])

    ip_door.tell_apart([])


def test_each_range_has_a_rule_that_leaves_narrower_ones_out(aws: Aws, ip_door: IpDoor) -> None:
    wide, narrow, six = address("198.51.100.0/24"), address("198.51.100.7"), address("2001:db8::/32")
    aws.answers(
        "update_rule_set",
        {},
        RuleSetId="rs-2",
        Rules=[
            {
                "Name": doors.slug(six),
                "Conditions": [from_("2001:0db8:0000:0000:0000:0000:0000:0000/32")],
                "Unless": [],
                "Actions": handed_over(doors.slug(six)),
            }
            if each is six
            else {
                "Name": doors.slug(each),
                "Conditions": [from_(network)],
                "Unless": unless,
                "Actions": handed_over(doors.slug(each)),
            }
            for each, network, unless in (
                (narrow, "198.51.100.7/32", []),
                (six, "", []),
                (wide, "198.51.100.0/24", [from_("198.51.100.7/32")]),
            )
        ]
        + [last_rule("198.51.100.7/32", "2001:0db8:0000:0000:0000:0000:0000:0000/32", "198.51.100.0/24")],
    )

    ip_door.tell_apart(doors.ranges([wide, narrow, six]))


def test_a_condition_has_at_most_ten_networks(aws: Aws, ip_door: IpDoor) -> None:
    known = [address("198.51.100.0/24"), *(address(f"198.51.100.{number}") for number in range(12))]
    seen: list[int] = []

    def note(params: dict[str, list[dict[str, list[dict[str, dict[str, list[str]]]]]]], **_: object) -> None:
        for rule in params["Rules"][-2:]:
            seen.extend(len(condition["IpExpression"]["Values"]) for condition in rule["Unless"])

    aws.mailmanager.meta.events.register("provide-client-params.mailmanager.UpdateRuleSet", note)
    aws.said_by_mail_manager.add_response("update_rule_set", {})

    ip_door.tell_apart(doors.ranges(known))

    assert seen == [10, 2, 10, 3]


def test_there_is_room_for_as_many_ranges_as_rules_but_the_last(aws: Aws, ip_door: IpDoor) -> None:
    known = [address(f"198.51.100.{number}") for number in range(40)]
    aws.said_by_mail_manager.add_response("update_rule_set", {})

    ip_door.check(doors.ranges(known[:39]))
    ip_door.tell_apart(doors.ranges(known[:39]))
    with pytest.raises(DoorQuotaReached, match="39"):
        ip_door.check(doors.ranges(known))


def test_what_is_not_admitted_is_denied(aws: Aws, ip_door: IpDoor) -> None:
    aws.answers(
        "update_traffic_policy",
        {},
        TrafficPolicyId="tp-2",
        DefaultAction="DENY",
        PolicyStatements=[
            {
                "Action": "ALLOW",
                "Conditions": [
                    {
                        "IpExpression": {
                            "Evaluate": {"Attribute": "SENDER_IP"},
                            "Operator": "CIDR_MATCHES",
                            "Values": ["198.51.100.0/24"],
                        }
                    }
                ],
            },
            {
                "Action": "ALLOW",
                "Conditions": [
                    {
                        "Ipv6Expression": {
                            "Evaluate": {"Attribute": "SENDER_IPV6"},
                            "Operator": "CIDR_MATCHES",
                            "Values": ["2001:0db8:0000:0000:0000:0000:0000:0000/32"],
                        }
                    }
                ],
            },
        ],
    )
    aws.answers(
        "update_traffic_policy", {}, TrafficPolicyId="tp-2", DefaultAction="DENY", PolicyStatements=[]
    )

    ip_door.admit(doors.ranges([address("198.51.100.0/24"), address("2001:db8::/32")]))
    ip_door.admit([])


def test_there_is_room_for_as_many_networks_as_a_policy_can_hold(ip_door: IpDoor) -> None:
    # A blocked address leaves 96 networks of each.
    wide = [address(f"2001:db{number}::/32") for number in range(3)]
    holes = [replace(address(f"2001:db{number}::1"), status=CredentialStatus.BLOCKED) for number in range(3)]

    ip_door.check(doors.ranges([*wide, *holes[:2]]))
    with pytest.raises(DoorQuotaReached, match="200"):
        ip_door.check(doors.ranges([*wide, *holes]))


@pytest.mark.parametrize(
    ("code", "error"), [("ConflictException", DoorBusy), ("ValidationException", MailManagerUnavailable)]
)
def test_a_refused_change_has_a_cause(aws: Aws, ip_door: IpDoor, code: str, error: type[Exception]) -> None:
    aws.refuses("update_rule_set", code)
    aws.refuses("update_traffic_policy", code)

    with pytest.raises(error):
        ip_door.tell_apart([])
    with pytest.raises(error):
        ip_door.admit([])
