"""SES Mail Manager and Lambda's aliases as far as the API asks for them, behind boto3's own clients.

moto has no Mail Manager. This one keeps what it is told, and refuses what AWS's model or its own state
forbids.
"""

from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.model import OperationModel

from functions.api import adapters
from tests.requests import held_against_the_model

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:OpenTracking-Arrivals"
ENVIRONMENT = {
    "MAIL_MANAGER_STACK": "OpenTracking",
    "MAIL_MANAGER_FUNCTION": FUNCTION,
    "MAIL_MANAGER_ROLE": "arn:aws:iam::123456789012:role/OpenTracking-MailManager",
    "MAIL_MANAGER_USER_POLICY": "tp-users",
    "MAIL_MANAGER_IP_POLICY": "tp-ips",
    "MAIL_MANAGER_IP_RULE_SET": "rs-ips",
}
LOST = "lost"
"""In place of an error: the request is done, and its answer lost."""

type Fields = dict[str, Any]


class Refused(Exception):
    """The error that AWS answers with."""


@dataclass
class MailManager:
    """What there is: endpoints and rule sets by id, the function's aliases, and the door for addresses."""

    points: dict[str, Fields] = field(default_factory=dict)
    rule_sets: dict[str, Fields] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)
    ip_rules: list[Fields] = field(default_factory=list)
    admitted: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """By operation, what it answers with in place of doing what it is asked for."""

    is_late: bool = False
    """Whether lists leave out endpoints that are being made."""

    asked: list[str] = field(default_factory=list)
    """The operations that change something, in order."""

    _noted: list[Fields] = field(default_factory=list)
    """What requests that are under way ask for: another may begin while one does."""

    def stand_behind_the_api(self) -> None:
        user_doors, ip_door = adapters.user_doors(), adapters.ip_door()
        assert user_doors
        assert ip_door
        for client in (user_doors._mailmanager, ip_door._mailmanager, adapters.aliases()._lambda):
            held_against_the_model(client)
            client.meta.events.register("provide-client-params", self._note)
            client.meta.events.register("before-call", cast("Any", self._answer))

    def settle(self) -> None:
        """Time passes: what was being made or changed is there, and what was being removed is gone."""
        for number, point in [*self.points.items()]:
            if point["Status"] == "DEPROVISIONING":
                del self.points[number]
            elif point["Status"] == "PROVISIONING":
                point.update(Status="ACTIVE", ARecord=f"{number}.mail-manager-smtp.amazonaws.com")
            elif point["Status"] == "UPDATING":
                point.update(Status=point["StatusToUpdate"])

    def _note(self, params: Fields, **_: object) -> None:
        self._noted.append(params)

    def _answer(self, model: OperationModel, **_: object) -> tuple[AWSResponse, Fields]:
        name = model.name
        params = self._noted.pop()
        if not name.startswith(("List", "Get")):
            self.asked.append(name)
        refusal = self.refusals.get(name)
        if refusal and refusal != LOST:
            return _refused(refusal)
        try:
            answer = getattr(self, f"_{name}")(**params)
        except Refused as refused:
            return _refused(str(refused))
        if refusal == LOST:
            raise ReadTimeoutError(endpoint_url="https://aws")
        return _response(200), answer or {}

    _numbers = count(1)

    def _CreateIngressPoint(self, **made: Any) -> Fields:  # noqa: ANN401, N802 -- AWS's names
        if any(point["IngressPointName"] == made["IngressPointName"] for point in self.points.values()):
            raise Refused("ConflictException")
        number = f"inp-{next(self._numbers)}"
        self.points[number] = {**made, "IngressPointId": number, "Status": "PROVISIONING"}
        return {"IngressPointId": number}

    def _UpdateIngressPoint(self, IngressPointId: str, **changes: Any) -> None:  # noqa: ANN401, N802, N803
        point = self._settled(IngressPointId)
        point.update({"StatusToUpdate": point["Status"], **changes}, Status="UPDATING")

    def _DeleteIngressPoint(self, IngressPointId: str) -> None:  # noqa: N802, N803
        self._settled(IngressPointId)["Status"] = "DEPROVISIONING"

    def _ListIngressPoints(self, **_: object) -> Fields:  # noqa: N802
        shown = ("IngressPointName", "IngressPointId", "Status", "Type", "ARecord")
        return {
            "IngressPoints": [
                {name: point[name] for name in shown if name in point}
                for point in self.points.values()
                if not (self.is_late and point["Status"] == "PROVISIONING")
            ]
        }

    def _CreateRuleSet(self, **made: Any) -> Fields:  # noqa: ANN401, N802
        number = f"rs-{next(self._numbers)}"
        self.rule_sets[number] = {**made, "RuleSetId": number}
        return {"RuleSetId": number}

    def _DeleteRuleSet(self, RuleSetId: str) -> None:  # noqa: N802, N803
        if any(point["RuleSetId"] == RuleSetId for point in self.points.values()):
            raise Refused("ConflictException")
        del self.rule_sets[RuleSetId]

    def _ListRuleSets(self, **_: object) -> Fields:  # noqa: N802
        shown = ("RuleSetName", "RuleSetId")
        return {
            "RuleSets": [{name: rule_set[name] for name in shown} for rule_set in self.rule_sets.values()]
        }

    def _UpdateRuleSet(self, RuleSetId: str, Rules: list[Fields]) -> None:  # noqa: N802, N803
        assert RuleSetId == "rs-ips"
        self.ip_rules = Rules

    def _UpdateTrafficPolicy(self, TrafficPolicyId: str, PolicyStatements: list[Fields], **_: str) -> None:  # noqa: N802, N803
        assert TrafficPolicyId == "tp-ips"
        self.admitted = [
            network
            for statement in PolicyStatements
            for condition in statement["Conditions"]
            for expression in condition.values()
            for network in expression["Values"]
        ]

    def _CreateAlias(self, Name: str, **_: str) -> None:  # noqa: N802, N803
        if Name in self.aliases:
            raise Refused("ResourceConflictException")
        self.aliases.add(Name)

    def _GetAlias(self, Name: str, **_: str) -> None:  # noqa: N802, N803
        if Name not in self.aliases:
            raise Refused("ResourceNotFoundException")

    def _DeleteAlias(self, Name: str, **_: str) -> None:  # noqa: N802, N803
        self.aliases.discard(Name)

    def _settled(self, number: str) -> Fields:
        if number not in self.points:
            raise Refused("ResourceNotFoundException")
        if self.points[number]["Status"] in {"PROVISIONING", "DEPROVISIONING", "UPDATING"}:
            raise Refused("ConflictException")
        return self.points[number]


def _refused(code: str) -> tuple[AWSResponse, Fields]:
    status = 500 if code == "InternalFailure" else 400
    return _response(status), {
        "Error": {"Code": code, "Message": "because"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


def _response(status: int) -> AWSResponse:
    return AWSResponse("https://aws", status, HTTPHeaders(), None)
