"""A batch to a queue needs the right to send one; ministack asks for a right that IAM does not know."""

from typing import Any

from ministack.core import iam_evaluator

BATCH = "Batch"


def close() -> None:
    """Authorise `SendMessageBatch` and its like as AWS does, as `sqs:SendMessage` and so on.

    It has to be the last to wrap IAM's decisions, so that those that are written down name the right.

    Source:
        Service authorization reference, "Actions, resources, and condition keys for Amazon SQS".
    """
    enforce = iam_evaluator.enforce

    def enforce_the_single(access_key_id: str, action: str, *others: Any, **context: Any) -> Any:
        if action.startswith("sqs:"):
            action = action.removesuffix(BATCH)
        return enforce(access_key_id, action, *others, **context)

    iam_evaluator.enforce = enforce_the_single
