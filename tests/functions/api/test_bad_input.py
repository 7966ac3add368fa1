"""Every call refuses what is wrong with it, says which field that is, and leaves everything as it was.

The calls and their fields are those of the OpenAPI document: a new one is tested without a line here.
"""

import base64
import copy
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import boto3
import pytest

from functions.api import continuations
from functions.api.searches import Search
from reference import openapi
from tests.functions.api.conftest import Answer, Api, Keys
from tests.functions.api.submissions import MAIL, RAW
from tests.functions.conftest import SIGNING_ROOT, Cloud
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.endpoints import Endpoint
from tracking.storage.feeds import Range

type Path = tuple[str | int, ...]
type Schema = dict[str, Any]

LARGE: Final = 1_000_000
"""Characters of a text that is as long as a mail may be: the schema alone says where it ends."""

WRONG_TYPES: Final[dict[str, list[object]]] = {
    "string": [1, True, ["x"], {"x": "x"}],
    "integer": ["x", 1.5, True, ["1"], {}],
    "number": ["x", True, [1], {}],
    "boolean": ["maybe", 2, ["true"], {}],
    "array": ["x", 1, True, {"x": "x"}],
    "object": ["x", 1, True, ["x"]],
    "null": ["x", 1, True, ["x"], {"x": "x"}],
}

INJECTIONS: Final = (
    "x\r\nBcc: eve@example.com",
    "x\nBcc: eve@example.com",
    "x\r",
    "x\0",
    "x\x0b",
    "x\x85",
    "x\u2028",
)


ONE_LINE: Final = frozenset(
    {"sender", "to", "cc", "bcc", "subject", "value", "filename", "url", "auth_header_value", "ip_address"}
)
"""The texts that become a part of a header, or of a request that is made."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A call, as the document describes it."""

    name: str
    method: str
    call: str
    schema: Schema
    example: dict[str, Any]

    def made(self, api: Api, body: object = None) -> Answer:
        return api(self.call, self.example if body is None else body, self.method)

    @property
    def required(self) -> list[str]:
        required: list[str] = _resolved(self.schema).get("required", [])
        return required

    def fields(self) -> Iterator[tuple[Path, Schema]]:
        return _fields(self.schema, ())

    def with_field(self, path: Path, value: object) -> dict[str, Any]:
        """The example, in which a field has this value."""
        body = copy.deepcopy(self.example)
        container: Any = body
        for step, following in zip(path, [*path[1:], None], strict=True):
            if following is None:
                _put(container, step, value)
            else:
                _put(container, step, _at(container, step) or ([] if isinstance(following, int) else {}))
                container = _at(container, step)
        return body


def _at(container: Any, step: str | int) -> Any:  # noqa: ANN401 - Any part of a JSON text.
    if isinstance(container, list):
        return container[0] if container else None
    return container.get(step)


def _put(container: Any, step: str | int, value: object) -> None:  # noqa: ANN401
    if isinstance(container, list):
        container[:1] = [value]
    else:
        container[step] = value


@cache
def document() -> dict[str, Any]:
    return openapi.document()


