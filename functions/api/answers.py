"""How the API answers: SMTP2GO's envelope, and its errors."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

EXTENSION: Final[dict[str, bool]] = {"x-extension": True}
"""Marks a call (`openapi_extensions=`) or a field (`json_schema_extra=`) that SMTP2GO does not have."""


def ignoring(*fields: str) -> dict[str, list[str]]:
    """Marks, as `openapi_extensions=`, the fields of SMTP2GO's call that are accepted and have no effect."""
    return {"x-ignored": sorted(fields)}


RequestId = Annotated[str, Field(description="Names the call, in the answer and in our log")]


class Answer[T](BaseModel):
    """What a call answers."""

    request_id: RequestId
    data: T


class ErrorCode(StrEnum):
    """The codes that SMTP2GO publishes; the message says the rest."""

    API_EXCEPTION = "E_ApiResponseCodes.API_EXCEPTION"
    """Whatever has no code of its own."""

    ENDPOINT_PERMISSION_DENIED = "E_ApiResponseCodes.ENDPOINT_PERMISSION_DENIED"
    """The key may not make this call."""

    NON_VALIDATING_IN_PAYLOAD = "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD"
    """A field of the request is missing or wrong."""


class FieldError(BaseModel):
    """A field that was refused, and why."""

    fieldname: Annotated[str, Field(description="Where it stands in the body, such as `to.0`")]
    message: Annotated[str, Field(description="What is wrong with it")]


class Failure(BaseModel):
    """What a refused call says under `data`."""

    error: Annotated[str, Field(description="What was wrong, for people; it names up to 20 refused fields")]
    error_code: Annotated[ErrorCode, Field(description="What kind of error it is, for programs")]
    field_validation_errors: Annotated[
        FieldError | SkipJsonSchema[None],
        Field(description="The first refused field; absent if no field was to blame"),
    ] = None


class Refusal(Exception):
    """A request that gets an error instead of data."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: ErrorCode = ErrorCode.API_EXCEPTION,
        field: FieldError | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field
        self.headers = dict(headers or {})


def invalid(name: str, message: str) -> Refusal:
    """The refusal of one field."""
    return Refusal(
        HTTPStatus.BAD_REQUEST,
        f"{name}: {message}",
        ErrorCode.NON_VALIDATING_IN_PAYLOAD,
        FieldError(fieldname=name, message=message),
    )


def answer[T](router: APIGatewayHttpRouter, data: T) -> Answer[T]:
    """The answer to the call that a router is serving."""
    return Answer(request_id=router.lambda_context.aws_request_id, data=data)


def failure(refusal: Refusal, request_id: str) -> "Response[str]":
    """The answer to a refused request. `data` is an object, which SMTP2GO's own clients rely on."""
    said = Failure(error=str(refusal), error_code=refusal.code, field_validation_errors=refusal.field)
    return Response(
        status_code=refusal.status,
        content_type="application/json",
        headers=refusal.headers,
        body=Answer(request_id=request_id, data=said).model_dump_json(exclude_none=True),
    )
