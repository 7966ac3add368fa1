"""What is wrong is refused on the whole way too: by the edge, the gateway and the function together.

Every call and every field is tried in tests/functions/api/test_bad_input.py.
"""

import base64
import http.client
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from local.endpoints import Endpoints
from tests.e2e import console, conversation
from tests.e2e.clients.tour import documented
from tests.e2e.conftest import LocalSystem

pytestmark = pytest.mark.e2e


@dataclass(frozen=True, slots=True)
class Refused:
    """What the API said to what it did not take."""

    status: int
    data: dict[str, Any]

    @property
    def field(self) -> str | None:
        return (self.data.get("field_validation_errors") or {}).get("fieldname")


def ask(found: Endpoints, path: str, body: bytes, key: str | None, method: str = "POST") -> Refused:
    url = urlsplit(found.api_url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=30)
    headers = {"X-Smtp2go-Api-Key": key} if key else {}
    connection.request(method, f"{url.path}/{path}", body, headers)
    answer = connection.getresponse()
    content_type, content = answer.headers["Content-Type"], json.load(answer)
    connection.close()
    assert content_type == "application/json"
    assert content.keys() == {"request_id", "data"}
    assert content["data"]["error"]
    return Refused(answer.status, content["data"])


@pytest.fixture(scope="module")
def blocked_key(system: LocalSystem) -> str:
    return console.new_key(system.endpoints, "*", status="blocked")


@pytest.fixture(scope="module")
def lesser_key(system: LocalSystem) -> str:
    return console.new_key(system.endpoints, "/stats/*")


@pytest.mark.parametrize(("method", "path"), sorted(documented()))
def test_no_call_is_made_without_a_key_that_may(
    system: LocalSystem, blocked_key: str, lesser_key: str, method: str, path: str
) -> None:
    found = system.endpoints
    nobodys = "api-" + secrets.token_hex(16)

    without = ask(found, path, b"{}", None, method)
    unknown = ask(found, path, b"{}", nobodys, method)
    in_the_body = ask(found, path, json.dumps({"api_key": nobodys}).encode(), None, method)
    blocked = ask(found, path, b"{}", blocked_key, method)

    assert {answer.status for answer in (without, unknown, in_the_body, blocked)} == {401}
    if not path.startswith("stats/") and path != "api_keys/permissions":
        without_permission = ask(found, path, b"{}", lesser_key, method)
        assert without_permission.status == 400
        assert without_permission.data["error_code"] == "E_ApiResponseCodes.ENDPOINT_PERMISSION_DENIED"


MAIL: dict[str, Any] = {
    "sender": conversation.SENDER,
    "to": ["olga@example.org"],
    "subject": "Never",
    "text_body": "Never",
}
HEADER_ONLY = b"From: news@shop.example.com\r\nSubject: Never\r\n\r\nNever\r\n"


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("email/send", MAIL | {"to": [f"user{number}@example.org" for number in range(10_000)]}, "to"),
        ("email/send", MAIL | {"to": "olga@example.org"}, "to"),
        ("email/send", MAIL | {"to": ["olga@example.org\r\nBcc: eve@example.com"]}, "to.0"),
        ("email/send", MAIL | {"sender": "Shop\r\nBcc: eve@example.com <news@shop.example.com>"}, "sender"),
        ("email/send", MAIL | {"subject": "x\r\nBcc: eve@example.com"}, "subject"),
        ("email/send", MAIL | {"subject": "x" * 100_000}, "subject"),
        (
            "email/send",
            MAIL | {"custom_headers": [{"header": "X-A", "value": "x\r\nBcc: eve@example.com"}]},
            "custom_headers.0.value",
        ),
        (
            "email/send",
            MAIL | {"custom_headers": [{"header": "X-A: x\r\nBcc", "value": "eve@example.com"}]},
            "custom_headers.0.header",
        ),
        (
            "email/send",
            MAIL | {"attachments": [{"filename": "x\r\n\r\nx", "fileblob": "eA=="}]},
            "attachments.0.filename",
        ),
        ("email/batch", {"emails": [MAIL, MAIL | {"to": ["nobody"]}]}, "emails.1.to.0"),
        ("email/mime", {"mime_email": base64.b64encode(HEADER_ONLY).decode()}, "mime_email"),
        ("email/mime", {"upload_id": "0" * 32}, "upload_id"),
        ("email/upload", {"size": 10**12}, "size"),
        ("activity/search", {"start_date": "2026-02-30"}, "start_date"),
        ("activity/search", {"continue_token": secrets.token_urlsafe(100)}, "continue_token"),
        ("activity/search", {"limit": 10**9}, "limit"),
        ("stats/email_history", {"end_date": "2026-13-01"}, "end_date"),
        ("webhook/add", {"url": "https://example.com/\r\nX-Evil: x"}, "url"),
        ("webhook/remove", {"id": True}, "id"),
        ("users/smtp/add", {"username": "x\r\ny-and-more"}, "username"),
        ("ip_auth/add", {"ip_address": "everywhere"}, "ip_address"),
        ("api_keys/edit", {"id": "api-" + "0" * 12}, "id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_comes_of_it(
    system: LocalSystem, path: str, fields: dict[str, Any], field: str
) -> None:
    key = console.new_key(system.endpoints, "*")
    before = _there_is(system)

    answer = ask(system.endpoints, path, json.dumps(fields).encode(), key)

    assert (answer.status, answer.field) == (400, field)
    assert answer.data["error_code"] == "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD"
    assert _there_is(system) == before


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"x": NaN}', b"[" * 100_000], ids=range(5))
def test_what_is_no_json_object_is_refused(system: LocalSystem, body: bytes) -> None:
    answer = ask(system.endpoints, "webhook/view", body, system.endpoints.api_key)

    assert (answer.status, answer.field) == (400, "body")


def _there_is(system: LocalSystem) -> dict[str, object]:
    """What a call could leave behind."""
    found = system.endpoints
    outputs = boto3.client("cloudformation", **system.access).describe_stacks(StackName=found.stack)
    bucket = next(
        output["OutputValue"]
        for output in outputs["Stacks"][0]["Outputs"]
        if output["OutputKey"] == "OutboxBucketName"
    )
    listed = boto3.client("s3", **system.access).get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {
        "settings": [
            console.call(found, call)
            for call in ("users/smtp/view", "ip_auth/view", "api_keys/view", "webhook/view")
        ],
        "messages": {entry["Key"] for page in listed for entry in page.get("Contents", [])},
    }
