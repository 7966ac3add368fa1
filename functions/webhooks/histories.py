"""A delivery's history, and its summary in the table brought up to what the history says."""

import random
import time
from dataclasses import dataclass

from functions.webhooks import adapters
from tracking.errors import StaleVersion
from tracking.mail import summaries
from tracking.mail.deliveries import Event, History, Message
from tracking.opens.classification import Open

SUMMARY_ATTEMPTS = 5
"""How often a summary is computed anew because another writer was first."""

PAUSE_SECONDS = 0.02
"""What the first pause between two attempts is shorter than; each other one may take twice as long."""


@dataclass(frozen=True, slots=True)
class Current:
    """A delivery with all that is known of it; its summary in the table says the same."""

    message: Message
    history: History
    opens: list[Open]

    def event(self, event_id: str) -> Event | None:
        """The event of an id, if it is in the history."""
        return next((event for event in self.history.events if event.event_id == event_id), None)


def current(email_id: str, number: int) -> Current | None:
    """Read a delivery, and write its summary unless it is right already; None if there is no such delivery.

    Not fetches alone change what fetches mean, so this looks at the summary whatever happened.

    Raises:
        StaleVersion: The summary never stood still.
        ActivityUnavailable: The table cannot be read or written.
    """
    message = adapters.activity().messages([email_id]).get(email_id)
    if message is None:
        return None
    for attempt in range(SUMMARY_ATTEMPTS):
        history = adapters.activity().history(email_id, number)
        if history is None:
            return None
        opens = summaries.opens(message, history)
        summary = summaries.summarise(opens)
        if history.delivery.summary == summary:
            return Current(message, history, opens)
        try:
            adapters.activity().write_summary(message, history.delivery, summary)
        except StaleVersion:
            # Whoever was in the way may be trying again as well.
            time.sleep(PAUSE_SECONDS * 2**attempt * random.random())  # noqa: S311 -- Nothing depends on it.
            continue
        return Current(message, history, opens)
    raise StaleVersion(f"the summary of {email_id} changed {SUMMARY_ATTEMPTS} times while it was computed")
