import asyncio
import gzip
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import boto3
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from botocore.credentials import Credentials
from moto import mock_aws
from pytest_aiohttp import AiohttpClient, AiohttpServer

from local import edge
from local.edge.distributions import Distribution
from local.edge.exchanges import FIELDS
from tests.local.edge.recorded import APP, PIXEL, STATIC_PIXEL

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

type Client = TestClient[web.Request, None]


@dataclass
class Origin:
    """A server that keeps what it was asked, and answers what a test says."""

    url: str = ""
    port: int = 0
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answered: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "image/gif"})
    body: bytes = b"GIF89a from the origin"
    delay: float = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        self.bodies.append(await request.read())
        await asyncio.sleep(self.delay)
        self.answered += 1
        return web.Response(status=self.status, headers=self.headers, body=self.body)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens in the background."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the condition is outside of the event loop
            await asyncio.sleep(0.02)


class Edge(Protocol):
    def __call__(self, distribution: Distribution, flush_every: timedelta = ...) -> Awaitable[Client]: ...


@pytest.fixture
def s3() -> Iterator["S3Client"]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        for distribution in (PIXEL, APP):
            for behavior in distribution.behaviors:
                if behavior.origin.bucket:
                    client.create_bucket(Bucket=behavior.origin.bucket)
        assert PIXEL.logging
        client.create_bucket(Bucket=PIXEL.logging.bucket)
        client.put_object(
            Bucket=str(PIXEL.behaviors[-1].origin.bucket),
            Key="pixel.gif",
            Body=STATIC_PIXEL,
            ContentType="image/gif",
            CacheControl="no-store, private",
        )
        client.put_object(
            Bucket=str(APP.behaviors[-1].origin.bucket),
            Key="index.html",
            Body=b"<h1>Dashboard</h1>",
            ContentType="text/html",
        )
        yield client


@pytest.fixture
async def origin(aiohttp_server: AiohttpServer) -> Origin:
    """In the place of the cloud: what function URLs and HTTP APIs answer."""
    fake = Origin()
    application = web.Application(client_max_size=0)
    application.router.add_route("*", "/{path:.*}", fake.answer)
    server = await aiohttp_server(application)
    fake.url, fake.port = str(server.make_url("")), server.port or 0
    return fake


@pytest.fixture
def play(s3: "S3Client", aiohttp_client: AiohttpClient, origin: Origin) -> Edge:
    async def play(distribution: Distribution, flush_every: timedelta = timedelta(hours=1)) -> Client:
        application = edge.application(
            distribution,
            s3=s3,
            cloud_url=origin.url,
            credentials=Credentials("test", "secret"),
            flush_every=flush_every,
        )
        return await aiohttp_client(TestServer(application))

    return play


@pytest.fixture
def logged(s3: "S3Client") -> Callable[[], list[dict[str, str]]]:
    """What the log bucket holds: each line by its fields."""

    def logged() -> list[dict[str, str]]:
        assert PIXEL.logging
        bucket = PIXEL.logging.bucket
        objects = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        texts = [
            gzip.decompress(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()).decode()
            for found in objects
        ]
        return [
            dict(zip(FIELDS, line.split("\t"), strict=True))
            for text in texts
            for line in text.splitlines()
            if not line.startswith("#")
        ]

    return logged
