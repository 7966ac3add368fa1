"""Who calls, and what they may."""

import json
from http import HTTPStatus
from typing import Any

from functions.api import adapters
from functions.api.answers import ErrorCode, Refusal
from tracking.mail import credentials
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus

CONSOLE_PREFIX = "/console"
"""The dashboard's way in; API Gateway has checked the token of whoever comes by it."""

VERSION_PREFIX = "/v3"
"""What stands before every call's path."""

API_KEY_HEADER = "x-smtp2go-api-key"
"""Where a key may stand; the body's `api_key` is the other place."""

OPEN_TO_EVERY_KEY = frozenset({"/api_keys/permissions"})
"""Calls that need a key, and no permission: SMTP2GO's WordPress plugin asks first what its key may do."""


def caller(event: dict[str, Any]) -> Credential | None:
    """The API key that makes a call, if it may; None for a person signed in to the dashboard, who may all.

    Args:
        event: API Gateway's, payload format 2.0, with a normalised path.

    Raises:
        Refusal: There is no key, it is not known, it is blocked, or it may not make this call.
        SettingsUnavailable: The key cannot be looked up.
    """
    path: str = event["rawPath"]
    if path.startswith(CONSOLE_PREFIX + "/") and _is_signed_in(event):
        return None
    key = event["headers"].get(API_KEY_HEADER) or _key_in_body(event["body"])
    if not key:
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "No API key: send it in the header X-Smtp2go-Api-Key or in the body's field api_key.",
        )
    credential = _look_up(key) if credentials.is_api_key(key) else None
    if credential is None:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "The API key is not known.")
    if credential.status is CredentialStatus.BLOCKED:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "The API key is blocked.")
    called = endpoint(path)
    if called not in OPEN_TO_EVERY_KEY and not credentials.may_call(credential, called):
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            f"The API key may not call {called}; its permissions are {', '.join(credential.permissions)}.",
            ErrorCode.ENDPOINT_PERMISSION_DENIED,
        )
    return credential


def endpoint(path: str) -> str:
    """The call behind a path, such as `/email/send`."""
    return path.removeprefix(CONSOLE_PREFIX).removeprefix(VERSION_PREFIX)


def _is_signed_in(event: dict[str, Any]) -> bool:
    """Whether API Gateway's authorizer let a token in; the path alone proves nothing."""
    return bool(event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims"))


def _key_in_body(body: str) -> str | None:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    key = fields.get("api_key") if isinstance(fields, dict) else None
    return key if isinstance(key, str) else None


def _look_up(key: str) -> Credential | None:
    found = adapters.settings().credential(CredentialKind.API_KEY, credentials.api_key_id(key))
    return found if found and credentials.holds_api_key(found, key) else None
