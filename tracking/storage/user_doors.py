"""The doors of SMTP users at SES Mail Manager.

A user's door is an ingress endpoint of their own, the rule set behind it, and an alias of the function. Each
is called by the door's slug, and found again by that name: nothing of Mail Manager's has to be remembered.
"""

import re
from typing import TYPE_CHECKING, Final

from tracking.errors import MailManagerUnavailable
from tracking.mail.doors import DEPROVISIONING, PROVISIONING, SLUG_FORM, Door
from tracking.storage.aws import raising
from tracking.storage.mail_manager import Aliases, HandOver, refusing, unless_gone

if TYPE_CHECKING:
    from types_boto3_mailmanager import MailManagerClient
    from types_boto3_mailmanager.type_defs import TagTypeDef, UpdateIngressPointRequestTypeDef

TAG: Final = "open-tracking-stack"
"""The tag of endpoints and rule sets; the stack's name is its value. What is without it is not ours."""


class UserDoors:
    """The users' doors of one stack."""

    def __init__(
        self,
        mailmanager: "MailManagerClient",
        aliases: Aliases,
        hand_over: HandOver,
        *,
        stack: str,
        traffic_policy: str,
    ) -> None:
        """Find them.

        Args:
            mailmanager: The client.
            aliases: The function's.
            hand_over: What becomes of mail.
            stack: What the names begin with, and the value of `TAG`.
            traffic_policy: The id of the doors' traffic policy.
        """
        self._mailmanager = mailmanager
        self._aliases = aliases
        self._hand_over = hand_over
        self._stack = stack
        self._traffic_policy = traffic_policy

    def open(self, slug: str, password: str) -> Door:
        """Make a door. An alias or a rule set that is there already stays.

        Raises:
            DoorQuotaReached: The account has no room for another one; a part of it may be made.
            DoorBusy: There is an endpoint of that name.
            MailManagerUnavailable: Some or all of it may be made.
        """
        self._aliases.add(slug)
        rule_set = self.rule_sets().get(slug) or self._new_rule_set(slug)
        with refusing():
            made = self._mailmanager.create_ingress_point(
                # Where boto3 asks again because no answer came, no second one is made.
                ClientToken=slug,
                IngressPointName=self._name(slug),
                Type="AUTH",
                RuleSetId=rule_set,
                TrafficPolicyId=self._traffic_policy,
                IngressPointConfiguration={"SmtpPassword": password},
                NetworkConfiguration={"PublicNetworkConfiguration": {"IpType": "DUAL_STACK"}},
                Tags=self._tags,
            )
        return Door(slug, made["IngressPointId"], host=None, status=PROVISIONING)

    def all(self) -> dict[str, Door]:
        """All doors, by their slugs.

        Raises:
            MailManagerUnavailable: Mail Manager does not tell.
        """
        found = {}
        with raising(MailManagerUnavailable):
            for page in self._mailmanager.get_paginator("list_ingress_points").paginate():
                for point in page.get("IngressPoints", []):
                    slug = self._slug(point["IngressPointName"])
                    if slug:
                        status = point["Status"].lower()
                        found[slug] = Door(slug, point["IngressPointId"], point.get("ARecord"), status)
        return found

    def change(self, door: Door, *, password: str | None, is_open: bool | None) -> None:
        """Change what is given of a door. A former password is good for two weeks more.

        Args:
            door: As it is.
            password: The new one.
            is_open: Whether it is to take mail, or to refuse all.

        Raises:
            DoorBusy: The door is being made, changed or removed.
            MailManagerUnavailable: It may be changed.

        Source:
            SES developer guide, "Ingress endpoints".
        """
        request: UpdateIngressPointRequestTypeDef = {"IngressPointId": door.endpoint_id}
        if password:
            request["IngressPointConfiguration"] = {"SmtpPassword": password}
        if is_open is not None:
            request["StatusToUpdate"] = "ACTIVE" if is_open else "CLOSED"
        with refusing():
            self._mailmanager.update_ingress_point(**request)

    def remove(self, door: Door) -> None:
        """Remove a door's endpoint for good; nothing happens if it is gone, or going.

        Raises:
            DoorBusy: It is being made or changed.
            MailManagerUnavailable: It may be removed.
        """
        if door.status != DEPROVISIONING:
            with refusing(), unless_gone():
                self._mailmanager.delete_ingress_point(IngressPointId=door.endpoint_id)

    def rule_sets(self) -> dict[str, str]:
        """The ids of the rule sets, by the doors' slugs.

        Raises:
            MailManagerUnavailable: Mail Manager does not tell.
        """
        found = {}
        with raising(MailManagerUnavailable):
            for page in self._mailmanager.get_paginator("list_rule_sets").paginate():
                for rule_set in page["RuleSets"]:
                    slug = self._slug(rule_set["RuleSetName"])
                    if slug:
                        found[slug] = rule_set["RuleSetId"]
        return found

    def remove_rule_set(self, rule_set: str) -> None:
        """Remove a rule set by its id; nothing happens if it is gone.

        Raises:
            DoorBusy: The endpoint before it is not gone.
            MailManagerUnavailable: It may be removed.
        """
        with refusing(), unless_gone():
            self._mailmanager.delete_rule_set(RuleSetId=rule_set)

    @property
    def _tags(self) -> "list[TagTypeDef]":
        return [{"Key": TAG, "Value": self._stack}]

    def _name(self, slug: str) -> str:
        return f"{self._stack}-{slug}"

    def _slug(self, name: str) -> str | None:
        """The slug in a name; None if it is not the name of a door of this stack."""
        found = re.fullmatch(f"{re.escape(self._stack)}-({SLUG_FORM})", name)
        return found[1] if found else None

    def _new_rule_set(self, slug: str) -> str:
        with refusing():
            made = self._mailmanager.create_rule_set(
                ClientToken=slug,
                RuleSetName=self._name(slug),
                Rules=[{"Name": "all", "Actions": self._hand_over.actions(slug)}],
                Tags=self._tags,
            )
        return made["RuleSetId"]
