"""From the queue of events that wait to the outbox, when what failed works again."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.mail_manager.accepting import accept
from tracking.storage.incoming import decode

LOGGER = Logger()

_PROCESSOR = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Accept the queue's mails; those that could not be stay in the queue."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


def _process(record: SQSRecord) -> None:
    try:
        accept(*decode(record.body))
    except Exception:
        LOGGER.exception("not accepted")
        raise
