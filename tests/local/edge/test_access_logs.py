import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local import edge
from local.edge.exchanges import HEADER
from local.edge.viewers import LOCAL_ADDRESS
from tests.local.edge.conftest import Edge, Origin, until
from tests.local.edge.recorded import APP, PIXEL, STATIC_PIXEL

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

type Logged = Callable[[], list[dict[str, str]]]

PIXEL_PATH = "/o/AbC-_123.gif"


def keys(s3: "S3Client") -> list[str]:
    assert PIXEL.logging
    return [found["Key"] for found in s3.list_objects_v2(Bucket=PIXEL.logging.bucket).get("Contents", [])]


async def go_away_after(seconds: float, port: int, path: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: pixel.test\r\n\r\n".encode())
    await writer.drain()
    await asyncio.sleep(seconds)
    writer.close()
    await writer.wait_closed()


async def test_each_request_is_a_line_of_the_log(play: Edge, origin: Origin, logged: Logged) -> None:
    viewer = await play(PIXEL)

    answer = await viewer.get(
        f"{PIXEL_PATH}?x=1",
        headers={"User-Agent": "Mail (a; b)", "Referer": "https://mail.test/", "Host": "pixel.test"},
    )
    await viewer.close()

    (line,) = logged()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", line["date"])
    assert re.fullmatch(r"\d\d:\d\d:\d\d", line["time"])
    assert re.fullmatch(r"\d+\.\d{3}", line["time-taken"])
    assert int(line["sc-bytes"]) > len(origin.body)
    assert int(line["cs-bytes"]) > 0
    assert {
        "c-ip": LOCAL_ADDRESS,
        "cs-method": "GET",
        "cs(Host)": PIXEL.domain,
        "cs-uri-stem": PIXEL_PATH,
        "sc-status": "200",
        "cs(Referer)": "https://mail.test/",
        "cs(User-Agent)": "Mail%20(a;%20b)",
        "cs-uri-query": "x=1",
        "cs(Cookie)": "-",
        "x-edge-result-type": "Miss",
        "x-edge-request-id": answer.headers["X-Amz-Cf-Id"],
        "x-host-header": "pixel.test",
        "cs-protocol": "http",
        "x-forwarded-for": "-",
        "ssl-protocol": "-",
        "cs-protocol-version": "HTTP/1.1",
        "x-edge-detailed-result-type": "Miss",
        "sc-content-type": "image/gif",
        "sc-content-len": str(len(origin.body)),
        "sc-range-start": "-",
    }.items() <= line.items()


async def test_an_object_of_the_log_has_cloudfronts_name_and_header(play: Edge, s3: "S3Client") -> None:
    viewer = await play(PIXEL)

    await viewer.get(PIXEL_PATH)
    await viewer.close()

    (key,) = keys(s3)
    assert re.fullmatch(rf"pixel/{PIXEL.id}\.\d{{4}}-\d\d-\d\d-\d\d\.[0-9a-f]{{8}}\.gz", key)


async def test_the_header_names_33_fields() -> None:
    version, fields = HEADER.splitlines()

    assert version == "#Version: 1.0"
    assert fields.startswith("#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) ")
    assert len(fields.split()) == 34


async def test_both_distributions_log_below_their_own_prefix(play: Edge, s3: "S3Client") -> None:
    for distribution in (PIXEL, APP):
        viewer = await play(distribution)
        await viewer.get("/")
        await viewer.close()

    assert [key.split("/")[0] for key in keys(s3)] == ["app", "pixel"]


async def test_the_log_is_written_while_the_edge_runs(play: Edge, logged: Logged) -> None:
    viewer = await play(PIXEL, timedelta(seconds=0.05))

    await viewer.get(PIXEL_PATH)

    await until(logged)


async def test_without_requests_nothing_is_written(play: Edge, s3: "S3Client") -> None:
    viewer = await play(PIXEL, timedelta(seconds=0.01))

    await asyncio.sleep(0.1)
    await viewer.close()

    assert keys(s3) == []


async def test_a_distribution_without_logging_serves_all_the_same(play: Edge, s3: "S3Client") -> None:
    viewer = await play(replace(PIXEL, logging=None))

    answer = await viewer.get(PIXEL_PATH)
    await viewer.close()

    assert answer.status == 200
    assert keys(s3) == []


async def test_lines_that_s3_refuses_are_written_later(
    play: Edge, s3: "S3Client", logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")

    viewer = await play(PIXEL, timedelta(seconds=0.05))
    with monkeypatch.context() as patched:
        patched.setattr(s3, "put_object", refuse)
        await viewer.get(PIXEL_PATH)
        await asyncio.sleep(0.2)
    await viewer.close()

    assert [line["cs-uri-stem"] for line in logged()] == [PIXEL_PATH]


@pytest.fixture
async def slow_edge(s3: "S3Client", origin: Origin, unused_tcp_port: int) -> AsyncIterator[int]:
    """The port of an edge, run as it is outside of tests, whose origin takes a second."""
    origin.delay = 1
    application = edge.application(
        PIXEL,
        s3=s3,
        cloud_url=origin.url,
        credentials=Credentials("test", "test"),
        flush_every=timedelta(seconds=0.05),
    )
    runner = edge.runner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    yield unused_tcp_port
    await runner.cleanup()


async def test_a_viewer_that_went_away_is_logged_with_the_time_until_then(
    slow_edge: int, origin: Origin, logged: Logged
) -> None:
    await go_away_after(0.2, slow_edge, PIXEL_PATH)
    await until(logged)

    (line,) = logged()
    assert line["sc-status"] == "000"
    assert 0.15 < float(line["time-taken"]) < 1
    assert line["x-edge-result-type"] == "Error"
    assert line["x-edge-detailed-result-type"] == "ClientCommError"
    assert line["sc-bytes"] == "0"
    assert line["sc-content-len"] == "-"
    assert line["x-edge-request-id"] == origin.asked[0].headers["X-Amz-Cf-Id"]


async def test_the_origin_does_not_notice_that_the_viewer_went_away(slow_edge: int, origin: Origin) -> None:
    await go_away_after(0.2, slow_edge, PIXEL_PATH)

    await until(lambda: origin.answered)


async def test_a_static_pixel_is_logged_with_its_own_length_and_the_error(
    play: Edge, origin: Origin, logged: Logged
) -> None:
    origin.status = 502
    viewer = await play(PIXEL)

    await viewer.get(PIXEL_PATH)
    await viewer.close()

    (line,) = logged()
    assert line["sc-status"] == "200"
    assert line["sc-content-len"] == str(len(STATIC_PIXEL))
    assert line["x-edge-result-type"] == "Error"


async def test_a_throttled_request_is_logged_as_such(play: Edge, origin: Origin, logged: Logged) -> None:
    origin.status = 429
    viewer = await play(PIXEL)

    await viewer.get(PIXEL_PATH)
    await viewer.close()

    assert [line["sc-status"] for line in logged()] == ["429"]


async def test_the_log_says_what_kind_of_error_it_was(play: Edge, logged: Logged) -> None:
    viewer = await play(PIXEL)

    await viewer.post(PIXEL_PATH)
    await viewer.close()

    assert [line["x-edge-detailed-result-type"] for line in logged()] == ["InvalidRequestMethod"]


async def test_a_played_viewer_is_logged_under_its_address(play: Edge, logged: Logged) -> None:
    viewer = await play(PIXEL)

    await viewer.get(
        PIXEL_PATH,
        headers={"CloudFront-Viewer-Address": "198.51.100.7:4711", "X-Forwarded-For": "192.0.2.9"},
    )
    await viewer.close()

    (line,) = logged()
    assert (line["c-ip"], line["c-port"], line["x-forwarded-for"]) == ("198.51.100.7", "4711", "192.0.2.9")


async def test_cookies_are_logged_only_where_the_distribution_says_so(play: Edge, logged: Logged) -> None:
    assert PIXEL.logging
    viewer = await play(replace(PIXEL, logging=replace(PIXEL.logging, with_cookies=True)))

    await viewer.get(PIXEL_PATH, headers={"Cookie": "a=1"})
    await viewer.close()

    assert [line["cs(Cookie)"] for line in logged()] == ["a=1"]


async def test_an_answer_to_head_is_logged_with_the_length_that_it_names(
    play: Edge, origin: Origin, logged: Logged
) -> None:
    viewer = await play(PIXEL)

    await viewer.head(PIXEL_PATH)
    await viewer.close()

    (line,) = logged()
    assert line["sc-content-len"] == str(len(origin.body))
    assert int(line["sc-bytes"]) > 0


async def test_characters_are_encoded_as_cloudfront_does(play: Edge, logged: Logged) -> None:
    viewer = await play(PIXEL)

    await viewer.get(PIXEL_PATH, headers={"User-Agent": "<\"#%{}|\\^~[]`'\té> a+b&c=d"})
    await viewer.close()

    (line,) = logged()
    assert line["cs(User-Agent)"] == ("%3C%22%23%25%7B%7D%7C%5C%5E%7E%5B%5D%60%27%09%C3%A9%3E%20a+b&c=d")
