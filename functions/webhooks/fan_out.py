"""From the table's stream to the webhooks' queue; keeps summaries and daily counters on the way."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBRecordEventName,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks.announcements import Batch
from tracking.storage.activity_items import event_of

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

LOGGER = Logger()

_PROCESSOR = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Tell the webhooks' queue of the stream's new events; those that failed come again."""
    process = partial(_process, Batch(datetime.now(UTC)))
    return dict(
        process_partial_response(event=event, record_handler=process, processor=_PROCESSOR, context=context)
    )


def _process(batch: Batch, record: DynamoDBRecord) -> None:
    if record.event_name is not DynamoDBRecordEventName.INSERT:
        return
    image: dict[str, AttributeValueTypeDef] = record.raw_event["dynamodb"]["NewImage"]
    found = event_of(image)
    if found is None:
        return
    email_id, number, event = found
    try:
        batch.announce(email_id, number, event.event_id)
    except Exception:
        LOGGER.exception("event not announced", email_id=email_id, recipient=number)
        raise
