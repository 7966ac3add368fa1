"""What is counted, added up as people read it."""

from collections import Counter
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
    left = {day: Counter({name: n for name, n in counts.items() if n}) for day, counts in days.items()}
    return {day: counts for day, counts in left.items() if counts}
