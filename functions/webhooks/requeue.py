"""From the Notifications table back to the webhooks' queue, once a minute: what was parked until now."""

from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks import adapters

LOGGER = Logger()

BATCH = 10
"""What is queued at once."""

STOPS_BEFORE = timedelta(seconds=10)
"""How long before its time is up the function leaves the rest to its next run."""


def handle(_: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Queue what is due. A notification is in the queue before it is noted: it may get there twice.

    Returns:
        How many were `queued`.
    """
    queued = 0
    for due in batched(adapters.notifications().due(datetime.now(UTC)), BATCH, strict=False):
        adapters.webhook_queue().send(progress.notification for progress in due)
        for progress in due:
            adapters.notifications().queued(progress)
        queued += len(due)
        if timedelta(milliseconds=context.get_remaining_time_in_millis()) < STOPS_BEFORE:
            break
    LOGGER.info("queued what was due", queued=queued)
    return {"queued": queued}
