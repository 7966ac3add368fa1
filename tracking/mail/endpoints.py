"""Webhook endpoints: who wants to hear of what, where, and in which form."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracking.mail.deliveries import EventType


class OutputFormat(StrEnum):
    """How a webhook's body is written."""

    FORM = "form"
    """`application/x-www-form-urlencoded`."""

    JSON = "json"
    """`application/json`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that wants events.

    `events` are the types it wants; `credential_ids` the credentials whose mail it wants, all if empty.
    `secret_version` counts up when its signing secret is rotated.
    """

    id: int
    url: str
    created_at: datetime
    events: frozenset[EventType] = frozenset()
    credential_ids: frozenset[str] = frozenset()
    output_format: OutputFormat = OutputFormat.FORM
    secret_version: int = 1

    def wants(self, event: EventType, credential_id: str) -> bool:
        """Whether the endpoint asked for an event of a credential's mail."""
        return event in self.events and (not self.credential_ids or credential_id in self.credential_ids)


def signing_secret(endpoint: Endpoint, root: str) -> str:
    """The endpoint's own signing secret, derived from the deployment's, so that none is stored.

    Args:
        endpoint: Its id and `secret_version` make the secret its own.
        root: The deployment's signing secret.

    Returns:
        `whsec_` and 32 bytes in base64, as Standard Webhooks writes symmetric secrets.
    """
    name = f"webhook endpoint {endpoint.id} version {endpoint.secret_version}"
    derived = hmac.digest(root.encode(), name.encode(), hashlib.sha256)
    return "whsec_" + base64.b64encode(derived).decode()
