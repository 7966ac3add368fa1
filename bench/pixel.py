"""The pixel: what a fetch costs, what starting its function costs, and what an open costs in the table."""

import gzip
import io
import json
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time_ns
from typing import Any, cast
from unittest.mock import patch

import boto3
from botocore.model import OperationModel
from moto import mock_aws

from bench.report import Row, Target
from functions.pixel import handler
from functions.pixel.images import UNRECORDED
from functions.pixel.recording import Recorder
from infra.function import staged
from tests import tables
from tracking import tokens
from tracking.mail import email_ids, summaries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Message, TrackingMode, fetched
from tracking.opens.fetches import Fetch
from tracking.opens.reading import MAX_STEPS, Reading
from tracking.storage import activity_items, aws
from tracking.storage.access_logs import parse
from tracking.storage.activity import Activity
from tracking.storage.secrets import PixelKeys
from tracking.tokens import PixelToken

FETCHES = 5_000
STARTS = 9
LOG_LINES = 100_000

USD_PER_GB_SECOND = 0.0000133334
"""Lambda on arm64 in us-east-1, 2026."""

RECOVER_GB = 0.5

_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}

_AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
_EMAIL_ID = email_ids.new(_AT - timedelta(minutes=10), b"123456")
_BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
_HEADERS = {
    "user-agent": _BROWSER,
    "accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "accept-language": "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
    "referer": "https://mail.example.com/",
    "sec-fetch-dest": "image",
    "cloudfront-viewer-address": "198.51.100.7:52344",
    "cloudfront-viewer-asn": "3320",
    "cloudfront-viewer-country": "DE",
    "cloudfront-viewer-city": "Hamburg",
}

# What a bare function has before it imports anything of ours: boto3 with a client, and Powertools' two.
_START = """
import json, sys, time
import boto3
boto3.client("dynamodb", region_name="eu-central-1")
before = set(sys.modules)
started = time.perf_counter()
import functions.pixel.handler
took = time.perf_counter() - started
print(json.dumps([took, sorted({name.partition(".")[0] for name in set(sys.modules) - before})]))
"""
# typing_extensions is Powertools' own.
_EXPECTED = {"aws_lambda_powertools", "boto3", "functions", "tracking", "typing_extensions"}


def measure() -> Iterator[Row]:
    """Measure the pixel's own work without AWS, and count what it asks of AWS."""
    yield from _fetches()
    yield from _starts()
    yield from _write_units()
    yield from _recovery()


@dataclass
class _Stub:
    """DynamoDB and Secrets Manager, which answer at once."""

    delivery: dict[str, Any]
    calls: Counter[str] = field(default_factory=Counter)

    def get_item(self, **_: object) -> dict[str, Any]:
        self.calls["read"] += 1
        return {"Item": self.delivery}

    def put_item(self, **_: object) -> dict[str, Any]:
        self.calls["write"] += 1
        return {}

    def get_secret_value(self, **_: object) -> dict[str, str]:
        return {"SecretString": json.dumps({"1": "a" * 64})}


