"""`Ref` of an `AWS::SecretsManager::Secret` is its ARN; ministack answers with its name."""

from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

type Provisioned = tuple[str, dict[str, str]]


def close() -> None:
    """Make a secret's ARN its physical id; ministack's own handlers keep getting its name."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_by_arn(logical_id: str, props: dict[str, Any], stack_name: str) -> Provisioned:
        _, attributes = create(logical_id, props, stack_name)
        return attributes["Arn"], attributes

    def update_by_arn(
        arn: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, logical_id: str
    ) -> Provisioned:
        _, attributes = update(_name(arn), old, new, stack_name, logical_id)
        return attributes["Arn"], attributes

    def delete_by_arn(arn: str, props: dict[str, Any]) -> None:
        delete(_name(arn), props)

    handler.update(create=create_by_arn, update=update_by_arn, delete=delete_by_arn)


def _name(arn: str) -> str:
    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)
