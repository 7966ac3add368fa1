"""One attempt at a notification: a signed POST, and what came of it."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aws_lambda_powertools import Logger
from standardwebhooks import Webhook

from functions.webhooks import adapters, egress
from functions.webhooks.egress import NoAnswer, Response
from tracking.errors import ForbiddenDestination, SettingsUnavailable
from tracking.mail.endpoints import Endpoint, signing_secrets
from tracking.mail.notifications import Attempt, Notification, retry_at

LOGGER = Logger()


async def make(endpoint: Endpoint, notification: Notification) -> tuple[Attempt, datetime | None]:
    """Send a notification to its endpoint.

    Returns:
        What came of it, and when the endpoint asked to be called again, if it did.

    Raises:
        SettingsUnavailable: The signing secret cannot be read, so that nothing was sent.
    """
    at, started = datetime.now(UTC), time.monotonic()
    try:
        headers = {
            "Content-Type": notification.content_type,
            **_signature(endpoint, notification, at),
            **_authorization(endpoint),
        }
        answer = await egress.post(
            endpoint.url,
            notification.body.encode(),
            headers,
            ports=adapters.ports(),
            exempt_hosts=adapters.exempt_hosts(),
        )
    except (_Unauthorized, ForbiddenDestination, NoAnswer) as error:
        return Attempt(at, _since(started), error=str(error)), None
    return _answered(answer, at, _since(started))


def _answered(answer: Response, at: datetime, took: timedelta) -> tuple[Attempt, datetime | None]:
    attempt = Attempt(at, took, status=answer.status, answer=answer.body.decode("utf-8", "replace"))
    return attempt, retry_at(answer.retry_after, at + took)


class _Unauthorized(Exception):
    """The Authorization header is not known."""


def _signature(endpoint: Endpoint, notification: Notification, at: datetime) -> Mapping[str, str]:
    """Standard Webhooks' headers for an attempt made at a time."""
    secrets = signing_secrets(endpoint, adapters.signing_root(), at)
    return {
        "webhook-id": notification.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(notification.id, at, notification.body) for secret in secrets
        ),
    }


def _authorization(endpoint: Endpoint) -> Mapping[str, str]:
    """The endpoint's Authorization header. An edit of it is another secret, and holds for the next attempt.

    Raises:
        _Unauthorized: It cannot be read. Without it, the notification might reach somebody who was not meant
            to take it, and would most likely be refused.
    """
    if endpoint.auth_secret is None:
        return {}
    try:
        return {"Authorization": adapters.authorization(endpoint.auth_secret)}
    except SettingsUnavailable as error:
        LOGGER.warning("no authorization", endpoint=endpoint.id, error=str(error))
        raise _Unauthorized("not sent: the secret of its Authorization header cannot be read") from error


def _since(started: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - started)
