"""Always the pixel; a record of the fetch where there is something to record."""

import base64
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from functions.pixel import handler, images
from functions.pixel.handler import handle
from functions.pixel.images import RECORDED, UNRECORDED
from tests.functions.conftest import Cloud
from tests.functions.pixel.cloudfront import (
    AT,
    CHROME,
    EMAIL_ID,
    GMAIL,
    WGET,
    pixel_path,
    request,
)
from tracking import tokens
from tracking.mail import deliveries
from tracking.mail.deliveries import FETCHES_KEPT, Delivery, Summary, TrackingMode
from tracking.opens.fetches import Fetch
from tracking.opens.reading import Reading
from tracking.storage import overflow
from tracking.storage.activity_items import KEPT_FOR
from tracking.storage.secrets import KEYS_RENEWED_AFTER
from tracking.tokens import HopToken, PixelToken


def assert_is_the_pixel(answer: dict[str, Any]) -> None:
    assert answer == images.image(RECORDED)
    assert answer["statusCode"] == 200
    assert answer["headers"] == {"Content-Type": "image/gif", "Cache-Control": "no-store, private"}
    assert base64.b64decode(answer["body"]) == RECORDED


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
            pixel_path(cloud),
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
        user_agent=WGET,
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
        assert_is_the_pixel(handle(request(pixel_path(cloud)), None))

    assert cloud.stored_events() == ["RCPT#001#cf-1"]


@pytest.mark.usefixtures("delivery")
def test_two_requests_are_two_fetches(cloud: Cloud) -> None:
    for request_id in ("cf-1", "cf-2"):
        handle(request(pixel_path(cloud), x_amz_cf_id=request_id), None)

    assert cloud.stored_events() == ["RCPT#001#cf-1", "RCPT#001#cf-2"]


@pytest.mark.usefixtures("delivery")
def test_a_request_without_any_header_is_recorded_under_the_functions_own_id(cloud: Cloud) -> None:
    event = request(pixel_path(cloud))
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
    handle(request(pixel_path(cloud), cloudfront_viewer_address=written), None)

    assert recorded(cloud).address == address


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("written", ["", "AS64500", "-1", "٣"])
def test_a_network_that_is_no_number_is_not_known(cloud: Cloud, written: str) -> None:
    assert_is_the_pixel(handle(request(pixel_path(cloud), cloudfront_viewer_asn=written), None))

    assert recorded(cloud).asn is None


@pytest.mark.usefixtures("delivery")
def test_very_long_headers_are_cut(cloud: Cloud) -> None:
    assert_is_the_pixel(handle(request(pixel_path(cloud), user_agent="a" * 9000, referer="b" * 9000), None))

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
def test_any_other_token_gets_an_image_and_records_nothing(cloud: Cloud, spoil: Callable[[str], str]) -> None:
    answer = handle(request(f"/o/{spoil(pixel_path(cloud)[3:-4])}.gif"), None)

    # Of a key that is not known nobody can say here that it is made up.
    assert answer in (images.image(RECORDED), images.image(UNRECORDED))
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

    assert handle(request(f"/o/{'A' * 34}.gif"), None)["statusCode"] == 200

    assert cloud.stored_events() == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_a_request_that_wants_no_image_records_nothing(cloud: Cloud, method: str) -> None:
    assert_is_the_pixel(handle(request(pixel_path(cloud), method), None))

    assert cloud.stored_events() == []


def test_a_delivery_that_is_not_known_records_nothing(cloud: Cloud) -> None:
    assert_is_the_pixel(handle(request(pixel_path(cloud, 2)), None))

    assert cloud.stored_events() == []


