"""A message, its deliveries to single recipients, and what happened to each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tracking.mail.credentials import CredentialKind
from tracking.opens.classification import Open, OpenClass, Sending, classify
from tracking.opens.fetches import Fetch


class TrackingMode(StrEnum):
    """How much of a delivery's opens is kept, from all to nothing."""

    FULL = "full"
    """Every fetch, with its raw facts."""

    OFF = "off"
    """Nothing."""


class EventType(StrEnum):
    """What can happen to a delivery."""

    PROCESSED = "processed"
    """SES took the mail. It may still bounce."""

    DELIVERED = "delivered"
    """The recipient's mail server took the mail. Nobody need have seen it."""

    BOUNCED = "bounced"
    """The recipient's mail server refused the mail."""

    REJECTED = "rejected"
    """SES refused the mail; it was not sent."""

    COMPLAINED = "complained"
    """The recipient called the mail spam."""

    DELAYED = "delayed"
    """The recipient's mail server put the mail off; SES tries again."""

    FETCHED = "fetched"
    """The pixel was requested; `tracking.opens` says what that means."""


@dataclass(frozen=True, slots=True)
class Message:
    """One mail handed to us, whatever the number of its recipients."""

    email_id: str
    kind: CredentialKind
    credential_id: str
    mail_from: str
    received_at: datetime
    size: int
    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    reply_to: str = ""
    rfc_message_id: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a delivery's opens come to; computed from its history, never counted up."""

    opens: Mapping[OpenClass, int] = field(default_factory=dict)
    first_open_at: datetime | None = None
    last_open_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one recipient.

    `number` is the recipient's in the envelope, from 1; `started_at` is when the message was handed in.
    `untracked_reason` says why no pixel went along, and `placement` where it stands if one did. `version`
    counts the summary's writes.
    """

    email_id: str
    number: int
    recipient: str
    mode: TrackingMode
    started_at: datetime
    untracked_reason: str | None = None
    placement: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    ses_message_id: str | None = None
    summary: Summary = field(default_factory=Summary)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a delivery.

    `event_id` alone makes it what it is: the same event from another path is the same. `details` are the
    facts that came with it, by name; a fetch has its own.
    """

    event_id: str
    type: EventType
    at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
    fetch: Fetch | None = None


def fetched(fetch: Fetch) -> Event:
    """The event that a fetch is."""
    return Event(fetch.event_id, EventType.FETCHED, fetch.at, fetch=fetch)


def processed(delivery: Delivery) -> Event:
    """The event that SES took a delivery, whose `sent_at` is known.

    Raises:
        ValueError: The delivery was not sent.
    """
    if delivery.sent_at is None:
        raise ValueError("a delivery is processed when it was sent")
    return Event("processed", EventType.PROCESSED, delivery.sent_at)


@dataclass(frozen=True, slots=True)
class History:
    """A delivery and everything that happened to it, by time."""

    delivery: Delivery
    events: tuple[Event, ...]

    def opens(self) -> list[Open]:
        """The opens behind the delivery's fetches, by time."""
        sending = Sending(self.delivery.sent_at, self.delivery.delivered_at)
        return classify(sending, [event.fetch for event in self.events if event.fetch])

    def summary(self) -> Summary:
        """What the opens come to."""
        opens = self.opens()
        times = [opened.fetch.at for opened in opens]
        return Summary(
            opens=Counter(opened.open_class for opened in opens),
            first_open_at=min(times, default=None),
            last_open_at=max(times, default=None),
        )
