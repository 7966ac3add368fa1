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

    def health(self, endpoint_id: int) -> Health:
        """How an endpoint is.

        Raises:
            NotificationsUnavailable: It cannot be read.
        """
        if endpoint_id not in self._healths:
            self._healths[endpoint_id] = adapters.healths().get(endpoint_id)
        return self._healths[endpoint_id]

    def claim_attempt(self, endpoint_id: int, at: datetime) -> datetime | None:
        """Ask to make an attempt: where an endpoint is on trial, one is made in each pause.

        Returns:
            None if the attempt is the caller's to make; otherwise until when the endpoint is left alone.

        Raises:
            NotificationsUnavailable: Nobody knows.
        """
        health = self.health(endpoint_id)
        if health.is_paused(at):
            return health.paused_until
        if not health.is_on_trial:
            return None
        is_ours = adapters.healths().claim(endpoint_id, health, at)
        self._healths[endpoint_id] = replace(health, paused_until=at + PAUSE)
        return None if is_ours else at + PAUSE

    def failed(self, endpoint_id: int, at: datetime, retry_at: datetime | None) -> Health:
        """Count a failure of an endpoint; how it is then.

        Args:
            endpoint_id: The endpoint's.
            at: Now.
            retry_at: When it asked to be called again, if it did.

        Raises:
            NotificationsUnavailable: It is not counted.
        """
        health = adapters.healths().failed(endpoint_id, at, retry_at)
        self._healths[endpoint_id] = health
        return health

    def succeeded(self, endpoint_id: int) -> None:
        """Forget an endpoint's failures, if there were any.

        Raises:
            NotificationsUnavailable: They are still counted.
        """
        if self.health(endpoint_id).failures:
            adapters.healths().succeeded(endpoint_id)
            self._healths[endpoint_id] = Health()

    def disable(self, endpoint: Endpoint, at: datetime) -> bool:
        """Have an endpoint sent nothing any more, unless it leads elsewhere by now; whether that was done.

        Raises:
            SettingsUnavailable, NotificationsUnavailable: It is as it was.
        """
        now = adapters.settings().endpoint(endpoint.id)
        if now is None or now.url != endpoint.url:
            return False
        self._healths[endpoint.id] = adapters.healths().disable(endpoint.id, at)
        return True
