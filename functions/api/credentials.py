"""SMTP users, authenticated IP addresses and API keys: add, edit, view."""

import ipaddress
import os
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any, override

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BaseModel, Field

from functions.api import adapters
from functions.api.answers import Answer, answer, invalid
from tracking.mail import credentials, passwords
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus

router = APIGatewayHttpRouter()

DEFAULT_ENDPOINTS = ("/email/send",)
"""What a key may call unless it is said, as SMTP2GO has it."""

_NEVER_SHOWN = "*" * 20


def _canonical_range(text: str) -> str:
    network = ipaddress.ip_network(text, strict=False)
    return str(network.network_address) if network.num_addresses == 1 else str(network)


UserName = Annotated[str, Field(pattern=r"^[!-~]{5,100}$")]
Password = Annotated[str, Field(min_length=8, max_length=200)]
AddressRange = Annotated[str, Field(max_length=64), AfterValidator(_canonical_range)]
EndpointPattern = Annotated[str, Field(pattern=r"^(\*|/[a-z0-9_/*]{1,60})$")]


class Switches(BaseModel):
    """The settings that each kind of credential has. None, like absence, leaves one out."""

    description: Annotated[str, Field(max_length=500)] | None = None
    open_tracking_enabled: bool | None = None
    status: CredentialStatus | None = None

    def changes(self) -> dict[str, Any]:
        """The settings that are given, by the credential's attribute."""
        return self.model_dump(include=set(Switches.model_fields), exclude_none=True)


class SmtpUser(Switches):
    """An SMTP user to add or edit."""

    username: UserName
    email_password: Password | None = None

    @override
    def changes(self) -> dict[str, Any]:
        if self.email_password is None:
            return super().changes()
        hashed = passwords.hash_password(self.email_password, os.urandom(passwords.SALT_BYTES))
        return {**super().changes(), "secret_hash": hashed}


class SmtpUserFilter(BaseModel):
    """Which SMTP users to view."""

    username: Annotated[str, Field(max_length=100)] | None = None


class IpAddress(Switches):
    """An authenticated IP address to add or edit."""

    ip_address: AddressRange


class IpAddressFilter(BaseModel):
    """Which authenticated IP addresses to view."""

    ip_address: AddressRange | None = None


class ApiKey(Switches):
    """An API key to add."""

    endpoints: Annotated[list[EndpointPattern], Field(max_length=100)] | None = None

    @override
    def changes(self) -> dict[str, Any]:
        if self.endpoints is None:
            return super().changes()
        return {**super().changes(), "endpoints": tuple(self.endpoints)}


class ApiKeyEdit(ApiKey):
    """An API key to edit; `id` is the key, or its first 16 characters."""

    id: Annotated[str, Field(min_length=16, max_length=36)]


class ApiKeyFilter(BaseModel):
    """Which API keys to view."""

    id: Annotated[str, Field(min_length=16, max_length=36)] | None = None
    search: Annotated[str, Field(max_length=200)] | None = None


@router.post("/users/smtp/add")
def add_smtp_user(user: Annotated[SmtpUser, Body()]) -> Answer[Any]:
    """Add an SMTP user. Its password is in the answer, and never again."""
    password = user.email_password or secrets.token_urlsafe(18)
    given = user.model_copy(update={"email_password": password})
    added = _add(Credential(CredentialKind.SMTP_USER, user.username, _now(), **given.changes()), "username")
    return answer(router, {"results": [_shown(added) | {"email_password": password}]})


@router.post("/users/smtp/edit")
def replace_smtp_user(user: Annotated[SmtpUser, Body()]) -> Answer[Any]:
    """Edit an SMTP user; what is left out goes to its default, but for the password."""
    return answer(router, {"results": [_shown(_edit(_smtp_user(user.username), user, keep=False))]})


@router.patch("/users/smtp/edit")
def patch_smtp_user(user: Annotated[SmtpUser, Body()]) -> Answer[Any]:
    """Edit an SMTP user; what is left out stays."""
    return answer(router, [_shown(_edit(_smtp_user(user.username), user, keep=True))])


@router.post("/users/smtp/view")
def view_smtp_users(which: Annotated[SmtpUserFilter, Body()]) -> Answer[Any]:
    """All SMTP users, or one."""
    found = (
        [_smtp_user(which.username)]
        if which.username
        else adapters.settings().credentials(CredentialKind.SMTP_USER)
    )
    return answer(router, {"results": [_shown(user) for user in found]})


@router.post("/ip_auth/add")
def add_ip_address(address: Annotated[IpAddress, Body()]) -> Answer[Any]:
    """Let an address or CIDR range hand in mail without a login. An extension of SMTP2GO's API."""
    added = _add(
        Credential(CredentialKind.IP_ADDRESS, address.ip_address, _now(), **address.changes()), "ip_address"
    )
    return answer(router, {"results": [_shown(added)]})