def _resolved(schema: Schema) -> Schema:
    """A schema without references, and without the null that stands for absence."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(document()["components"]["schemas"][name])
    others = [other for other in schema.get("anyOf", []) if other.get("type") != "null"]
    return _resolved(others[0]) if others else schema


def _fields(schema: Schema, path: Path) -> Iterator[tuple[Path, Schema]]:
    schema = _resolved(schema)
    if path:
        yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _fields(inner, (*path, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _fields(schema["additionalProperties"], (*path, "x"))
    if "items" in schema:
        yield from _fields(schema["items"], (*path, 0))


def _operations() -> list[Operation]:
    found = []
    for path, operations in document()["paths"].items():
        for method, described in operations.items():
            content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
            found.append(
                Operation(
                    described["operationId"],
                    method.upper(),
                    path.removeprefix("/v3"),
                    content.get("schema", {}),
                    content.get("example", {}),
                )
            )
    return found


OPERATIONS: Final = _operations()


def each(operations: Iterable[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.name)


def is_guarded(path: Path, schema: Schema) -> bool:
    name = next(step for step in reversed(path) if isinstance(step, str))
    return schema["type"] == "string" and (name in ONE_LINE or "pattern" in schema)


def named(path: Path) -> str:
    return ".".join(str(step) for step in path)


@pytest.fixture(autouse=True)
def _there(cloud: Cloud) -> None:
    """What the examples edit and remove."""
    kinds = {
        "/users/smtp/remove": ("username", CredentialKind.SMTP_USER),
        "/ip_auth/remove": ("ip_address", CredentialKind.IP_ADDRESS),
        "/api_keys/remove": ("id", CredentialKind.API_KEY),
    }
    now = datetime.now(UTC)
    for operation in OPERATIONS:
        if operation.call in kinds:
            name, kind = kinds[operation.call]
            cloud.settings.add(Credential(kind, operation.example[name], now))
        if operation.call == "/webhook/remove":
            cloud.settings.put_endpoint(
                Endpoint(id=operation.example["id"], url="https://example.com/hook", created_at=now)
            )


@pytest.fixture(autouse=True)
def _nothing_changes(cloud: Cloud, _there: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever is refused leaves everything as it was, once the test has made what it needs."""
    for made in ("api", "blocked_key", "lesser_key", "managing_key", "other_key"):
        request.getfixturevalue(made)
    before = _stored(cloud)
    yield
    assert _stored(cloud) == before
    assert cloud.queued() == []


def _stored(cloud: Cloud) -> list[str]:
    """All that there is but for the counters of calls."""
    items = [
        json.dumps(item, sort_keys=True)
        for table in ("Settings", "Activity", "Notifications")
        for item in cloud.dynamodb.scan(TableName=table)["Items"]
        if not item["pk"]["S"].startswith("RATE#")
    ]
    objects = [found["Key"] for found in cloud.s3.list_objects_v2(Bucket=cloud.bucket).get("Contents", [])]
    names = [found["Name"] for found in boto3.client("secretsmanager").list_secrets()["SecretList"]]
    return sorted([*items, *objects, *names])


@pytest.fixture
def blocked_key(keys: Keys) -> str:
    return keys.new("*", status=CredentialStatus.BLOCKED)


@pytest.fixture
def lesser_key(keys: Keys) -> str:
    return keys.new("/nothing")


@pytest.fixture
def managing_key(keys: Keys) -> str:
    return keys.new("/api_keys/*")


@pytest.fixture
def other_key(keys: Keys) -> str:
    return keys.new("*")


@pytest.fixture
def anybody(operation: Operation, api: Api, console: Api) -> Api:
    """Who may make a call as often as it takes: mail is sent with a key, and all else a person may do."""
    return api if operation.call.startswith("/email/") else console


def refused(answer: Answer, path: Path) -> None:
    assert answer.status == 400, (named(path), answer)
    assert answer.error_code == "NON_VALIDATING_IN_PAYLOAD", answer
    assert named(path) in answer.data["error"], (named(path), answer)
    assert answer.field


@each(OPERATIONS)
def test_nobody_may_call_without_a_key_that_is_known_and_allowed(
    operation: Operation, api: Api, blocked_key: str, lesser_key: str
) -> None:
    unknown = "api-" + secrets.token_hex(16)
    right, wrong = str(api.key), str(api.key)[:-1] + ("a" if str(api.key)[-1] != "a" else "b")
    bad_keys = (
        None,
        "",
        "x",
        unknown,
        wrong,
        right.lower() + " ",
        right + "x",
        "api-" + "ü" * 32,
        blocked_key,
    )

    answers = [operation.made(api.with_key(key)) for key in bad_keys]
    answers += [
        operation.made(api.with_key(None), operation.example | {"api_key": key})
        for key in (*bad_keys, 1, [right], {"api_key": right})
    ]
    without_permission = operation.made(api.with_key(lesser_key))

    assert {answer.status for answer in answers} == {401}
    assert all(answer.error_code == "API_EXCEPTION" for answer in answers)
    if operation.call != "/api_keys/permissions":
        assert (without_permission.status, without_permission.error_code) == (
            400,
            "ENDPOINT_PERMISSION_DENIED",
        )
        assert operation.call in without_permission.data["error"]