def test_a_delivery_whose_mode_is_off_records_nothing(cloud: Cloud) -> None:
    cloud.activity.start(Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.OFF, AT))

    assert_is_the_pixel(handle(request(pixel_path(cloud)), None))

    assert cloud.stored_events() == []


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("variable", ["ACTIVITY_TABLE", "PIXEL_KEYS_SECRET"])
def test_a_fetch_that_cannot_be_stored_is_queued_with_all_its_facts(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    path = pixel_path(cloud)
    monkeypatch.setenv(variable, "missing")

    answer = handle(request(path, accept_language="de"), None)

    assert_is_the_pixel(answer)
    assert cloud.stored_events() == []
    (message,) = cloud.queued()
    token, fetch = overflow.decode(message)
    assert f"/o/{token}.gif" == path
    assert (fetch.event_id, fetch.at, fetch.user_agent, fetch.asn) == ("cf-1", AT, WGET, 64500)
    assert fetch.headers["accept-language"] == "de"


@pytest.mark.usefixtures("delivery")
def test_a_fetch_that_cannot_even_be_queued_is_logged_and_gets_the_image_that_recover_looks_for(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = pixel_path(cloud)
    monkeypatch.setenv("ACTIVITY_TABLE", "missing")
    monkeypatch.setenv("OVERFLOW_QUEUE", cloud.queue + "-missing")

    answer = handle(request(path), None)

    assert answer == images.image(UNRECORDED)
    (line,) = [vars(record) for record in caplog.records if record.message == "fetch not stored"]
    assert line["path"] == path
    assert line["fetch"]["user-agent"] == WGET
    assert line["fetch"]["x-amz-cf-id"] == "cf-1"


@pytest.mark.usefixtures("delivery")
def test_a_browser_that_shows_the_mail_is_sent_on_to_be_timed(cloud: Cloud) -> None:
    answer = handle(request(pixel_path(cloud), user_agent=CHROME, accept_language="de"), None)

    assert answer["statusCode"] == 302
    assert answer["headers"]["Cache-Control"] == "no-store, private"
    hop = tokens.verify_hop(answer["headers"]["Location"][3:-4], cloud.keys.verifying())
    assert hop == HopToken(PixelToken(EMAIL_ID, 1), "cf-1", AT, 1)
    assert recorded(cloud).reading == Reading()


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("user_agent", [WGET, GMAIL, "Mozilla/5.0", ""])
def test_who_is_no_reader_of_their_own_gets_the_image_at_once(cloud: Cloud, user_agent: str) -> None:
    answer = handle(request(pixel_path(cloud), user_agent=user_agent, accept_language="de"), None)

    assert_is_the_pixel(answer)
    assert recorded(cloud).reading is None


@pytest.mark.usefixtures("delivery")
def test_nobody_is_timed_where_that_is_switched_off(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READ_TIME", "off")

    assert_is_the_pixel(handle(request(pixel_path(cloud), user_agent=CHROME, accept_language="de"), None))

    assert recorded(cloud).reading is None


def test_a_reader_whose_fetch_is_not_in_the_table_is_not_timed(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pixel_path(cloud)
    monkeypatch.setenv("ACTIVITY_TABLE", "missing")

    assert_is_the_pixel(handle(request(path, user_agent=CHROME, accept_language="de"), None))

    assert len(cloud.queued()) == 1


def test_a_fetch_of_an_expired_delivery_records_nothing(cloud: Cloud) -> None:
    cloud.activity.start(Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT - KEPT_FOR))

    assert_is_the_pixel(handle(request(pixel_path(cloud)), None))

    assert cloud.stored_events() == []


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("edge_id", ["", "a" * 129, "with blank", "é", "line\nend"])
def test_an_edge_id_that_is_none_is_not_used(cloud: Cloud, edge_id: str) -> None:
    handle(request(pixel_path(cloud), x_amz_cf_id=edge_id), None)

    assert recorded(cloud).event_id == "lambda-1"


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("milliseconds", [-(10**12), 0, 10**17, float("nan")])
def test_a_clock_that_cannot_be_right_still_gets_an_image(cloud: Cloud, milliseconds: float) -> None:
    event = request(pixel_path(cloud), user_agent=CHROME, accept_language="de")
    event["requestContext"]["timeEpoch"] = milliseconds

    answer = handle(event, None)

    assert answer["statusCode"] in {200, 302}


@pytest.mark.parametrize("event", [{}, {"rawPath": None}, {"rawPath": "/o/x.gif", "requestContext": {}}])
def test_an_event_of_another_shape_gets_an_image(event: dict[str, Any]) -> None:
    assert handle(event, None)["body"]


@pytest.mark.usefixtures("delivery")
def test_a_token_of_a_key_that_is_newer_than_the_keys_in_memory_is_recorded(cloud: Cloud) -> None:
    handle(request("/o/" + "A" * 34 + ".gif"), None)
    boto3.client("secretsmanager").put_secret_value(
        SecretId="pixel", SecretString=json.dumps({"1": "a" * 64, "2": "b" * 64})
    )
    handler._recorder().keys._read_at -= KEYS_RENEWED_AFTER.total_seconds()

    assert_is_the_pixel(handle(request(pixel_path(cloud)), None))

    assert cloud.keys.signing()[0] == 2
    assert cloud.stored_events() == ["RCPT#001#cf-1"]


@pytest.mark.usefixtures("delivery")
def test_a_token_of_a_key_that_was_made_a_moment_ago_gets_the_image_that_recover_looks_for(
    cloud: Cloud,
) -> None:
    handle(request("/o/" + "A" * 34 + ".gif"), None)
    boto3.client("secretsmanager").put_secret_value(
        SecretId="pixel", SecretString=json.dumps({"1": "a" * 64, "2": "b" * 64})
    )

    assert handle(request(pixel_path(cloud)), None) == images.image(UNRECORDED)

    assert cloud.stored_events() == []


@pytest.mark.usefixtures("delivery")
def test_a_fetch_whose_key_is_newer_while_keys_cannot_be_read_is_queued(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(request("/o/" + "A" * 34 + ".gif"), None)
    boto3.client("secretsmanager").put_secret_value(
        SecretId="pixel", SecretString=json.dumps({"1": "a" * 64, "2": "b" * 64})
    )
    keys = handler._recorder().keys
    monkeypatch.setattr(keys, "_read_at", keys._read_at - KEYS_RENEWED_AFTER.total_seconds())
    monkeypatch.setattr(keys, "_secret_id", "missing")

    assert_is_the_pixel(handle(request(pixel_path(cloud), x_amz_cf_id="cf-2"), None))

    assert len(cloud.queued()) == 1


@pytest.mark.usefixtures("delivery")
def test_a_fetch_is_recorded_although_it_is_not_known_whether_to_time_its_reader(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("READ_TIME")

    assert_is_the_pixel(handle(request(pixel_path(cloud), user_agent=CHROME, accept_language="de"), None))

    assert recorded(cloud).reading is None


@pytest.mark.parametrize(("fetches", "is_kept"), [(FETCHES_KEPT - 100, True), (FETCHES_KEPT, False)])
def test_a_pixel_that_was_fetched_without_end_is_not_recorded_for_ever(
    cloud: Cloud, fetches: int, is_kept: bool
) -> None:
    full = Summary(fetches=fetches)
    cloud.activity.start(
        Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT, summary=full)
    )

    assert_is_the_pixel(handle(request(pixel_path(cloud)), None))

    assert len(cloud.stored_events()) == is_kept
