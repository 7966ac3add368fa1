"""Telling the webhooks' queue of an event, as soon as all is known that its webhook says.

A fetch whose reader is being timed waits in the readings' queue until nothing more can be learnt:

```json
{"email_id": "06h0r9co15h30phg2640", "recipient": 1, "event_id": "..."}
```
"""

import json
import math
import os
from datetime import UTC, datetime, timedelta

from functions.webhooks import adapters, payloads
from functions.webhooks.histories import Current, current
from tracking.mail.deliveries import Event
from tracking.opens import reading

LONGEST_DELAY = timedelta(minutes=15)
"""How long SQS keeps a message back at most."""


def announce(email_id: str, number: int, event_id: str) -> None:
    """Queue one webhook for each endpoint that wants to hear of an event, or have that done later.

    A fetch that makes no open, because it repeats another, is told to nobody. Nor is what is gone.

    Raises:
        StaleVersion: See `histories.current`.
        StorageUnavailable: A table does not answer.
        ClientError, BotoCoreError: A queue does not. All of it can be done again, whatever was raised.
    """
    known = current(email_id, number)
    # As it is in the history, which may know more than when the event came: how long the mail was read.
    event = known.event(event_id) if known else None
    if known is None or event is None:
        return
    if event.fetch:
        remaining = reading.ends_at(event.fetch.at, event.fetch.reading) - datetime.now(UTC)
        if remaining > timedelta(0):
            _wait(known, event, remaining)
            return
    _tell(known, event)


def _wait(known: Current, event: Event, remaining: timedelta) -> None:
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


def _tell(known: Current, event: Event) -> None:
    opened = next((opened for opened in known.opens if opened.fetch.event_id == event.event_id), None)
    if event.fetch and opened is None:
        return
    payload = payloads.describe(
        known.message, known.history.delivery, event, opened, is_first=opened in known.opens[:1]
    )
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
