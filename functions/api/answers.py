"""How the API answers: SMTP2GO's envelope, and its errors."""

import json
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

type Data = dict[str, object] | list[dict[str, object]]
"""What an answer holds under `data`."""


class ErrorCode(StrEnum):
    """The codes that SMTP2GO publishes; the message says the rest."""

    API_EXCEPTION = "E_ApiResponseCodes.API_EXCEPTION"
    """Whatever has no code of its own."""

    ENDPOINT_PERMISSION_DENIED = "E_ApiResponseCodes.ENDPOINT_PERMISSION_DENIED"
    """The key may not make this call."""

    NON_VALIDATING_IN_PAYLOAD = "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD"
    """A field of the request is missing or wrong."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that was refused, and why."""

    name: str
    message: str


class Refusal(Exception):
    """A request that gets an error instead of data."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: ErrorCode = ErrorCode.API_EXCEPTION,
        field: FieldError | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field


def invalid(name: str, message: str) -> Refusal:
    """The refusal of one field."""
    return Refusal(
        HTTPStatus.BAD_REQUEST,
        f"{name}: {message}",
        ErrorCode.NON_VALIDATING_IN_PAYLOAD,
        FieldError(name, message),
    )


def success(router: APIGatewayHttpRouter, data: Data) -> dict[str, object]:
    """The body of an answer with data."""
    return {"request_id": router.lambda_context.aws_request_id, "data": data}


def failure(refusal: Refusal, request_id: str) -> "Response[str]":
    """The answer to a refused request. `data` is an object, which SMTP2GO's own clients rely on."""
    data: dict[str, object] = {"error": str(refusal), "error_code": refusal.code}
    if refusal.field:
        data["field_validation_errors"] = {
            "fieldname": refusal.field.name,
            "message": refusal.field.message,
        }
    return Response(
        status_code=refusal.status,
        content_type="application/json",
        body=json.dumps({"request_id": request_id, "data": data}),
    )
