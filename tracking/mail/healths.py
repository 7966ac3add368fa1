"""How webhook endpoints answer, and when one that fails is left alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracking.mail.notifications import RETRIES

FAILING_AFTER = sum(RETRIES, timedelta())
"""How long an endpoint has to fail, without a success, until it counts as failing: about 48 hours."""

PAUSED_AFTER = 5
"""So many failures of an endpoint in a row make it pause."""

PAUSE = timedelta(seconds=30)
"""How long an endpoint is left alone then. After that one attempt is made, whose failure is a new pause."""


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint has answered of late.

    `failures` are those in a row, the first of them at `failing_since`. Next to nothing is sent before
    `paused_until`, and nothing at all once it was `disabled_at`.
    """

    failures: int = 0
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    disabled_at: datetime | None = None

    def is_failing(self, at: datetime) -> bool:
        """Whether it has failed for so long that somebody has to look."""
        return self.failing_since is not None and at >= self.failing_since + FAILING_AFTER

    def is_paused(self, at: datetime) -> bool:
        """Whether it is to be left alone."""
        return self.paused_until is not None and at < self.paused_until

    @property
    def is_on_trial(self) -> bool:
        """Whether one attempt has to show whether it is back before there are others."""
        return self.failures >= PAUSED_AFTER

    def pause(self, at: datetime, retry_at: datetime | None) -> datetime | None:
        """Until when it is to be left alone after its last failure; None if it need not be.

        Args:
            at: When it failed.
            retry_at: When it asked to be called again, if it did.
        """
        ends = [retry_at, at + PAUSE if self.is_on_trial else None]
        return max(filter(None, ends), default=None)
