"""What the calls about webhooks have in common: an endpoint's settings, how it is shown, and how it is."""

import socket
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, AliasChoices, BaseModel, Field

from functions.api import adapters
from functions.api.answers import EXTENSION, invalid
from functions.api.bodies import NO_BOOLEAN
from functions.api.events import date
from tracking.errors import ForbiddenDestination
from tracking.mail import destinations
from tracking.mail.endpoints import (
    AuthScheme,
    Endpoint,
    EndpointWishes,
    OutputFormat,
    WebhookEvent,
    authorization,
    missing_from,
    split_userinfo,
)
from tracking.mail.healths import Health

MASK: Final = "********"
"""What is shown in place of a secret. As a secret that is given, it means the one that is there."""

RESOLVED_WITHIN: Final = timedelta(seconds=3)
"""How long a name is looked up when an endpoint is added; each attempt looks it up again."""


def _checked_url(url: str) -> str:
    split_userinfo(url)
    return url


Url = Annotated[str, Field(max_length=2000, pattern=r"^https?://[!-~]+$"), AfterValidator(_checked_url)]
WebhookNumber = Annotated[int, Field(ge=1, le=999_999_999), NO_BOOLEAN]
Events = Annotated[list[WebhookEvent], Field(max_length=20)]
HeaderNames = Annotated[
    list[Annotated[str, Field(pattern=r"^[!-9;-~]{1,100}$")]],
    Field(max_length=20),
]
Usernames = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)]


class WebhookSettings(BaseModel):
    """What an endpoint wants. None, like absence, leaves a setting out."""

    events: Annotated[
        Events | None,
        Field(
            description="What the endpoint is told; nothing at first, and where it is empty. `click`, "
            "`unsubscribe` and `resubscribe` are kept, and nothing here leads to them"
        ),
    ] = None
    headers: Annotated[
        HeaderNames | None,
        Field(
            description="Names of headers of the mail whose values are told too, for mail that is sent from "
            "now on; none at first"
        ),
    ] = None
    usernames: Annotated[
        Usernames | None,
        Field(
            description="Only mail of these: names of SMTP users, IP addresses or ranges, first 16 "
            "characters of API keys; all mail at first, and where it is empty"
        ),
    ] = None
    output_format: Annotated[
        OutputFormat | None,
        Field(
            validation_alias=AliasChoices("output_format", "output"),
            description="`form`, `json`, or `postmark`; `form` at first. `postmark` has no `processed`, "
            "`reject` and `resubscribe`",
        ),
    ] = None
    auth_header_type: Annotated[
        AuthScheme | None,
        Field(
            description="What the Authorization header of webhooks says: `bearer`, `basic`, or nothing where "
            "it is empty; nothing at first"
        ),
    ] = None
    auth_header_value: Annotated[
        Annotated[str, Field(max_length=2000)] | None,
        Field(
            description="The token of `bearer`; for `basic` `user:password`, or the base64 of that. Without "
            "it, or as `********`, the one that is there stays"
        ),
    ] = None

    def wishes(self) -> EndpointWishes:
        """What is given, but for the URL and what authorises."""
        wishes: EndpointWishes = {}
        if self.events is not None:
            wishes["events"] = frozenset(self.events)
        if self.headers is not None:
            wishes["headers"] = tuple(dict.fromkeys(self.headers))
        if self.usernames is not None:
            wishes["credential_ids"] = frozenset(self.usernames)
        if self.output_format is not None:
            wishes["output_format"] = self.output_format
        return wishes

    def authorization(self, userinfo: str | None, kept: AuthScheme) -> tuple[AuthScheme, str | None]:
        """The scheme from now on, and what the header says; None if that stays as it is.

        Args:
            userinfo: The user name and password that stood in the URL.
            kept: The scheme until now.

        Raises:
            Refusal: What is given does not go together.
        """
        value = None if self.auth_header_value in {None, "", MASK} else self.auth_header_value
        if userinfo:
            if self.auth_header_type or value:
                raise invalid("url", "its user name and password, or auth_header_*: give one of them")
            return AuthScheme.BASIC, authorization(AuthScheme.BASIC, userinfo)
        scheme = kept if self.auth_header_type is None else self.auth_header_type
        if value is None:
            if scheme not in {AuthScheme.NONE, kept}:
                raise invalid("auth_header_value", f"is needed for {scheme}")
            return scheme, None
        if scheme is AuthScheme.NONE:
            raise invalid("auth_header_type", "say bearer or basic, or leave out auth_header_value")
        try:
            return scheme, authorization(scheme, value)
        except ValueError as error:
            raise invalid("auth_header_value", str(error)) from error


class WebhookId(BaseModel):
    """Which endpoint."""

    id: Annotated[WebhookNumber, Field(description="The endpoint's number")]


