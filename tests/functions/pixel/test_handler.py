"""Always the pixel; a record of the fetch where there is something to record."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from functions.pixel import handler
from functions.pixel.handler import GIF, handle
from tests.functions.conftest import Cloud
from tracking import tokens
from tracking.mail import deliveries
from tracking.mail.deliveries import Delivery, TrackingMode
from tracking.opens.fetches import Fetch
from tracking.storage.secrets import KEYS_RENEWED_AFTER
from tracking.tokens import PixelToken

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, 30, 0, 123000, tzinfo=UTC)
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0"


@pytest.fixture
def delivery(cloud: Cloud) -> Delivery:
    return cloud.activity.start(Delivery(EMAIL_ID, 1, "bob@example.net", TrackingMode.FULL, AT))


def token(cloud: Cloud, number: int = 1) -> str:
    return tokens.sign(PixelToken(EMAIL_ID, number), *cloud.keys.signing())


def request(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
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
            "user-agent": USER_AGENT,
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
            "timeEpoch": int(AT.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }


def assert_is_the_pixel(answer: dict[str, Any]) -> None:
    assert answer["statusCode"] == 200
    assert answer["isBase64Encoded"]
    assert base64.b64decode(answer["body"]) == GIF
    assert len(GIF) == 43
    assert GIF.startswith(b"GIF89a")
    assert answer["headers"] == {"Content-Type": "image/gif", "Cache-Control": "no-store, private"}


def recorded(cloud: Cloud) -> Fetch:
    history = cloud.activity.history(EMAIL_ID, 1)
    assert history
    (event,) = history.events
    assert event.fetch
    assert event == deliveries.fetched(event.fetch)
    return event.fetch


@pytest.mark.usefixtures("delivery")
def test_a_fetch_gets_the_pixel_and_is_recorded_as_the_edge_saw_it(cloud: Cloud) -> None:
    answer = handle(
        request(
            f"/o/{token(cloud)}.gif",
            accept_language="de",
            sec_fetch_dest="image",
            referer="https://mail.example/",
            cookie="secret",
        ),
        None,
    )

    assert_is_the_pixel(answer)
    assert recorded(cloud) == Fetch(
        event_id="cf-1",
        at=AT,
        user_agent=USER_AGENT,
        address="198.51.100.7",
        asn=64500,
        country="AT",
        city="Linz",
        headers={
            "accept": "image/avif,*/*",
            "accept-language": "de",
            "sec-fetch-dest": "image",
            "referer": "https://mail.example/",
        },
    )


@pytest.mark.usefixtures("delivery")
def test_the_same_request_twice_is_one_fetch(cloud: Cloud) -> None:
    for _ in range(2):
        assert_is_the_pixel(handle(request(f"/o/{token(cloud)}.gif"), None))

    assert cloud.stored_events() == ["RCPT#001#cf-1"]


@pytest.mark.usefixtures("delivery")
def test_two_requests_are_two_fetches(cloud: Cloud) -> None:
    for request_id in ("cf-1", "cf-2"):
        handle(request(f"/o/{token(cloud)}.gif", x_amz_cf_id=request_id), None)

    assert cloud.stored_events() == ["RCPT#001#cf-1", "RCPT#001#cf-2"]


@pytest.mark.usefixtures("delivery")
def test_a_request_without_any_header_is_recorded_under_the_functions_own_id(cloud: Cloud) -> None:
    event = request(f"/o/{token(cloud)}.gif")
    event["headers"] = {}

    assert_is_the_pixel(handle(event, None))

    assert recorded(cloud) == Fetch(event_id="lambda-1", at=AT)


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("198.51.100.7:52344", "198.51.100.7"),
        ("2001:db8::17:52344", "2001:db8::17"),
        ("[2001:db8::17]:52344", "2001:db8::17"),
        ("2001:0db8:0000:0000:0000:0000:0000:0017:1", "2001:db8::17"),
        ("nonsense", None),
        ("", None),
        ("300.1.1.1:1", None),
    ],
)
def test_the_viewers_address_is_read_from_address_and_port(
    cloud: Cloud, written: str, address: str | None
) -> None:
    handle(request(f"/o/{token(cloud)}.gif", cloudfront_viewer_address=written), None)

    assert recorded(cloud).address == address


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("written", ["", "AS64500", "-1", "٣"])
def test_a_network_that_is_no_number_is_not_known(cloud: Cloud, written: str) -> None:
    assert_is_the_pixel(handle(request(f"/o/{token(cloud)}.gif", cloudfront_viewer_asn=written), None))

    assert recorded(cloud).asn is None


@pytest.mark.usefixtures("delivery")
def test_very_long_headers_are_cut(cloud: Cloud) -> None:
    assert_is_the_pixel(
        handle(request(f"/o/{token(cloud)}.gif", user_agent="a" * 9000, referer="b" * 9000), None)
    )

    fetch = recorded(cloud)
    assert fetch.user_agent == "a" * 1024
    assert fetch.headers["referer"] == "b" * 512


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "A" * len(token),
        lambda token: token[:20],
        lambda token: token + "A" * 5000,
        lambda token: token + "=",
        lambda token: token[:-1] + "é",
        lambda token: token + "/x",
        lambda _: "",
    ],
    ids=["forged", "made_up", "truncated", "over_long", "padded", "not_ascii", "path", "empty"],
)
def test_any_other_token_gets_the_pixel_and_records_nothing(
    cloud: Cloud, spoil: Callable[[str], str]
) -> None:
    answer = handle(request(f"/o/{spoil(token(cloud))}.gif"), None)

    assert_is_the_pixel(answer)
    assert cloud.stored_events() == []


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("path", ["/", "/o/", "/o/.gif", "/favicon.ico", "//o/x.gif", "/o/x.png"])
def test_any_other_path_gets_the_pixel_and_records_nothing(cloud: Cloud, path: str) -> None:
    assert_is_the_pixel(handle(request(path), None))

    assert cloud.stored_events() == []


def test_a_forged_token_costs_no_access_to_the_database(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ACTIVITY_TABLE", "missing")

    assert_is_the_pixel(handle(request(f"/o/{'A' * 34}.gif"), None))

    assert cloud.stored_events() == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_a_request_that_wants_no_image_records_nothing(cloud: Cloud, method: str) -> None:
    assert_is_the_pixel(handle(request(f"/o/{token(cloud)}.gif", method), None))

    assert cloud.stored_events() == []


def test_a_delivery_that_is_not_known_records_nothing(cloud: Cloud) -> None:
    assert_is_the_pixel(handle(request(f"/o/{token(cloud, 2)}.gif"), None))

    assert cloud.stored_events() == []


def test_a_delivery_whose_mode_is_off_records_nothing(cloud: Cloud) -> None:
    cloud.activity.start(Delivery(EMAIL_ID, 1, "bob@example.net", TrackingMode.OFF, AT))

    assert_is_the_pixel(handle(request(f"/o/{token(cloud)}.gif"), None))

    assert cloud.stored_events() == []


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("variable", ["ACTIVITY_TABLE", "PIXEL_KEYS_SECRET"])
def test_a_fetch_that_cannot_be_stored_gets_the_pixel_and_is_logged_with_all_its_facts(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variable: str,
) -> None:
    path = f"/o/{token(cloud)}.gif"
    monkeypatch.setenv(variable, "missing")

    answer = handle(request(path), None)

    assert_is_the_pixel(answer)
    assert cloud.stored_events() == []
    (line,) = [vars(record) for record in caplog.records if record.message == "fetch not stored"]
    assert line["path"] == path
    assert line["fetch"]["user-agent"] == USER_AGENT
    assert line["fetch"]["x-amz-cf-id"] == "cf-1"


@pytest.mark.parametrize("event", [{}, {"rawPath": None}, {"rawPath": "/o/x.gif", "requestContext": {}}])
def test_an_event_of_another_shape_gets_the_pixel(event: dict[str, Any]) -> None:
    assert_is_the_pixel(handle(event, None))


@pytest.mark.usefixtures("delivery")
def test_a_token_of_a_key_that_is_newer_than_the_keys_in_memory_is_recorded(cloud: Cloud) -> None:
    handle(request("/o/" + "A" * 34 + ".gif"), None)
    boto3.client("secretsmanager").put_secret_value(
        SecretId="pixel", SecretString=json.dumps({"1": "a" * 64, "2": "b" * 64})
    )
    handler._keys()._read_at -= KEYS_RENEWED_AFTER.total_seconds()

    assert_is_the_pixel(handle(request(f"/o/{token(cloud)}.gif"), None))

    assert cloud.keys.signing()[0] == 2
    assert cloud.stored_events() == ["RCPT#001#cf-1"]
