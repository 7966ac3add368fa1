"""API keys: add, edit, view, remove, and what the calling key may do."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final, override

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters, credential_settings
from functions.api.answers import Answer, answer, ignoring, invalid
from functions.api.credential_settings import CredentialSettings, ShownCredential, common_fields
from tracking.mail import credentials
from tracking.mail.credentials import Credential, CredentialChanges, CredentialKind

router = APIGatewayHttpRouter()

DEFAULT_PERMISSIONS: Final = ("/email/send",)
"""What a key may call unless it is said, as SMTP2GO has it."""

EVERYTHING: Final = ("*",)
"""What a person may call who is signed in to the dashboard."""

_IGNORED: Final = ignoring(*credential_settings.IGNORED)
_MASK: Final = "*" * 20

Permission = Annotated[str, Field(pattern=r"^(\*|/[a-z0-9_/*]{1,60})$")]
KeyId = Annotated[str, Field(pattern=r"^api-[a-zA-Z0-9]{12}([a-zA-Z0-9]{20}|\*{20})?$")]


class ApiKey(CredentialSettings):
    """An API key to add."""

    endpoints: Annotated[
        Annotated[list[Permission], Field(max_length=100)] | None,
        Field(
            description="The calls that the key may make, such as `/email/send`, `/email/*`, or `*` for all; "
            "at first `/email/send`. A key gives no more than it has itself; a person who is signed in may "
            "give all"
        ),
    ] = None

    @override
    def changes(self) -> CredentialChanges:
        if self.endpoints is None:
            return super().changes()
        return {**super().changes(), "permissions": tuple(self.endpoints)}


class ApiKeyEdit(ApiKey):
    """An API key to edit."""

    id: Annotated[KeyId, Field(description="The key, its first 16 characters, or these and 20 asterisks")]


class ApiKeyFilter(BaseModel):
    """Which API keys to view."""

    id: Annotated[
        KeyId | None,
        Field(
            description="Only this key: all of it, its first 16 characters, or these and 20 asterisks; "
            "without it all"
        ),
    ] = None
    search: Annotated[
        Annotated[str, Field(max_length=200)] | None,
        Field(description="Only keys whose first 16 characters or description hold this, whatever its case"),
    ] = None


class ApiKeyName(BaseModel):
    """Which API key."""

    id: Annotated[KeyId, Field(description="The key, its first 16 characters, or these and 20 asterisks")]


class ShownApiKey(ShownCredential):
    """An API key."""

    api_key: Annotated[
        str,
        Field(
            description="The key, in the answer to the call that adds it and never again: otherwise its "
            "first 16 characters and 20 asterisks"
        ),
    ]
    username: Annotated[
        str, Field(description="The key's first 16 characters, by which the activity and webhooks call it")
    ]
    endpoints: Annotated[list[str], Field(description="The calls that the key may make")]


@router.post("/api_keys/add", openapi_extensions=_IGNORED)
def add_api_key(key: Annotated[ApiKey, Body()]) -> Answer[list[ShownApiKey]]:
    """Add an API key.

    The key is in the answer and never again: only a hash of it is kept. A key may make five of these calls a
    minute.
    """
    text = credentials.new_api_key(os.urandom(credentials.API_KEY_RANDOM_BYTES))
    changes: CredentialChanges = {"permissions": DEFAULT_PERMISSIONS, **key.changes()}
    _check_grant(changes)
    changes["secret_hash"] = credentials.hash_api_key(text)
    made = Credential(CredentialKind.API_KEY, credentials.api_key_id(text), datetime.now(UTC), **changes)
    return answer(router, [_shown(credential_settings.add(made, "id"), text)])


@router.post("/api_keys/edit", openapi_extensions=_IGNORED)
def replace_api_key(key: Annotated[ApiKeyEdit, Body()]) -> Answer[list[ShownApiKey]]:
    """Edit an API key, and set what is left out to its default.

    Only a key that may do no more than the calling one can be edited.
    """
    return _edited(key, {**credential_settings.DEFAULTS, "permissions": DEFAULT_PERMISSIONS, **key.changes()})


@router.patch("/api_keys/edit", openapi_extensions=_IGNORED)
def patch_api_key(key: Annotated[ApiKeyEdit, Body()]) -> Answer[list[ShownApiKey]]:
    """Edit an API key; what is left out stays.

    Only a key that may do no more than the calling one can be edited.
    """
    return _edited(key, key.changes())


@router.post("/api_keys/view", openapi_extensions=ignoring("subaccount_id"))
def view_api_keys(which: Annotated[ApiKeyFilter, Body()]) -> Answer[list[ShownApiKey]]:
    """All API keys, those that a text is found in, or one."""
    found = [_found(which.id)] if which.id else adapters.settings().credentials(CredentialKind.API_KEY)
    search = (which.search or "").lower()
    return answer(router, [_shown(key) for key in found if search in f"{key.id} {key.description}".lower()])


@router.post("/api_keys/remove", openapi_extensions=ignoring("subaccount_id"))
def remove_api_key(which: Annotated[ApiKeyName, Body()]) -> Answer[list[ShownApiKey]]:
    """Remove an API key.

    Only a key that may do no more than the calling one can be removed. The answer is what was removed.
    """
    return answer(router, [_shown(credential_settings.remove(lambda: _within_reach(which.id)))])


@router.post("/api_keys/permissions")
def view_permissions() -> Answer[list[str]]:
    """The calls that the calling key may make.

    Every key may ask this, whatever else it may do. A person who is signed in may make all: `*`.
    """
    caller = _caller()
    return answer(router, list(caller.permissions if caller else EVERYTHING))


def _edited(key: ApiKeyEdit, changes: CredentialChanges) -> Answer[list[ShownApiKey]]:
    _check_grant(changes)
    return answer(router, [_shown(credential_settings.edit(lambda: _within_reach(key.id), changes))])


def _found(key: str) -> Credential:
    """The key of an id, or the very key that is meant where all of it is given."""
    found = credential_settings.find(CredentialKind.API_KEY, credentials.api_key_id(key), "id")
    if credentials.is_api_key(key) and not credentials.holds_api_key(found, key):
        raise invalid("id", f"there is no key that begins with {found.id} and goes on like that")
    return found


def _within_reach(key: str) -> Credential:
    """A key to edit or remove: one that may do nothing that the caller may not."""
    found = _found(key)
    lacking = _beyond_caller(found.permissions)
    if lacking:
        raise invalid("id", f"{found.id} may do what the calling key may not: {', '.join(lacking)}")
    return found


def _check_grant(changes: CredentialChanges) -> None:
    lacking = _beyond_caller(changes.get("permissions", ()))
    if lacking:
        raise invalid("endpoints", f"the calling key does not have these itself: {', '.join(lacking)}")


def _beyond_caller(permissions: Iterable[str]) -> list[str]:
    caller = _caller()
    return credentials.beyond(caller, permissions) if caller else []


def _caller() -> Credential | None:
    """The calling key; None for a person who is signed in, who may do all."""
    caller: Credential | None = router.context["caller"]
    return caller


def _shown(key: Credential, text: str | None = None) -> ShownApiKey:
    return ShownApiKey(
        api_key=text or key.id + _MASK,
        username=key.id,
        endpoints=list(key.permissions),
        **common_fields(key),
    )
