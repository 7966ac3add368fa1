"""The activity search: what a page asks of DynamoDB, in a table and in one of ten times as much."""

import json
import os
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import process_time_ns, thread_time_ns
from typing import Any
from unittest.mock import patch

import boto3
from botocore.client import BaseClient
from moto import mock_aws
from moto.backends import get_backend
from moto.dynamodb.models.table import Table

from bench.report import Row, Target
from functions.api import adapters, finding
from functions.api.searches import DEFAULT_LIMIT, Search
from tests import tables
from tracking.mail import email_ids
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode, fetched
from tracking.opens.fetches import Fetch
from tracking.storage import activity_items, aws
from tracking.storage.settings import Settings

EVENTS = 200_000
"""Events of the larger table; each mail has two, and every other mail an open."""

DAYS = 30
CREDENTIALS = [f"user-{number}" for number in range(5)]
NAMED = "olga@example.org"
"""Who has the same twenty mails in both tables."""

_NOW = datetime(2026, 11, 24, 23, tzinfo=UTC)
_DAY = _NOW - timedelta(days=21)
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
_ACCOUNT, _REGION = "123456789012", "eu-central-1"
_UNIT_BYTES = 4096


@dataclass(slots=True)
class _Cost:
    """What a page took. Units are DynamoDB's read units; the time is of our code, without moto's."""

    requests: int = 0
    units: float = 0
    milliseconds: float = 0
    events: int = 0


def measure() -> Iterator[Row]:
    """Search both tables alike, a page each."""
    small, large = _costs(EVENTS // 10), _costs(EVENTS)
    for name, cost in large.items():
        before = small[name]
        grows = name.startswith("a subject")
        yield Row(
            f"{name}: requests ({cost.events} events)",
            cost.requests,
            "",
            ratio=cost.requests / before.requests,
            against="a tenth of the events",
            target=None if grows else Target("≤", 1.25, "×"),
        )
        yield Row(
            f"{name}: read units",
            cost.units,
            "",
            ratio=cost.units / before.units,
            against="a tenth of the events",
            target=None if grows else Target("≤", 1.25, "×"),
        )
        yield Row(f"{name}: our CPU", cost.milliseconds, "ms")


def _searches(email_id: str) -> Mapping[str, Search]:
    day = {"start_date": _DAY.date().isoformat(), "end_date": (_DAY + timedelta(days=1)).date().isoformat()}
    all_days = {"start_date": (_NOW - timedelta(days=DAYS)).isoformat()}
    return {
        "the newest 100": Search(**all_days),
        "a day three weeks ago": Search(**day),
        "one recipient": Search(search_recipient=NAMED, **all_days),
        "one email id": Search(search_email_id=email_id, **all_days),
        "one credential": Search(search_usernames=[CREDENTIALS[0]], **all_days),
        "a subject over a day": Search(search_subject="order 77", **day),
    }


def _costs(events: int) -> dict[str, _Cost]:
    environment = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": _REGION,
        "SETTINGS_TABLE": "Settings",
        "ACTIVITY_TABLE": "Activity",
    }
    with patch.dict(os.environ, environment), mock_aws():
        for adapter in (adapters.settings, adapters.activity, adapters.feeds):
            adapter.cache_clear()
        email_id = _load(events)
        with _indexed(get_backend("dynamodb")[_ACCOUNT][_REGION].tables["Activity"]):
            return {name: _cost(search) for name, search in _searches(email_id).items()}


