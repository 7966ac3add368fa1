"""What SMTP users, IP addresses and API keys have in common: their settings, and how they are edited."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypedDict, cast

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from functions.api import adapters
from functions.api.answers import invalid
from functions.api.bodies import NO_BOOLEAN
from functions.api.edits import until_done
from tracking.mail import sending_limits
from tracking.mail.credentials import Credential, CredentialChanges, CredentialKind, CredentialStatus
from tracking.mail.sending_limits import MAX_LIMIT, SendingLimit

IGNORED: Final = (
    "archive_enabled",
    "audit_email",
    "bounce_notifications",
    "click_tracking_enabled",
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
    "sending_limit": None,
    "status": CredentialStatus.ALLOWED,
}
"""What an edit by POST sets where its request leaves something out."""

NO_PERIOD: Final = "0:00:00"
"""What is shown as the period where there is no limit."""

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
    custom_ratelimit: Annotated[
        bool | None,
        Field(
            description="Whether there is a limit to how many recipients it may send to in a period: `true` "
            "with the two fields below, or `false`. `false` at first"
        ),
    ] = None
    custom_ratelimit_value: Annotated[
        int | None,
        NO_BOOLEAN,
        Field(
            validate_default=True,
            description=f"The most recipients in each period, from 1 to {MAX_LIMIT:,}; only with "
            "`custom_ratelimit`",
        ),
    ] = None
    custom_ratelimit_period: Annotated[
        Annotated[str, Field(max_length=100)] | None,
        Field(
            validate_default=True,
            description="The period: a number of hours, days, weeks or months, a time, or both, such as "
            "`1 hour`, `2 days`, `0:30:00`, or `4 months 5:00:00`, from 1 minute to 12 months; a month has "
            "30 days. Only with `custom_ratelimit`",
        ),
    ] = None

    @field_validator("custom_ratelimit_value", mode="after")
    @classmethod
    def _is_in_reach(cls, value: int | None, known: ValidationInfo) -> int | None:
        limit = _of_limit(value, known, "the number of recipients")
        if limit is not None and not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"a limit is from 1 to {MAX_LIMIT:,} recipients; false switches it off")
        return limit

    @field_validator("custom_ratelimit_period", mode="after")
    @classmethod
    def _is_a_period(cls, value: str | None, known: ValidationInfo) -> str | None:
        text = _of_limit(value, known, 'a period, such as "1 hour"')
        if text is not None:
            sending_limits.parse(text)
        return text

    def changes(self) -> CredentialChanges:
        """What is given."""
        given = self.model_dump(include={"description", "open_tracking_enabled", "status"}, exclude_none=True)
        if self.custom_ratelimit is not None:
            given["sending_limit"] = self._sending_limit()
        return cast("CredentialChanges", given)

    def _sending_limit(self) -> SendingLimit | None:
        if self.custom_ratelimit_value is None or self.custom_ratelimit_period is None:
            return None
        return SendingLimit(self.custom_ratelimit_value, sending_limits.parse(self.custom_ratelimit_period))


class ShownCredential(BaseModel):
    """What is answered of each kind of credential; SMTP2GO's fields that mean nothing here are neutral."""

    description: Annotated[str, Field(description="A note for people")]
    open_tracking_enabled: Annotated[bool, Field(description="Whether mail gets a pixel")]
    status: Annotated[CredentialStatus, Field(description="`allowed`, `blocked` or `sandbox`")]
    sending_allowed: Annotated[bool, Field(description="Whether the status is `allowed`")]
    custom_ratelimit: Annotated[
        bool, Field(description="Whether there is a limit to how many recipients it may send to")
    ]
    custom_rate_limit: Annotated[
        bool, Field(description="The same; SMTP2GO's other spelling of `custom_ratelimit`")
    ]
    custom_ratelimit_value: Annotated[
        int | None, Field(description="The most recipients in each period; `null` without a limit")
    ]
    custom_ratelimit_period: Annotated[
        str, Field(description=f"The period, such as `1 day`; `{NO_PERIOD}` without a limit")
    ]
    comments: Annotated[Literal[""], Field(description="Always empty; see `description`")] = ""
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
    custom_ratelimit: bool
    custom_rate_limit: bool
    custom_ratelimit_value: int | None
    custom_ratelimit_period: str


def common_fields(credential: Credential) -> CommonFields:
    """What is shown of each kind of credential alike."""
    limit = credential.sending_limit
    return {
        "description": credential.description,
        "open_tracking_enabled": credential.open_tracking_enabled,
        "status": credential.status,
        "sending_allowed": credential.status is CredentialStatus.ALLOWED,
        "custom_ratelimit": limit is not None,
        "custom_rate_limit": limit is not None,
        "custom_ratelimit_value": limit.recipients if limit else None,
        "custom_ratelimit_period": sending_limits.format(limit.period) if limit else NO_PERIOD,
    }


def _of_limit[T](value: T | None, known: ValidationInfo, what: str) -> T | None:
    """A part of a limit; None where there is to be no limit, and it means nothing.

    Raises:
        ValueError: There is to be a limit, and it is missing; or it is there, and nothing says whether there
            is to be one.
    """
    is_limited = known.data.get("custom_ratelimit", False)
    if is_limited and value is None:
        raise ValueError(f"custom_ratelimit is true, so it needs {what}; send both parts of the limit")
    if is_limited is None and value is not None:
        raise ValueError("it means nothing alone; send custom_ratelimit and both parts of the limit")
    return value if is_limited else None


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
