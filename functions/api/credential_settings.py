"""What SMTP users, IP addresses and API keys have in common: their settings, and how they are edited."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypedDict, cast

from pydantic import BaseModel, Field

from functions.api import adapters
from functions.api.answers import invalid
from functions.api.edits import until_done
from tracking.mail.credentials import Credential, CredentialChanges, CredentialKind, CredentialStatus

IGNORED: Final = (
    "archive_enabled",
    "audit_email",
    "bounce_notifications",
    "click_tracking_enabled",
    "custom_ratelimit",
    "custom_ratelimit_period",
    "custom_ratelimit_value",
    "feedback_enabled",
    "feedback_html",
    "feedback_text",
    "ip_pool",
    "subaccount_id",
)
"""Fields of SMTP2GO's calls that there is nothing for here."""

DEFAULTS: Final[CredentialChanges] = {
    "description": "",
    "open_tracking_enabled": False,
    "status": CredentialStatus.ALLOWED,
}
"""What an edit by POST sets where its request leaves something out."""

Description = Annotated[str, Field(max_length=500)]


class CredentialSettings(BaseModel):
    """The settings that each kind of credential has. None, like absence, leaves one out."""

    description: Annotated[
        Description | None, Field(description="A note for people, at most 500 characters; empty at first")
    ] = None
    open_tracking_enabled: Annotated[
        bool | None,
        Field(description="Whether mail gets a pixel, from the next mail on that is sent; `false` at first"),
    ] = None
    status: Annotated[
        CredentialStatus | None,
        Field(
            description="`allowed`; `blocked`: refused at every door; `sandbox`: mail is accepted, recorded "
            "as processed, and goes nowhere. `allowed` at first"
        ),
    ] = None

    def changes(self) -> CredentialChanges:
        """What is given."""
        given = self.model_dump(include=set(CredentialSettings.model_fields), exclude_none=True)
        return cast("CredentialChanges", given)


class ShownCredential(BaseModel):
    """What is answered of each kind of credential; SMTP2GO's fields that mean nothing here are neutral."""

    description: Annotated[str, Field(description="A note for people")]
    open_tracking_enabled: Annotated[bool, Field(description="Whether mail gets a pixel")]
    status: Annotated[CredentialStatus, Field(description="`allowed`, `blocked` or `sandbox`")]
    sending_allowed: Annotated[bool, Field(description="Whether the status is `allowed`")]
    comments: Annotated[Literal[""], Field(description="Always empty; see `description`")] = ""
    custom_ratelimit: Annotated[Literal[False], Field(description="Always `false`")] = False
    custom_rate_limit: Annotated[
        Literal[False], Field(description="Always `false`; SMTP2GO's other spelling of `custom_ratelimit`")
    ] = False
    custom_ratelimit_value: Annotated[None, Field(description="Always `null`")] = None
    custom_ratelimit_period: Annotated[Literal["0:00:00"], Field(description="Always `0:00:00`")] = "0:00:00"
    default_ratelimit_value: Annotated[
        Literal["0"], Field(description="Always `0`, of a period that is `unlimited`")
    ] = "0"
    default_ratelimit_period: Annotated[
        Literal["unlimited"], Field(description="Always `unlimited`: Amazon SES has the limits")
    ] = "unlimited"
    ippool: Annotated[None, Field(description="Always `null`")] = None
    feedback_enabled: Annotated[Literal[False], Field(description="Always `false`")] = False
    feedback_domain: Annotated[Literal["default"], Field(description="Always `default`")] = "default"
    feedback_html: Annotated[Literal[""], Field(description="Always empty")] = ""
    feedback_text: Annotated[Literal[""], Field(description="Always empty")] = ""
    click_tracking_enabled: Annotated[Literal[False], Field(description="Always `false`")] = False
    archive_enabled: Annotated[Literal[False], Field(description="Always `false`")] = False
    audit_email: Annotated[None, Field(description="Always `null`")] = None
    bounce_notifications: Annotated[
        Literal["from"], Field(description="Always `from`; a bounce is in the activity and in webhooks")
    ] = "from"


class CommonFields(TypedDict):
    """What `ShownCredential` takes from a credential."""

    description: str
    open_tracking_enabled: bool
    status: CredentialStatus
    sending_allowed: bool


def common_fields(credential: Credential) -> CommonFields:
    """What is shown of each kind of credential alike."""
    return {
        "description": credential.description,
        "open_tracking_enabled": credential.open_tracking_enabled,
        "status": credential.status,
        "sending_allowed": credential.status is CredentialStatus.ALLOWED,
    }


def find(kind: CredentialKind, credential_id: str, field: str) -> Credential:
    """The credential that a field of the request names.

    Raises:
        Refusal: There is none.
    """
    credential = adapters.settings().credential(kind, credential_id)
    if credential is None:
        raise invalid(field, f"there is no {credential_id}")
    return credential


def add(credential: Credential, field: str) -> Credential:
    """Store a new credential, whose id stands in a field of the request.

    Raises:
        Refusal: Its id is taken.
    """
    if not adapters.settings().add(credential):
        raise invalid(field, f"{credential.id} is there already; edit it")
    return credential


def edit(found: Callable[[], Credential], changes: CredentialChanges) -> Credential:
    """Change a credential.

    Args:
        found: Reads it, and raises a `Refusal` if it is gone or the caller may not change it. It is called
            again where something that this depends on has changed before the change was made.
        changes: What changes; the rest stays, whoever may be changing it.

    Raises:
        SettingsUnavailable: The table does not answer, or others came between too often.
    """
    return until_done(lambda: adapters.settings().change(found(), changes))


def remove(found: Callable[[], Credential]) -> Credential:
    """Remove a credential, and say what it was.

    Args:
        found: As `edit` takes it.

    Raises:
        SettingsUnavailable: As for `edit`.
    """
    return until_done(lambda: adapters.settings().remove(found(), datetime.now(UTC)))
