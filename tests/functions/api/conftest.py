"""Calls as API Gateway hands them over."""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.api.handler import handle
from tests.functions.conftest import Cloud
from tracking.mail import credentials
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said, and whether in the shape that it promises."""

    status: int
    data: Any

    @property
    def error_code(self) -> str:
        assert isinstance(self.data["error"], str)
        code: str = self.data["error_code"]
        return code.removeprefix("E_ApiResponseCodes.")

    @property
    def field(self) -> str:
        assert self.error_code == "NON_VALIDATING_IN_PAYLOAD"
        field: str = self.data["field_validation_errors"]["fieldname"]
        return field


@dataclass(frozen=True, slots=True)
class Api:
    """A client with a key, or a person signed in to the dashboard."""

    context: LambdaContext
    key: str | None
    prefix: str = "/v3"
    claims: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, call: str, body: object = None, method: str = "POST", headers: dict[str, str] | None = None
    ) -> Answer:
        """Make a call; a body that is text goes out as it is."""
        return self.raw(
            {
                "rawPath": self.prefix + call,
                "headers": (headers or {}) | ({"x-smtp2go-api-key": self.key} if self.key else {}),
                "body": body if isinstance(body, str) or body is None else json.dumps(body),
            },
            method,
        )

    def raw(self, changes: dict[str, Any], method: str = "POST") -> Answer:
        """Source: API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs"."""
        answer = handle(
            {
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": "/",
                "rawQueryString": "",
                "headers": {},
                "requestContext": {
                    "http": {"method": method, "path": changes["rawPath"], "sourceIp": "192.0.2.1"},
                    "requestId": "gateway-1",
                    "stage": "$default",
                    "authorizer": {"jwt": {"claims": self.claims, "scopes": None}},
                },
                "isBase64Encoded": False,
            }
            | changes,
            self.context,
        )
        content = json.loads(answer["body"])
        assert content["request_id"] == "request-1"
        assert content.keys() == {"request_id", "data"}
        return Answer(answer["statusCode"], content["data"])

    def with_key(self, key: str | None) -> "Api":
        return replace(self, key=key)


@pytest.fixture
def console(context: LambdaContext) -> Api:
    return Api(context, None, "/console/v3", {"sub": "person-1"})


@dataclass(frozen=True, slots=True)
class Keys:
    """API keys that are known."""

    cloud: Cloud

    def new(self, *permissions: str, status: CredentialStatus = CredentialStatus.ALLOWED) -> str:
        key = credentials.new_api_key(os.urandom(credentials.API_KEY_RANDOM_BYTES))
        self.cloud.settings.add(
            Credential(
                CredentialKind.API_KEY,
                credentials.api_key_id(key),
                datetime.now(UTC),
                credentials.hash_api_key(key),
                status,
                permissions=permissions,
            )
        )
        return key


@pytest.fixture
def keys(cloud: Cloud) -> Keys:
    return Keys(cloud)


@pytest.fixture
def api(keys: Keys, context: LambdaContext) -> Api:
    return Api(context, keys.new("*"))


@pytest.fixture
def secrets(cloud: Cloud) -> "SecretsManagerClient":
    assert cloud
    return boto3.client("secretsmanager")


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What webhooks may lead to: the addresses of the names that there are. Others lead nowhere."""
    known: dict[str, list[str]] = {}

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in known[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("WEBHOOK_PORTS", "8443")
    return known
