"""The rights that the gateway needs, as an IAM policy: those of the stack's GatewayPolicy, and no more."""

import re
from typing import Any

from gateway.configuration import Stores

UNKNOWN_REGION = "REGION"
UNKNOWN_ACCOUNT = "ACCOUNT"
"""What stands in the policy for what nobody told."""

_QUEUE_URL = re.compile(
    r"https://sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<account>[0-9]{12})/(?P<name>[^/]+)"
)


def document(stores: Stores, *, region: str | None = None, account: str | None = None) -> dict[str, Any]:
    """The policy for some stores, ready to be written as JSON.

    Args:
        stores: The table, the bucket and the queue.
        region: Theirs; None is what the queue's URL says.
        account: Theirs, likewise.

    Source:
        Queue URLs and ARNs: Amazon SQS developer guide; partitions: AWS General Reference, "ARNs".
    """
    url = _QUEUE_URL.fullmatch(stores.outbox_queue)
    region = region or (url["region"] if url else UNKNOWN_REGION)
    account = account or (url["account"] if url else UNKNOWN_ACCOUNT)
    arn, place = f"arn:{_partition(region)}", f"{region}:{account}"
    queue = stores.outbox_queue.rpartition("/")[2]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for action, resource in (
                ("s3:PutObject", f"{arn}:s3:::{stores.outbox_bucket}/messages/*"),
                ("sqs:SendMessage", f"{arn}:sqs:{place}:{queue}"),
                ("dynamodb:GetItem", f"{arn}:dynamodb:{place}:table/{stores.settings_table}"),
                ("dynamodb:Query", f"{arn}:dynamodb:{place}:table/{stores.settings_table}"),
            )
        ],
    }


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
