"""Webhook endpoints: who wants to hear of what, where, and in which form."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict
from urllib.parse import unquote, urlsplit, urlunsplit

from tracking.mail.deliveries import EventType

SECRETS_OVERLAP = timedelta(hours=24)
"""How long webhooks are signed with the old secret too once it was rotated."""


class OutputFormat(StrEnum):
    """How a webhook's body is written."""

    FORM = "form"
    """`application/x-www-form-urlencoded`."""

    JSON = "json"
    """`application/json`."""

    POSTMARK = "postmark"
    """`application/json` in the fields of Postmark's webhooks; it has none for some events."""


class WebhookEvent(StrEnum):
    """SMTP2GO's names for what a webhook can be told."""

    PROCESSED = "processed"
    """The mail was taken for sending."""

    DELIVERED = "delivered"
    """The recipient's mail server took it."""

    OPEN = "open"
    """It was opened, by whom or whatever."""

    BOUNCE = "bounce"
    """The recipient's mail server refused it."""

    SPAM = "spam"
    """The recipient complained."""

    REJECT = "reject"
    """It was refused before it was sent."""

    CLICK = "click"
    """Can be asked for; nothing here leads to it."""

    UNSUBSCRIBE = "unsubscribe"
    """Can be asked for; nothing here leads to it."""

    RESUBSCRIBE = "resubscribe"
    """Can be asked for; nothing here leads to it."""


_EVENTS = {
    EventType.PROCESSED: WebhookEvent.PROCESSED,
    EventType.DELIVERED: WebhookEvent.DELIVERED,
    EventType.FETCHED: WebhookEvent.OPEN,
    EventType.BOUNCED: WebhookEvent.BOUNCE,
    EventType.COMPLAINED: WebhookEvent.SPAM,
    EventType.REJECTED: WebhookEvent.REJECT,
}


def webhook_event(event: EventType) -> WebhookEvent | None:
    """What webhooks call an event; None if they are not told of it."""
    return _EVENTS.get(event)


NEVER_SENT = frozenset(WebhookEvent) - frozenset(_EVENTS.values())
"""The events that can be asked for, and that nothing here leads to."""

_NOT_IN_POSTMARK = frozenset({WebhookEvent.PROCESSED, WebhookEvent.REJECT, WebhookEvent.RESUBSCRIBE})


def missing_from(output_format: OutputFormat) -> frozenset[WebhookEvent]:
    """The events that a form cannot tell of."""
    return _NOT_IN_POSTMARK if output_format is OutputFormat.POSTMARK else frozenset()


class AuthScheme(StrEnum):
    """How a webhook proves who sends it, beside its signature."""

    NONE = ""
    """It has no Authorization header."""

    BEARER = "bearer"
    """It has a token."""

    BASIC = "basic"
    """It has a user name and a password."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that wants events.

    `events` are those it wants; `credential_ids` the credentials whose mail it wants, all if empty.
    `headers` are the mail's headers that it wants to be told. What its Authorization header says is a secret
    whose name is `auth_secret`, None if it has no such header. `secret_version` counts up when its signing
    secret is rotated, which was last done at `secret_rotated_at`.
    """

    id: int
    url: str
    created_at: datetime
    events: frozenset[WebhookEvent] = frozenset()
    credential_ids: frozenset[str] = frozenset()
    output_format: OutputFormat = OutputFormat.FORM
    secret_version: int = 1
    secret_rotated_at: datetime | None = None
    headers: tuple[str, ...] = ()
    auth_scheme: AuthScheme = AuthScheme.NONE
    auth_secret: str | None = None

    def wants(self, event: EventType, credential_id: str) -> bool:
        """Whether the endpoint asked for an event of a credential's mail."""
        asked = webhook_event(event) in self.events
        return asked and (not self.credential_ids or credential_id in self.credential_ids)


class EndpointWishes(TypedDict, total=False):
    """What an endpoint wants to be told, and how; what is not named stays."""

    events: frozenset[WebhookEvent]
    credential_ids: frozenset[str]
    output_format: OutputFormat
    headers: tuple[str, ...]


class EndpointChanges(EndpointWishes, total=False):
    """What changes of an endpoint; what is not named stays."""

    url: str
    auth_scheme: AuthScheme
    auth_secret: str | None


class SecretRotation(TypedDict):
    """What changes of an endpoint when its signing secret is rotated."""

    secret_version: int
    secret_rotated_at: datetime


def signing_secret(endpoint: Endpoint, root: str) -> str:
    """The endpoint's own signing secret, derived from the deployment's, so that none is stored.

    Args:
        endpoint: Its id and `secret_version` make the secret its own.
        root: The deployment's signing secret.

    Returns:
        `whsec_` and 32 bytes in base64, as Standard Webhooks writes symmetric secrets.
    """
    return _signing_secret(endpoint.id, endpoint.secret_version, root)


def signing_secrets(endpoint: Endpoint, root: str, at: datetime) -> list[str]:
    """The secrets that a webhook is signed with at a time, the newest first.

    That is one, and for `SECRETS_OVERLAP` after it was rotated also the one before.
    """
    versions = [endpoint.secret_version]
    if endpoint.secret_rotated_at and at < endpoint.secret_rotated_at + SECRETS_OVERLAP:
        versions.append(endpoint.secret_version - 1)
    return [_signing_secret(endpoint.id, version, root) for version in versions]


def _signing_secret(endpoint_id: int, version: int, root: str) -> str:
    name = f"webhook endpoint {endpoint_id} version {version}"
    derived = hmac.digest(root.encode(), name.encode(), hashlib.sha256)
    return "whsec_" + base64.b64encode(derived).decode()


def split_userinfo(url: str) -> tuple[str, str | None]:
    """A URL without the user name and password in it, and these as `user:password`, None if there are none.

    Args:
        url: An absolute URL; in its user name and password, `%40` stands for `@` and so on.

    Raises:
        ValueError: It names no host, or a port that is none.

    Source:
        RFC 3986, section 3.2.1.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("it names no host")
    if parts.port == 0:
        raise ValueError("there is no port 0")
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    bare = urlunsplit(parts._replace(netloc=host))
    return bare, f"{unquote(user)}:{unquote(password)}" if userinfo else None


def authorization(scheme: AuthScheme, value: str) -> str:
    """What an endpoint's Authorization header says.

    Args:
        scheme: One that needs a value.
        value: The token; for Basic `user:password`, or the base64 of that, which has no colon.

    Raises:
        ValueError: The value is none for the scheme.

    Source:
        RFC 6750, section 2.1; RFC 7617, section 2.
    """
    if scheme is AuthScheme.BEARER:
        if not re.fullmatch("[!-~]+", value):
            raise ValueError("a token has no blanks, and only ASCII characters")
        return f"Bearer {value}"
    if ":" in value:
        return "Basic " + base64.b64encode(value.encode()).decode()
    try:
        decoded = base64.b64decode(value, validate=True)
    except ValueError:
        decoded = b""
    if b":" not in decoded:
        raise ValueError("for basic it is user:password, or the base64 of that")
    return f"Basic {value}"
