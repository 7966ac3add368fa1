"""What only the access log saw.

| in the log | why nobody recorded it |
|---|---|
| an image of another length than the function's | the function was down or slow, and CloudFront answered |
| the function's image for what it could not record | table and queue were both out of order |
| an error, 429 among them | the function was throttled, or CloudFront's own image was not to be had |
| status 000 for a pixel | the viewer left before the answer; the function may have recorded it or not |
| status 000 for a hop | the mail was closed: the time taken belongs to the reading |

Whatever is there already stays as it is, because the request's id is the event's.
"""

import json
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.pixel import images, requests
from functions.pixel.recording import Recorder, verified
from tracking import tokens
from tracking.errors import InvalidToken
from tracking.opens import reading, viewers
from tracking.opens.fetches import MAX_HEADER, MAX_USER_AGENT, Fetch, Witness
from tracking.storage.access_logs import VIEWER_GONE, AccessLogs, LoggedRequest
from tracking.storage.activity import Activity
from tracking.storage.secrets import PixelKeys

LOGGER = Logger()

AT_ONCE = 8
"""Requests that are recovered at the same time."""

WAITING = 500
"""Requests that wait for that in memory."""

_PROCESSOR = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Look into the logs that S3 tells of; those that failed stay in the queue."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


def _process(record: SQSRecord) -> None:
    # S3 also tells that it was asked to tell: that has no records.
    for told in json.loads(record.body).get("Records", []):
        key = unquote_plus(told["s3"]["object"]["key"])
        try:
            LOGGER.info("log read", key=key, looked_into=_read(key))
        except Exception:
            LOGGER.exception("log not read", key=key)
            raise


def _read(key: str) -> int:
    """Recover what a log has; how many requests there were to look into."""
    running: deque[Future[None]] = deque()
    looked_into = 0
    logged = _access_logs().requests(key, requests.PIXEL_PREFIX, requests.HOP_PREFIX)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for request in filter(_is_open, logged):
            looked_into += 1
            if len(running) == WAITING:
                running.popleft().result()
            running.append(pool.submit(_recover, request))
    for recovered in running:
        recovered.result()
    return looked_into


def _is_open(request: LoggedRequest) -> bool:
    """Whether the request tells something that perhaps nobody knows."""
    if request.method != "GET":
        return False
    if request.path.startswith(requests.HOP_PREFIX):
        return request.status == VIEWER_GONE
    is_unrecorded_image = request.status == "200" and request.content_length != len(images.RECORDED)
    return is_unrecorded_image or request.status == VIEWER_GONE or request.status >= "400"


def _recover(request: LoggedRequest) -> None:
    """Append what a request tells, unless it is there."""
    try:
        if text := requests.pixel_token(request.path):
            _recorder().record(text, _fetch(request))
        elif text := requests.hop_token(request.path):
            _refine(text, request)
    except InvalidToken:
        LOGGER.info("not a token of ours")


def _refine(text: str, request: LoggedRequest) -> None:
    token = verified(tokens.verify_hop, text, _recorder().keys)
    # The log has whole seconds, cut off.
    if not any(
        reading.is_in_time(token.fetched_at, token.hop, request.started_at + late)
        for late in (timedelta(0), timedelta(seconds=1))
    ):
        return
    open_for = min(reading.STEP * (token.hop - 1) + request.taken, reading.LONGEST)
    _recorder().activity.note_milliseconds(
        token.pixel.email_id,
        token.pixel.recipient,
        token.event_id,
        int(open_for.total_seconds() * 1000),
    )


def _fetch(request: LoggedRequest) -> Fetch:
    return Fetch(
        event_id=request.request_id,
        at=request.started_at,
        method=request.method,
        user_agent=request.user_agent[:MAX_USER_AGENT],
        address=viewers.address(request.address),
        headers={"referer": request.referer[:MAX_HEADER]} if request.referer else {},
        witness=Witness.ACCESS_LOG,
    )


@cache
def _access_logs() -> AccessLogs:
    return AccessLogs(boto3.client("s3"), os.environ["LOG_BUCKET"])


@cache
def _recorder() -> Recorder:
    return Recorder(
        PixelKeys(boto3.client("secretsmanager"), os.environ["PIXEL_KEYS_SECRET"]),
        Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"]),
    )