def _cost(search: Search) -> _Cost:
    cost, lock, moto_ns = _Cost(), threading.Lock(), [0]
    # There is no other place that sees request and answer.
    call = BaseClient._make_api_call  # type: ignore[attr-defined] # noqa: SLF001

    def counted(client: BaseClient, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = call(client, operation, parameters)
        with lock:
            cost.requests += 1
            cost.units += _units(operation, parameters, answer)
        return answer

    def begin(**_: object) -> None:
        _LOCAL.begun = thread_time_ns()

    def end(**_: object) -> None:
        with lock:
            moto_ns[0] += thread_time_ns() - _LOCAL.begun

    clients = [adapter._dynamodb for adapter in (adapters.settings(), adapters.activity(), adapters.feeds())]  # noqa: SLF001
    for client in clients:
        client.meta.events.register_first("before-send.dynamodb", begin, unique_id="begin")
        client.meta.events.register("response-received.dynamodb", end, unique_id="end")
    with patch.object(BaseClient, "_make_api_call", counted):
        started = process_time_ns()
        page = finding.find(search, search.range(_NOW), DEFAULT_LIMIT)
        cost.milliseconds = (process_time_ns() - started - moto_ns[0]) / 1e6
    for client in clients:
        client.meta.events.unregister("before-send.dynamodb", begin, unique_id="begin")
        client.meta.events.unregister("response-received.dynamodb", end, unique_id="end")
    cost.events = len(page.found)
    return cost


def _units(operation: str, parameters: dict[str, Any], answer: dict[str, Any]) -> float:
    """Read units of a call. Source: DynamoDB developer guide, "DynamoDB on-demand capacity mode"."""
    if operation == "BatchGetItem":
        items = [item for found in answer["Responses"].values() for item in found]
        return sum(map(_rounded_up, map(_size, items)))  # All of ours are consistent reads.
    price = 1 if parameters.get("ConsistentRead") else 0.5
    items = answer["Items"] if operation == "Query" else [answer.get("Item", {})]
    return price * _rounded_up(sum(map(_size, items)))


def _rounded_up(size: int) -> int:
    return max(1, -(-size // _UNIT_BYTES))


def _size(attributes: dict[str, Any]) -> int:
    return len(json.dumps(aws.from_attributes(attributes), default=str, separators=("", "")))


def _load(events: int) -> str:
    """Fill the tables; returns the email id of a mail in the middle."""
    dynamodb = boto3.client("dynamodb")
    tables.create_settings(dynamodb, "Settings")
    tables.create_activity(dynamodb, "Activity")
    settings = Settings(dynamodb, "Settings")
    for name in CREDENTIALS:
        settings.add(Credential(CredentialKind.SMTP_USER, name, _NOW))
    backend = get_backend("dynamodb")[_ACCOUNT][_REGION]
    chance, mails = random.Random(5), events * 2 // 5
    ids = []
    for number in range(mails):
        at = _NOW - timedelta(days=DAYS) * ((mails - number) / mails)
        is_named = number % (mails // 20) == 0
        recipient = NAMED if is_named else f"reader-{chance.randrange(mails // 16)}@example.net"
        message = Message(
            email_ids.new(at, chance.randbytes(email_ids.RANDOM_BYTES)),
            CredentialKind.SMTP_USER,
            CREDENTIALS[number % len(CREDENTIALS)],
            "bounces@shop.example.com",
            at,
            20_000,
            subject=f"Your order {number % 1000} is on its way",
            sender="Shop <news@shop.example.com>",
            to=recipient,
            recipients=(recipient,),
        )
        ids.append(message.email_id)
        for item in _items(message, is_opened=number % 2 == 0):
            backend.put_item("Activity", aws.to_attributes(item))
    return ids[len(ids) // 2]


def _items(message: Message, *, is_opened: bool) -> Iterator[dict[str, Any]]:
    at = message.received_at
    delivery = Delivery(
        message.email_id,
        1,
        message.recipients[0],
        message.credential_id,
        TrackingMode.FULL,
        at,
        placement="before_end",
        sent_at=at + timedelta(seconds=1),
        delivered_at=at + timedelta(seconds=2),
        ses_message_id="x" * 60,
    )
    yield activity_items.message_item(message)
    yield activity_items.delivery_item(delivery)
    happened = [
        Event("processed", EventType.PROCESSED, at + timedelta(seconds=1)),
        Event(f"delivered-{'x' * 60}", EventType.DELIVERED, at + timedelta(seconds=2)),
    ]
    if is_opened:
        fetch = Fetch(
            f"cf-{message.email_id}", at + timedelta(minutes=5), user_agent=_BROWSER, address="198.51.100.7"
        )
        happened.append(fetched(fetch))
    for event in happened:
        yield activity_items.event_item(delivery, event)


_LOCAL = threading.local()


@contextmanager
def _indexed(table: Table) -> Iterator[None]:
    """Let moto, which looks through the whole table for a query of an index, look at its partition alone."""
    partitions: dict[tuple[str, str], list[Any]] = {}
    for item in table.all_items():
        for index in table.global_indexes:
            value = item.attrs.get(index.schema[0]["AttributeName"])
            if value is not None:
                partitions.setdefault((index.name, value.value), []).append(item)
    query, all_items = Table.query, Table.all_items

    def of_partition(self: Table, hash_key: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        index_name = kwargs.get("index_name") or (args[6] if len(args) > 6 else None)  # noqa: PLR2004
        _LOCAL.partition = (
            partitions.get((index_name, hash_key.value), [])
            if index_name
            else list(self.items.get(hash_key, {}).values())
        )
        return query(self, hash_key, *args, **kwargs)

    def restricted(self: Table) -> list[Any]:
        partition = getattr(_LOCAL, "partition", None)
        return all_items(self) if partition is None else partition

    with patch.object(Table, "query", of_partition), patch.object(Table, "all_items", restricted):
        yield
