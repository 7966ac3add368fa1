"""Whatever a search takes its events from, its pages are what looking at every event would find."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from functions.api import finding
from functions.api.events import ActivityEvent, show
from functions.api.searches import Search
from tests.functions.conftest import Cloud
from tests.tables import started
from tracking.mail import email_ids
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode, fetched
from tracking.mail.summaries import Interpretation
from tracking.opens.fetches import Fetch
from tracking.storage.activity_items import position
from tracking.storage.feeds import Range

AT = datetime(2026, 11, 24, tzinfo=UTC)
NAMES = ["alice", "api-000000000000", "192.0.2.1"]
READERS = ["bob@example.net", "Carol@example.net", "dave@example.org"]
AGENTS = ["curl/8", "Thunderbird/128.0"]
TYPES = [EventType.DELIVERED, EventType.BOUNCED, EventType.DELAYED, EventType.COMPLAINED, EventType.QUOTED]


@dataclass(frozen=True, slots=True)
class World:
    """All that is stored."""

    interpretations: list[Interpretation]

    def expected(self, wanted: Search, within: Range) -> list[tuple[str, ActivityEvent]]:
        """What a search finds, event by event."""
        found = []
        for known in self.interpretations:
            delivery = known.history.delivery
            if not wanted.finds_message(known.message, delivery.recipient):
                continue
            events = [e for e in known.history.events if wanted.finds(e, known.opened(e))]
            if wanted.only_latest:
                shown = [e for e in events if e.at < within.end and show(known, e)]
                events = shown[-1:]
            for event in events:
                where = position(event.at, delivery.email_id, delivery.number, event.event_id)
                is_shown = show(known, event)
                if within.holds(where) and is_shown:
                    found.append((where, is_shown))
        return sorted(found, key=lambda each: each[0], reverse=True)


@pytest.fixture
def world(cloud: Cloud) -> World:
    """Thirty mails of three credentials to up to three people, their events within two days."""
    chance = Random(11)  # noqa: S311 - The same in every run.
    for kind, name in zip(CredentialKind, NAMES, strict=True):
        cloud.settings.add(Credential(kind, name, AT))
    known = []
    for number in range(30):
        at = AT + timedelta(minutes=chance.randrange(2000))
        recipients = tuple(chance.sample(READERS, chance.randint(1, 3)))
        message = Message(
            email_ids.new(at, number.to_bytes(email_ids.RANDOM_BYTES)),
            CredentialKind.SMTP_USER,
            NAMES[number % 3],
            "bounces@example.com",
            at,
            1000,
            subject=f"Order {number % 4}",
            sender=f"shop-{number % 2}@example.com",
            recipients=recipients,
        )
        cloud.activity.put_message(message)
        known += [*deliveries(cloud, message, chance)]
    return World(known)


def deliveries(cloud: Cloud, message: Message, chance: Random) -> Iterator[Interpretation]:
    for number, recipient in enumerate(message.recipients, start=1):
        delivery = started(
            cloud.activity,
            Delivery(
                message.email_id,
                number,
                recipient,
                message.credential_id,
                TrackingMode.FULL,
                message.received_at,
            ),
        )
        for event in events(message.received_at, chance):
            cloud.activity.append(delivery, event)
        history = cloud.activity.history(delivery.email_id, number)
        assert history
        yield Interpretation.of(message, history)


def events(at: datetime, chance: Random) -> Iterator[Event]:
    yield Event("processed", EventType.PROCESSED, at)
    for number in range(chance.randrange(4)):
        details = {"bounce": chance.choice(["hard", "soft"])}
        later = at + timedelta(minutes=chance.randrange(600))
        yield Event(f"other-{number}", chance.choice(TYPES), later, details)
    opened = at + timedelta(minutes=chance.randrange(600))
    for number in range(chance.randrange(4)):
        again = opened + timedelta(seconds=number * chance.choice([1, 4000]))
        agent = chance.choice(AGENTS)
        yield fetched(Fetch(f"cf-{number}", again, user_agent=agent, address="192.0.2.9"))


FILTERS: list[dict[str, Any]] = [
    {},
    {"event_types": ["opened"]},
    {"event_types": ["hard-bounced", "quoted"]},
    {"open_classes": ["bot"]},
    {"open_classes": ["bot", "direct_open"], "search_recipient": "bob@example.net"},
    {"open_classes": ["direct_open"], "only_latest": True},
    {"search_usernames": ["alice", "nobody"]},
    {"search_usernames": ["alice"], "search_recipient": "bob@example.net"},
    {"search_recipient": "carol@EXAMPLE.net"},
    {"search_recipient": "bob@example.net|dave@example.org", "event_types": ["delivered"]},
    {"search_recipient": "example.net"},
    {"search_subject": "order 3"},
    {"search_sender": "shop-1|nobody", "search_subject": "1"},
    {"search": "dave", "only_latest": True},
    {"only_latest": True},
    {"only_latest": True, "event_types": ["processed", "opened"]},
    {"only_latest": True, "search_recipient": "bob@example.net"},
    {"search": "nothing of it"},
]


def test_pages_are_what_looking_at_every_event_would_find(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "WINDOW", 20)
    monkeypatch.setattr(finding, "AHEAD", 7)
    within = Range(AT + timedelta(hours=5), AT + timedelta(hours=30))

    for number, wanted in enumerate(Search(**fields) for fields in FILTERS):
        expected = [event for _, event in world.expected(wanted, within)]
        assert pages(wanted, within, 1 if number % 4 == 0 else 50) == expected, wanted


def pages(wanted: Search, within: Range, limit: int) -> list[ActivityEvent]:
    found: list[ActivityEvent] = []
    while True:
        page = finding.find(wanted, within, limit)
        assert len(page.found) <= limit
        found += [each.event for each in page.found]
        if page.position is None:
            return found
        within = replace(within, before=page.position)
        if len(found) == 3:
            # That many of one event each show how pages end; to turn all of them takes long.
            limit = 1000
