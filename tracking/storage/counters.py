"""The daily counters in the Activity table; `activity_items` has its design."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tracking.errors import ActivityUnavailable
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Message, Outcome
from tracking.storage import activity_items
from tracking.storage.aws import Item, from_attributes, raising, to_attributes

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import UpdateTypeDef

BYTES = "bytes"
"""The counter of the sizes of the mails that SES took."""

_NO_COUNTERS = frozenset({"pk", "sk", "expires_at", "last_ip"})


@dataclass(frozen=True, slots=True)
class SendersDay:
    """What a day of the mail of one credential from one address came to.

    `sender` is in lower case, and empty where a mail had none. `counts` are by the names of classes and
    outcomes, `OPENED`, `HUMAN`, `PREFETCH_ONLY` and `BYTES`. `last_ip` is where mail was handed in from.
    """

    day: date
    kind: CredentialKind
    credential_id: str
    sender: str
    counts: Counter[str]
    last_ip: str | None


class Counters:
    """What is counted, for those who only read it."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def days(self, first: date, last: date) -> Iterator[SendersDay]:
        """What was counted, in a few parts for each day, credential and sender, the earlier days first.

        Args:
            first: The first day that counts.
            last: The last day that counts.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        if last < first:  # BETWEEN refuses bounds in the wrong order.
            return
        for month in _months(first, last):
            parts = [
                self._part(activity_items.counts_partition(month, shard), first, last)
                for shard in range(activity_items.COUNT_SHARDS)
            ]
            yield from sorted((found for part in parts for found in part), key=lambda found: found.day)

    def _part(self, partition: str, first: date, last: date) -> list[SendersDay]:
        with raising(ActivityUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues=to_attributes(
                    {":pk": partition, ":first": f"{first.isoformat()}#", ":last": f"{last.isoformat()}#~"}
                ),
            )
            return [_senders_day(from_attributes(item)) for page in pages for item in page["Items"]]


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
    addition = ", ".join(f"#{name} :{name}" for name in added)
    values: Item = {
        **{f":{name}": change for name, change in added.items()},
        ":expires_at": activity_items.day_expires_at(day),
    }
    assignment = "expires_at = :expires_at"
    if mails > 0 and message.source_ip:
        assignment += ", last_ip = :last_ip"
        values[":last_ip"] = message.source_ip
    return {
        "TableName": table,
        "Key": activity_items.count_key(message, day),
        "UpdateExpression": f"ADD {addition} SET {assignment}",
        "ExpressionAttributeNames": {f"#{name}": name for name in added},
        "ExpressionAttributeValues": to_attributes(values),
    }


def _months(first: date, last: date) -> Iterator[str]:
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        yield f"{year:04d}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004 - Months of a year.


def _senders_day(item: Item) -> SendersDay:
    day, kind, rest = item["sk"].split("#", 2)
    credential_id, _, sender = rest.partition(" ")
    return SendersDay(
        day=date.fromisoformat(day),
        kind=CredentialKind(kind),
        credential_id=credential_id,
        sender=sender,
        counts=Counter({name: int(value) for name, value in item.items() if name not in _NO_COUNTERS}),
        last_ip=item.get("last_ip"),
    )
