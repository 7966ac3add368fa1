"""The page's Cognito and its settings, on this machine."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials
from moto import mock_aws
from pytest_aiohttp import AiohttpClient, AiohttpServer

from local import dashboard, edge
from local.cloud import Cloud
from tests.local.edge.recorded import APP

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = str(APP.behaviors[-1].origin.bucket)
APP_URL = "http://127.0.0.1:8080/"
SMTP = ("127.0.0.1", 2525, 2465)


@pytest.fixture
def s3() -> Iterator["S3Client"]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket=BUCKET)
        yield client


@dataclass
class Asked:
    """What reached the cloud."""

    url: str = ""
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
async def cloud(aiohttp_server: AiohttpServer) -> Asked:
    asked = Asked()

    async def answer(request: web.Request) -> web.Response:
        asked.requests.append(request)
        asked.bodies.append(await request.read())
        return web.json_response({"AuthenticationResult": {}})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    asked.url = str((await aiohttp_server(application)).make_url(""))
    return asked


@pytest.fixture
async def viewer(
    cloud: Asked, s3: "S3Client", aiohttp_client: AiohttpClient
) -> TestClient[web.Request, None]:
    return await aiohttp_client(TestServer(served(cloud.url, s3)))


def served(cloud_url: str, s3: "S3Client") -> web.Application:
    """The app's edge, with Cognito."""
    return edge.application(
        dashboard.with_user_pool(APP, cloud_url),
        s3=s3,
        cloud_url=cloud_url,
        credentials=Credentials("test", "test"),
    )


async def test_what_the_page_asks_of_cognito_reaches_the_cloud(
    viewer: TestClient[web.Request, None], cloud: Asked
) -> None:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
    }

    answer = await viewer.post("/cognito", data=b'{"AuthFlow": "USER_SRP_AUTH"}', headers=headers)

    assert await answer.json() == {"AuthenticationResult": {}}
    assert cloud.bodies == [b'{"AuthFlow": "USER_SRP_AUTH"}']
    assert {name: cloud.requests[0].headers[name] for name in headers} == headers


async def test_neither_signatures_nor_cookies_nor_queries_come_through_with_it(
    viewer: TestClient[web.Request, None], cloud: Asked
) -> None:
    await viewer.post(
        "/cognito?Action=ListUsers",
        data=b"{}",
        headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test", "Cookie": "a=1", "X-Amz-Date": "1"},
    )

    (asked,) = cloud.requests
    assert asked.query_string == ""
    assert not {"Authorization", "Cookie", "X-Amz-Date"} & {*asked.headers}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/cognito"), ("PUT", "/cognito"), ("POST", "/cognito/x")]
)
async def test_nothing_else_is_handed_on(
    viewer: TestClient[web.Request, None], cloud: Asked, method: str, path: str
) -> None:
    answer = await viewer.request(method, path)

    assert answer.status == 403
    assert cloud.requests == []


async def test_a_person_signs_in_through_the_apps_address(
    running_cloud: Cloud, aiohttp_server: AiohttpServer
) -> None:
    def sign_in(url: str) -> dict[str, Any]:
        pools = boto3.client("cognito-idp", **running_cloud.access)
        pool = pools.create_user_pool(PoolName="people")["UserPool"]["Id"]
        client = pools.create_user_pool_client(
            UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        pools.admin_create_user(UserPoolId=pool, Username="demo", MessageAction="SUPPRESS")
        pools.admin_set_user_password(
            UserPoolId=pool, Username="demo", Password="Correct-horse-1", Permanent=True
        )
        page = boto3.client(
            "cognito-idp",
            endpoint_url=url,
            region_name="us-east-1",
            config=Config(signature_version=UNSIGNED),
        )
        answer = page.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "demo", "PASSWORD": "Correct-horse-1"},
        )
        return {**answer["AuthenticationResult"]}

    s3 = boto3.client("s3", **running_cloud.access)
    server = await aiohttp_server(served(running_cloud.access["endpoint_url"], s3))

    tokens = await asyncio.to_thread(sign_in, str(server.make_url("/cognito")))

    assert tokens["AccessToken"]


def settings(s3: "S3Client") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(s3.get_object(Bucket=BUCKET, Key="config.json")["Body"].read())
    return told


def test_the_page_is_told_where_cognito_and_the_gateway_are_beside_what_the_stack_says(
    s3: "S3Client",
) -> None:
    s3.put_object(Bucket=BUCKET, Key="config.json", Body=b'{"userPoolId": "p", "userPoolClientId": "c"}')

    dashboard.tell(s3, APP, APP_URL, SMTP)

    assert settings(s3) == {
        "userPoolId": "p",
        "userPoolClientId": "c",
        "userPoolEndpoint": "http://127.0.0.1:8080/cognito",
        "smtp": {"host": "127.0.0.1", "port": 2525, "tlsPort": 2465},
    }
    told = s3.head_object(Bucket=BUCKET, Key="config.json")
    assert (told["ContentType"], told["CacheControl"]) == ("application/json", "no-cache")


def test_a_system_that_starts_again_at_other_ports_tells_the_new_ones(s3: "S3Client") -> None:
    s3.put_object(Bucket=BUCKET, Key="config.json", Body=b'{"userPoolId": "p"}')
    dashboard.tell(s3, APP, APP_URL, SMTP)

    dashboard.tell(s3, APP, "http://127.0.0.1:9090/", ("127.0.0.1", 1025, 1465))

    assert settings(s3) == {
        "userPoolId": "p",
        "userPoolEndpoint": "http://127.0.0.1:9090/cognito",
        "smtp": {"host": "127.0.0.1", "port": 1025, "tlsPort": 1465},
    }
