"""From the Notifications table back to the webhooks' queue, once a minute: what was parked until now."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks import adapters

LOGGER = Logger()

WRITERS = 10
"""Items that are written at the same time."""

STOPS_BEFORE = timedelta(seconds=15)
"""How long before its time is up the function leaves the rest to its next run."""


def handle(_: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Queue what is due. A notification is in the queue before it is noted: it may get there twice.

    Returns:
        How many were `queued`.
    """
    queued = 0
    with ThreadPoolExecutor(WRITERS) as pool:
        for due in adapters.notifications().due(datetime.now(UTC)):
            if timedelta(milliseconds=context.get_remaining_time_in_millis()) < STOPS_BEFORE:
                LOGGER.warning("more is due than could be queued", queued=queued)
                break
            adapters.webhook_queue().send(progress.notification for progress in due)
            list(pool.map(adapters.notifications().queued, due))
            queued += len(due)
    LOGGER.info("queued what was due", queued=queued)
    return {"queued": queued}
