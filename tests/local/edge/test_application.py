import asyncio
import io
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from multidict import CIMultiDict

from local.edge.distributions import Behavior, Distribution, ErrorPage
from local.edge.distributions import Origin as Where
from local.edge.origins import Origins, OriginUnreachable, Question
from local.edge.policies import Forwarding
from local.edge.viewers import LOCAL_ADDRESS
from tests.local.edge.conftest import Edge, Origin
from tests.local.edge.recorded import APP, PIXEL, STATIC_PIXEL

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PIXEL_PATH = "/o/AbC-_123.gif"
NO_PAGES = replace(PIXEL, error_pages={})


def with_read_timeout(distribution: Distribution, timeout: timedelta, attempts: int = 1) -> Distribution:
    behaviors = tuple(
        replace(
            behavior,
            origin=replace(behavior.origin, read_timeout=timeout, connection_attempts=attempts),
        )
        for behavior in distribution.behaviors
    )
    return replace(distribution, behaviors=behaviors)


def in_front_of(where: Where, pattern: str = "/web/*") -> Distribution:
    return replace(NO_PAGES, behaviors=(Behavior(pattern, where, Forwarding(())), PIXEL.behaviors[-1]))


async def test_the_function_gets_the_headers_that_the_policy_lists(play: Edge, origin: Origin) -> None:
    viewer = await play(PIXEL)

    await viewer.get(PIXEL_PATH, headers={"User-Agent": "Thunderbird", "Sec-Fetch-Dest": "image"})

    assert origin.asked[0].path == PIXEL_PATH
    assert origin.asked[0].headers["User-Agent"] == "Thunderbird"
    assert origin.asked[0].headers["Sec-Fetch-Dest"] == "image"


async def test_what_the_policy_does_not_list_does_not_reach_the_function(play: Edge, origin: Origin) -> None:
    viewer = await play(PIXEL)

    await viewer.get(
        f"{PIXEL_PATH}?a=1", headers={"X-Secret": "s", "Cookie": "session=1", "CloudFront-Viewer-TLS": "1.3"}
    )

    asked = origin.asked[0]
    assert asked.query_string == ""
    assert not {"X-Secret", "Cookie", "CloudFront-Viewer-TLS", "Accept-Encoding"} & {*asked.headers}


async def test_everything_but_the_host_reaches_the_api(play: Edge, origin: Origin) -> None:
    viewer = await play(APP)

    await viewer.post(
        "/v3/email/send?a=1&b=x%20y",
        data=b'{"to": []}',
        headers={
            "X-Smtp2go-Api-Key": "api-1",
            "Cookie": "a=1; b=2",
            "Authorization": "Bearer t",
            "X-Real-IP": "1",
        },
    )

    asked = origin.asked[0]
    assert asked.method == "POST"
    assert asked.raw_path == "/v3/email/send?a=1&b=x%20y"
    assert origin.bodies == [b'{"to": []}']
    assert asked.headers["X-Smtp2go-Api-Key"] == "api-1"
    assert asked.headers["Cookie"] == "a=1; b=2"
    assert asked.headers["Authorization"] == "Bearer t"
    assert "X-Real-IP" not in asked.headers


async def test_a_user_agent_that_is_not_forwarded_becomes_cloudfronts(play: Edge, origin: Origin) -> None:
    viewer = await play(in_front_of(Where("127.0.0.1", scheme="http", port=origin.port)))

    await viewer.get("/web/page", headers={"User-Agent": "Thunderbird"})

    assert origin.asked[0].headers["User-Agent"] == "Amazon CloudFront"


async def test_a_function_url_and_an_http_api_are_asked_for_by_their_own_hosts(
    play: Edge, origin: Origin
) -> None:
    await (await play(PIXEL)).get(PIXEL_PATH)
    await (await play(APP)).post("/v3/activity/search")

    hosts = [asked.headers["Host"] for asked in origin.asked]
    assert hosts == [
        "g8hseo00s5r9gfww2pea256baz2f2x47.lambda-url.us-east-1.on.aws",
        f"86d3352d.execute-api.localhost:{origin.port}",
    ]


