"""Reading a CloudFormation template, in a test's words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_HASH = re.compile(r"[0-9A-F]{8}$")

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""CloudFront's managed cache policy."""

type Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    content: Mapping[str, Any]

    @property
    def resources(self) -> Mapping[str, Properties]:
        resources: Mapping[str, Properties] = self.content["Resources"]
        return resources

    def of_type(self, kind: str) -> dict[str, Properties]:
        """Properties of all resources of a type, by logical id without its hash."""
        return {
            named(logical_id): resource.get("Properties", {})
            for logical_id, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def dependencies_of(self, name: str) -> set[str]:
        """What is made before a resource, by logical id without its hash."""
        (resource,) = (
            resource for logical_id, resource in self.resources.items() if named(logical_id) == name
        )
        return {named(logical_id) for logical_id in resource.get("DependsOn", [])}

    def policies_of(self, role: str) -> Iterator[Properties]:
        """The statements of a role's policies."""
        for policy in self.of_type("AWS::IAM::Policy").values():
            if [spelled(name) for name in policy["Roles"]] == [role]:
                yield from policy["PolicyDocument"]["Statement"]

    def rights_of(self, role: str) -> set[str]:
        """What a role may do, as `action on resource`."""
        return {right for statement in self.policies_of(role) for right in rights(statement)}


def distribution(template: Template, part: str) -> Properties:
    """The configuration of the distribution of `Tracking` or `Dashboard`."""
    config: Properties = template.of_type("AWS::CloudFront::Distribution")[f"{part}Distribution"][
        "DistributionConfig"
    ]
    return config


def behaviors(config: Properties) -> dict[str, Properties]:
    """A distribution's behaviours by path pattern."""
    return {behavior["PathPattern"]: behavior for behavior in config["CacheBehaviors"]}


def rights(statement: Properties) -> Iterator[str]:
    """What a statement allows, as `action on resource`."""
    assert statement["Effect"] == "Allow"
    assert statement.keys() <= {"Effect", "Action", "Resource"}
    for action in _listed(statement["Action"]):
        for resource in _listed(statement["Resource"]):
            yield f"{action} on {spelled(resource)}"


def named(logical_id: str) -> str:
    """A logical id without the hash that CDK appends."""
    return _HASH.sub("", logical_id)


def spelled(value: object) -> str:
    """A value with its references replaced by the names of what they refer to."""
    match value:
        case str():
            return value
        case {"Ref": str(logical_id)}:
            return named(logical_id)
        case {"Fn::GetAtt": [str(logical_id), "Arn"]}:
            return named(logical_id)
        case {"Fn::GetAtt": [str(logical_id), str(attribute)]}:
            return f"{named(logical_id)}.{attribute}"
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(spelled(part) for part in parts)
        case _:
            raise ValueError(value)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
