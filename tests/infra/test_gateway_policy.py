"""What the gateway says it needs is what the stack's policy for it gives."""

from gateway import policy
from gateway.configuration import Stores
from tests.infra.templates import Template, rights

STORES = Stores(
    "TablesSettings", "OutboxMessages", "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
)
NAMES = {
    "arn:aws:s3:::OutboxMessages/messages/*": "OutboxMessages/messages/*",
    "arn:aws:sqs:eu-central-1:123456789012:queue": "OutboxEnvelopesQueue",
    "arn:aws:dynamodb:eu-central-1:123456789012:table/TablesSettings": "TablesSettings",
}


def test_the_printed_policy_has_the_rights_of_the_stacks(template: Template) -> None:
    statements = template.of_type("AWS::IAM::ManagedPolicy")["GatewayPolicy"]["PolicyDocument"]["Statement"]
    printed = policy.document(STORES)["Statement"]

    assert {f"{each['Action']} on {NAMES[each['Resource']]}" for each in printed} == {
        right for statement in statements for right in rights(statement)
    }