async def test_only_requests_to_a_function_url_are_signed(play: Edge, origin: Origin) -> None:
    await (await play(PIXEL)).get(PIXEL_PATH, headers={"Authorization": "Bearer of the viewer"})
    await (await play(APP)).post("/v3/activity/search")

    function, api = origin.asked
    assert function.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert (
        "/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date," in function.headers["Authorization"]
    )
    assert "X-Amz-Date" in function.headers
    assert "Authorization" not in api.headers


async def test_origin_and_viewer_get_the_same_request_id(play: Edge, origin: Origin) -> None:
    viewer = await play(PIXEL)

    answers = [await viewer.get(PIXEL_PATH), await viewer.get(PIXEL_PATH)]

    ids = [answer.headers["X-Amz-Cf-Id"] for answer in answers]
    assert ids == [asked.headers["X-Amz-Cf-Id"] for asked in origin.asked]
    assert [len(id_) for id_ in ids] == [56, 56]
    assert ids[0] != ids[1]


async def test_the_way_through_cloudfront_shows_on_both_sides(play: Edge, origin: Origin) -> None:
    viewer = await play(PIXEL)

    answer = await viewer.get(PIXEL_PATH, headers={"X-Forwarded-For": "198.51.100.1"})

    assert origin.asked[0].headers["Via"] == answer.headers["Via"] == f"1.1 {PIXEL.domain} (CloudFront)"
    assert origin.asked[0].headers["X-Forwarded-For"] == f"198.51.100.1, {LOCAL_ADDRESS}"
    assert answer.headers["X-Cache"] == "Miss from cloudfront"


async def test_the_function_is_told_about_the_viewer(play: Edge, origin: Origin) -> None:
    viewer = await play(PIXEL)

    await viewer.get(PIXEL_PATH)

    told = origin.asked[0].headers
    assert told["CloudFront-Viewer-Address"].startswith(f"{LOCAL_ADDRESS}:")
    assert told["CloudFront-Viewer-Http-Version"] == "1.1"
    assert told["CloudFront-Viewer-ASN"] == "64496"
    assert told["CloudFront-Viewer-Country"] == "ZZ"
    assert told["CloudFront-Viewer-City"] == "Localhost"


async def test_a_viewer_can_play_another_one(play: Edge, origin: Origin) -> None:
    viewer = await play(PIXEL)
    played = {
        "CloudFront-Viewer-Address": "[2001:db8::1]:443",
        "CloudFront-Viewer-ASN": "15169",
        "CloudFront-Viewer-Country": "US",
        "CloudFront-Viewer-Http-Version": "3.0",
    }

    await viewer.get(PIXEL_PATH, headers=played)

    assert {name: origin.asked[0].headers.getall(name) for name in played} == {
        name: [value] for name, value in played.items()
    }
    assert origin.asked[0].headers["X-Forwarded-For"] == "2001:db8::1"


async def test_an_answer_comes_through_as_the_origin_gave_it(play: Edge, origin: Origin) -> None:
    origin.headers = {
        "Content-Type": "image/gif",
        "Cache-Control": "no-store",
        "Content-Encoding": "identity",
    }

    answer = await (await play(PIXEL)).get(PIXEL_PATH)

    assert answer.status == 200
    assert await answer.read() == origin.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Encoding"] == "identity"


