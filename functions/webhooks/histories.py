"""A delivery's history, and its summary in the table brought up to what the history says."""

import random
import time

from functions.webhooks import adapters
from tracking.errors import StaleVersion
from tracking.mail import summaries
from tracking.mail.summaries import Interpretation

SUMMARY_ATTEMPTS = 5
"""How often a summary is computed anew because another writer was first."""

PAUSE_SECONDS = 0.02
"""What the first pause between two attempts is shorter than; each other one may take twice as long."""


def current(email_id: str, number: int) -> Interpretation | None:
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
        known = Interpretation.of(message, history)
        summary = summaries.summarise(history, known.opens.values())
        if history.delivery.summary == summary:
            return known
        try:
            adapters.activity().write_summary(message, history.delivery, summary)
        except StaleVersion:
            # Whoever was in the way may be trying again as well.
            time.sleep(PAUSE_SECONDS * 2**attempt * random.random())  # noqa: S311 -- Nothing depends on it.
            continue
        return known
    raise StaleVersion(f"the summary of {email_id} changed {SUMMARY_ATTEMPTS} times while it was computed")
