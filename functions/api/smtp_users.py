"""SMTP users: add, edit, view, remove."""

import os
import secrets
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, override

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters, credential_settings, user_doors
from functions.api.answers import EXTENSION, Answer, answer, ignoring
from functions.api.credential_settings import CredentialSettings, ShownCredential, common_fields
from tracking.mail import passwords
from tracking.mail.credentials import Credential, CredentialChanges, CredentialKind
from tracking.mail.doors import Door, slug

router = APIGatewayHttpRouter()

_IGNORED: Final = ignoring(*credential_settings.IGNORED, "feedback_domain")
_NEW_PASSWORD_BYTES: Final = 18

PRICE: Final = (
    "50 USD a month for the user's own ingress endpoint, and 0.15 USD for 1,000 messages "
    "(us-east-1, without a plan)"
)
"""What AWS asks for a door. Source: AWS Price List API, AmazonSES, 2026-07-22."""


class SmtpUser(CredentialSettings):
    """An SMTP user to add or edit."""

    username: Annotated[
        str,
        Field(
            pattern=r"^[!-~]{5,100}$", description="Its name: 5 to 100 printable ASCII characters, no blanks"
        ),
    ]
    email_password: Annotated[
        Annotated[str, Field(pattern=r"^([^\x00-\x1f\x7f]{8,200})?$")] | None,
        Field(
            description="8 to 200 characters. Without it, or where it is empty, a new user gets one that is "
            "made here, and an edited user keeps its own"
        ),
    ] = None

    @override
    def changes(self) -> CredentialChanges:
        if not self.email_password:
            return super().changes()
        hashed = passwords.hash_password(self.email_password, os.urandom(passwords.SALT_BYTES))
        return {**super().changes(), "secret_hash": hashed}


class SmtpUserFilter(BaseModel):
    """Which SMTP users to view."""

    username: Annotated[
        Annotated[str, Field(max_length=100)] | None,
        Field(description="Only the user of this name; without it all"),
    ] = None


class SmtpUserName(BaseModel):
    """Which SMTP user."""

    username: Annotated[str, Field(min_length=1, max_length=100, description="Its name")]


class ShownSmtpUser(ShownCredential):
    """An SMTP user."""

    username: Annotated[str, Field(description="Its name")]
    email_password: Annotated[
        str | None,
        Field(
            description="The password, in the answer to the call that sets it and never again: otherwise "
            "`null`"
        ),
    ] = None
    smtp_username: Annotated[
        str | None,
        Field(
            description="The name to log in with where SES Mail Manager is the SMTP server, which chooses "
            "it; `null` with the gateway, where it is `username`",
            json_schema_extra=EXTENSION,
        ),
    ] = None
    smtp_host: Annotated[
        str | None,
        Field(
            description="The host to connect to there, at port 587 or 25 with STARTTLS; `null` until it is "
            "known, and with the gateway",
            json_schema_extra=EXTENSION,
        ),
    ] = None
    smtp_status: Annotated[
        str | None,
        Field(
            description="`provisioning` until mail can be handed in there, then `active`; `closed` where the "
            "user is blocked; `updating`, `deprovisioning` or `failed` as Mail Manager says; `null` with the "
            "gateway, and where the user has no endpoint",
            json_schema_extra=EXTENSION,
        ),
    ] = None
    smtp_price: Annotated[
        str | None,
        Field(
            description="What AWS asks for the user's endpoint there; `null` with the gateway",
            json_schema_extra=EXTENSION,
        ),
    ] = None


class SmtpUsers(BaseModel):
    """SMTP users, as most calls answer them."""

    results: Annotated[list[ShownSmtpUser], Field(description="The users, by name")]


class ViewedSmtpUsers(SmtpUsers):
    """SMTP users, and what SMTP2GO says beside them."""

    default_ratelimit_value: Annotated[
        Literal[0], Field(description="Always 0, of a period that is `unlimited`")
    ] = 0
    default_ratelimit_period: Annotated[
        Literal["unlimited"], Field(description="Always `unlimited`: Amazon SES has the limits")
    ] = "unlimited"


@router.post("/users/smtp/add", openapi_extensions=_IGNORED)
def add_smtp_user(user: Annotated[SmtpUser, Body()]) -> Answer[SmtpUsers]:
    """Add an SMTP user.

    Its password is in the answer and never again: only a hash of it is kept.
    """
    password = user.email_password or secrets.token_urlsafe(_NEW_PASSWORD_BYTES)
    given = user.model_copy(update={"email_password": password})
    changes = given.changes()
    user_doors.check(password, changes)
    made = Credential(CredentialKind.SMTP_USER, user.username, datetime.now(UTC), **changes)
    door = user_doors.open_new(credential_settings.add(made, "username"), password)
    return answer(router, SmtpUsers(results=[_shown(made, door, password)]))


@router.post("/users/smtp/edit", openapi_extensions=_IGNORED)
def replace_smtp_user(user: Annotated[SmtpUser, Body()]) -> Answer[SmtpUsers]:
    """Edit an SMTP user, and set what is left out to its default.

    The password stays where it is left out. The next mail is treated as edited.
    """
    return answer(router, SmtpUsers(results=[_edited(user, credential_settings.DEFAULTS)]))


@router.patch("/users/smtp/edit", openapi_extensions=_IGNORED)
def patch_smtp_user(user: Annotated[SmtpUser, Body()]) -> Answer[list[ShownSmtpUser]]:
    """Edit an SMTP user; what is left out stays.

    The next mail is treated as edited.
    """
    return answer(router, [_edited(user, {})])


@router.post("/users/smtp/view", openapi_extensions=ignoring("subaccount_id"))
def view_smtp_users(which: Annotated[SmtpUserFilter, Body()]) -> Answer[ViewedSmtpUsers]:
    """All SMTP users, or one."""
    found = (
        [_found(which.username)]
        if which.username
        else adapters.settings().credentials(CredentialKind.SMTP_USER)
    )
    theirs = user_doors.of_users()
    return answer(router, ViewedSmtpUsers(results=[_shown(user, theirs.get(slug(user))) for user in found]))


@router.post("/users/smtp/remove", openapi_extensions=ignoring("subaccount_id"))
def remove_smtp_user(which: Annotated[SmtpUserName, Body()]) -> Answer[SmtpUsers]:
    """Remove an SMTP user.

    It can hand in no more mail. Mail that waits to be sent goes out without a pixel; what was sent stays in
    the activity. The answer is what was removed.
    """
    user_doors.remove(_found(which.username))
    removed = credential_settings.remove(lambda: _found(which.username))
    user_doors.clear_away()
    return answer(router, SmtpUsers(results=[_shown(removed)]))


def _found(username: str) -> Credential:
    return credential_settings.find(CredentialKind.SMTP_USER, username, "username")


def _edited(user: SmtpUser, defaults: CredentialChanges) -> ShownSmtpUser:
    changes: CredentialChanges = {**defaults, **user.changes()}
    user_doors.check(user.email_password, changes)
    edited = credential_settings.edit(lambda: _found(user.username), changes)
    return _shown(edited, user_doors.follow(edited, user.email_password), user.email_password)


def _shown(user: Credential, door: Door | None = None, password: str | None = None) -> ShownSmtpUser:
    return ShownSmtpUser(
        username=user.id,
        email_password=password or None,
        smtp_username=door and door.endpoint_id,
        smtp_host=door and door.host,
        smtp_status=door and door.status,
        smtp_price=door and PRICE,
        **common_fields(user),
    )
