"""Always the image, and a record of who asked for it."""

import base64
import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from tracking import tokens
from tracking.errors import InvalidToken, UnknownKey
from tracking.mail.deliveries import TrackingMode, fetched
from tracking.opens.fetches import Fetch
from tracking.storage.activity import Activity
from tracking.storage.secrets import PixelKeys

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent image of one pixel; the static one that CloudFront falls back to has another length."""

LOGGER = Logger()

_PATH = re.compile(r"/o/([A-Za-z0-9_-]+)\.gif", re.ASCII)
_TELLING_HEADERS = ("accept", "accept-language", "referer", "sec-fetch-dest")
_MAX_USER_AGENT = 1024
_MAX_HEADER = 512
_QUICK = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 2, "mode": "standard"})
_ANSWER = {
    "statusCode": 200,
    "headers": {"Content-Type": "image/gif", "Cache-Control": "no-store, private"},
    "body": base64.b64encode(GIF).decode(),
    "isBase64Encoded": True,
}


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer a function URL's event with the pixel, whatever happens, and record the fetch."""
    try:
        _record(event)
    except Exception:
        # A broken image in somebody's inbox is worse than an open that only the log has.
        LOGGER.exception("fetch not stored", path=event.get("rawPath"), fetch=event.get("headers"))
    return _ANSWER


def _record(event: dict[str, Any]) -> None:
    path = _PATH.fullmatch(event["rawPath"])
    if path is None or event["requestContext"]["http"]["method"] != "GET":
        return
    try:
        token = _token(path[1])
    except InvalidToken:
        LOGGER.info("not a token of ours")
        return
    delivery = _activity().delivery(token.email_id, token.recipient)
    if delivery is None or delivery.mode is TrackingMode.OFF:
        LOGGER.info("fetch not kept", email_id=token.email_id, known=delivery is not None)
        return
    _activity().append(token.email_id, token.recipient, fetched(_fetch(event)))


def _token(text: str) -> tokens.PixelToken:
    try:
        return tokens.verify(text, _keys().verifying())
    except UnknownKey:
        return tokens.verify(text, _keys().renewed())


def _fetch(event: dict[str, Any]) -> Fetch:
    headers, context = event["headers"], event["requestContext"]
    return Fetch(
        event_id=headers.get("x-amz-cf-id") or context["requestId"],
        at=datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC),
        method=context["http"]["method"],
        user_agent=headers.get("user-agent", "")[:_MAX_USER_AGENT],
        address=_viewer_address(headers),
        asn=_viewer_asn(headers),
        country=headers.get("cloudfront-viewer-country"),
        city=headers.get("cloudfront-viewer-city"),
        headers={name: headers[name][:_MAX_HEADER] for name in _TELLING_HEADERS if name in headers},
    )


def _viewer_address(headers: Mapping[str, str]) -> str | None:
    """The viewer's IP address out of `address:port`, as CloudFront writes it for IPv4 and IPv6."""
    address = headers.get("cloudfront-viewer-address", "").rpartition(":")[0].strip("[]")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def _viewer_asn(headers: Mapping[str, str]) -> int | None:
    text = headers.get("cloudfront-viewer-asn", "")
    return int(text) if text.isdecimal() and text.isascii() else None


@cache
def _activity() -> Activity:
    return Activity(boto3.client("dynamodb", config=_QUICK), os.environ["ACTIVITY_TABLE"])


@cache
def _keys() -> PixelKeys:
    return PixelKeys(boto3.client("secretsmanager", config=_QUICK), os.environ["PIXEL_KEYS_SECRET"])
