"""The OpenAPI document, from the very models that the handler checks requests and makes answers with.

Powertools writes such a document too, but of answers it describes how they would be read and not how they are
written, and it says nothing of how this API refuses.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal, override

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from functions.api.answers import Answer, Failure
from reference.calls import Call, calls
from reference.examples import example
from reference.sections import SECTIONS, section

VERSION: Final = "3"

NOT_FOUND: Final = frozenset({"/activity/timeline"})
"""The calls that answer 404 if what they name is not there; the others say 400."""

NEVER_TOO_MANY: Final = "/email/upload"
"""The one call that a key can make as often as it likes: it sends nothing."""

KEY_ONLY: Final = "/email/"
"""What a person who is signed in cannot do."""

EXTENSION_OF_CALL: Final = "An extension of SMTP2GO's API."
EXTENSION_OF_FIELD: Final = " (extension)"

_INTRODUCTION = Path(__file__).with_name("introduction.md")
_REFERENCE = "#/components/schemas/{model}"
_FAILURE = "failure"
_JSON = "application/json"

_FAILURES: Final = {
    HTTPStatus.BAD_REQUEST: "A field is missing or wrong, or the key may not make this call.",
    HTTPStatus.UNAUTHORIZED: "There is no API key, or it is unknown or blocked.",
    HTTPStatus.NOT_FOUND: "What the call names does not exist.",
    HTTPStatus.TOO_MANY_REQUESTS: "The key has made too many calls in this minute, or sent to as many "
    "recipients as it may in its period.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A fault of ours.",
    HTTPStatus.SERVICE_UNAVAILABLE: "AWS did not take or give the data. Try again; it may have been done.",
}
_HEADERS: Final = {
    HTTPStatus.TOO_MANY_REQUESTS: {
        "Retry-After": {
            "description": "Seconds until the key counts anew; absent where a mail has more recipients than "
            "its key may ever send to in a period",
            "schema": {"type": "integer"},
        }
    }
}


class _Schemas(GenerateJsonSchema):
    """pydantic's schemas, in which every field of an answer is there: a default is answered too."""

    @override
    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        if self.mode == "serialization":
            return field.get("serialization_exclude_if") is None
        return super().field_is_required(field, total)


def document() -> dict[str, Any]:
    """The document, always in the same order."""
    order = [found.name for found in SECTIONS]
    known = sorted(calls(), key=lambda call: order.index(section(call.endpoint).name))
    schemas, components = _schemas(known)
    paths: dict[str, dict[str, Any]] = {}
    for call in known:
        paths.setdefault(call.path, {})[call.method] = _operation(call, operation_name(call, known), schemas)
    used = {section(call.endpoint).name for call in known}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Open tracking: the API",
            "version": VERSION,
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": _INTRODUCTION.read_text().strip(),
        },
        "servers": _servers(),
        "security": [{"ApiKey": []}, {"SignedIn": []}],
        "tags": [
            {"name": found.name, "description": found.description} for found in SECTIONS if found.name in used
        ],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {
                _response_name(status): _failure_response(status, schemas[_FAILURE]) for status in _FAILURES
            },
            "securitySchemes": _security_schemes(),
        },
    }


def operation_name(call: Call, known: list[Call]) -> str:
    """The operation's id: its path in words, and the method where there are two."""
    words = call.endpoint.strip("/").replace("/", "_")
    is_second = call.method != "post" and any(
        other.endpoint == call.endpoint and other.method == "post" for other in known
    )
    return f"{words}_{call.method}" if is_second else words


def _schemas(known: list[Call]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of each request, answer and failure, by a name of ours; and the components they refer to."""
    inputs: list[tuple[str, Literal["validation", "serialization"], TypeAdapter[Any]]] = [
        # What is null in a failure is left out of it.
        (_FAILURE, "validation", TypeAdapter(Answer[Failure]))
    ]
    for call in known:
        if call.request:
            inputs.append((f"{call.method} {call.path} request", "validation", call.request))
        inputs.append((f"{call.method} {call.path} answer", "serialization", call.answer))
    schemas, rest = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE, schema_generator=_Schemas)
    components = {name: _tidy(schema) for name, schema in sorted(rest.get("$defs", {}).items())}
    return {name: _tidy(schema) for (name, _), schema in schemas.items()}, components


def _tidy(schema: Any) -> Any:  # noqa: ANN401 -- any part of a JSON schema
    """A schema without pydantic's titles and null defaults, and with each extension marked in words."""
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tidied: dict[str, Any] = {
        name: {field: _tidy(part) for field, part in value.items()} if name == "properties" else _tidy(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str)) and (name, value) != ("default", None)
    }
    if tidied.get("x-extension"):
        tidied["description"] = tidied.get("description", "") + EXTENSION_OF_FIELD
    return tidied


def _operation(call: Call, name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    written = example(name)
    operation: dict[str, Any] = {
        "tags": [section(call.endpoint).name],
        "operationId": name,
        "summary": call.summary,
        "description": _description(call),
        **call.extensions,
    }
    if call.endpoint.startswith(KEY_ONLY):
        operation["security"] = [{"ApiKey": []}]
    if call.request:
        operation["requestBody"] = {
            "required": not _takes_nothing(call.request),
            "content": {
                _JSON: {
                    "schema": schemas[f"{call.method} {call.path} request"],
                    **({"example": written.request} if written else {}),
                }
            },
        }
    operation["responses"] = {
        "200": {
            "description": "It is done.",
            "content": {
                _JSON: {
                    "schema": schemas[f"{call.method} {call.path} answer"],
                    **({"example": written.answer} if written else {}),
                }
            },
        },
        **{
            str(status.value): {"$ref": f"#/components/responses/{_response_name(status)}"}
            for status in _FAILURES
            if _can_fail_so(call, status)
        },
    }
    return operation


def _description(call: Call) -> str:
    mark = EXTENSION_OF_CALL if call.extensions.get("x-extension") else ""
    return "\n\n".join(part for part in (mark, call.description) if part)


def _takes_nothing(request: TypeAdapter[Any]) -> bool:
    """Whether a call may be made without saying anything."""
    return not request.json_schema().get("required")


def _can_fail_so(call: Call, status: HTTPStatus) -> bool:
    match status:
        case HTTPStatus.NOT_FOUND:
            return call.endpoint in NOT_FOUND
        case HTTPStatus.TOO_MANY_REQUESTS:
            return call.endpoint != NEVER_TOO_MANY
        case _:
            return True


def _response_name(status: HTTPStatus) -> str:
    return status.phrase.title().replace(" ", "")


def _failure_response(status: HTTPStatus, schema: dict[str, Any]) -> dict[str, Any]:
    headers = _HEADERS.get(status)
    return {
        "description": _FAILURES[status],
        **({"headers": headers} if headers else {}),
        "content": {_JSON: {"schema": schema}},
    }


def _servers() -> list[dict[str, Any]]:
    variables = {
        "app_url": {
            "default": "https://app.example.com",
            "description": "What the deployment calls `AppUrl`",
        }
    }
    return [
        {"url": "{app_url}", "description": "With an API key", "variables": variables},
        {
            "url": "{app_url}/console",
            "description": "The same calls, for people who are signed in",
            "variables": variables,
        },
    ]


def _security_schemes() -> dict[str, Any]:
    return {
        "ApiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Smtp2go-Api-Key",
            "description": "`api-` and 32 letters and digits; it may as well stand in the body, as `api_key`",
        },
        "SignedIn": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of the deployment's Cognito user pool, below `/console/v3`",
        },
    }
