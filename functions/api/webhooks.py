"""Webhook endpoints: add, view, remove."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AliasChoices, BaseModel, Field

from functions.api import adapters
from functions.api.answers import Answer, answer, invalid
from tracking.mail.deliveries import EventType
from tracking.mail.endpoints import Endpoint, OutputFormat, signing_secret

router = APIGatewayHttpRouter()


class WebhookEvent(StrEnum):
    """SMTP2GO's names for what a webhook can be told."""

    PROCESSED = "processed"
    DELIVERED = "delivered"
    OPEN = "open"
    BOUNCE = "bounce"
    SPAM = "spam"
    REJECT = "reject"
    CLICK = "click"
    """Accepted; nothing here leads to it."""
    UNSUBSCRIBE = "unsubscribe"
    """Accepted; nothing here leads to it."""


_TYPES = {
    WebhookEvent.PROCESSED: EventType.PROCESSED,
    WebhookEvent.DELIVERED: EventType.DELIVERED,
    WebhookEvent.OPEN: EventType.FETCHED,
    WebhookEvent.BOUNCE: EventType.BOUNCED,
    WebhookEvent.SPAM: EventType.COMPLAINED,
    WebhookEvent.REJECT: EventType.REJECTED,
}


class NewEndpoint(BaseModel):
    """The fields of `webhook/add`."""

    url: Annotated[str, Field(max_length=2000, pattern=r"^https?://[!-~]+$")]
    events: Annotated[list[WebhookEvent], Field(max_length=20)] | None = None
    usernames: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)] | None = None
    output_format: Annotated[
        OutputFormat | None, Field(validation_alias=AliasChoices("output_format", "output"))
    ] = None


class EndpointId(BaseModel):
    """Which endpoint."""

    id: Annotated[int, Field(ge=1, le=999_999_999)]


@router.post("/webhook/add")
def add(new: Annotated[NewEndpoint, Body()]) -> Answer[Any]:
    """Add an endpoint. Its signing secret is in the answer: an extension of SMTP2GO's API."""
    root = adapters.webhook_signing_root()
    endpoint = Endpoint(
        id=adapters.settings().next_endpoint_id(),
        url=new.url,
        created_at=datetime.now(UTC),
        events=frozenset(_TYPES[event] for event in new.events or [] if event in _TYPES),
        credential_ids=frozenset(new.usernames or []),
        output_format=new.output_format or OutputFormat.FORM,
    )
    adapters.settings().put_endpoint(endpoint)
    return answer(router, _shown(endpoint) | {"secret": signing_secret(endpoint, root)})


@router.post("/webhook/view")
def view() -> Answer[Any]:
    """All endpoints."""
    return answer(router, [_shown(endpoint) for endpoint in adapters.settings().endpoints()])


@router.post("/webhook/remove")
def remove(which: Annotated[EndpointId, Body()]) -> Answer[Any]:
    """Remove an endpoint; what is on its way to it is not sent any more."""
    endpoint = adapters.settings().endpoint(which.id)
    if endpoint is None:
        raise invalid("id", f"there is no webhook {which.id}")
    adapters.settings().remove_endpoint(endpoint)
    return answer(router, _shown(endpoint))


def _shown(endpoint: Endpoint) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": [name for name, event_type in _TYPES.items() if event_type in endpoint.events],
        "usernames": sorted(endpoint.credential_ids),
        "output_format": endpoint.output_format,
    }
