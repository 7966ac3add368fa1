"""The image, in two lengths: the access log tells by them whether anybody has yet to record the fetch."""

import base64
from typing import Any

RECORDED = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of one pixel in 43 bytes: whatever there was to record of the request is recorded."""

UNRECORDED = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAAIf4Gc3RhdGljACwAAAAAAQABAAACAkQBADs=")
"""The same in 53 bytes, which CloudFront also serves when no function answers: `recover` looks into those."""

_NOT_CACHED = {"Cache-Control": "no-store, private"}

type Answer = dict[str, Any]
"""What a function URL, or an HTTP API, sends on. Source: AWS Lambda developer guide, "Invoking Lambda
function URLs", payload format 2.0."""


def image(gif: bytes) -> Answer:
    """The answer that is one of the images."""
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "image/gif", **_NOT_CACHED},
        "body": base64.b64encode(gif).decode(),
        "isBase64Encoded": True,
    }


def sent_on(path: str) -> Answer:
    """The answer that sends a client on to another path of the same host."""
    return {"statusCode": 302, "headers": {"Location": path, **_NOT_CACHED}, "body": ""}
