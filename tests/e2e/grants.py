"""What each function's role allows in the running system, and the system without one of it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from tests.e2e.conftest import LocalSystem

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

RECORDING = ("Pixel", "Hold", "Drain", "Recover")
ANNOUNCING = ("FanOut", "ReadingsEnd", "Deliver", "Requeue")
FUNCTIONS = (*RECORDING, "Inject", "Feedback", "Api", *ANNOUNCING)


@dataclass(frozen=True, slots=True)
class Grant:
    function: str
    role: str
    policy: str
    action: str
    resource: str


@cache
def grants(system: LocalSystem) -> tuple[Grant, ...]:
    """Each action on each resource that a function's role allows."""
    iam = boto3.client("iam", **system.access)
    return tuple(
        Grant(function, role["RoleName"], policy, action, resource)
        for role in iam.list_roles()["Roles"]
        if (function := function_of(role["RoleName"]))
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        for statement in _document(system, role["RoleName"], policy)["Statement"]
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    )


def _document(system: LocalSystem, role: str, policy: str) -> dict[str, Any]:
    iam = boto3.client("iam", **system.access)
    document: Any = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    parsed: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return parsed


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def function_of(name: str) -> str | None:
    """Whose role, or session of a role, this is; None if it is no function's."""
    return next((function for function in FUNCTIONS if f"OpenTracking-{function}Role" in name), None)


@contextmanager
def withdrawn(system: LocalSystem, grant: Grant) -> Iterator[None]:
    """The function without this right, and without what it remembers."""
    iam = boto3.client("iam", **system.access)
    document = _document(system, grant.role, grant.policy)
    without = [
        {**statement, "Action": action, "Resource": resource}
        for statement in document["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
        if (action, resource) != (grant.action, grant.resource)
    ]
    _put(iam, grant, {**document, "Statement": without})
    _restart(system, grant.function)
    try:
        yield
    finally:
        _put(iam, grant, document)


def _put(iam: "IAMClient", grant: Grant, document: dict[str, Any]) -> None:
    iam.put_role_policy(RoleName=grant.role, PolicyName=grant.policy, PolicyDocument=json.dumps(document))


def _restart(system: LocalSystem, function: str) -> None:
    """Let the function start anew: a changed environment does that."""
    functions = boto3.client("lambda", **system.access)
    (found,) = [
        candidate
        for page in functions.get_paginator("list_functions").paginate()
        for candidate in page["Functions"]
        if function_of(candidate["Role"]) == function
    ]
    variables = found["Environment"]["Variables"] | {"STARTED_AT": str(time.time_ns())}
    functions.update_function_configuration(
        FunctionName=found["FunctionName"], Environment={"Variables": variables}
    )
