"""Webhook endpoints: add, edit, view, remove."""

from datetime import UTC, datetime
from typing import Annotated, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, AliasChoices, BaseModel, Field

from functions.api import adapters
from functions.api.answers import EXTENSION, Answer, answer, ignoring, invalid
from functions.api.bodies import NO_BOOLEAN
from functions.api.edits import until_done
from tracking.errors import SettingsUnavailable
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

LOGGER = Logger()

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

    id: Annotated[int, Field(ge=1, le=999_999_999, description="The endpoint's number"), NO_BOOLEAN]
    url: Annotated[
        Url | None,
        Field(
            description="Where webhooks go; without it stays. If another is given and there is an "
            "Authorization header, say again what that is to be"
        ),
    ] = None


class WebhookId(BaseModel):
    """Which endpoint."""

    id: Annotated[int, Field(ge=1, le=999_999_999, description="The endpoint's number"), NO_BOOLEAN]


class WebhookFilter(BaseModel):
    """Which endpoints to view."""

    id: Annotated[
        Annotated[int, Field(ge=1, le=999_999_999), NO_BOOLEAN] | None,
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
    # First: without it the endpoint would be there, and its secret known to nobody.
    signing_root = adapters.webhook_signing_root()
    endpoint_id = adapters.settings().next_endpoint_id()
    endpoint = Endpoint(
        id=endpoint_id,
        url=url,
        created_at=datetime.now(UTC),
        auth_scheme=scheme,
        auth_secret=adapters.authorizations().add(endpoint_id, header) if header else None,
        **new.wishes(),
    )
    adapters.settings().put_endpoint(endpoint)
    secret = signing_secret(endpoint, signing_root)
    return answer(router, AddedWebhook(**dict(_shown(endpoint)), secret=secret))


@router.post("/webhook/edit", openapi_extensions=_IGNORED)
def edit(wanted: Annotated[WebhookEdit, Body()]) -> Answer[ShownWebhook]:
    """Edit an endpoint; what is left out stays.

    The signing secret stays. What is on its way is delivered as edited.
    """
    return answer(router, _shown(until_done(lambda: _changed(_found(wanted.id), wanted))))


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
    removed = until_done(lambda: adapters.settings().remove_endpoint(_found(which.id)))
    _forget(removed.auth_secret)
    return answer(router, _shown(removed))


def _changed(seen: Endpoint, wanted: WebhookEdit) -> Endpoint | None:
    """The endpoint after an edit; None if it is not what was seen any more."""
    url, userinfo = split_userinfo(wanted.url) if wanted.url else (seen.url, None)
    scheme, header = wanted.authorization(userinfo, seen.auth_scheme)
    if url != seen.url and scheme is not AuthScheme.NONE and not header:
        # Whoever may edit an endpoint must not learn its secret by having it sent to a place of theirs.
        raise invalid("auth_header_value", "the URL is another: say again what to send there")
    secret = _secret(seen, scheme, header)
    changes: EndpointChanges = {
        **wanted.wishes(),
        "url": url,
        "auth_scheme": scheme,
        "auth_secret": secret,
    }
    changed = adapters.settings().change_endpoint(seen, changes) or _written_before(seen.id, header, secret)
    if secret != seen.auth_secret:
        _forget(seen.auth_secret if changed else secret)
    return changed


def _secret(seen: Endpoint, scheme: AuthScheme, header: str | None) -> str | None:
    """The name of the secret from now on: a new one for each value that is given.

    So the secret that is there goes on to be sent where it was meant for, until URL and name change at once.
    """
    if header:
        return adapters.authorizations().add(seen.id, header)
    return None if scheme is AuthScheme.NONE else seen.auth_secret


def _written_before(endpoint_id: int, header: str | None, secret: str | None) -> Endpoint | None:
    """The endpoint if it has the secret that was just made for it.

    Then the change was made, its answer was lost, and what was refused is its repetition by boto3.
    """
    now = adapters.settings().endpoint(endpoint_id) if header else None
    return now if now and now.auth_secret == secret else None


def _forget(secret: str | None) -> None:
    """Remove a secret that no endpoint names any more. If it stays, that is only untidy."""
    if secret is None:
        return
    try:
        adapters.authorizations().remove(secret)
    except SettingsUnavailable as error:
        LOGGER.warning("secret left over", secret=secret, error=str(error))


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
