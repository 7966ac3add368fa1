"""A message, its deliveries to single recipients, and what happened to each."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import batched

from tracking.mail import addresses
from tracking.mail.credentials import CredentialKind
from tracking.opens.fetches import Fetch
from tracking.opens.rules import OpenClass


class TrackingMode(StrEnum):
    """How much of a delivery's opens is kept, from all to nothing."""

    FULL = "full"
    """Every fetch, with its raw facts."""

    OFF = "off"
    """Nothing."""


class EventType(StrEnum):
    """What can happen to a delivery."""

    PROCESSED = "processed"
    """SES took the mail. It may still bounce."""

    DELIVERED = "delivered"
    """The recipient's mail server took the mail. Nobody need have seen it."""

    BOUNCED = "bounced"
    """The recipient's mail server refused the mail."""

    REJECTED = "rejected"
    """SES refused the mail; it was not sent."""

    COMPLAINED = "complained"
    """The recipient called the mail spam."""

    DELAYED = "delayed"
    """The recipient's mail server put the mail off; SES tries again."""

    FETCHED = "fetched"
    """The pixel was requested; `tracking.opens` says what that means."""

    QUOTED = "quoted"
    """A later message of ours quotes the mail with its pixel: fetches from then on may be its readers'."""


@dataclass(frozen=True, slots=True)
class Message:
    """One mail handed to us, whatever the number of its recipients.

    `source_ip` is the address that it was handed in from, as the front door saw it. `recipients` are all of
    the envelope's, by number; `bcc` are those that neither To nor Cc names. `headers` are the fields of its
    header, by lower-case name, that webhooks wanted to be told when it was sent.
    """

    email_id: str
    kind: CredentialKind
    credential_id: str
    mail_from: str
    received_at: datetime
    size: int
    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    reply_to: str = ""
    rfc_message_id: str = ""
    source_ip: str | None = None
    recipients: tuple[str, ...] = ()
    bcc: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sender_address(self) -> str:
        """The last address in From; where there is none, the envelope's, which may be empty."""
        found = addresses.mentioned(self.sender)
        return found[-1] if found else self.mail_from

    @property
    def sender_name(self) -> str:
        """The name in From, without its quotes; empty where there is none."""
        name = self.sender.rpartition("<")[0].strip()
        is_quoted = len(name) > 1 and name[0] == name[-1] == '"'
        return re.sub(r"\\(.)", r"\1", name[1:-1]) if is_quoted else name


class Evidence(StrEnum):
    """The strongest thing that a delivery's opens say of its reader."""

    NONE = "none"
    """Nothing fetched the pixel. The mail may have been read without its images."""

    INCONCLUSIVE = "inconclusive"
    """What fetched it was neither a person nor loading ahead of one: machines, the sender, the unknown."""

    PREFETCH_ONLY = "prefetch_only"
    """It was loaded ahead of the reader, which says that the mail arrived and not that it was read."""

    HUMAN = "human"
    """At least one open shows that a person displayed the mail."""


FETCHES_KEPT = 10_000
"""How many fetches of one delivery's pixel are recorded, and some more that come while they are counted: who
has the pixel's URL may ask for it without end, and each fetch is judged by all others."""

FETCHES_COUNTED_BY = 100
"""In what steps a summary counts fetches, so that a repetition seldom changes it."""

OPENED, HUMAN, PREFETCH_ONLY = "opened", "human", "prefetch_only"
"""The daily counters beside those of the classes and outcomes: each delivery counts once, on the day of the
first open of whatever class, of the first human evidence, and of the first prefetch while there is no human
evidence."""

HOURS = tuple(f"hour_{hour:02d}" for hour in range(24))
"""The daily counters of the opens that show a person, several of a delivery too, by the hour of the open."""


class Outcome(StrEnum):
    """What a delivery came to at its recipient's mail server. It counts once for each, on the first's day."""

    PROCESSED = "processed"
    """SES took the mail."""

    DELIVERED = "delivered"
    """The recipient's mail server took it."""

    HARD_BOUNCED = "hard_bounced"
    """That server refused it for good."""

    SOFT_BOUNCED = "soft_bounced"
    """That server refused it for now, and SES gave up."""

    REJECTED = "rejected"
    """SES refused it."""

    COMPLAINED = "complained"
    """The recipient called it spam."""


