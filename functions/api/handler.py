"""SMTP2GO's API, version 3: the routes, and every way a call can fail."""

import base64
import json
import re
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.api import (
    access,
    activity,
    api_keys,
    bodies,
    ip_addresses,
    notifications,
    opens,
    opens_report,
    sending,
    smtp_users,
    statistics,
    throttling,
    webhooks,
)
from functions.api.answers import ErrorCode, FieldError, Refusal, failure, invalid
from tracking.errors import StorageUnavailable

LOGGER = Logger()

app = APIGatewayHttpResolver(
    enable_validation=True,
    response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
    json_body_deserializer=bodies.parse,
    # Lambda's limit is on bytes, and it escapes each backslash once more.
    serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
    strip_prefixes=[access.CONSOLE_PREFIX + access.VERSION_PREFIX, access.VERSION_PREFIX],
)
MAX_NAMED_FIELDS: Final = 20
"""How many refused fields an error names: a batch could have thousands."""

_OUR_FAULT = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side; try again.")

for module in (
    activity,
    api_keys,
    ip_addresses,
    opens,
    sending,
    smtp_users,
    statistics,
    opens_report,
    webhooks,
    notifications,
):
    app.include_router(module.router)


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one call."""
    LOGGER.append_keys(request_id=context.aws_request_id)
    try:
        call = _normalised(event)
        caller = access.caller(call)
        if caller:
            throttling.check(caller, access.endpoint(call["rawPath"]), datetime.now(UTC))
    except Refusal as refusal:
        return _plain(failure(refusal, context.aws_request_id))
    except StorageUnavailable as error:
        return _plain(_unavailable(error, context.aws_request_id))
    except Exception as error:  # noqa: BLE001 -- logged, and answered as any fault of ours
        return _plain(_fault(error, context.aws_request_id))
    app.append_context(caller=caller)
    return app.resolve(call, context)


@app.not_found
def _not_found(_error: NotFoundError) -> "Response[str]":
    return _failed(
        Refusal(HTTPStatus.NOT_FOUND, "There is no such call; docs/api.md lists those that there are.")
    )


@app.exception_handler(Refusal)
def _refused(refusal: Refusal) -> "Response[str]":
    return _failed(refusal)


@app.exception_handler(RequestValidationError)
def _fields_refused(error: RequestValidationError) -> "Response[str]":
    fields = [_field_error(found) for found in error.errors()]
    named = [f"{field.fieldname}: {field.message}" for field in fields[:MAX_NAMED_FIELDS]]
    unnamed = len(fields) - len(named)
    message = "; ".join([*named, f"and {unnamed} more"] if unnamed else named)
    return _failed(Refusal(HTTPStatus.BAD_REQUEST, message, ErrorCode.NON_VALIDATING_IN_PAYLOAD, fields[0]))


@app.exception_handler(ResponseValidationError)
def _answer_is_wrong(error: ResponseValidationError) -> "Response[str]":
    """An answer that is not what its call promises. What was in it may be personal, so it is not logged."""
    LOGGER.error("answer is wrong", fields=[(found["loc"], found["type"]) for found in error.errors()])
    return _failed(_OUR_FAULT)


@app.exception_handler(StorageUnavailable)
def _storage_unavailable(error: StorageUnavailable) -> "Response[str]":
    return _unavailable(error, app.lambda_context.aws_request_id)


@app.exception_handler(Exception)
def _unexpected(error: Exception) -> "Response[str]":
    return _fault(error, app.lambda_context.aws_request_id)


def _failed(refusal: Refusal) -> "Response[str]":
    return failure(refusal, app.lambda_context.aws_request_id)


def _fault(error: Exception, request_id: str) -> "Response[str]":
    LOGGER.error("unexpected", exc_info=error)
    return failure(_OUR_FAULT, request_id)


def _unavailable(error: StorageUnavailable, request_id: str) -> "Response[str]":
    LOGGER.error("storage unavailable", error=str(error))
    return failure(
        Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Storage is not available. Try again; what you asked for may have been done.",
        ),
        request_id,
    )


def _field_error(found: dict[str, Any]) -> FieldError:
    """What pydantic found, with where in the body it stands, such as `to.0`."""
    name = ".".join(str(part) for part in found["loc"] if part != "body") or "body"
    return FieldError(fieldname=name, message=found["msg"].removeprefix("Value error, "))


def _normalised(event: dict[str, Any]) -> dict[str, Any]:
    """The call as if a tidy client had sent it: one slash between segments, JSON whatever it was called."""
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    return {
        **event,
        # A line break at its end would go unnoticed by routes, and make another call of it elsewhere.
        "rawPath": re.sub("/{2,}", "/", event["rawPath"]).replace("\n", "%0A"),
        "headers": {**headers, "content-type": "application/json"},
        "body": _text(event).removeprefix("\ufeff").strip() or "{}",
        "isBase64Encoded": False,
    }


def _text(event: dict[str, Any]) -> str:
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError as error:
        raise invalid("body", "it is not UTF-8") from error


def _plain(response: "Response[str]") -> dict[str, Any]:
    """An answer that never reached the resolver, in API Gateway's shape."""
    return {
        "statusCode": int(response.status_code),
        "headers": {"Content-Type": "application/json", **response.headers},
        "body": response.body,
        "isBase64Encoded": False,
    }
