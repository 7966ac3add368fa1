"""From the readings' queue to the webhooks': fetches whose reading should have ended by now."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks.announcements import Batch

LOGGER = Logger()

_PROCESSOR = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Announce the queue's opens, or queue them again if their readings go on; failures stay in the queue."""
    process = partial(_process, Batch(datetime.now(UTC)))
    return dict(
        process_partial_response(event=event, record_handler=process, processor=_PROCESSOR, context=context)
    )


def _process(batch: Batch, record: SQSRecord) -> None:
    waiting = json.loads(record.body)
    try:
        batch.announce(waiting["email_id"], waiting["recipient"], waiting["event_id"])
    except Exception:
        LOGGER.exception("open not announced", **waiting)
        raise
