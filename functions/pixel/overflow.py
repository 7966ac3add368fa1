"""From the overflow queue to the history, when the Activity table answers again."""

import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.pixel.recording import Recorder
from tracking.errors import InvalidToken
from tracking.storage.activity import Activity
from tracking.storage.overflow import decode
from tracking.storage.secrets import PixelKeys

LOGGER = Logger()

_PROCESSOR = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Record the queue's fetches; those that could not be stored stay in the queue."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


def _process(record: SQSRecord) -> None:
    try:
        _recorder().record(*decode(record.body))
    except InvalidToken:
        # It was queued while the keys could not be read, so nobody had looked.
        LOGGER.info("not a token of ours")
    except Exception:
        LOGGER.exception("fetch not recorded")
        raise


@cache
def _recorder() -> Recorder:
    return Recorder(
        PixelKeys(boto3.client("secretsmanager"), os.environ["PIXEL_KEYS_SECRET"]),
        Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"]),
    )
