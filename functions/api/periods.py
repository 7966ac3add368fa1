"""The days that a report is of."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from functions.api.searches import Moment, moment
from tracking.storage.activity_items import COUNTS_KEPT_FOR

REPORTED = timedelta(days=29)
"""How far back a report goes that does not say it: 30 days, with today."""


class Period(BaseModel):
    """Which days, whole ones by UTC."""

    start_date: Annotated[
        Moment | None, Field(description="The first day that counts, by UTC; without it 29 days ago")
    ] = None
    end_date: Annotated[
        Moment | None,
        Field(description="The time up to which days count, the last one whole; without it now"),
    ] = None

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day; the last one is the earlier where the period has none."""
        today = datetime.now(UTC).date()
        first = moment(self.start_date).date() if self.start_date else today - REPORTED
        return first, _last_day(moment(self.end_date)) if self.end_date else today


def counted(first: date, last: date) -> tuple[date, date]:
    """As many of some days as counters are kept for, and none after today."""
    today = datetime.now(UTC).date()
    return max(first, today - COUNTS_KEPT_FOR), min(last, today)


def _last_day(end: datetime) -> date:
    """The last day of which something is before a time."""
    return end.date() if end.time() > time() or end.date() == date.min else end.date() - timedelta(days=1)