async def test_a_redirect_reaches_the_viewer(play: Edge, origin: Origin) -> None:
    origin.status, origin.headers = 302, {"Location": "/h/next"}

    answer = await (await play(PIXEL)).get(PIXEL_PATH, allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (302, "/h/next")


async def test_an_answer_to_head_has_the_length_and_no_body(play: Edge, origin: Origin) -> None:
    answer = await (await play(PIXEL)).head(PIXEL_PATH)

    assert origin.asked[0].method == "HEAD"
    assert answer.headers["Content-Length"] == str(len(origin.body))
    assert await answer.read() == b""


async def test_a_body_of_many_megabytes_reaches_the_api(play: Edge, origin: Origin) -> None:
    body = b"x" * 9_000_000

    await (await play(APP)).post("/v3/email/mime", data=io.BytesIO(body))

    assert origin.bodies == [body]


async def test_a_method_that_the_behavior_does_not_allow_is_refused(play: Edge, origin: Origin) -> None:
    answer = await (await play(NO_PAGES)).post(PIXEL_PATH)

    assert answer.status == 403
    assert origin.asked == []


async def test_an_object_comes_from_the_bucket(play: Edge) -> None:
    answer = await (await play(PIXEL)).get("/pixel.gif")

    assert answer.status == 200
    assert await answer.read() == STATIC_PIXEL
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.headers["Cache-Control"] == "no-store, private"


async def test_an_object_with_a_space_in_its_name_comes_from_the_bucket(play: Edge, s3: "S3Client") -> None:
    s3.put_object(Bucket=str(APP.behaviors[-1].origin.bucket), Key="a b.txt", Body=b"found")

    answer = await (await play(APP)).get("/a%20b.txt")

    assert await answer.read() == b"found"


async def test_the_root_is_the_default_root_object(play: Edge) -> None:
    answer = await (await play(APP)).get("/")

    assert await answer.text() == "<h1>Dashboard</h1>"


async def test_an_object_that_the_bucket_lacks_is_forbidden(play: Edge) -> None:
    answer = await (await play(APP)).get("/nothing.js")

    assert answer.status == 403
    assert "AccessDenied" in await answer.text()


async def test_the_root_without_a_default_root_object_is_forbidden(play: Edge) -> None:
    answer = await (await play(NO_PAGES)).get("/")

    assert answer.status == 403


async def test_security_headers_are_added_where_a_policy_says_so(play: Edge) -> None:
    viewer = await play(APP)

    page, call = await viewer.get("/"), await viewer.post("/v3/activity/search")

    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "X-Frame-Options" not in call.headers


@pytest.mark.parametrize("status", [403, 404, 500, 502, 503, 504])
async def test_an_error_of_the_function_becomes_the_static_pixel(
    play: Edge, origin: Origin, status: int
) -> None:
    origin.status = status

    answer = await (await play(PIXEL)).get(PIXEL_PATH)

    assert answer.status == 200
    assert await answer.read() == STATIC_PIXEL
    assert answer.headers["Content-Type"] == "image/gif"


async def test_a_path_that_does_not_exist_becomes_the_static_pixel(play: Edge) -> None:
    answer = await (await play(PIXEL)).get("/favicon.ico")

    assert (answer.status, await answer.read()) == (200, STATIC_PIXEL)


async def test_a_throttled_function_has_no_error_page(play: Edge, origin: Origin) -> None:
    origin.status = 429

    answer = await (await play(PIXEL)).get(PIXEL_PATH)

    assert answer.status == 429


async def test_an_error_of_the_api_stays_one(play: Edge, origin: Origin) -> None:
    origin.status, origin.body = 404, b'{"data": {}}'

    answer = await (await play(APP)).post("/v3/nothing")

    assert (answer.status, await answer.read()) == (404, b'{"data": {}}')


async def test_an_error_page_comes_through_the_behavior_of_its_own_path(play: Edge, origin: Origin) -> None:
    pages = replace(PIXEL, error_pages={403: ErrorPage("/o/sorry.gif", 418)})

    answer = await (await play(pages)).get("/nothing", headers={"User-Agent": "Thunderbird"})

    assert answer.status == 418
    assert origin.asked[0].path == "/o/sorry.gif"
    assert origin.asked[0].method == "GET"
    assert origin.asked[0].headers["User-Agent"] == "Amazon CloudFront"


async def test_an_error_page_that_is_missing_leaves_the_status_of_looking_for_it(
    play: Edge, origin: Origin
) -> None:
    origin.status = 500
    pages = replace(PIXEL, error_pages={500: ErrorPage("/nothing.gif", 200)})

    answer = await (await play(pages)).get(PIXEL_PATH)

    assert answer.status == 403


async def test_a_function_that_takes_too_long_is_a_gateway_timeout(play: Edge, origin: Origin) -> None:
    origin.delay = 0.5

    answer = await (await play(with_read_timeout(NO_PAGES, timedelta(seconds=0.1)))).get(PIXEL_PATH)

    assert answer.status == 504
    assert answer.headers["X-Cache"] == "Error from cloudfront"


async def test_a_function_that_takes_too_long_still_makes_a_pixel(play: Edge, origin: Origin) -> None:
    origin.delay = 10
    started = time.monotonic()

    answer = await (await play(with_read_timeout(PIXEL, timedelta(seconds=0.1)))).get(PIXEL_PATH)

    assert (answer.status, await answer.read()) == (200, STATIC_PIXEL)
    assert time.monotonic() - started < 5


async def test_an_origin_that_refuses_the_connection_is_a_bad_gateway(
    play: Edge, unused_tcp_port: int
) -> None:
    viewer = await play(in_front_of(Where("127.0.0.1", scheme="http", port=unused_tcp_port)))

    answer = await viewer.get("/web/page")

    assert answer.status == 502
    assert answer.headers["X-Amz-Cf-Id"] in await answer.text()


async def test_an_origin_that_hangs_up_is_a_bad_gateway(play: Edge, unused_tcp_port: int) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    viewer = await play(in_front_of(Where("127.0.0.1", scheme="http", port=unused_tcp_port)))

    async with await asyncio.start_server(hang_up, "127.0.0.1", unused_tcp_port):
        answer = await viewer.get("/web/page")

    assert answer.status == 502


async def test_a_bucket_that_does_not_exist_is_not_found(play: Edge) -> None:
    viewer = await play(in_front_of(Where("gone.s3.us-east-1.amazonaws.com", bucket="gone")))

    assert (await viewer.get("/web/page")).status == 404


async def test_a_bucket_that_cannot_be_reached_is_a_bad_gateway(unused_tcp_port: int) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{unused_tcp_port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    origins = Origins(s3, "http://127.0.0.1", Credentials("test", "test"))

    with pytest.raises(OriginUnreachable):
        await origins.ask(
            Where("files.s3.us-east-1.amazonaws.com", bucket="files"),
            Question("GET", "/a.txt", "", CIMultiDict()),
        )


async def test_a_read_is_tried_as_often_as_the_origin_says(play: Edge, origin: Origin) -> None:
    origin.delay = 0.5
    viewer = await play(with_read_timeout(NO_PAGES, timedelta(seconds=0.1), attempts=3))

    await viewer.get(PIXEL_PATH)

    assert len(origin.asked) == 3


async def test_a_write_is_tried_once(play: Edge, origin: Origin) -> None:
    origin.delay = 0.5
    viewer = await play(with_read_timeout(APP, timedelta(seconds=0.1), attempts=3))

    answer = await viewer.post("/v3/email/send")

    assert answer.status == 504
    assert len(origin.asked) == 1


async def test_an_origins_own_path_and_headers_are_sent(play: Edge, origin: Origin) -> None:
    where = Where("127.0.0.1", "/stage", (("X-Origin-Secret", "s"),), scheme="http", port=origin.port)

    await (await play(in_front_of(where))).get("/web/page")

    assert origin.asked[0].path == "/stage/web/page"
    assert origin.asked[0].headers["X-Origin-Secret"] == "s"
