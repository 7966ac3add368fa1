"""Webhook endpoints: add, edit, view, remove, enable, and a new secret for their signatures."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters
from functions.api.answers import EXTENSION, Answer, answer, ignoring, invalid
from functions.api.edits import until_done
from functions.api.events import date
from functions.api.webhook_settings import (
    ShownWebhook,
    Url,
    WebhookId,
    WebhookNumber,
    WebhookSettings,
    check_destination,
    check_events,
    find,
    show,
)
from tracking.errors import NotificationsUnavailable, SettingsUnavailable
from tracking.mail.endpoints import (
    SECRETS_OVERLAP,
    AuthScheme,
    Endpoint,
    EndpointChanges,
    OutputFormat,
    SecretRotation,
    signing_secret,
    split_userinfo,
)
from tracking.mail.healths import Health
from tracking.storage.feeds import READERS

LOGGER = Logger()

router = APIGatewayHttpRouter()

_IGNORED: Final = ignoring("sms_events", "subaccount_id")


class NewWebhook(WebhookSettings):
    """An endpoint to add."""

    url: Annotated[
        Url,
        Field(
            description="Where webhooks go: `https`, port 443 or one that the deployment allows, a public "
            "address. A name that leads nowhere yet is taken; `webhook/test` shows when it does. A user name "
            "and password in it (`https://user:password@host/`) become `basic`"
        ),
    ]


class WebhookEdit(WebhookSettings):
    """An endpoint to edit."""

    id: Annotated[WebhookNumber, Field(description="The endpoint's number")]
    url: Annotated[
        Url | None,
        Field(
            description="Where webhooks go; without it stays. If another is given and there is an "
            "Authorization header, say again what that is to be"
        ),
    ] = None


class WebhookFilter(BaseModel):
    """Which endpoints to view."""

    id: Annotated[
        WebhookNumber | None,
        Field(description="Only the endpoint of this number; without it all", json_schema_extra=EXTENSION),
    ] = None


class AddedWebhook(ShownWebhook):
    """An endpoint, and its secret."""

    secret: Annotated[
        str,
        Field(
            description="Verifies the signatures of webhooks; in this answer and never again",
            json_schema_extra=EXTENSION,
        ),
    ]


class RotatedSecret(BaseModel):
    """An endpoint's new secret."""

    id: Annotated[int, Field(description="The endpoint's number")]
    secret: Annotated[
        str, Field(description="Verifies the signatures from now on; in this answer and never again")
    ]
    old_secret_valid_until: Annotated[
        str, Field(description="Until then webhooks are signed with the secret before this one too")
    ]


MAX_ENDPOINTS: Final = 100
"""Endpoints in all: each mail and each event asks for all of them."""


@router.post("/webhook/add", openapi_extensions=_IGNORED)
def add(new: Annotated[NewWebhook, Body()]) -> Answer[AddedWebhook]:
    """Add an endpoint.

    What it is told, and how to verify that it comes from here: see the page on webhooks. There can be 100.
    """
    url, userinfo = split_userinfo(new.url)
    scheme, header = new.authorization(userinfo, AuthScheme.NONE)
    wishes = new.wishes()
    check_events(wishes.get("events", ()), wishes.get("output_format", OutputFormat.FORM))
    check_destination(url)
    if len(adapters.settings().endpoints()) >= MAX_ENDPOINTS:
        raise invalid("url", f"there are {MAX_ENDPOINTS} webhooks already: remove one first")
    # First: without it the endpoint would be there, and its secret known to nobody.
    signing_root = adapters.webhook_signing_root()
    endpoint_id = adapters.settings().next_endpoint_id()
    endpoint = Endpoint(
        id=endpoint_id,
        url=url,
        created_at=datetime.now(UTC),
        auth_scheme=scheme,
        auth_secret=adapters.authorizations().add(endpoint_id, header) if header else None,
        **wishes,
    )
    adapters.settings().put_endpoint(endpoint)
    secret = signing_secret(endpoint, signing_root)
    return answer(router, AddedWebhook(**dict(show(endpoint, Health())), secret=secret))


@router.post("/webhook/edit", openapi_extensions=_IGNORED)
def edit(wanted: Annotated[WebhookEdit, Body()]) -> Answer[ShownWebhook]:
    """Edit an endpoint; what is left out stays.

    The signing secret stays. What is on its way is delivered as edited, though its body stays as it is. With
    another URL it is forgotten that the endpoint failed or was disabled.
    """
    if wanted.url:
        check_destination(split_userinfo(wanted.url)[0])
    edited = until_done(lambda: _changed(find(wanted.id), wanted))
    return answer(router, show(edited, adapters.healths().get(edited)))


