"""The API as a person calls it who is signed in to the dashboard: no key is needed, and no limit used up."""

import json
import urllib.request
from functools import cache
from typing import Any

import boto3

from local.cloud import REGION
from local.endpoints import Endpoints
from tests.e2e.conftest import PORTS


def call(found: Endpoints, path: str, **fields: object) -> Any:  # noqa: ANN401 - Whatever the call answers.
    """The answer's data."""
    url = found.api_url.replace("/v3", f"/console/v3/{path}")
    headers = {"Authorization": f"Bearer {_token(found)}"}
    with urllib.request.urlopen(
        urllib.request.Request(url, json.dumps(fields).encode(), headers), timeout=30
    ) as answer:
        return json.load(answer)["data"]


def new_key(found: Endpoints, *endpoints: str, **settings: object) -> str:
    """A key of one's own, which may call these."""
    (made,) = call(found, "api_keys/add", endpoints=endpoints, **settings)
    key: str = made["api_key"]
    return key


def settings(found: Endpoints) -> dict[str, Any]:
    """What the page is told of the deployment."""
    with urllib.request.urlopen(f"{found.dashboard_url}config.json", timeout=10) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


@cache
def _token(found: Endpoints) -> str:
    cognito = boto3.client(
        "cognito-idp",
        endpoint_url=f"http://127.0.0.1:{PORTS['cloud']}",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    signed_in = cognito.initiate_auth(
        ClientId=settings(found)["userPoolClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": found.dashboard_user, "PASSWORD": found.dashboard_password},
    )
    return signed_in["AuthenticationResult"]["AccessToken"]
