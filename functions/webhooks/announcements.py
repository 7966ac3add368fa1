"""Telling the webhooks' queue of an event, as soon as all is known that its webhook says.

A fetch whose reader is being timed waits in the readings' queue until nothing more can be learnt:

```json
{"email_id": "06h0r9co15h30phg2640", "recipient": 1, "event_id": "..."}
```
"""

import json
import math
import os
from datetime import datetime, timedelta

from functions.webhooks import adapters, payloads
from functions.webhooks.histories import current
from tracking.errors import TrackingError
from tracking.mail.deliveries import Event
from tracking.mail.summaries import Interpretation
from tracking.opens import reading

LONGEST_DELAY = timedelta(minutes=15)
"""How long SQS keeps a message back at most."""


class Batch:
    """Events that came together. A delivery is read and classified once, however many of them are its own.

    Each was stored before it came, so what is read for the delivery's first event knows the others too.
    """

    def __init__(self, came_at: datetime) -> None:
        """Begin a batch.

        Args:
            came_at: Not later than anything of the batch is read. A reading that has not ended by then is not
                announced: what is learnt of it from then on may not be in the history.
        """
        self._came_at = came_at
        self._known: dict[tuple[str, int], Interpretation | TrackingError | None] = {}

    def announce(self, email_id: str, number: int, event_id: str) -> None:
        """Queue one webhook for each endpoint that wants to hear of an event, or have that done later.

        A fetch that makes no open, because it repeats another, is told to nobody. Nor is what is gone.

        Raises:
            StaleVersion: See `histories.current`. It is not tried again for the delivery's other events.
            StorageUnavailable: A table does not answer.
            ClientError, BotoCoreError: A queue does not. All of it can be done again, whatever was raised.
        """
        known = self._current(email_id, number)
        # As it is in the history, which may know more than when the event came: how long the mail was read.
        event = known.event(event_id) if known else None
        if known is None or event is None:
            return
        if event.fetch:
            remaining = reading.ends_at(event.fetch.at, event.fetch.reading) - self._came_at
            if remaining > timedelta(0):
                _wait(known, event, remaining)
                return
        _tell(known, event)

    def _current(self, email_id: str, number: int) -> Interpretation | None:
        key = email_id, number
        if key not in self._known:
            try:
                self._known[key] = current(email_id, number)
            except TrackingError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, TrackingError):
            raise known
        return known


def _wait(known: Interpretation, event: Event, remaining: timedelta) -> None:
    adapters.sqs().send_message(
        QueueUrl=os.environ["READINGS_QUEUE"],
        DelaySeconds=math.ceil(min(remaining, LONGEST_DELAY).total_seconds()),
        MessageBody=json.dumps(
            {
                "email_id": known.message.email_id,
                "recipient": known.history.delivery.number,
                "event_id": event.event_id,
            }
        ),
    )


def _tell(known: Interpretation, event: Event) -> None:
    opened = known.opened(event)
    if event.fetch and opened is None:
        return
    is_first = event.event_id == next(iter(known.opens), None)
    payload = payloads.describe(known.message, known.history.delivery, event, opened, is_first=is_first)
    for endpoint in adapters.settings().endpoints():
        if endpoint.wants(event.type, known.message.credential_id):
            adapters.sqs().send_message(
                QueueUrl=os.environ["WEBHOOK_QUEUE"],
                MessageGroupId=str(endpoint.id),
                MessageBody=json.dumps(
                    {
                        "endpoint": endpoint.id,
                        "webhook_id": payloads.webhook_id(endpoint, payload),
                        "payload": payload,
                    }
                ),
            )
