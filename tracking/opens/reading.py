"""How long a mail was open, as far as its client lets that be seen.

A client that is timed is not given the image but sent on, hop by hop, and each hop answers when another step
has passed since the fetch. A client that closed the mail does not follow; so the request for a hop proves
that the mail was open until then. Nothing is known of a client that never follows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

STEP = timedelta(seconds=5)
MAX_STEPS = 6
"""SMTP2GO's `read-secs`: steps of five seconds, at most thirty."""

LONGEST = STEP * MAX_STEPS
"""What is measured at most."""

HOPS = MAX_STEPS + 1
"""The last one proves the last step, and answers with the image. Browsers follow 20 redirects."""

PATIENCE = timedelta(seconds=5)
"""How much later than its time a hop may be asked for: a slow network, not somebody with an old URL."""

CLOCKS_DIFFER = timedelta(seconds=1)
"""How much earlier than its time a hop may seem to be asked for: two machines, two clocks."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the hops saw of one fetch.

    `steps` are the whole steps for which the mail is known to have been open, None while the client has not
    asked for any hop. `at` is when it last asked for one. `milliseconds` is the measured lower bound from the
    access log, None until that has arrived.
    """

    steps: int | None = None
    at: datetime | None = None
    milliseconds: int | None = None


def seconds(reading: Reading | None) -> int | None:
    """Whole steps of reading in seconds, from 0 to 30; None where it cannot be measured."""
    return None if reading is None or reading.steps is None else reading.steps * int(STEP.total_seconds())


def ends_at(fetched_at: datetime, reading: Reading | None) -> datetime:
    """From when on nothing more can be learnt of a reading, unless it goes on before.

    Args:
        fetched_at: When the pixel was fetched.
        reading: What is known so far; None if the client is not timed, and all is known at once.
    """
    if reading is None or reading.steps == MAX_STEPS:
        return fetched_at
    return due_at(fetched_at, 1 if reading.steps is None else reading.steps + 2) + PATIENCE


def due_at(fetched_at: datetime, hop: int) -> datetime:
    """When a hop is asked for by a client that still shows the mail.

    Args:
        fetched_at: When the pixel was fetched.
        hop: From 1 to `HOPS`. The first is asked for at once, each other one step later.
    """
    return fetched_at + STEP * (hop - 1)


def is_in_time(fetched_at: datetime, hop: int, asked_at: datetime) -> bool:
    """Whether a hop was asked for when a client would that still shows the mail."""
    return -CLOCKS_DIFFER <= asked_at - due_at(fetched_at, hop) <= PATIENCE