@router.patch("/ip_auth/edit")
def patch_ip_address(address: Annotated[IpAddress, Body()]) -> Answer[Any]:
    """Edit an authenticated IP address; what is left out stays."""
    return answer(router, [_shown(_edit(_ip_address(address.ip_address), address, keep=True))])


@router.post("/ip_auth/view")
def view_ip_addresses(which: Annotated[IpAddressFilter, Body()]) -> Answer[Any]:
    """All authenticated IP addresses, or one."""
    found = (
        [_ip_address(which.ip_address)]
        if which.ip_address
        else adapters.settings().credentials(CredentialKind.IP_ADDRESS)
    )
    return answer(router, {"results": [_shown(address) for address in found]})


@router.post("/api_keys/add")
def add_api_key(key: Annotated[ApiKey, Body()]) -> Answer[Any]:
    """Add an API key. It is in the answer, and never again."""
    text = credentials.new_api_key(os.urandom(credentials.API_KEY_RANDOM_BYTES))
    _check_grant(key.endpoints or DEFAULT_ENDPOINTS)
    added = _add(
        Credential(
            CredentialKind.API_KEY,
            credentials.api_key_id(text),
            _now(),
            secret_hash=credentials.hash_api_key(text),
            **({"endpoints": DEFAULT_ENDPOINTS} | key.changes()),
        ),
        "api_key",
    )
    return answer(router, [_shown(added) | {"api_key": text}])


@router.post("/api_keys/edit")
def replace_api_key(key: Annotated[ApiKeyEdit, Body()]) -> Answer[Any]:
    """Edit an API key; what is left out goes to its default."""
    edited = _api_key(key.id)
    _check_grant([*edited.endpoints, *(key.endpoints or DEFAULT_ENDPOINTS)])
    return answer(router, [_shown(_edit(edited, key, keep=False))])


@router.patch("/api_keys/edit")
def patch_api_key(key: Annotated[ApiKeyEdit, Body()]) -> Answer[Any]:
    """Edit an API key; what is left out stays."""
    edited = _api_key(key.id)
    _check_grant([*edited.endpoints, *(key.endpoints or ())])
    return answer(router, [_shown(_edit(edited, key, keep=True))])


@router.post("/api_keys/view")
def view_api_keys(which: Annotated[ApiKeyFilter, Body()]) -> Answer[Any]:
    """All API keys, those whose id or description holds a text, or one."""
    found = [_api_key(which.id)] if which.id else adapters.settings().credentials(CredentialKind.API_KEY)
    search = (which.search or "").lower()
    return answer(router, [_shown(key) for key in found if search in f"{key.id} {key.description}".lower()])


def _now() -> datetime:
    return datetime.now(UTC)


def _add(credential: Credential, field: str) -> Credential:
    if not adapters.settings().add(credential):
        raise invalid(field, f"{credential.id} is there already")
    return credential


def _edit(credential: Credential, switches: Switches, *, keep: bool) -> Credential:
    if not keep:
        defaults: dict[str, Any] = (
            {"endpoints": DEFAULT_ENDPOINTS} if credential.kind is CredentialKind.API_KEY else {}
        )
        credential = Credential(
            credential.kind, credential.id, credential.created_at, credential.secret_hash, **defaults
        )
    edited = replace(credential, **switches.changes())
    adapters.settings().replace(edited)
    return edited


def _smtp_user(username: str) -> Credential:
    return _existing(CredentialKind.SMTP_USER, username, "username")


def _ip_address(address: str) -> Credential:
    return _existing(CredentialKind.IP_ADDRESS, address, "ip_address")


def _api_key(key: str) -> Credential:
    return _existing(CredentialKind.API_KEY, credentials.api_key_id(key), "id")


def _existing(kind: CredentialKind, credential_id: str, field: str) -> Credential:
    credential = adapters.settings().credential(kind, credential_id)
    if credential is None:
        raise invalid(field, f"there is no {credential_id}")
    return credential


def _check_grant(wanted: Iterable[str]) -> None:
    """A key grants and edits no more than it has; a person signed in may do all."""
    caller: Credential | None = router.context["caller"]
    if caller is None:
        return
    beyond = [
        pattern
        for pattern in wanted
        if not any(fnmatchcase(pattern, granted) for granted in caller.endpoints)
    ]
    if beyond:
        raise invalid("endpoints", f"the calling key may not grant {', '.join(beyond)}")


def _shown(credential: Credential) -> dict[str, object]:
    """A credential as SMTP2GO shows it, without its secret."""
    common = {
        "description": credential.description,
        "status": credential.status,
        "sending_allowed": credential.status is CredentialStatus.ALLOWED,
        "open_tracking_enabled": credential.open_tracking_enabled,
    }
    match credential.kind:
        case CredentialKind.SMTP_USER:
            return {"username": credential.id, **common}
        case CredentialKind.IP_ADDRESS:
            return {"ip_address": credential.id, **common}
        case CredentialKind.API_KEY:
            return {
                "api_key": credential.id + _NEVER_SHOWN,
                "username": credential.id,
                "endpoints": list(credential.endpoints),
                **common,
            }
