"""Requests as the functions get them, and the facts in them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tracking.opens import viewers
from tracking.opens.fetches import MAX_HEADER, MAX_USER_AGENT, Fetch
from tracking.tokens import MAX_EVENT_ID_LENGTH

MAX_PLACE = 100
"""Characters that are kept of a place's name."""

TELLING_HEADERS = ("accept", "accept-language", "referer", "sec-fetch-dest", "sec-purpose")

PIXEL_PREFIX, HOP_PREFIX = "/o/", "/h/"
"""What the paths of pixels and of hops begin with."""

_PIXEL_PATH = re.compile(rf"{PIXEL_PREFIX}([A-Za-z0-9_-]{{34}})\.gif", re.ASCII)
_HOP_PATH = re.compile(rf"{HOP_PREFIX}([A-Za-z0-9_-]{{1,300}})\.gif", re.ASCII)
_EVENT_ID = re.compile(rf"[!-~]{{1,{MAX_EVENT_ID_LENGTH}}}", re.ASCII)


def pixel_token(path: str) -> str | None:
    """The text in a pixel's path that may be a token."""
    found = _PIXEL_PATH.fullmatch(path)
    return found[1] if found else None


def hop_token(path: str) -> str | None:
    """The text in a hop's path that may be a token."""
    found = _HOP_PATH.fullmatch(path)
    return found[1] if found else None


def hop_path(token: str) -> str:
    """The path of a hop."""
    return f"{HOP_PREFIX}{token}.gif"


def fetch(event: Mapping[str, Any]) -> Fetch:
    """The fetch that a function URL's event tells of.

    Args:
        event: With the headers that the edge's origin request policy lets through, in lower case.

    Raises:
        LookupError, ValueError, OverflowError: The event is none, or of a time that no calendar has.
    """
    headers, context = event["headers"], event["requestContext"]
    edge_id = headers.get("x-amz-cf-id", "")
    return Fetch(
        event_id=edge_id if _EVENT_ID.fullmatch(edge_id) else context["requestId"],
        at=datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC),
        method=context["http"]["method"],
        user_agent=headers.get("user-agent", "")[:MAX_USER_AGENT],
        address=viewers.viewer_address(headers.get("cloudfront-viewer-address", "")),
        asn=_viewer_asn(headers),
        country=_place(headers, "cloudfront-viewer-country"),
        city=_place(headers, "cloudfront-viewer-city"),
        headers={name: headers[name][:MAX_HEADER] for name in TELLING_HEADERS if name in headers},
    )


def _viewer_asn(headers: Mapping[str, str]) -> int | None:
    text = headers.get("cloudfront-viewer-asn", "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= len("4294967295") else None


def _place(headers: Mapping[str, str], name: str) -> str | None:
    return headers[name][:MAX_PLACE] if name in headers else None
