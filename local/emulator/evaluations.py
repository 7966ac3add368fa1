"""Every decision about an IAM principal is written down, for the audit of rights; ministack keeps none."""

import json
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id


def close(log: Path) -> None:
    """Append each decision to `log`, one JSON object a line: principal, action, resource, allowed.

    The administrator is not evaluated, neither here nor in AWS, and so not in the log. Nor are the pollers of
    event sources and the writing of a function's own log: ministack does both without asking.
    """
    enforce = iam_evaluator.enforce

    def enforce_in_writing(
        access_key_id: str, action: str, service: str, region: str, resource_arn: str = "*", **context: Any
    ) -> Any:
        denied = enforce(access_key_id, action, service, region, resource_arn, **context)
        principal = iam_evaluator.resolve_principal(access_key_id or "", get_account_id())
        if getattr(principal, "policies", None) is not None:
            decision = {
                "principal": principal.arn,
                "action": action,
                "resource": resource_arn,
                "allowed": denied is None,
            }
            with log.open("a") as lines:
                lines.write(json.dumps(decision) + "\n")
        return denied

    iam_evaluator.enforce = enforce_in_writing
