"""Requests of every odd kind: each gets a clear answer in our envelope, and none is a fault of ours."""

import base64
import io
import json
from http import HTTPStatus
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from functions.api import opens, sending
from functions.api.handler import app, handle
from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tracking.mail.credentials import CredentialKind

CALLS = ("/opens/explain", "/email/send", "/activity/search", "/users/smtp/add", "/webhook/add")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{nope", "not JSON"),
        ('{"a": 1,}', "not JSON"),
        ("{}{}", "not JSON"),
        ("\x00", "not JSON"),
        ('{"a": "\x01"}', "not JSON"),
        ("[]", "not an object"),
        ('[{"user_agent": "x"}]', "not an object"),
        ('"text"', "not an object"),
        ("1", "not an object"),
        ("null", "not an object"),
        ("true", "not an object"),
        ('{"a": NaN}', "NaN"),
        ('{"a": Infinity}', "Infinity"),
        ('{"a": [-Infinity]}', "-Infinity"),
        ('{"a": 1e999}', "1e999"),
        ('{"a": ' + "1" * 5000 + "}", "digits"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"b": {"a": 1, "a": 1}}', "twice"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"\\udfff": 1}', "surrogate"),
        ('{"a": ["\ud800"]}', "surrogate"),
        ('{"a": ' * 100_000 + "1" + "}" * 100_000, "too deep"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "too deep"),
    ],
    ids=lambda value: value[:20].encode("ascii", "backslashreplace").decode(),
)
def test_a_body_that_cannot_be_worked_with_is_refused(api: Api, body: str, said: str) -> None:
    answers = [api(call, body) for call in CALLS]

    assert {(answer.status, answer.field) for answer in answers} == {(400, "body")}
    assert [answer for answer in answers if said not in answer.data["error"]] == []


@pytest.mark.parametrize(
    "body",
    [
        '{"a": ' + "1" * 4000 + "}",
        '{"a": -0.0, "b": 1e308}',
        '{"a": "\\ud83d\\ude00"}',
        '{"a": "😀"}',
        '{"a": "\\\\ud800"}',
        '{"a": "\\u0000"}',
        '{"a": ' * 400 + "1" + "}" * 400,
        "\ufeff{}",
        " \r\n {} \t",
        " ",
        "",
        None,
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_unusual_json_is_taken(api: Api, body: str | None) -> None:
    assert api("/opens/explain", body).status == 200


@pytest.mark.parametrize("depth", [10, 100, 500, 1_000, 2_000, 5_000, 10_000, 50_000])
def test_no_depth_is_a_fault_of_ours(api: Api, depth: int) -> None:
    nested = '{"a": ' * depth + "1" + "}" * depth
    bodies = [f'{{"{field}": {nested}}}' for field in ("headers", "to", "events", "unknown")]

    statuses = {api(call, body).status for call in CALLS for body in bodies}

    assert statuses <= {200, 400}


@pytest.mark.parametrize("number", ["1" * 400, "-" + "1" * 4000, "1e308", "1.5", "-0"])
def test_no_number_is_a_fault_of_ours(api: Api, number: str) -> None:
    calls = {
        "/opens/explain": ("asn", "seconds_since_delivery", "user_agent"),
        "/activity/search": ("limit", "search"),
        "/webhook/remove": ("id",),
    }

    statuses = {
        api(call, f'{{"{field}": {number}}}').status for call, fields in calls.items() for field in fields
    }

    assert statuses <= {200, 400}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (base64.b64encode(b"{}").decode(), 200),
        (base64.b64encode(b"\xef\xbb\xbf{}").decode(), 200),
        ("", 200),
        (None, 200),
        (base64.b64encode(b"\xff\xfe{}").decode(), 400),
        ("{}", 400),
        ("e3", 400),
        ("é", 400),
    ],
)
def test_a_body_in_base64_is_read(api: Api, body: str | None, status: int) -> None:
    answer = api.raw(
        {
            "rawPath": "/v3/opens/explain",
            "headers": {"x-smtp2go-api-key": api.key},
            "body": body,
            "isBase64Encoded": True,
        }
    )

    assert answer.status == status
    assert status == 200 or answer.field == "body"