def _fetches() -> Iterator[Row]:
    stub = _Stub(aws.to_attributes(activity_items.delivery_item(_delivery())))
    keys = PixelKeys(cast("Any", stub), "keys")
    recorder = Recorder(keys, Activity(cast("Any", stub), "Activity"))
    path = f"/o/{tokens.sign(PixelToken(_EMAIL_ID, 1), *keys.signing())}.gif"
    with (
        patch.object(handler, "_recorder", lambda: recorder),
        patch.object(handler, "_keys", lambda: keys),
        patch.object(handler, "_times_readers", lambda: True),
    ):
        yield from _fetches_of("a browser's, which is sent on", _event(path, _HEADERS), stub)
        proxy = {**_HEADERS, "user-agent": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy"}
        yield from _fetches_of("a proxy's", _event(path, proxy), stub)


def _fetches_of(whose: str, event: dict[str, Any], stub: _Stub) -> Iterator[Row]:
    stub.calls.clear()
    nanoseconds = []
    for _ in range(FETCHES):
        started = process_time_ns()
        handler.handle(event, None)
        nanoseconds.append(process_time_ns() - started)
    yield Row(f"CPU of a fetch, {whose}", median(nanoseconds) / 1000, "µs", target=Target("≤", 150, "µs"))
    for kind in ("read", "write"):
        yield Row(f"{kind}s of it", stub.calls[kind] / FETCHES, "", target=Target("≤", 1, ""))


def _starts() -> Iterator[Row]:
    """Import what is deployed: the zip, which brings bytecode."""
    deployed = staged("functions.pixel.handler.handle", _ARCHITECTURES[platform.machine()])
    found = [
        json.loads(
            subprocess.run(  # noqa: S603
                [sys.executable, "-c", _START], cwd=deployed, capture_output=True, check=True, text=True
            ).stdout
        )
        for _ in range(STARTS)
    ]
    yield Row(
        "import over boto3 with a client",
        median(took for took, _ in found) * 1000,
        "ms",
        target=Target("≤", 60, "ms"),
    )
    strange = {name for name in found[0][1] if name not in sys.stdlib_module_names} - _EXPECTED
    yield Row("third-party packages beyond Powertools", len(strange), "", target=Target("≤", 0, ""))


def _write_units() -> Iterator[Row]:
    """Count what DynamoDB would, from the calls that an open makes and the sizes of its items."""
    message = Message(_EMAIL_ID, CredentialKind.SMTP_USER, "newsletter", "news@example.com", _AT, 20_000)
    fetch = Fetch(
        "x" * 56,
        _AT,
        user_agent=_BROWSER,
        address="198.51.100.7",
        asn=3320,
        country="DE",
        city="Hamburg",
        headers={name: _HEADERS[name] for name in ("accept", "accept-language", "referer", "sec-fetch-dest")},
        reading=Reading(),
    )
    with mock_aws():
        dynamodb = boto3.client("dynamodb", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
        tables.create_activity(dynamodb, "Activity")
        units: Counter[str] = Counter()
        activity = Activity(dynamodb, "Activity")
        activity.put_message(message)
        activity.start(_delivery())

        def count(params: dict[str, Any], model: OperationModel, **_: object) -> None:
            units.update(_units(model.name, params))

        dynamodb.meta.events.register("provide-client-params.dynamodb", count)
        activity.append(_delivery(), fetched(fetch))
        history = activity.history(_EMAIL_ID, 1)
        if history is None:
            raise LookupError("the delivery was stored, and is not there")
        summary = summaries.summarise(history, summaries.opens(message, history))
        activity.write_summary(message, history.delivery, summary)
    parts = ", ".join(f"{name} {count}" for name, count in units.items())
    yield Row(f"write units of a first open ({parts})", units.total(), "", target=Target("≤", 8, ""))
    yield Row(f"the same, timed to the end ({MAX_STEPS + 1} hops)", units.total() + MAX_STEPS + 1, "")


def _units(operation: str, params: dict[str, Any]) -> dict[str, int]:
    """Write units of a call. Source: DynamoDB developer guide, "DynamoDB on-demand capacity mode"."""
    if operation == "PutItem":
        size = _size(params["Item"])
        indexes = sum(key in params["Item"] for key in ("feed", "recipient_key"))
        return {"event": -(-size // 1024), "index": indexes}
    if operation == "TransactWriteItems":
        return {"transaction": 2 * len(params["TransactItems"])}
    return {"update": 1} if operation == "UpdateItem" else {}


def _size(attributes: dict[str, Any]) -> int:
    """Bytes of an item, roughly: names and values as they are written in JSON without its signs."""
    return len(json.dumps(aws.from_attributes(attributes), default=str, separators=("", "")))


def _recovery() -> Iterator[Row]:
    """Read a log in which one request of a hundred is for CloudFront's own image."""
    fields = _log_fields()
    lines = ["\t".join({**fields, "sc-content-len": length}.values()) + "\n" for length in ("43", "53")]
    header = f"#Version: 1.0\n#Fields: {' '.join(fields)}\n"
    log = gzip.compress((header + (lines[0] * 99 + lines[1]) * (LOG_LINES // 100)).encode())
    started = process_time_ns()
    with gzip.open(io.BytesIO(log), "rt") as text:
        unrecorded = sum(request.content_length == len(UNRECORDED) for request in parse(text, "/o/", "/h/"))
    seconds = (process_time_ns() - started) / 1e9 / LOG_LINES * 1e6
    yield Row(f"CPU of a million lines of the log ({unrecorded / LOG_LINES:.0%} to record)", seconds, "s")
    yield Row("what Lambda takes for that", seconds * RECOVER_GB * USD_PER_GB_SECOND * 1e6, "µUSD")


def _log_fields() -> dict[str, str]:
    """The fields that are read, and as many others as a line has."""
    return {
        "date": "2026-11-24",
        "time": "12:30:05",
        "c-ip": "198.51.100.7",
        "cs-method": "GET",
        "cs-uri-stem": f"/o/{'A' * 34}.gif",
        "sc-status": "200",
        "cs(Referer)": "-",
        "cs(User-Agent)": _BROWSER.replace(" ", "%20"),
        "x-edge-request-id": "x" * 56,
        "time-taken": "0.012",
        "sc-content-len": "43",
        **{f"other-{number}": "-" for number in range(22)},
    }


def _delivery() -> Delivery:
    return Delivery(
        _EMAIL_ID,
        1,
        "olga.mustermann@mail.example.org",
        "newsletter",
        TrackingMode.FULL,
        _AT - timedelta(minutes=10),
        placement="before_end",
        sent_at=_AT - timedelta(minutes=9),
        delivered_at=_AT - timedelta(minutes=9),
        ses_message_id="x" * 60,
    )


def _event(path: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "rawPath": path,
        "headers": {"x-amz-cf-id": "x" * 56, **headers},
        "requestContext": {
            "http": {"method": "GET", "path": path},
            "requestId": "x",
            "timeEpoch": int(_AT.timestamp() * 1000),
        },
    }
