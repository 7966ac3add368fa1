"""The one door of SES Mail Manager for authenticated addresses: what it lets in, and whose that is.

The endpoint, its traffic policy and its rule set are the template's; their content is written here.
"""

from collections.abc import Iterable
from itertools import batched
from typing import TYPE_CHECKING, Final

from tracking.errors import DoorQuotaReached
from tracking.mail import doors
from tracking.mail.doors import NOBODY, Range
from tracking.storage.mail_manager import HandOver, refusing

if TYPE_CHECKING:
    from types_boto3_mailmanager import MailManagerClient
    from types_boto3_mailmanager.type_defs import PolicyStatementTypeDef, RuleConditionTypeDef, RuleTypeDef

MAX_RANGES: Final = 39
"""One less than the rules of a rule set: the last is for what no other fits.

Source: SES developer guide, "Service quotas".
"""

MAX_STATEMENTS: Final = 20
"""Statements of a traffic policy. Source: SES developer guide, "Service quotas"."""

MAX_NETWORKS: Final = 10
"""Networks in a condition. Source: Mail Manager API reference, "RuleIpExpression"."""


class IpDoor:
    """The door for addresses."""

    def __init__(
        self,
        mailmanager: "MailManagerClient",
        hand_over: HandOver,
        *,
        traffic_policy: str,
        rule_set: str,
    ) -> None:
        """Find it; `traffic_policy` and `rule_set` are ids."""
        self._mailmanager = mailmanager
        self._hand_over = hand_over
        self._traffic_policy = traffic_policy
        self._rule_set = rule_set

    def check(self, ranges: list[Range]) -> None:
        """See whether the door has room for these ranges.

        Args:
            ranges: As `doors.ranges` returns them.

        Raises:
            DoorQuotaReached: It has not.
        """
        if len(ranges) > MAX_RANGES:
            raise DoorQuotaReached(f"it tells at most {MAX_RANGES} addresses and ranges apart")
        if len(_statements(ranges)) > MAX_STATEMENTS:
            most = MAX_STATEMENTS * MAX_NETWORKS
            raise DoorQuotaReached(
                f"it admits at most {most} networks, and a blocked range within an allowed one leaves several"
            )

    def tell_apart(self, ranges: list[Range]) -> None:
        """Have mail from each range handed over as its credential's, and other mail as nobody's.

        Args:
            ranges: Those that `check` has seen; the function has their aliases.

        Raises:
            DoorBusy: Another change is under way.
            MailManagerUnavailable: The change may be made.
        """
        with refusing():
            self._mailmanager.update_rule_set(
                RuleSetId=self._rule_set, Rules=[*map(self._rule, ranges), self._last_rule(ranges)]
            )

    def admit(self, ranges: list[Range]) -> None:
        """Let mail from those of these ranges in that are not blocked, and no other.

        Args:
            ranges: Those that `check` has seen.

        Raises:
            DoorBusy: Another change is under way.
            MailManagerUnavailable: The change may be made.
        """
        with refusing():
            self._mailmanager.update_traffic_policy(
                TrafficPolicyId=self._traffic_policy,
                DefaultAction="DENY",
                PolicyStatements=_statements(ranges),
            )

    def _rule(self, range_: Range) -> "RuleTypeDef":
        slug = doors.slug(range_.credential)
        return {
            "Name": slug,
            "Conditions": [_comes_from([doors.cidr(range_.network)])],
            # The rule does not hold where any of these does.
            "Unless": [_comes_from(cidrs) for cidrs in _some(map(doors.cidr, range_.narrower))],
            "Actions": self._hand_over.actions(slug),
        }

    def _last_rule(self, ranges: list[Range]) -> "RuleTypeDef":
        """What fits no other rule would be gone without a word."""
        return {
            "Name": NOBODY,
            "Conditions": [],
            "Unless": [_comes_from(cidrs) for cidrs in _some(doors.cidr(each.network) for each in ranges)],
            "Actions": self._hand_over.actions(NOBODY),
        }


def _some(cidrs: Iterable[str]) -> list[list[str]]:
    """As many at a time as a condition may have."""
    return [list(batch) for batch in batched(cidrs, MAX_NETWORKS, strict=False)]


def _statements(ranges: list[Range]) -> "list[PolicyStatementTypeDef]":
    by_version: dict[int, list[str]] = {4: [], 6: []}
    for network in doors.admitted(ranges):
        by_version[network.version].append(doors.cidr(network))
    return [*map(_admitting_v4, _some(by_version[4])), *map(_admitting_v6, _some(by_version[6]))]


def _comes_from(cidrs: list[str]) -> "RuleConditionTypeDef":
    return {
        "IpExpression": {
            "Evaluate": {"Attribute": "SOURCE_IP"},
            "Operator": "CIDR_MATCHES",
            "Values": cidrs,
        }
    }


def _admitting_v4(cidrs: list[str]) -> "PolicyStatementTypeDef":
    return {
        "Action": "ALLOW",
        "Conditions": [
            {
                "IpExpression": {
                    "Evaluate": {"Attribute": "SENDER_IP"},
                    "Operator": "CIDR_MATCHES",
                    "Values": cidrs,
                }
            }
        ],
    }


def _admitting_v6(cidrs: list[str]) -> "PolicyStatementTypeDef":
    return {
        "Action": "ALLOW",
        "Conditions": [
            {
                "Ipv6Expression": {
                    "Evaluate": {"Attribute": "SENDER_IPV6"},
                    "Operator": "CIDR_MATCHES",
                    "Values": cidrs,
                }
            }
        ],
    }
