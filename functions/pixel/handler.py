"""Always the image, and a record of who asked for it.

Each rung of the ladder is taken when the one above fails:

1. the Activity table, within half a second
2. the overflow queue, which `overflow` drains
3. a log line with the request's headers, and the image by which `recover` knows the request in the access log
"""

import os
from dataclasses import replace
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from functions.pixel import images, requests
from functions.pixel.images import Answer
from functions.pixel.recording import Recorder
from tracking import tokens
from tracking.errors import InvalidToken, UnknownKey
from tracking.opens import rules
from tracking.opens.fetches import Fetch
from tracking.opens.reading import Reading
from tracking.storage.activity import Activity
from tracking.storage.overflow import Overflow
from tracking.storage.secrets import PixelKeys
from tracking.tokens import HopToken, PixelToken

LOGGER = Logger()

# CloudFront waits three seconds for all of it. A read and a write, each with a connection, are half a second.
_STORE = Config(connect_timeout=0.05, read_timeout=0.2, retries={"total_max_attempts": 1})
_KEYS = Config(connect_timeout=0.25, read_timeout=0.5, retries={"total_max_attempts": 1})
_QUEUE = Config(connect_timeout=0.25, read_timeout=0.75, retries={"total_max_attempts": 1})


def handle(event: dict[str, Any], _context: object) -> Answer:
    """Answer a function URL's event with the image, whatever happens, and record the fetch."""
    try:
        return _answer(event)
    except Exception:
        # A broken image in somebody's inbox is worse than an open that comes from the log later.
        LOGGER.exception("fetch not stored", path=event.get("rawPath"), fetch=event.get("headers"))
        return images.image(images.UNRECORDED)


def _answer(event: dict[str, Any]) -> Answer:
    text = requests.pixel_token(event["rawPath"])
    if text is None or event["requestContext"]["http"]["method"] != "GET":
        return images.image(images.RECORDED)
    fetch = _offered(requests.fetch(event))
    try:
        token = _record(text, fetch)
    except UnknownKey:
        # A key that was made a moment ago, or none: the log is read when the keys have been read again.
        LOGGER.info("a key that is not known")
        return images.image(images.UNRECORDED)
    return images.image(images.RECORDED) if token is None or fetch.reading is None else _timed(token, fetch)


def _offered(fetch: Fetch) -> Fetch:
    """The fetch, with the offer to be timed if its client looks like a reader's own."""
    try:
        is_timed = _times_readers() and rules.is_timeable(fetch)
    except Exception:
        LOGGER.exception("not known whether to time a reader")
        return fetch
    return replace(fetch, reading=Reading()) if is_timed else fetch


def _record(text: str, fetch: Fetch) -> PixelToken | None:
    """Record a fetch by one way or another; the token only if it is in the history already."""
    try:
        return _recorder().record(text, fetch)
    except UnknownKey:
        raise
    except InvalidToken:
        LOGGER.info("not a token of ours")
    except Exception as error:  # noqa: BLE001 -- Whatever kept it out of the table, the queue may take it.
        _overflow().put(text, replace(fetch, reading=None))
        LOGGER.warning("fetch queued", error=repr(error))
    return None


def _timed(token: PixelToken, fetch: Fetch) -> Answer:
    first = HopToken(token, fetch.event_id, fetch.at, 1)
    return images.sent_on(requests.hop_path(tokens.sign_hop(first, *_keys().signing())))


@cache
def _times_readers() -> bool:
    return os.environ["READ_TIME"] == "on"


@cache
def _recorder() -> Recorder:
    return Recorder(_keys(), Activity(boto3.client("dynamodb", config=_STORE), os.environ["ACTIVITY_TABLE"]))


@cache
def _keys() -> PixelKeys:
    return PixelKeys(boto3.client("secretsmanager", config=_KEYS), os.environ["PIXEL_KEYS_SECRET"])


@cache
def _overflow() -> Overflow:
    return Overflow(boto3.client("sqs", config=_QUEUE), os.environ["OVERFLOW_QUEUE"])