@each([operation for operation in OPERATIONS if operation.schema])
def test_a_body_that_is_no_json_object_is_refused(operation: Operation, anybody: Api) -> None:
    texts = (
        "{",
        "[]",
        '"x"',
        "1",
        "null",
        '{"x": NaN}',
        '{"x": 1e999}',
        '{"x": 1, "x": 2}',
        '{"x": "\\ud800"}',
    )

    answers = [operation.made(anybody, text) for text in (*texts, '{"x":' * 100_000, "[" * 100_000)]
    not_utf_8 = anybody.raw(
        {
            "rawPath": anybody.prefix + operation.call,
            "headers": {"x-smtp2go-api-key": anybody.key or ""},
            "body": base64.b64encode(b'{"x": "\xff"}').decode(),
            "isBase64Encoded": True,
        },
        operation.method,
    )

    for answer in (*answers, not_utf_8):
        refused(answer, ("body",))


@each([operation for operation in OPERATIONS if operation.schema])
def test_a_field_of_another_type_is_refused_and_named(operation: Operation, anybody: Api) -> None:
    for path, schema in operation.fields():
        for value in WRONG_TYPES[schema["type"]]:
            refused(operation.made(anybody, operation.with_field(path, value)), path)


@each([operation for operation in OPERATIONS if operation.required])
def test_what_is_required_is_missed_and_named(operation: Operation, anybody: Api) -> None:
    for name in operation.required:
        lacking = {field: value for field, value in operation.example.items() if field != name}

        refused(operation.made(anybody, lacking), (name,))
        refused(operation.made(anybody, operation.example | {name: None}), (name,))


@each([operation for operation in OPERATIONS if operation.schema])
def test_a_field_that_is_larger_than_any_should_be_is_refused_and_named(
    operation: Operation, anybody: Api
) -> None:
    for path, schema in operation.fields():
        for value in _absurd(schema):
            refused(operation.made(anybody, operation.with_field(path, value)), path)


def _absurd(schema: Schema) -> Iterator[object]:
    """Values far beyond what a field takes; every field has an end."""
    match schema["type"]:
        case "string" if "enum" in schema or "const" in schema:
            yield "x" * 100_000
        case "string":
            longest = schema.get("maxLength", 0)
            assert longest or "pattern" in schema, schema
            if longest < LARGE:
                yield "x" * LARGE
        case "array":
            yield ["x"] * (schema["maxItems"] + 1)
            yield ["x"] * 10_000
        case "integer" | "number":
            yield from (10**30, -(10**30))
        case "object" if "additionalProperties" in schema:
            yield {f"x{number}": "x" for number in range(10_000)}


@each([operation for operation in OPERATIONS if any(is_guarded(*field) for field in operation.fields())])
def test_a_name_a_subject_or_a_header_cannot_smuggle_in_a_line(operation: Operation, anybody: Api) -> None:
    for path, schema in operation.fields():
        if is_guarded(path, schema):
            for injection in INJECTIONS:
                refused(operation.made(anybody, operation.with_field(path, injection)), path)


@each(
    [operation for operation in OPERATIONS if any("_date" in named(path) for path, _ in operation.fields())]
)
def test_a_day_that_does_not_exist_is_refused_and_named(operation: Operation, anybody: Api) -> None:
    days = (
        "2026-02-30",
        "2026-13-01",
        "2026-11-24T25:00:00Z",
        "31 Nov 26 10:00 GMT",
        "yesterday",
        "0000-00-00",
    )
    for path, _ in operation.fields():
        if named(path).endswith("_date"):
            for day in days:
                refused(operation.made(anybody, operation.with_field(path, day)), path)


