"""The daily counters in the Activity table; `activity_items` has its design."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from tracking.errors import ActivityUnavailable
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import COUNTED_BY_DOMAIN, Delivery, Message, Outcome
from tracking.storage import activity_items
from tracking.storage.aws import Item, raising, to_attributes

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputPaginateTypeDef,
        QueryInputTypeDef,
        QueryOutputTypeDef,
        UpdateTypeDef,
    )

BYTES = "bytes"
"""The counter of the sizes of the mails that SES took."""

DOMAIN_PAGE = 1000
"""Items of domains that are read of a partition at once."""

_READERS = 10
"""Partitions that are asked at the same time: as many as a client of boto3 has connections."""

_BETWEEN = "pk = :pk AND sk BETWEEN :first AND :last"

_NO_COUNTERS = frozenset({"pk", "sk", "expires_at", "last_ip"})


@dataclass(frozen=True, slots=True)
class SendersDay:
    """What a day of the mail of one credential from one address came to.

    `sender` is in lower case, and empty where a mail had none. `counts` are by the names of classes and
    outcomes, `OPENED`, `HUMAN`, `PREFETCH_ONLY`, `HOURS` and `BYTES`, as far as they were asked for.
    `last_ip` is where mail was handed in from.
    """

    day: date
    kind: CredentialKind
    credential_id: str
    sender: str
    counts: Counter[str]
    last_ip: str | None


@dataclass(frozen=True, slots=True)
class DomainCounts:
    """What the mail to each domain came to.

    `by_domain` has the domains in lower case, and counts by the names of `COUNTED_BY_DOMAIN`. Unless
    `is_complete`, the oldest days are missing, in whole or in part.
    """

    by_domain: Mapping[str, Counter[str]]
    is_complete: bool


class Counters:
    """What is counted, for those who only read it."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def days(self, first: date, last: date, names: Collection[str] | None = None) -> Iterator[SendersDay]:
        """What was counted, in a few parts for each day, credential and sender, the earlier days first.

        Args:
            first: The first day that counts.
            last: The last day that counts.
            names: Which counters are read; without it all. A part that has none of them has no counts.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        if last < first:  # BETWEEN refuses bounds in the wrong order.
            return
        with ThreadPoolExecutor(activity_items.COUNT_SHARDS) as pool:
            for month in _months(first, last):
                partitions = [
                    activity_items.counts_partition(month, shard)
                    for shard in range(activity_items.COUNT_SHARDS)
                ]
                parts = pool.map(partial(self._part, first=first, last=last, names=names), partitions)
                yield from sorted((found for part in parts for found in part), key=lambda found: found.day)

    def domains(self, first: date, last: date, most: int) -> DomainCounts:
        """What was counted for the recipients' domains.

        Args:
            first: The first day that counts.
            last: The last day that counts.
            most: How many items may be read, after which no more are asked for. Each is a part of a day of a
                domain, `DOMAIN_SHARDS` at most; the newest days are read first.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        found: dict[str, Counter[str]] = {}
        if last < first:  # BETWEEN refuses bounds in the wrong order.
            return DomainCounts(found, is_complete=True)
        items = 0
        with ThreadPoolExecutor(_READERS) as pool:
            for month in reversed(list(_months(first, last))):
                queries = [
                    self._domains_query(activity_items.domains_partition(month, shard), first, last)
                    for shard in range(activity_items.DOMAIN_SHARDS)
                ]
                while queries:
                    if items >= most:
                        return DomainCounts(found, is_complete=False)
                    pages = list(pool.map(self._page, queries))
                    for page in pages:
                        items += len(page["Items"])
                        _add_domains(found, page["Items"])
                    queries = [
                        {**query, "ExclusiveStartKey": page["LastEvaluatedKey"]}
                        for query, page in zip(queries, pages, strict=True)
                        if "LastEvaluatedKey" in page
                    ]
        return DomainCounts(found, is_complete=True)

    def _domains_query(self, partition: str, first: date, last: date) -> "QueryInputTypeDef":
        placeholders = _placeholders(COUNTED_BY_DOMAIN)
        return {
            "TableName": self._table,
            "KeyConditionExpression": _BETWEEN,
            "ExpressionAttributeNames": placeholders,
            "ExpressionAttributeValues": _bounds(partition, first, last),
            "ProjectionExpression": ", ".join(["sk", *placeholders]),
            "ScanIndexForward": False,
            "Limit": DOMAIN_PAGE,
        }

    def _page(self, query: "QueryInputTypeDef") -> "QueryOutputTypeDef":
        with raising(ActivityUnavailable):
            return self._dynamodb.query(**query)

    def _part(
        self, partition: str, first: date, last: date, names: Collection[str] | None
    ) -> list[SendersDay]:
        query: QueryInputPaginateTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": _BETWEEN,
            "ExpressionAttributeValues": _bounds(partition, first, last),
        }
        if names is not None:
            placeholders = _placeholders(names)
            query["ExpressionAttributeNames"] = placeholders
            query["ProjectionExpression"] = ", ".join(["sk", "last_ip", *placeholders])
        with raising(ActivityUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(**query)
            return [_senders_day(item) for page in pages for item in page["Items"]]


def update(table: str, message: Message, day: date, changes: Mapping[str, int]) -> "UpdateTypeDef":
    """The update that adds changes to a day's counters.

    Args:
        table: The Activity table.
        message: Whose.
        day: By UTC.
        changes: By counter; not empty.
    """
    mails = changes.get(Outcome.PROCESSED, 0)
    added = {**changes, BYTES: mails * message.size} if mails else dict(changes)
    last_ip = message.source_ip if mails > 0 else None
    return _addition(table, activity_items.count_key(message, day), day, added, last_ip)


def domain_update(table: str, delivery: Delivery, day: date, changes: Mapping[str, int]) -> "UpdateTypeDef":
    """The update that adds changes to a day's counters of a recipient's domain.

    Args:
        table: The Activity table.
        delivery: Whose.
        day: By UTC.
        changes: By counter; not empty.
    """
    return _addition(table, activity_items.domain_key(delivery, day), day, changes)


def _addition(
    table: str,
    key: "dict[str, AttributeValueTypeDef]",
    day: date,
    added: Mapping[str, int],
    last_ip: str | None = None,
) -> "UpdateTypeDef":
    values: Item = {
        **{f":{name}": change for name, change in added.items()},
        ":expires_at": activity_items.day_expires_at(day),
    }
    assignment = "expires_at = :expires_at"
    if last_ip:
        assignment += ", last_ip = :last_ip"
        values[":last_ip"] = last_ip
    return {
        "TableName": table,
        "Key": key,
        "UpdateExpression": f"ADD {', '.join(f'#{name} :{name}' for name in added)} SET {assignment}",
        "ExpressionAttributeNames": _placeholders(added),
        "ExpressionAttributeValues": to_attributes(values),
    }


def _placeholders(names: Iterable[str]) -> dict[str, str]:
    """What counters are called in an expression, where some of their names would mean something else."""
    return {f"#{name}": name for name in sorted(names)}


def _bounds(partition: str, first: date, last: date) -> "dict[str, AttributeValueTypeDef]":
    # What follows a day is behind a "#". The next character is "$", so no domain is too high in the order.
    return to_attributes(
        {":pk": partition, ":first": f"{first.isoformat()}#", ":last": f"{last.isoformat()}$"}
    )


def _add_domains(
    found: dict[str, Counter[str]], items: "Iterable[Mapping[str, AttributeValueTypeDef]]"
) -> None:
    """Add what items of domains count. They may be many, and are read with what each of them needs."""
    for item in items:
        counts = found.setdefault(item["sk"]["S"].partition("#")[2], Counter())
        for name in COUNTED_BY_DOMAIN & item.keys():
            counts[name] += int(item[name]["N"])


def _months(first: date, last: date) -> Iterator[str]:
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        yield f"{year:04d}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004 - Months of a year.


def _senders_day(item: "Mapping[str, AttributeValueTypeDef]") -> SendersDay:
    """What an item of a sender counts. They may be many, and are read with what each of them needs."""
    day, kind, rest = item["sk"]["S"].split("#", 2)
    credential_id, _, sender = rest.partition(" ")
    return SendersDay(
        day=date.fromisoformat(day),
        kind=CredentialKind(kind),
        credential_id=credential_id,
        sender=sender,
        counts=Counter({name: int(item[name]["N"]) for name in item.keys() - _NO_COUNTERS}),
        last_ip=item["last_ip"]["S"] if "last_ip" in item else None,
    )