@pytest.mark.parametrize("name", ["x-smtp2go-api-key", "X-Smtp2go-Api-Key", "X-SMTP2GO-API-KEY"])
def test_the_names_of_headers_may_have_any_case(api: Api, name: str) -> None:
    assert api.key

    answer = api.with_key(None)("/opens/explain", {}, headers={name: api.key, "Content-Type": "text/plain"})

    assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("GET", "/opens/explain"),
        ("PATCH", "/opens/explain"),
        ("DELETE", "/opens/explain"),
        ("POST", "/opens"),
        ("POST", "/opens/explain/"),
        ("POST", "/opens/explain\n"),
        ("POST", "/OPENS/EXPLAIN"),
        ("POST", "/../v3/opens/explain"),
        ("POST", "/opens/<x>"),
        ("POST", "/\ud800"),
        ("POST", "/v3/opens/explain"),
        ("POST", "/"),
    ],
)
def test_what_is_no_call_is_not_found(api: Api, method: str, call: str) -> None:
    answer = api(call, {}, method)

    assert (answer.status, answer.error_code) == (404, "API_EXCEPTION")


def test_an_answer_that_breaks_its_promise_is_a_fault_of_ours(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Other(BaseModel):
        text: str = "olga@example.org"

    monkeypatch.setattr(opens, "answer", lambda _router, _data: Other())

    answer = api("/opens/explain", {})

    assert (answer.status, answer.error_code) == (500, "API_EXCEPTION")
    assert caplog.messages == ["answer is wrong"]
    assert "olga" not in str([vars(record) for record in caplog.records])


def test_every_answer_is_json(api: Api, context: LambdaContext) -> None:
    assert api.key
    event: dict[str, Any] = {
        "rawPath": "/v3/opens/explain",
        "requestContext": {"http": {"method": "POST", "path": "/v3/opens/explain"}, "stage": "$default"},
        "body": "{}",
    }

    for headers, status in (({"x-smtp2go-api-key": api.key}, HTTPStatus.OK), ({}, HTTPStatus.UNAUTHORIZED)):
        answer = handle({**event, "headers": headers}, context)
        assert answer["statusCode"] == status
        assert answer["headers"]["Content-Type"] == "application/json"
        json.loads(answer["body"])


def test_a_fault_while_the_key_is_looked_up_is_answered_like_any_other(
    api: Api, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    assert api.key
    cloud.dynamodb.update_item(
        TableName="Settings",
        Key={"pk": {"S": f"CREDENTIAL#{CredentialKind.API_KEY}"}, "sk": {"S": api.key[:16]}},
        UpdateExpression="REMOVE description",
    )

    answer = api("/opens/explain", {})

    assert (answer.status, answer.error_code) == (500, "API_EXCEPTION")
    assert caplog.messages == ["unexpected"]


def test_what_cannot_be_stored_may_be_tried_again_and_may_have_been_done(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOX_QUEUE", "http://127.0.0.1:9/queue")
    mail = {"sender": "a@example.com", "to": ["b@example.net"], "subject": "Hi", "text_body": "Hello"}

    answer = api("/email/send", mail)

    assert answer.status == 503
    assert answer.data["error"].endswith("Try again; what you asked for may have been done.")


@pytest.mark.parametrize(("count", "said"), [(20, "emails.19.sender: Field required"), (21, "and 1 more")])
def test_an_error_names_the_first_twenty_fields_and_how_many_more_there_are(
    api: Api, count: int, said: str
) -> None:
    mail = {"to": ["b@example.net"], "subject": "Hi", "text_body": "Hello"}

    answer = api("/email/batch", {"emails": [mail] * count})

    named = answer.data["error"].split("; ")
    assert answer.field == "emails.0.sender"
    assert named[:20] == [f"emails.{number}.sender: Field required" for number in range(20)]
    assert named[-1] == said


def test_every_line_of_a_calls_log_has_the_id_that_its_answer_has(
    api: Api, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(sending.LOGGER.registered_handler, "stream", lines)
    mail = {"sender": "a@example.com", "to": ["b@example.net"], "subject": "Hi", "text_body": "Hello"}
    event: dict[str, Any] = {
        "rawPath": "/v3/email/send",
        "requestContext": {
            "http": {"method": "POST", "path": "/v3/email/send", "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "headers": {"x-smtp2go-api-key": api.key},
        "body": json.dumps(mail),
    }

    answered = []
    for number in range(2):
        context._aws_request_id = f"request-{number}"
        answered.append(json.loads(handle(event, context)["body"])["request_id"])

    logged = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(line["message"], line["request_id"]) for line in logged] == [
        ("queued", request_id) for request_id in answered
    ]
    assert answered == ["request-0", "request-1"]


def test_nothing_of_one_call_is_there_at_the_next(api: Api) -> None:
    api("/opens/explain", {})

    assert "caller" not in app.context