@router.post("/webhook/view", openapi_extensions=ignoring("subaccount_id"))
def view(which: Annotated[WebhookFilter, Body()]) -> Answer[list[ShownWebhook]]:
    """All endpoints, or one."""
    found = adapters.settings().endpoints() if which.id is None else [find(which.id)]
    with ThreadPoolExecutor(READERS) as pool:
        healths = list(pool.map(adapters.healths().get, found))
    return answer(router, list(map(show, found, healths)))


@router.post("/webhook/remove", openapi_extensions=ignoring("subaccount_id"))
def remove(which: Annotated[WebhookId, Body()]) -> Answer[ShownWebhook]:
    """Remove an endpoint.

    What is on its way to it is not delivered any more. The answer is what was removed.
    """
    removed = until_done(lambda: adapters.settings().remove_endpoint(find(which.id)))
    _forget(removed.auth_secret)
    return answer(router, show(removed, _last_health(removed)))


@router.post("/webhook/enable", openapi_extensions=EXTENSION)
def enable(which: Annotated[WebhookId, Body()]) -> Answer[ShownWebhook]:
    """Send to an endpoint again that was disabled, because it answered 410.

    That it failed is forgotten too, so that it is tried at once. What had failed by then is sent again by
    `webhook/retry`.
    """
    found = find(which.id)
    adapters.healths().forget(found)
    return answer(router, show(found, Health()))


@router.post("/webhook/rotate_secret", openapi_extensions=EXTENSION)
def rotate_secret(which: Annotated[WebhookId, Body()]) -> Answer[RotatedSecret]:
    """Give an endpoint a new secret for its signatures.

    For 24 hours webhooks are signed with the new secret and with the one before. Two calls one after the
    other end a secret at once that somebody else may know.
    """
    # First: without it the old secret would end, and the new one be known to nobody.
    signing_root = adapters.webhook_signing_root()
    now = datetime.now(UTC)
    rotated = until_done(lambda: _rotated(find(which.id), now))
    return answer(
        router,
        RotatedSecret(
            id=rotated.id,
            secret=signing_secret(rotated, signing_root),
            old_secret_valid_until=date(now + SECRETS_OVERLAP),
        ),
    )


def _changed(seen: Endpoint, wanted: WebhookEdit) -> Endpoint | None:
    """The endpoint after an edit; None if it is not what was seen any more."""
    url, userinfo = split_userinfo(wanted.url) if wanted.url else (seen.url, None)
    scheme, header = wanted.authorization(userinfo, seen.auth_scheme)
    if url != seen.url and scheme is not AuthScheme.NONE and not header:
        # Whoever may edit an endpoint must not learn its secret by having it sent to a place of theirs.
        raise invalid("auth_header_value", "the URL is another: say again what to send there")
    wishes = wanted.wishes()
    check_events(wishes.get("events", seen.events), wishes.get("output_format", seen.output_format))
    if url != seen.url:
        # First: an edit to this URL that is made once more would not be to another one. It may have been
        # the endpoint's before.
        adapters.healths().forget(replace(seen, url=url))
    secret = _secret(seen, scheme, header)
    changes: EndpointChanges = {**wishes, "url": url, "auth_scheme": scheme, "auth_secret": secret}
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


def _rotated(seen: Endpoint, at: datetime) -> Endpoint | None:
    """The endpoint with its next secret; None if it is not what was seen any more."""
    if seen.secret_rotated_at == at:
        # The answer to this very change was lost, and its repetition by boto3 refused. Once more would end
        # the secret that is in use.
        return seen
    changes: SecretRotation = {"secret_version": seen.secret_version + 1, "secret_rotated_at": at}
    return adapters.settings().change_endpoint(seen, changes)


def _forget(secret: str | None) -> None:
    """Remove a secret that no endpoint names any more. If it stays, that is only untidy."""
    if secret is None:
        return
    try:
        adapters.authorizations().remove(secret)
    except SettingsUnavailable as error:
        LOGGER.warning("secret left over", secret=secret, error=str(error))


def _last_health(removed: Endpoint) -> Health:
    """How an endpoint was that is gone, which is forgotten. If it stays, it is only untidy."""
    try:
        health = adapters.healths().get(removed)
        adapters.healths().forget(removed)
    except NotificationsUnavailable as error:
        LOGGER.warning("health left over", endpoint=removed.id, error=str(error))
        return Health()
    return health
