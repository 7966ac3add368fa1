"""What is counted, added up as people read it."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from tracking.storage.counters import Counters

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def by_day(
    dynamodb: "DynamoDBClient", first: date, last: date, credential_id: str
) -> dict[date, Counter[str]]:
    """A credential's counters by day, without those that are 0, and without days that have none."""
    days: dict[date, Counter[str]] = {}
    for found in Counters(dynamodb, "Activity").days(first, last):
        if found.credential_id == credential_id:
            days.setdefault(found.day, Counter()).update(found.counts)
    return _without_zeros(days)


def by_domain(dynamodb: "DynamoDBClient", first: date, last: date) -> dict[str, Counter[str]]:
    """The domains' counters, without those that are 0, and without domains that have none."""
    found = Counters(dynamodb, "Activity").domains(first, last, most=10_000)
    assert found.is_complete
    return _without_zeros(found.by_domain)


def _without_zeros[K](counted: Mapping[K, Counter[str]]) -> dict[K, Counter[str]]:
    left = {key: Counter({name: n for name, n in counts.items() if n}) for key, counts in counted.items()}
    return {key: counts for key, counts in left.items() if counts}
