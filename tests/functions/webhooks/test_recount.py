"""Summaries and counters are what a recount finds, in whatever order and however often the stream tells."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.webhooks.fan_out import handle
from tests.counts import by_day, by_domain
from tests.functions.conftest import Cloud
from tests.functions.sqs import left
from tests.functions.webhooks.stream import inserted, records
from tracking.mail import deliveries, email_ids, summaries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode
from tracking.opens.fetches import Fetch

AT = datetime(2026, 11, 24, 20, tzinfo=UTC)
CREDENTIALS = [(CredentialKind.SMTP_USER, "alice"), (CredentialKind.API_KEY, "api-1")]
DELIVERIES = 24
FETCHES = 150
SEED = 20261124
OUTCOMES = [EventType.DELIVERED, EventType.BOUNCED, EventType.COMPLAINED]
CLIENTS = [
    Fetch("", AT, user_agent="Mozilla/5.0", address="172.224.226.1", asn=36183),
    Fetch("", AT, user_agent="curl/8", address="192.0.2.9", asn=64500),
    Fetch("", AT, user_agent="Microsoft Outlook", address="198.51.100.7", asn=3320),
    Fetch("", AT, user_agent="Microsoft Outlook", address="198.51.100.8", asn=3320),
    Fetch(
        "",
        AT,
        user_agent="Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        address="66.249.84.1",
        asn=15169,
    ),
    Fetch("", AT, address="203.0.113.5"),
]


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, and when it becomes known."""

    email_id: str
    number: int
    event: Event


def happenings(random: Random) -> list[Happening]:
    """Fetches of all deliveries within days, some just after another, and what gives them another meaning."""
    found = []
    for count in range(FETCHES):
        index = random.randrange(DELIVERIES)
        email_id, number = delivery_key(index)
        # Some deliveries are never displayed by a person.
        client = random.choice(CLIENTS[:2] if index % 4 == 0 else CLIENTS)
        at = AT + timedelta(hours=random.randrange(60), seconds=random.randrange(90))
        fetch = replace(client, event_id=f"cf-{count}", at=at)
        found.append(Happening(email_id, number, deliveries.fetched(fetch)))
    for index in range(0, DELIVERIES, 5):
        at = AT + timedelta(hours=random.randrange(60))
        quoted = Event(f"quoted-{index}", EventType.QUOTED, at, {"by": f"{index}"})
        found.append(Happening(*delivery_key(index), quoted))
    for index in range(0, DELIVERIES, 2):
        events = [
            Event("processed", EventType.PROCESSED, AT),
            Event("delayed", EventType.DELAYED, AT + timedelta(hours=2)),
            *(
                Event(f"{last}-{count}", last, AT + timedelta(hours=random.randrange(60)), {"bounce": "hard"})
                for count, last in enumerate(random.choices(OUTCOMES, k=2))
            ),
        ]
        found += [Happening(*delivery_key(index), event) for event in events]
    return found


def delivery_key(index: int) -> tuple[str, int]:
    return email_ids.new(AT, (index // 3).to_bytes(email_ids.RANDOM_BYTES)), index % 3 + 1


@pytest.fixture
def messages(cloud: Cloud) -> dict[str, Message]:
    found = {}
    for index in range(DELIVERIES):
        email_id, number = delivery_key(index)
        kind, credential_id = CREDENTIALS[index // 3 % 2]
        found[email_id] = Message(email_id, kind, credential_id, "a@example.com", AT, 1000)
        cloud.activity.put_message(found[email_id])
        cloud.activity.start(
            Delivery(email_id, number, f"bob@{number}.example.net", credential_id, TrackingMode.FULL, AT)
        )
    return found


def recount(cloud: Cloud, messages: dict[str, Message]) -> dict[tuple[str, date], Counter[str]]:
    """All counters out of the histories alone."""
    found: dict[tuple[str, date], Counter[str]] = {}

    def count(message: Message, at: datetime, name: str, times: int = 1) -> None:
        found.setdefault((message.credential_id, at.date()), Counter())[name] += times

    for index in range(DELIVERIES):
        email_id, number = delivery_key(index)
        message, history = messages[email_id], cloud.activity.history(email_id, number)
        assert history
        opens = summaries.opens(message, history)
        for opened in opens:
            count(message, opened.at, opened.open_class.value)
            if opened.is_human_evidence:
                count(message, opened.at, f"hour_{opened.at:%H}")
        people = [opened for opened in opens if opened.is_human_evidence]
        prefetches = [opened for opened in opens if opened.open_class.endswith("prefetch")]
        for name, those in [
            ("opened", opens),
            ("human", people),
            ("prefetch_only", [] if people else prefetches),
        ]:
            if those:
                count(message, those[0].at, name)
        for event_type in (EventType.PROCESSED, *OUTCOMES):
            first = next((event for event in history.events if event.type is event_type), None)
            if first:
                count(message, first.at, "hard_bounced" if first.is_hard_bounce else event_type)
                if event_type is EventType.PROCESSED:
                    count(message, first.at, "bytes", message.size)
    return found


def test_duplicated_reordered_and_replayed_records_change_nothing_twice(
    cloud: Cloud, context: LambdaContext, messages: dict[str, Message]
) -> None:
    random = Random(SEED)  # noqa: S311 -- The same in every run.
    waiting = happenings(random)
    random.shuffle(waiting)
    told: list[Happening] = []
    while waiting:
        # Some more becomes known; the stream tells a part of that, late, again and in any order.
        known, waiting = waiting[:50], waiting[50:]
        for each in known:
            cloud.activity.append(of(each), each.event)
        told += known
        batch = random.choices(told, k=25)
        assert left(handle(stream(batch), context)) == []
    random.shuffle(told)

    assert left(handle(stream(told), context)) == []
    before = cloud.dynamodb.scan(TableName="Activity")["Items"]
    assert left(handle(stream(told[:30]), context)) == []

    assert cloud.dynamodb.scan(TableName="Activity")["Items"] == before
    for index in range(DELIVERIES):
        email_id, number = delivery_key(index)
        history = cloud.activity.history(email_id, number)
        assert history
        opens = summaries.opens(messages[email_id], history)
        assert history.delivery.summary == summaries.summarise(history, opens)
    counted = {
        (credential_id, day): counts
        for _, credential_id in CREDENTIALS
        for day, counts in by_day(
            cloud.dynamodb, AT.date(), AT.date() + timedelta(days=9), credential_id
        ).items()
    }
    assert counted == recount(cloud, messages)
    domains = by_domain(cloud.dynamodb, AT.date(), AT.date() + timedelta(days=9))
    assert set(domains) == {"1.example.net", "2.example.net", "3.example.net"}
    of_senders = sum(counted.values(), Counter())
    assert sum(domains.values(), Counter()) == {
        name: of_senders[name] for name in ("processed", "delivered", "opened", "human", "prefetch_only")
    }
    assert {"human", "prefetch_only", "opened", "bot", "processed", "delivered", "hard_bounced"} <= {
        name for counts in counted.values() for name in counts
    }


def stream(told: list[Happening]) -> dict[str, object]:
    return records(*(inserted(of(each), each.event) for each in told))


def of(each: Happening) -> Delivery:
    credential_id = next(
        CREDENTIALS[index // 3 % 2][1]
        for index in range(DELIVERIES)
        if delivery_key(index) == (each.email_id, each.number)
    )
    return Delivery(each.email_id, each.number, "", credential_id, TrackingMode.FULL, AT)