class WebhookStatus(StrEnum):
    """How an endpoint is."""

    ACTIVE = "active"
    """It is sent what it wants; some of that may fail."""

    FAILING = "failing"
    """Nothing has succeeded for so long that somebody has to look. It is still sent what it wants."""

    DISABLED = "disabled"
    """It answered that it is gone, and is sent nothing."""

    @classmethod
    def of(cls, health: Health, at: datetime) -> Self:
        """How an endpoint is at a time."""
        if health.disabled_at:
            return cls(cls.DISABLED)
        return cls(cls.FAILING if health.is_failing(at) else cls.ACTIVE)


class ShownWebhook(BaseModel):
    """An endpoint."""

    id: Annotated[int, Field(description="Its number; no other endpoint ever has it")]
    url: Annotated[str, Field(description="Where webhooks go, without user name and password")]
    events: Annotated[list[WebhookEvent], Field(description="What it is told")]
    sms_events: Annotated[list[str], Field(max_length=0, description="Always empty")] = []
    headers: Annotated[list[str], Field(description="The headers of the mail whose values it is told")]
    usernames: Annotated[list[str], Field(description="Whose mail it is told of; all if empty")]
    output_format: Annotated[OutputFormat, Field(description="`form`, `json`, or `postmark`")]
    auth_header_type: Annotated[AuthScheme, Field(description="`bearer`, `basic`, or empty")]
    auth_header_value: Annotated[
        str, Field(description=f"`{MASK}` where there is one: it is never shown. Otherwise empty")
    ]
    status: Annotated[
        WebhookStatus,
        Field(
            description="`active`; `failing` when nothing has succeeded for about 48 hours, though it is "
            "tried again; or `disabled` once it answered 410: nothing is sent until `webhook/enable`",
            json_schema_extra=EXTENSION,
        ),
    ]
    failing_since: Annotated[
        str | None,
        Field(
            description="Since when each attempt has failed; null if the last one did not",
            json_schema_extra=EXTENSION,
        ),
    ]
    paused_until: Annotated[
        str | None,
        Field(
            description="Until when it is left alone, because it failed again and again or asked for time; "
            "null if it is not",
            json_schema_extra=EXTENSION,
        ),
    ]


def check_events(events: Collection[WebhookEvent], output_format: OutputFormat) -> None:
    """Refuse events that a form cannot tell of.

    Raises:
        Refusal: There is such an event.
    """
    missing = [event for event in WebhookEvent if event in missing_from(output_format) and event in events]
    if missing:
        raise invalid("events", f"{output_format} cannot tell of {', '.join(missing)}")


def check_destination(url: str) -> None:
    """Refuse a URL that nothing would be delivered to.

    Args:
        url: Without user name and password. Its name may lead nowhere yet.

    Raises:
        Refusal: It leads where no webhook may go.
    """
    try:
        to = destinations.destination(url, adapters.webhook_ports(), adapters.webhook_exempt_hosts())
        addresses = () if to.is_exempt else _addresses(to.host, to.port)
        if addresses:
            destinations.check_addresses(to.host, addresses)
    except ForbiddenDestination as error:
        raise invalid("url", str(error)) from error


def _addresses(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a name; none if that is not known within `RESOLVED_WITHIN`."""
    thread = ThreadPoolExecutor(1)
    look_up = thread.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = look_up.result(RESOLVED_WITHIN.total_seconds())
    except OSError:
        return ()
    finally:
        thread.shutdown(wait=False)
    return tuple(str(address[0]) for *_, address in found)


def find(endpoint_id: int) -> Endpoint:
    """The endpoint of a number.

    Raises:
        Refusal: There is none.
        SettingsUnavailable: It cannot be looked up.
    """
    endpoint = adapters.settings().endpoint(endpoint_id)
    if endpoint is None:
        raise invalid("id", f"there is no webhook {endpoint_id}")
    return endpoint


def show(endpoint: Endpoint, health: Health) -> ShownWebhook:
    """An endpoint as it is answered."""
    now = datetime.now(UTC)
    return ShownWebhook(
        id=endpoint.id,
        url=endpoint.url,
        events=[event for event in WebhookEvent if event in endpoint.events],
        headers=list(endpoint.headers),
        usernames=sorted(endpoint.credential_ids),
        output_format=endpoint.output_format,
        auth_header_type=endpoint.auth_scheme,
        auth_header_value="" if endpoint.auth_scheme is AuthScheme.NONE else MASK,
        status=WebhookStatus.of(health, now),
        failing_since=date(health.failing_since) if health.failing_since else None,
        paused_until=date(health.paused_until) if health.paused_until and health.is_paused(now) else None,
    )
