"""What a delivery's history comes to: its opens, and their summary."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Self

from tracking.mail.deliveries import (
    FETCHES_COUNTED_BY,
    Event,
    EventType,
    History,
    Message,
    Outcome,
    Summary,
)
from tracking.opens.classification import Open, Sending, classify
from tracking.opens.rules import OpenClass

_ATTEMPTS = frozenset({EventType.DELIVERED, EventType.BOUNCED, EventType.DELAYED})
_OUTCOMES = {
    EventType.PROCESSED: Outcome.PROCESSED,
    EventType.DELIVERED: Outcome.DELIVERED,
    EventType.REJECTED: Outcome.REJECTED,
    EventType.COMPLAINED: Outcome.COMPLAINED,
}
_PREFETCHES = frozenset({OpenClass.PRIVACY_PREFETCH, OpenClass.PROVIDER_PREFETCH})


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A delivery's history, and what the fetches in it mean."""

    message: Message
    history: History
    events: Mapping[str, Event]
    """The history's by their ids, by time."""

    opens: Mapping[str, Open]
    """By the id of the event that makes each, by time."""

    attempts: tuple[Event, ...]
    """What the recipient's mail server answered, by time."""

    @classmethod
    def of(cls, message: Message, history: History) -> Self:
        """What a history means.

        Args:
            message: The delivery's.
            history: The whole of it.
        """
        return cls(
            message,
            history,
            {event.event_id: event for event in history.events},
            {opened.fetch.event_id: opened for opened in opens(message, history)},
            tuple(event for event in history.events if event.type in _ATTEMPTS),
        )

    def event(self, event_id: str) -> Event | None:
        """The event of an id, if it is in the history."""
        return self.events.get(event_id)

    def tells(self, event: Event) -> bool:
        """Whether an event says something of its own: a fetch that repeats another does not."""
        return event.fetch is None or event.event_id in self.opens

    def opened(self, event: Event) -> Open | None:
        """The open that an event makes; None if it is no fetch, or one that repeats another."""
        return self.opens.get(event.event_id)


def opens(message: Message, history: History) -> list[Open]:
    """The opens behind the fetches of a delivery, by time.

    Args:
        message: The delivery's.
        history: The whole of it: what a fetch means depends on the others.
    """
    quoted_at = (event.at for event in history.events if event.type is EventType.QUOTED)
    sending = Sending(
        delivered_at=history.delivery.delivered_at,
        address=message.source_ip,
        quoted_at=min(quoted_at, default=None),
    )
    return classify(sending, [event.fetch for event in history.events if event.fetch])


def summarise(history: History, found: Collection[Open]) -> Summary:
    """What the history of one delivery comes to.

    Args:
        history: The whole of it.
        found: The opens in it.
    """
    days: dict[date, Counter[OpenClass]] = {}
    hours: dict[date, Counter[int]] = {}
    for opened in found:
        at = opened.at.astimezone(UTC)
        days.setdefault(at.date(), Counter())[opened.open_class] += 1
        if opened.is_human_evidence:
            hours.setdefault(at.date(), Counter())[at.hour] += 1
    times = [opened.at for opened in found]
    fetches = sum(opened.count for opened in found)
    return Summary(
        opens=days,
        first_open_at=min(times, default=None),
        last_open_at=max(times, default=None),
        first_human_at=min((opened.at for opened in found if opened.is_human_evidence), default=None),
        first_prefetch_at=min(
            (opened.at for opened in found if opened.open_class in _PREFETCHES), default=None
        ),
        fetches=fetches - fetches % FETCHES_COUNTED_BY,
        outcomes=_outcomes(history.events),
        hours=hours,
    )


def _outcomes(events: Iterable[Event]) -> dict[Outcome, datetime]:
    first: dict[Outcome, datetime] = {}
    for event in events:
        outcome = _outcome(event)
        if outcome:
            first[outcome] = min(event.at, first.get(outcome, event.at))
    return first


def _outcome(event: Event) -> Outcome | None:
    if event.type is EventType.BOUNCED:
        return Outcome.HARD_BOUNCED if event.is_hard_bounce else Outcome.SOFT_BOUNCED
    return _OUTCOMES.get(event.type)
