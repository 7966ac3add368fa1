"""The endpoints of a batch's notifications, each read once, and how they are."""

from dataclasses import replace
from datetime import datetime

from functions.webhooks import adapters
from tracking.mail.endpoints import Endpoint
from tracking.mail.healths import PAUSE, Health


class Endpoints:
    """What is known of the endpoints while a batch is sent."""

    def __init__(self) -> None:
        self._endpoints: dict[int, Endpoint | None] = {}
        self._healths: dict[int, Health] = {}

    def get(self, endpoint_id: int) -> Endpoint | None:
        """An endpoint as it is now; None if it is gone.

        Raises:
            SettingsUnavailable: It cannot be read.
        """
        if endpoint_id not in self._endpoints:
            self._endpoints[endpoint_id] = adapters.settings().endpoint(endpoint_id)
        return self._endpoints[endpoint_id]

    def health(self, endpoint: Endpoint) -> Health:
        """How an endpoint is.

        Raises:
            NotificationsUnavailable: It cannot be read.
        """
        if endpoint.id not in self._healths:
            self._healths[endpoint.id] = adapters.healths().get(endpoint)
        return self._healths[endpoint.id]

    def claim_attempt(self, endpoint: Endpoint, at: datetime) -> datetime | None:
        """Ask to make an attempt: where an endpoint is on trial, one is made in each pause.

        Returns:
            None if the attempt is the caller's to make; otherwise until when the endpoint is left alone.

        Raises:
            NotificationsUnavailable: Nobody knows.
        """
        health = self.health(endpoint)
        if not health.is_paused(at) and health.is_on_trial:
            if adapters.healths().claim(endpoint, health, at):
                self._healths[endpoint.id] = replace(health, paused_until=at + PAUSE)
                return None
            # Another has the attempt, or it is well again.
            health = self._healths[endpoint.id] = adapters.healths().get(endpoint)
        return health.paused_until if health.is_paused(at) else None

    def failed(self, endpoint: Endpoint, at: datetime, retry_at: datetime | None) -> Health:
        """Count a failure of an endpoint; how it is then.

        Args:
            endpoint: Which failed.
            at: Now.
            retry_at: When it asked to be called again, if it did.

        Raises:
            NotificationsUnavailable: It is not counted.
        """
        self._healths[endpoint.id] = adapters.healths().failed(endpoint, at, retry_at)
        return self._healths[endpoint.id]

    def succeeded(self, endpoint: Endpoint) -> None:
        """Forget an endpoint's failures, if there were any.

        Raises:
            NotificationsUnavailable: They are still counted.
        """
        if self.health(endpoint).failures:
            self._healths[endpoint.id] = adapters.healths().succeeded(endpoint)

    def disable(self, endpoint: Endpoint, at: datetime) -> None:
        """Have an endpoint sent nothing any more.

        Raises:
            NotificationsUnavailable: It is as it was.
        """
        self._healths[endpoint.id] = adapters.healths().disable(endpoint, at)
