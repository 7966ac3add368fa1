"""How long an envelope waits before it is tried again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tracking.errors import DeliveryClaimed

FIRST_WAIT = timedelta(seconds=5)
"""How long it waits after the first attempt; after each other one twice as long."""

LONGEST_WAIT = timedelta(minutes=30)
"""Short beside the day that SES's daily quota is for."""

SPREAD = 0.5
"""What part of a wait chance may take away: envelopes that failed together do not come back together."""

LATE = timedelta(minutes=30)
"""After this time somebody should hear of a mail that is not sent."""

_ENOUGH_DOUBLINGS = 20


@dataclass
class Attempt:
    """What came of an attempt at an envelope.

    `failures` say why recipients must wait. It `has_progressed` if SES answered to at least one, and
    `is_cut_short` if time was up before all had their turn.
    """

    failures: list[Exception] = field(default_factory=list)
    has_progressed: bool = False
    is_cut_short: bool = False

    @property
    def is_done(self) -> bool:
        """Whether nobody has to wait."""
        return not self.failures and not self.is_cut_short


def wait(attempt: Attempt, receives: int, now: datetime, chance: float) -> timedelta:
    """How long an envelope waits that is not done.

    Args:
        attempt: The last one.
        receives: How many there were, from 1.
        now: Now.
        chance: From 0 to 1.

    Returns:
        Nothing, where there was only too little time; after other progress the first wait; otherwise the
        longer one of so many attempts. Where all that is left is claimed, until the first claim ends.
    """
    if attempt.has_progressed and attempt.is_cut_short and not attempt.failures:
        return timedelta(0)
    doublings = 0 if attempt.has_progressed else min(receives - 1, _ENOUGH_DOUBLINGS)
    backoff = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT) * (1 - SPREAD * chance)
    claims = [failure.until for failure in attempt.failures if isinstance(failure, DeliveryClaimed)]
    if attempt.is_cut_short or not claims or len(claims) < len(attempt.failures):
        return backoff
    return max(min(claims) - now, timedelta(0)) + FIRST_WAIT * chance
