"""Hops: a client that still shows the mail follows them, a step of reading apart.

Whatever is wrong with a hop, its client gets the image at once, and the reading ends there.
"""

import os
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from functions.pixel import images, requests
from functions.pixel.images import Answer
from functions.pixel.recording import verified
from tracking import tokens
from tracking.errors import InvalidToken
from tracking.opens import reading
from tracking.storage.activity import Activity
from tracking.storage.secrets import PixelKeys
from tracking.tokens import HopToken

LOGGER = Logger()

_QUICK = Config(connect_timeout=0.5, read_timeout=0.5, retries={"total_max_attempts": 1})


def handle(event: dict[str, Any], _context: object) -> Answer:
    """Answer an HTTP API's event: after a while with the next hop, or at once with the image."""
    try:
        token = _current(event)
        if token is None or token.hop == reading.HOPS:
            return images.image(images.RECORDED)
        following = HopToken(token.pixel, token.event_id, token.fetched_at, token.hop + 1)
        answer = images.sent_on(requests.hop_path(tokens.sign_hop(following, *_keys().signing())))
        _wait_until(reading.due_at(token.fetched_at, following.hop))
    except InvalidToken:
        LOGGER.info("not a token of ours")
    except Exception:
        # A broken image in somebody's inbox is worse than a reading that ends too early.
        LOGGER.exception("hop not answered in full")
    else:
        return answer
    return images.image(images.RECORDED)


def _current(event: dict[str, Any]) -> HopToken | None:
    """The hop that is asked for, if it is the fetch's next one and asked for in time; it is noted then."""
    text = requests.hop_token(event["rawPath"])
    if text is None or event["requestContext"]["http"]["method"] != "GET":
        return None
    token, now = verified(tokens.verify_hop, text, _keys()), datetime.now(UTC)
    if not reading.is_in_time(token.fetched_at, token.hop, now):
        return None
    pixel = token.pixel
    is_next = _activity().note_step(pixel.email_id, pixel.recipient, token.event_id, token.hop - 1, now)
    return token if is_next else None


def _wait_until(at: datetime) -> None:
    remaining = min(at - datetime.now(UTC), reading.STEP)
    time.sleep(max(remaining.total_seconds(), 0))


@cache
def _activity() -> Activity:
    return Activity(boto3.client("dynamodb", config=_QUICK), os.environ["ACTIVITY_TABLE"])


@cache
def _keys() -> PixelKeys:
    return PixelKeys(boto3.client("secretsmanager", config=_QUICK), os.environ["PIXEL_KEYS_SECRET"])
