"""Webhook endpoints: add, edit, view, remove."""

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, AliasChoices, BaseModel, Field

from functions.api import adapters
from functions.api.answers import EXTENSION, Answer, answer, ignoring, invalid
from tracking.mail.endpoints import (
    AuthScheme,
    Endpoint,
    EndpointChanges,
    EndpointWishes,
    OutputFormat,
    WebhookEvent,
    authorization,
    signing_secret,
    split_userinfo,
)

router = APIGatewayHttpRouter()

MASK: Final = "********"
"""What is shown in place of a secret. As a secret that is given, it means the one that is there."""

_IGNORED: Final = ignoring("sms_events", "subaccount_id")


def _checked_url(url: str) -> str:
    split_userinfo(url)
    return url


Url = Annotated[str, Field(max_length=2000, pattern=r"^https?://[!-~]+$"), AfterValidator(_checked_url)]
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
        Field(description="Names of headers of the mail to tell too: kept, and not told yet; none at first"),
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
            description="`form` or `json`; `form` at first",
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


class NewWebhook(WebhookSettings):
    """An endpoint to add."""

    url: Annotated[
        Url,
        Field(
            description="Where webhooks go: `https`, a public address; nothing is ever delivered to another. "
            "A user name and password in it (`https://user:password@host/`) become `basic`"
        ),
    ]


class WebhookEdit(WebhookSettings):
    """An endpoint to edit."""

    id: Annotated[int, Field(ge=1, le=999_999_999, description="The endpoint's number")]
    url: Annotated[
        Url | None,
        Field(
            description="Where webhooks go; without it stays. If it leads to another host and there is an "
            "Authorization header, say again what that is to be"
        ),
    ] = None


class WebhookId(BaseModel):
    """Which endpoint."""

    id: Annotated[int, Field(ge=1, le=999_999_999, description="The endpoint's number")]


class WebhookFilter(BaseModel):
    """Which endpoints to view."""

    id: Annotated[
        Annotated[int, Field(ge=1, le=999_999_999)] | None,
        Field(description="Only the endpoint of this number; without it all", json_schema_extra=EXTENSION),
    ] = None


class ShownWebhook(BaseModel):
    """An endpoint."""

    id: Annotated[int, Field(description="Its number; no other endpoint ever has it")]
    url: Annotated[str, Field(description="Where webhooks go, without user name and password")]
    events: Annotated[list[WebhookEvent], Field(description="What it is told")]
    sms_events: Annotated[list[str], Field(max_length=0, description="Always empty")] = []
    headers: Annotated[
        list[str], Field(description="The headers of the mail to tell too: kept, and not told yet")
    ]
    usernames: Annotated[list[str], Field(description="Whose mail it is told of; all if empty")]
    output_format: Annotated[OutputFormat, Field(description="`form` or `json`")]
    auth_header_type: Annotated[AuthScheme, Field(description="`bearer`, `basic`, or empty")]
    auth_header_value: Annotated[
        str, Field(description=f"`{MASK}` where there is one: it is never shown. Otherwise empty")
    ]


class AddedWebhook(ShownWebhook):
    """An endpoint, and its secret."""

    secret: Annotated[
        str,
        Field(
            description="Verifies the signatures of webhooks; in this answer and never again",
            json_schema_extra=EXTENSION,
        ),
    ]


@router.post("/webhook/add", openapi_extensions=_IGNORED)
def add(new: Annotated[NewWebhook, Body()]) -> Answer[AddedWebhook]:
    """Add an endpoint.

    What it is told, and how to verify that it comes from here: see the page on webhooks.
    """
    url, userinfo = split_userinfo(new.url)
    scheme, header = new.authorization(userinfo, AuthScheme.NONE)
    endpoint = Endpoint(
        id=adapters.settings().next_endpoint_id(),
        url=url,
        created_at=datetime.now(UTC),
        auth_scheme=scheme,
        **new.wishes(),
    )
    if header:
        adapters.authorizations().store(endpoint.id, header)
    adapters.settings().put_endpoint(endpoint)
    secret = signing_secret(endpoint, adapters.webhook_signing_root())
    return answer(router, AddedWebhook(**dict(_shown(endpoint)), secret=secret))


@router.post("/webhook/edit", openapi_extensions=_IGNORED)
def edit(wanted: Annotated[WebhookEdit, Body()]) -> Answer[ShownWebhook]:
    """Edit an endpoint; what is left out stays.

    The signing secret stays. What is on its way is delivered as edited.
    """
    while True:
        seen = _found(wanted.id)
        changed = _changed(seen, wanted)
        if changed:
            return answer(router, _shown(changed))


@router.post("/webhook/view", openapi_extensions=ignoring("subaccount_id"))
def view(which: Annotated[WebhookFilter, Body()]) -> Answer[list[ShownWebhook]]:
    """All endpoints, or one."""
    found = adapters.settings().endpoints() if which.id is None else [_found(which.id)]
    return answer(router, [_shown(endpoint) for endpoint in found])


@router.post("/webhook/remove", openapi_extensions=ignoring("subaccount_id"))
def remove(which: Annotated[WebhookId, Body()]) -> Answer[ShownWebhook]:
    """Remove an endpoint.

    What is on its way to it is not delivered any more. The answer is what was removed.
    """
    while True:
        seen = _found(which.id)
        if seen.auth_scheme is not AuthScheme.NONE:
            # First, so that it can be tried again: without the endpoint nobody would find its secret.
            adapters.authorizations().remove(seen.id)
        removed = adapters.settings().remove_endpoint(seen)
        if removed:
            return answer(router, _shown(removed))


def _changed(seen: Endpoint, wanted: WebhookEdit) -> Endpoint | None:
    """The endpoint after an edit; None if it is not what was seen any more."""
    url, userinfo = split_userinfo(wanted.url) if wanted.url else (seen.url, None)
    scheme, header = wanted.authorization(userinfo, seen.auth_scheme)
    if header:
        adapters.authorizations().store(seen.id, header)
    elif scheme is not AuthScheme.NONE and _origin(url) != _origin(seen.url):
        # Whoever may edit an endpoint must not learn its secret by having it sent to a host of theirs.
        raise invalid("auth_header_value", "the URL leads to another host: say again what to send there")
    changes: EndpointChanges = {**wanted.wishes(), "url": url, "auth_scheme": scheme}
    changed = adapters.settings().change_endpoint(seen, changes)
    was_dropped = changed and wanted.auth_header_type is AuthScheme.NONE and not header
    if was_dropped or (header and not changed and adapters.settings().endpoint(seen.id) is None):
        adapters.authorizations().remove(seen.id)
    return changed


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _found(endpoint_id: int) -> Endpoint:
    endpoint = adapters.settings().endpoint(endpoint_id)
    if endpoint is None:
        raise invalid("id", f"there is no webhook {endpoint_id}")
    return endpoint


def _shown(endpoint: Endpoint) -> ShownWebhook:
    return ShownWebhook(
        id=endpoint.id,
        url=endpoint.url,
        events=[event for event in WebhookEvent if event in endpoint.events],
        headers=list(endpoint.headers),
        usernames=sorted(endpoint.credential_ids),
        output_format=endpoint.output_format,
        auth_header_type=endpoint.auth_scheme,
        auth_header_value="" if endpoint.auth_scheme is AuthScheme.NONE else MASK,
    )