COUNTED_BY_DOMAIN = frozenset(
    {Outcome.PROCESSED.value, Outcome.DELIVERED.value, OPENED, HUMAN, PREFETCH_ONLY}
)
"""The daily counters that there are for the recipient's domain too."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a delivery's history comes to; computed from the whole of it, never counted up.

    `outcomes` holds when each was first seen, and `opens` how many opens of each class there were on each
    day, by UTC. The times are those of the first and the last open of whatever class, of the first that shows
    a person, and of the first prefetch. `fetches` is how many there were, rounded down to steps of
    `FETCHES_COUNTED_BY`. `hours` holds how many of the opens show a person, by day and hour.

    It also says what was counted for it. One that was stored before hours and domains were counted has no
    hours, and its `is_counted_by_domain` is false; so whatever takes its place counts all of them, and what
    was counted before counts no second time.
    """

    opens: Mapping[date, Mapping[OpenClass, int]] = field(default_factory=dict)
    first_open_at: datetime | None = None
    last_open_at: datetime | None = None
    first_human_at: datetime | None = None
    first_prefetch_at: datetime | None = None
    fetches: int = 0
    outcomes: Mapping[Outcome, datetime] = field(default_factory=dict)
    hours: Mapping[date, Mapping[int, int]] = field(default_factory=dict)
    is_counted_by_domain: bool = True

    @property
    def totals(self) -> Mapping[OpenClass, int]:
        """How many opens of each class there were."""
        total: Counter[OpenClass] = Counter()
        for by_class in self.opens.values():
            total.update(by_class)
        return total

    @property
    def is_opened(self) -> bool:
        """Whether there was an open of whatever class."""
        return self.first_open_at is not None

    @property
    def evidence(self) -> Evidence:
        """What the opens say of the reader."""
        if self.first_human_at:
            return Evidence.HUMAN
        if self.first_prefetch_at:
            return Evidence.PREFETCH_ONLY
        return Evidence.INCONCLUSIVE if self.is_opened else Evidence.NONE


def changes(old: Summary, new: Summary) -> dict[date, dict[str, int]]:
    """What the daily counters change by when one summary of a delivery takes the place of another.

    Args:
        old: What is counted already.
        new: What is to be counted in its place.

    Returns:
        By day and counter, a class's or an outcome's name or one of those above, what is to be added;
        nothing that is 0.
    """
    return _difference(_counted(old), _counted(new))


def domain_changes(old: Summary, new: Summary) -> dict[date, dict[str, int]]:
    """The same for the counters of the recipient's domain, `COUNTED_BY_DOMAIN`."""
    return _difference(_counted_by_domain(old), _counted_by_domain(new))


def stages(old: Summary, new: Summary, days: int) -> Iterator[Summary]:
    """Summaries on the way from one to another; the last one is `new`.

    Args:
        old: What is counted already.
        new: What is to be counted in its place.
        days: On how many days the opens differ at most from one stage to the next. On the way to the last
            one the times change too, each of which changes counters of up to two days more, and for some of
            them the domain's.
    """
    differing = sorted(
        day
        for day in {*old.opens, *new.opens, *old.hours, *new.hours}
        if (old.opens.get(day), old.hours.get(day)) != (new.opens.get(day), new.hours.get(day))
    )
    opens, hours = dict(old.opens), dict(old.hours)
    for some in list(batched(differing, days, strict=False))[:-1]:
        _replace_days(opens, new.opens, some)
        _replace_days(hours, new.hours, some)
        yield replace(old, opens=dict(opens), hours=dict(hours))
    yield new


def _replace_days[T](by_day: dict[date, T], others: Mapping[date, T], days: Iterable[date]) -> None:
    for day in days:
        by_day.pop(day, None)
        if day in others:
            by_day[day] = others[day]


def _difference(
    before: Counter[tuple[date, str]], after: Counter[tuple[date, str]]
) -> dict[date, dict[str, int]]:
    changed = Counter(after)
    changed.subtract(before)
    days: dict[date, dict[str, int]] = {}
    for (day, name), change in changed.items():
        if change:
            days.setdefault(day, {})[name] = change
    return days


