"""Finding the events of a search, with few requests whatever the tables hold.

A search takes the shortest way that its fields allow: the deliveries of its mails, those of its recipients,
or the feeds of its credentials, which without a filter are all. On each way mails are read before histories,
and only the histories that the mails do not rule out.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Self

from functions.api import adapters
from functions.api.events import ActivityEvent, show
from functions.api.searches import Search
from tracking.mail.deliveries import PROCESSED, REJECTED_AT_ONCE, Event, Message
from tracking.mail.summaries import Interpretation
from tracking.storage.activity_items import position
from tracking.storage.feeds import READERS, Entry, Range

MAX_EXAMINED = 20_000
"""Events that are looked at for one page. A search that finds less in them goes on with the next page."""

MAX_DELIVERIES = 1000
"""Deliveries of recipients that are read whole. Of one who has more, the feeds are searched instead."""

WINDOW = 1000
"""Events that are read together where not all of them may be wanted."""

AHEAD = 100
"""Histories that are read together."""

type DeliveryKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """An event that was found, and where."""

    position: str
    event: ActivityEvent


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, the newest first; `position` is where the rest begins, if there may be one."""

    found: list[Found]
    position: str | None

    def fitting(self, size: int) -> Self:
        """As much of the page as fits, one event at least; the rest begins behind it.

        Args:
            size: Of the events as JSON, in bytes.
        """
        left = size
        for number, each in enumerate(self.found):
            left -= each.event.size
            if left < 0 and number > 0:
                return replace(self, found=self.found[:number], position=self.found[number - 1].position)
        return self


def find(wanted: Search, within: Range, limit: int) -> Page:
    """One page of a search.

    Args:
        wanted: What to search for.
        within: Where: after a position, if it is not the first page.
        limit: How many events at most.

    Raises:
        StorageUnavailable: A table does not answer.
    """
    found: list[Found] = []
    before = None
    for examined, (entry, event) in enumerate(_Finding(wanted, within, limit).examined(), start=1):
        if event and len(found) == limit:
            return Page(found, before)
        before = entry.position
        if event:
            found.append(Found(entry.position, event))
        if examined == MAX_EXAMINED:
            return Page(found, before)
    return Page(found, None)


class _Finding:
    """A search under way, and what it has read so far."""

    def __init__(self, wanted: Search, within: Range, limit: int) -> None:
        self._wanted = wanted
        self._within = within
        self._limit = limit
        self._messages: dict[str, Message] = {}
        self._known: dict[DeliveryKey, Interpretation | None] = {}
        self._latest: dict[DeliveryKey, Event | None] = {}

    def examined(self) -> Iterator[tuple[Entry, ActivityEvent | None]]:
        """Each event that may be wanted, the newest first, and how it is shown if it is."""
        size = WINDOW if self._wanted.is_selective else min(WINDOW, self._limit + 1)
        entries = self._entries(size)
        while window := list(islice(entries, size)):
            candidates = [entry for entry in window if self._is_of_type(entry)]
            self._learn_messages(entry.email_id for entry in candidates)
            candidates = [entry for entry in candidates if self._is_of_message(entry.email_id, entry.number)]
            passed = 0
            for entry in window:
                if passed == len(candidates) or entry is not candidates[passed]:
                    yield entry, None
                    continue
                if (entry.email_id, entry.number) not in self._known:
                    ahead = candidates[passed : passed + AHEAD]
                    self._learn_histories((each.email_id, each.number) for each in ahead)
                passed += 1
                yield entry, self._shown(entry)

    def _entries(self, count: int) -> Iterator[Entry]:
        deliveries = self._deliveries()
        if deliveries is not None:
            return iter(self._entries_of(deliveries))
        names = self._wanted.search_usernames or adapters.settings().credential_ids()
        return adapters.feeds().events(sorted(set(names)), self._within, count)

    def _deliveries(self) -> list[DeliveryKey] | None:
        """The deliveries that all of the search is among; None if it is not known to be among a few."""
        if self._wanted.email_ids:
            self._learn_messages(self._wanted.email_ids)
            return [
                (message.email_id, number)
                for message in self._messages.values()
                for number in range(1, len(message.recipients) + 1)
            ]
        found: list[DeliveryKey] = []
        for recipient in self._wanted.recipients:
            found += adapters.feeds().deliveries(recipient, self._within.end, MAX_DELIVERIES)
            if len(found) > MAX_DELIVERIES:
                return None
        return found if self._wanted.recipients else None

    def _entries_of(self, deliveries: list[DeliveryKey]) -> list[Entry]:
        self._learn_messages(email_id for email_id, _ in deliveries)
        wanted = [key for key in deliveries if self._is_of_message(*key)]
        self._learn_histories(wanted)
        entries = [
            Entry.at(position(event.at, email_id, number, event.event_id), event.type)
            for email_id, number in wanted
            for event in self._events((email_id, number))
        ]
        within = [entry for entry in entries if self._within.holds(entry.position)]
        return sorted(within, key=lambda entry: entry.position, reverse=True)

    def _learn_messages(self, email_ids: Iterable[str]) -> None:
        unknown = {email_id for email_id in email_ids if email_id not in self._messages}
        self._messages |= adapters.activity().messages(unknown)

    def _learn_histories(self, deliveries: Iterable[DeliveryKey]) -> None:
        unknown = [key for key in dict.fromkeys(deliveries) if key not in self._known]
        if not unknown:
            return
        with ThreadPoolExecutor(READERS) as pool:
            self._known.update(zip(unknown, pool.map(self._interpretation, unknown), strict=True))

    def _interpretation(self, key: DeliveryKey) -> Interpretation | None:
        message = self._messages.get(key[0])
        history = adapters.activity().history(*key) if message else None
        return Interpretation.of(message, history) if message and history else None

    def _events(self, key: DeliveryKey) -> tuple[Event, ...]:
        known = self._known[key]
        return known.history.events if known else ()

    def _is_of_type(self, entry: Entry) -> bool:
        """Whether an event may be wanted, by its type."""
        if self._wanted.only_latest_by_sent:
            return entry.event_id in {PROCESSED, REJECTED_AT_ONCE}
        return self._wanted.may_find(entry.type)

    def _is_of_message(self, email_id: str, number: int) -> bool:
        """Whether a delivery's events may be wanted, by its mail and its recipient."""
        message = self._messages.get(email_id)
        if message is None or number > len(message.recipients):
            return False
        return self._wanted.finds_message(message, message.recipients[number - 1])

    def _shown(self, entry: Entry) -> ActivityEvent | None:
        key = entry.email_id, entry.number
        known = self._known[key]
        if known is None:
            return None
        if self._wanted.only_latest_by_sent:
            is_sent_later = entry.event_id != PROCESSED and known.history.delivery.sent_at is not None
            latest = None if is_sent_later else self._latest_of(key, known)
            return show(known, latest) if latest else None
        event = known.event(entry.event_id)
        if event is None or not self._wanted.finds(event, known.opened(event)):
            return None
        if self._wanted.only_latest and event != self._latest_of(key, known):
            return None
        return show(known, event)

    def _latest_of(self, key: DeliveryKey, known: Interpretation) -> Event | None:
        """The newest event of a delivery that is searched for, and shown."""
        if key not in self._latest:
            found = (
                event
                for event in reversed(known.history.events)
                if event.at < self._within.end
                and known.tells(event)
                and self._wanted.finds(event, known.opened(event))
            )
            self._latest[key] = next(found, None)
        return self._latest[key]