@each(
    [
        operation
        for operation in OPERATIONS
        if operation.call.endswith(("/edit", "/remove"))
        or (operation.call.startswith("/webhook/") and operation.required == ["id"])
    ]
)
def test_what_is_not_there_cannot_be_edited_or_removed_nor_asked_about(
    operation: Operation, anybody: Api
) -> None:
    absent = {"username": "nobody-here", "ip_address": "203.0.113.99", "id": "api-" + "0" * 12}
    (name,) = operation.required
    value = 999 if operation.call.startswith("/webhook/") else absent[name]

    answer = operation.made(anybody, operation.example | {name: value})

    refused(answer, (name,))


def test_a_mail_to_ten_thousand_is_refused(api: Api) -> None:
    crowd = [f"user{number}@example.com" for number in range(10_000)]
    raw = b"Cc: " + ",\r\n ".join(crowd).encode() + b"\r\n" + RAW

    for name in ("to", "cc", "bcc"):
        refused(api("/email/send", MAIL | {name: crowd}), (name,))
        refused(api("/email/batch", {"emails": [MAIL, MAIL | {name: crowd}]}), ("emails", 1, name))
    refused(api("/email/mime", {"mime_email": base64.b64encode(raw).decode()}), ("mime_email",))


def test_a_header_of_a_whole_message_cannot_hide_another_sender_or_recipient(api: Api) -> None:
    for raw in (
        b"From: a@example.com, b@example.com\r\nTo: c@example.com\r\n\r\nx",
        b"From: a@example.com\r\nFrom: b@example.com\r\nTo: c@example.com\r\n\r\nx",
        b"From: a@example.com\r\nTo: c@example.com\0\r\n\r\nx",
        b"From: a@example.com\r\nTo: <c@example.com>, \x0bd\r\n\r\nx",
        b"From: a@example.com\r\n\r\nTo: c@example.com\r\n\r\nx",
        b"",
    ):
        refused(api("/email/mime", {"mime_email": base64.b64encode(raw).decode()}), ("mime_email",))


def test_nobody_sends_what_another_key_uploaded(api: Api, other_key: str, cloud: Cloud) -> None:
    place = api("/email/upload", {"size": len(RAW)}).data
    key = f"uploads/{str(api.key)[:16]}/{place['upload_id']}"
    cloud.s3.put_object(Bucket=cloud.bucket, Key=key, Body=RAW)

    answer = api.with_key(other_key)("/email/mime", {"upload_id": place["upload_id"]})

    refused(answer, ("upload_id",))
    cloud.s3.delete_object(Bucket=cloud.bucket, Key=key)


def test_no_key_changes_or_removes_one_that_may_do_more(api: Api, managing_key: str, other_key: str) -> None:
    lesser = api.with_key(managing_key)

    edited = lesser("/api_keys/edit", {"id": other_key, "status": "blocked"}, "PATCH")
    removed = lesser("/api_keys/remove", {"id": other_key})
    given = lesser("/api_keys/edit", {"id": managing_key, "endpoints": ["*"]}, "PATCH")

    refused(edited, ("id",))
    refused(removed, ("id",))
    refused(given, ("endpoints",))


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: "A" + token[1:],
        lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        lambda _: "x",
        lambda _: "",
        lambda _: "ü",
        lambda _: secrets.token_urlsafe(200),
    ],
)
def test_a_forged_continue_token_is_refused(api: Api, forge: Callable[[str], str]) -> None:
    now = datetime.now(UTC)
    digest = continuations.digest(Search().identity)
    genuine = continuations.sign(continuations.Continuation(Range(now, now, "x"), 1, digest), SIGNING_ROOT)
    sealed = continuations.seal({"after": "x"}, "failures of webhook 1", SIGNING_ROOT)

    accepted = api("/activity/search", {"continue_token": genuine})
    answer = api("/activity/search", {"continue_token": forge(genuine)})
    in_another_search = api("/activity/search", {"continue_token": genuine, "search": "x"})
    in_another_call = api("/webhook/failures", {"id": 1, "continue_token": genuine})
    forged = api("/webhook/failures", {"id": 1, "continue_token": forge(sealed)})

    assert accepted.status == 200
    refused(answer, ("continue_token",))
    refused(in_another_search, ("continue_token",))
    refused(in_another_call, ("continue_token",))
    refused(forged, ("continue_token",))
