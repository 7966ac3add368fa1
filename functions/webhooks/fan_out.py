"""From the table's stream to the webhooks' queue; keeps the deliveries' summaries on the way."""

import json
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBRecordEventName,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks import payloads
from tracking.errors import StaleVersion
from tracking.mail import deliveries
from tracking.mail.deliveries import Event, History
from tracking.storage.activity import Activity
from tracking.storage.activity_items import event_of
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from types_boto3_sqs import SQSClient

LOGGER = Logger()

SUMMARY_ATTEMPTS = 3
"""How often a summary is computed anew because another writer was first, before the stream tries again."""

_PROCESSOR = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Tell the webhooks' queue of the stream's new events; those that failed come again."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


def _process(record: DynamoDBRecord) -> None:
    if record.event_name is not DynamoDBRecordEventName.INSERT:
        return
    image: dict[str, AttributeValueTypeDef] = record.raw_event["dynamodb"]["NewImage"]
    found = event_of(image)
    if found is None:
        return
    email_id, number, event = found
    try:
        history = _current(email_id, number, event)
        if history is not None:
            _announce(history, event)
    except Exception:
        LOGGER.exception("event not announced", email_id=email_id, recipient=number)
        raise


def _current(email_id: str, number: int, event: Event) -> History | None:
    """The delivery's history, whose summary is as it says."""
    for _ in range(SUMMARY_ATTEMPTS):
        history = _activity().history(email_id, number)
        if history is None or event.type is not deliveries.EventType.FETCHED:
            return history
        if history.delivery.summary == history.summary():
            return history
        try:
            _activity().write_summary(history.delivery, history.summary())
        except StaleVersion:
            continue
        return history
    raise StaleVersion(f"the summary of {email_id} changed {SUMMARY_ATTEMPTS} times while it was computed")


def _announce(history: History, event: Event) -> None:
    """Queue one message for each endpoint that wants to hear of the event."""
    email_id = history.delivery.email_id
    message = _activity().messages([email_id])[email_id]
    # The stream's event and the history's are equal; a fetch is recognised in the history by identity.
    told = next(found for found in history.events if found.event_id == event.event_id)
    payload = payloads.describe(message, history, told)
    for endpoint in _settings().endpoints():
        if endpoint.wants(event.type, message.credential_id):
            _sqs().send_message(
                QueueUrl=os.environ["WEBHOOK_QUEUE"],
                MessageGroupId=str(endpoint.id),
                MessageBody=json.dumps(
                    {
                        "endpoint": endpoint.id,
                        "webhook_id": payloads.webhook_id(endpoint, payload),
                        "payload": payload,
                    }
                ),
            )


@cache
def _activity() -> Activity:
    return Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def _settings() -> Settings:
    return Settings(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def _sqs() -> "SQSClient":
    return boto3.client("sqs")
