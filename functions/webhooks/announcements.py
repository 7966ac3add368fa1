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
from tracking.mail.endpoints import Endpoint, webhook_event
from tracking.mail.notifications import LONGEST_DELAY, Notification
from tracking.mail.summaries import Interpretation
from tracking.opens import reading


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
        self._endpoints: list[Endpoint] | None = None

    def announce(self, email_id: str, number: int, event_id: str) -> None:
        """Queue one webhook for each endpoint that wants to hear of an event, or have that done later.

        A fetch that makes no open, because it repeats another, is told to nobody. Nor is what is gone.

        Raises:
            StaleVersion: See `histories.current`. It is not tried again for the delivery's other events.
            StorageUnavailable: A table or the webhooks' queue does not answer.
            ClientError, BotoCoreError: The readings' queue does not.

        All of it can be done again, whatever was raised.
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
        if known.tells(event):
            self._tell(known, event)

    def _tell(self, known: Interpretation, event: Event) -> None:
        if self._endpoints is None:
            self._endpoints = adapters.settings().endpoints()
        told = (
            _notification(endpoint, known, event)
            for endpoint in self._endpoints
            if endpoint.wants(event.type, known.message.credential_id)
        )
        adapters.webhook_queue().send(filter(None, told))

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


def _notification(endpoint: Endpoint, known: Interpretation, event: Event) -> Notification | None:
    """What an endpoint is told of an event; None if its form of output has nothing for it."""
    delivery, opened = known.history.delivery, known.opened(event)
    is_first = event.event_id == next(iter(known.opens), None)
    told = webhook_event(event.type)
    body = payloads.write(endpoint, known.message, delivery, event, opened, is_first=is_first)
    if told is None or body is None:
        return None
    return Notification(
        id=payloads.webhook_id(endpoint, delivery.email_id, delivery.number, event.event_id),
        endpoint_id=endpoint.id,
        event=told,
        email_id=delivery.email_id,
        recipient=delivery.recipient,
        event_at=event.at,
        body=body.text,
        content_type=body.content_type,
    )
