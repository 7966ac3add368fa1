"""Requests for pixels and hops, as the functions and the access log get them."""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.functions.conftest import Cloud
from tracking import tokens
from tracking.mail import email_ids
from tracking.mail.deliveries import Event
from tracking.tokens import HopToken, PixelToken

AT = datetime(2026, 11, 24, 12, 30, 0, 123000, tzinfo=UTC)
EMAIL_ID = email_ids.new(AT - timedelta(minutes=10), b"123456")
WGET = "Wget/1.25.0"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"

# Source: CloudFront developer guide, "Standard logging reference".
_LOG_FIELDS = tuple(
    """
    date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer)
    cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol
    cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type
    cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte
    x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end
    """.split()  # noqa: SIM905 -- As the documentation lists them.
)


def pixel_path(cloud: Cloud, number: int = 1) -> str:
    return f"/o/{tokens.sign(PixelToken(EMAIL_ID, number), *cloud.keys.signing())}.gif"


def hop_path(cloud: Cloud, hop: int, event_id: str = "cf-1", fetched_at: datetime = AT) -> str:
    token = HopToken(PixelToken(EMAIL_ID, 1), event_id, fetched_at, hop)
    return f"/h/{tokens.sign_hop(token, *cloud.keys.signing())}.gif"


def request(path: str, method: str = "GET", at: datetime = AT, **headers: str) -> dict[str, Any]:
    """A function URL's event for a request that came by way of CloudFront.

    Source: AWS Lambda developer guide, "Invoking Lambda function URLs"; CloudFront developer guide, "Add
    CloudFront request headers".
    """
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "x-amz-cf-id": "cf-1",
            "user-agent": WGET,
            "accept": "image/avif,*/*",
            "cloudfront-viewer-address": "198.51.100.7:52344",
            "cloudfront-viewer-asn": "64500",
            "cloudfront-viewer-country": "AT",
            "cloudfront-viewer-city": "Linz",
        }
        | {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "130.176.0.1"},
            "requestId": "lambda-1",
            "timeEpoch": int(at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }


def log_line(**values: str) -> str:
    """A line of a standard log; a field's name is written with `_` for whatever Python does not allow."""
    by_name = {name.translate(str.maketrans("-()", "___")).strip("_"): name for name in _LOG_FIELDS}
    given = {by_name[name]: value for name, value in values.items()}
    line = {
        "date": "2026-11-24",
        "time": "12:30:05",
        "c-ip": "198.51.100.7",
        "cs-method": "GET",
        "cs(User-Agent)": "Mozilla/5.0%20(X11;%20Linux%20x86_64)",
        "x-edge-request-id": "cf-1",
        "sc-status": "200",
        "sc-content-len": "53",
        "time-taken": "3.250",
        **given,
    }
    return "\t".join(line.get(field, "-") for field in _LOG_FIELDS)


def log(*lines: str) -> bytes:
    header = f"#Version: 1.0\n#Fields: {' '.join(_LOG_FIELDS)}\n"
    return gzip.compress((header + "".join(f"{line}\n" for line in lines)).encode())


def events(cloud: Cloud) -> tuple[Event, ...]:
    history = cloud.activity.history(EMAIL_ID, 1)
    return history.events if history else ()


def ids(found: Iterable[Event]) -> list[str]:
    return sorted(event.event_id for event in found)
