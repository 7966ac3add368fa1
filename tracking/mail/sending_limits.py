"""How many recipients a credential may send to in a period.

A period is written as SMTP2GO writes it: `<n> [hour[s]|day[s]|week[s]|month[s]] [hh:mm:ss]`, such as
`0:30:00`, `1 hour`, or `4 months 5:00:00`. A month has 30 days.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

MIN_PERIOD: Final = timedelta(minutes=1)
"""The shortest period that a limit can have."""

MAX_PERIOD: Final = timedelta(days=360)
"""The longest: twelve months."""

MAX_LIMIT: Final = 10_000_000
"""The most recipients that a limit can allow."""

_UNITS: Final = {
    "month": timedelta(days=30),
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
}
_DAYS: Final = ("month", "week", "day")
"""The units that a period is written in; what is left of it is a time."""

_NUMBER = re.compile(r"[0-9]{1,6}")
_TIME = re.compile(r"(?P<hours>[0-9]{1,6}):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SendingLimit:
    """To how many recipients a credential may send in each period.

    `period` is whole seconds. Periods follow each other without a gap from 1970 on, by UTC: those of an hour
    begin with the hour, those of a day at midnight, those of a week on Thursday.
    """

    recipients: int
    period: timedelta

    def window_start(self, at: datetime) -> datetime:
        """When the period began that a moment is in."""
        return at.astimezone(UTC) - (at - _EPOCH) % self.period

    def window_end(self, at: datetime) -> datetime:
        """When the period ends that a moment is in, and the next begins."""
        return self.window_start(at) + self.period


def parse(text: str) -> timedelta:
    """Read a period.

    Args:
        text: As the module says; capitals and more blanks do not matter.

    Raises:
        ValueError: It is written otherwise, or is shorter than a minute or longer than twelve months.

    Source:
        SMTP2GO's API reference, `custom_ratelimit_period` of "users/smtp/add".
    """
    match text.lower().split():
        case [time] if _TIME.fullmatch(time):
            period = _time(time)
        case [number, unit]:
            period = _units(number, unit)
        case [number, unit, time]:
            period = _units(number, unit) + _time(time)
        case _:
            raise _unreadable()
    if not MIN_PERIOD <= period <= MAX_PERIOD:
        raise ValueError("a period is from 1 minute to 12 months long")
    return period


def format(period: timedelta) -> str:  # noqa: A001 -- The module says what is formatted.
    """Write a period of whole seconds, in the largest unit that its days are a multiple of."""
    time = timedelta(seconds=period.seconds)
    days = period - time
    written = []
    if days:
        unit = next(unit for unit in _DAYS if not days % _UNITS[unit])
        number = days // _UNITS[unit]
        written.append(f"{number} {unit}s" if number > 1 else f"{number} {unit}")
    if time or not days:
        written.append(str(time))
    return " ".join(written)


def _units(number: str, unit: str) -> timedelta:
    length = _UNITS.get(unit.removesuffix("s"))
    if length is None or not _NUMBER.fullmatch(number):
        raise _unreadable()
    return int(number) * length


def _time(text: str) -> timedelta:
    time = _TIME.fullmatch(text)
    if time is None:
        raise _unreadable()
    return timedelta(hours=int(time["hours"]), minutes=int(time["minutes"]), seconds=int(time["seconds"]))


def _unreadable() -> ValueError:
    return ValueError("write a period as 0:30:00, 1 hour, 2 days, 3 weeks, or 4 months 5:00:00")