def _counted(summary: Summary) -> Counter[tuple[date, str]]:
    """All that a delivery counts for, by day and counter."""
    counted = _counted_once(summary)
    for day, by_class in summary.opens.items():
        for open_class, count in by_class.items():
            counted[day, open_class.value] += count
    for day, by_hour in summary.hours.items():
        for hour, count in by_hour.items():
            counted[day, HOURS[hour]] += count
    return counted


def _counted_by_domain(summary: Summary) -> Counter[tuple[date, str]]:
    """What a delivery counts for at its recipient's domain, by day and counter."""
    if not summary.is_counted_by_domain:
        return Counter()
    once = _counted_once(summary)
    return Counter({(day, name): count for (day, name), count in once.items() if name in COUNTED_BY_DOMAIN})


def _counted_once(summary: Summary) -> Counter[tuple[date, str]]:
    """The counters that count a delivery once, by day."""
    once: dict[str, datetime | None] = {
        OPENED: summary.first_open_at,
        HUMAN: summary.first_human_at,
        PREFETCH_ONLY: None if summary.first_human_at else summary.first_prefetch_at,
        **{outcome.value: at for outcome, at in summary.outcomes.items()},
    }
    return Counter({(utc_day(at), name): 1 for name, at in once.items() if at})


def utc_day(at: datetime) -> date:
    """The day of a time, by UTC."""
    return at.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one recipient.

    `number` is the recipient's in the envelope, from 1; `credential_id` is whose the message is; `started_at`
    is when the message was handed in. `untracked_reason` says why no pixel went along, and `placement` where
    it stands if one did. SES took it at `sent_at`, or refused it at `rejected_at` for the reason of
    `rejection`; until one of the two is known, whoever is sending it has claimed it until `claimed_until`.
    `version` counts the summary's writes.
    """

    email_id: str
    number: int
    recipient: str
    credential_id: str
    mode: TrackingMode
    started_at: datetime
    untracked_reason: str | None = None
    placement: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    ses_message_id: str | None = None
    rejected_at: datetime | None = None
    rejection: str | None = None
    claimed_until: datetime | None = None
    summary: Summary = field(default_factory=Summary)
    version: int = 0

    @property
    def domain(self) -> str:
        """The recipient's domain, however the address was written; empty where it has none.

        Mail Manager may take addresses that no other front door does: with a dot at the end, or without a
        domain.
        """
        _, at, domain = addresses.key(self.recipient).rpartition("@")
        return domain.rstrip(".") if at else ""

    @property
    def is_full(self) -> bool:
        """Whether no more fetches are recorded."""
        return self.summary.fetches >= FETCHES_KEPT

    @property
    def answer(self) -> "Event | None":
        """The event that SES's answer to it was; None if there is none, or nobody knows it."""
        if self.sent_at:
            return processed(self.sent_at)
        return rejected(self.rejected_at, self.rejection or "") if self.rejected_at else None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a delivery.

    `event_id` alone makes it what it is: the same event from another path is the same. `details` are the
    facts that came with it, by name; a fetch has its own.
    """

    event_id: str
    type: EventType
    at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
    fetch: Fetch | None = None

    @property
    def is_hard_bounce(self) -> bool:
        """Whether the recipient's mail server refused the mail for good."""
        return self.type is EventType.BOUNCED and self.details.get("bounce") == "hard"


def fetched(fetch: Fetch) -> Event:
    """The event that a fetch is."""
    return Event(fetch.event_id, EventType.FETCHED, fetch.at, fetch=fetch)


PROCESSED, REJECTED_AT_ONCE = "processed", "rejected"
"""The event ids of what SES answered when a delivery was handed to it. Each delivery has one of them."""


def processed(at: datetime) -> Event:
    """The event that SES took a delivery."""
    return Event(PROCESSED, EventType.PROCESSED, at)


def rejected(at: datetime, reason: str) -> Event:
    """The event that SES refused a delivery at once."""
    return Event(REJECTED_AT_ONCE, EventType.REJECTED, at, {"reason": reason})


@dataclass(frozen=True, slots=True)
class History:
    """A delivery and everything that happened to it, by time."""

    delivery: Delivery
    events: tuple[Event, ...]
