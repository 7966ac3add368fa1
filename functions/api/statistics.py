"""What the mail came to: counts over days, all together or by sender."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters, periods
from functions.api.answers import EXTENSION, Answer, answer, ignoring
from functions.api.periods import REPORTED, Period
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import HUMAN, OPENED, PREFETCH_ONLY, Outcome
from tracking.opens.rules import OpenClass
from tracking.storage.counters import BYTES, SendersDay
from tracking.storage.quotas import PERIOD, Quota

router = APIGatewayHttpRouter()

MAX_GROUPS = 5000
"""Senders in one history: more would not fit into an answer."""

_COUNTED = frozenset({*map(str, OpenClass), *map(str, Outcome), OPENED, HUMAN, PREFETCH_ONLY, BYTES})
"""The counters that are shown here. Those of the hours are as many again, and would take as long to read."""

Percent = Annotated[str, Field(description="Of the mails, with two decimals", examples=["1.25"])]
Share = Annotated[float, Field(description="In percent of `used`")]
Mails = Annotated[
    int, Field(description="Mails that SES took, and the sandbox's; one to three recipients counts as three")
]
Hard = Annotated[int, Field(description="Mails that were refused for good")]
Soft = Annotated[int, Field(description="Mails that were refused for now, until SES gave up")]
Rejects = Annotated[int, Field(description="Mails that SES refused")]
Spam = Annotated[int, Field(description="Mails that a recipient called spam")]
Never = Annotated[Literal[0], Field(description="Always 0: it is not offered")]


class Whose(BaseModel):
    """Whose mail is counted."""

    username: Annotated[
        str | None,
        Field(
            max_length=100, description="An SMTP user, an IP address or the id of an API key; without it all"
        ),
    ] = None


class Bounces(BaseModel):
    """The bounces of 30 days."""

    emails: Mails
    hardbounces: Hard
    softbounces: Soft
    rejects: Rejects
    bounce_percent: Percent


class Complaints(BaseModel):
    """The complaints of 30 days."""

    emails: Mails
    spams: Spam
    rejects: Rejects
    spam_percent: Percent


class Unsubscribes(BaseModel):
    """The unsubscribes of 30 days."""

    emails: Mails
    unsubscribes: Never = 0
    rejects: Rejects
    unsubscribe_percent: Percent = "0.00"


class Cycle(BaseModel):
    """How much the account may send."""

    cycle_start: Annotated[str, Field(description="24 hours ago")]
    cycle_end: Annotated[str, Field(description="Now")]
    cycle_used: Annotated[int, Field(description="Recipients that SES sent to within the cycle")]
    cycle_remaining: Annotated[int, Field(description="Recipients that are left; -1 without a quota")]
    cycle_max: Annotated[int, Field(description="SES's quota; -1 if there is none")]


class SummaryReport(Cycle):
    """All of the reports in one."""

    email_count: Mails
    hardbounces: Hard
    softbounces: Soft
    rejects: Rejects
    bounce_rejects: Annotated[int, Field(description="The same as `rejects`")]
    bounce_percent: Percent
    spam_emails: Spam
    spam_rejects: Annotated[int, Field(description="The same as `rejects`")]
    spam_percent: Percent
    unsubscribes: Never = 0
    unsubscribe_percent: Percent = "0.00"
    clicks: Never = 0
    opens: Annotated[
        int, Field(description="Mails that were opened, each once, whatever it was that opened them")
    ]
    opens_human: Annotated[
        int,
        Field(description="Of them, those with an open that shows a person", json_schema_extra=EXTENSION),
    ]
    opens_prefetch_only: Annotated[
        int,
        Field(
            description="Of them, those that were only loaded ahead of a reader", json_schema_extra=EXTENSION
        ),
    ]
    opens_by_class: Annotated[
        dict[OpenClass, int],
        Field(description="All opens by their class, several of a mail too", json_schema_extra=EXTENSION),
    ]


class Grouping(StrEnum):
    """By what a history is grouped."""

    EMAIL_ADDRESS = "email_address"
    USERNAME = "username"
    DOMAIN = "domain"
    SUBACCOUNT = "subaccount"


class HistoryQuestion(Period):
    """Which days, and how they are grouped."""

    group_by: Annotated[
        Grouping | None,
        Field(
            description="The sender's address, whose mail it was, the sender's domain, or nothing; "
            "without it `email_address`"
        ),
    ] = None


class SendersHistory(BaseModel):
    """What the mail of one sender came to."""

    email_address: Annotated[str | None, Field(description="The sender's address, if grouped by it")] = None
    username: Annotated[str | None, Field(description="Whose mail it was, if grouped by it")] = None
    description: Annotated[
        str | None, Field(description="The note on whoever `username` names, if grouped by it")
    ] = None
    domain: Annotated[str | None, Field(description="The sender's domain, if grouped by it")] = None
    domain_verified: Annotated[None, Field(description="Always null: SES knows")] = None
    subaccount: Annotated[str | None, Field(description="Empty, if grouped by it: there are none")] = None
    used: Mails
    bytecount: Annotated[int, Field(description="The sizes of those mails together, as they were handed in")]
    avgsize: Annotated[float, Field(description="The same for each mail")]
    lastip: Annotated[str | None, Field(description="Where mail was handed in from on the last such day")]
    bounces: Annotated[int, Field(description="Hard and soft ones")]
    bounce_percent: Share
    opens: Annotated[
        int, Field(description="Mails that were opened on these days, each once, by whatever it was")
    ]
    open_percent: Annotated[
        float,
        Field(description="In percent of `used`; above 100 if many mails of earlier days were opened"),
    ]
    opens_human: Annotated[
        int, Field(description="Of them, those that show a person", json_schema_extra=EXTENSION)
    ]
    opens_prefetch_only: Annotated[
        int, Field(description="Of them, those only loaded ahead of a reader", json_schema_extra=EXTENSION)
    ]
    rejects: Rejects
    reject_percent: Share
    spam: Spam
    spam_percent: Share
    clicks: Never = 0
    unsubscribes: Never = 0
    unsubscribe_percent: Annotated[Literal[0], Field(description="Always 0: it is not offered")] = 0


class HistoryReport(BaseModel):
    """What the mail came to, by sender."""

    count: Annotated[int, Field(description="How many senders there are")]
    bounce_percent_total: Share
    open_percent_total: Share
    reject_percent_total: Share
    spam_percent_total: Share
    unsubscribe_percent_total: Annotated[Literal[0], Field(description="Always 0: it is not offered")] = 0
    history: Annotated[list[SendersHistory], Field(description="The most mails first, 5,000 senders at most")]


@dataclass(slots=True)
class _Total:
    """Counts that were added up."""

    counts: Counter[str] = field(default_factory=Counter)
    last_ip: str | None = None

    def add(self, found: SendersDay) -> None:
        """Add a part of a day, none earlier than those before."""
        self.counts.update(found.counts)
        self.last_ip = found.last_ip or self.last_ip

    @property
    def mails(self) -> int:
        return self.counts[Outcome.PROCESSED]

    @property
    def bounces(self) -> int:
        return self.counts[Outcome.HARD_BOUNCED] + self.counts[Outcome.SOFT_BOUNCED]

    def percent(self, count: int) -> float:
        """How much of the mails that is; 0 of none."""
        return round(100 * count / self.mails, 2) if self.mails else 0.0

    def percent_text(self, count: int) -> str:
        return f"{self.percent(count):.2f}"


@router.post("/stats/email_bounces")
def email_bounces(whose: Annotated[Whose, Body()]) -> Answer[Bounces]:
    """Count the bounces and rejects of the last 30 days."""
    total = _last_days(whose)
    return answer(
        router,
        Bounces(
            emails=total.mails,
            hardbounces=total.counts[Outcome.HARD_BOUNCED],
            softbounces=total.counts[Outcome.SOFT_BOUNCED],
            rejects=total.counts[Outcome.REJECTED],
            bounce_percent=total.percent_text(total.bounces),
        ),
    )


@router.post("/stats/email_spam")
def email_spam(whose: Annotated[Whose, Body()]) -> Answer[Complaints]:
    """Count the complaints and rejects of the last 30 days."""
    total = _last_days(whose)
    spams = total.counts[Outcome.COMPLAINED]
    return answer(
        router,
        Complaints(
            emails=total.mails,
            spams=spams,
            rejects=total.counts[Outcome.REJECTED],
            spam_percent=total.percent_text(spams),
        ),
    )


@router.post("/stats/email_unsubs")
def email_unsubs(whose: Annotated[Whose, Body()]) -> Answer[Unsubscribes]:
    """Count the unsubscribes and rejects of the last 30 days.

    Unsubscribing is not offered: there are none.
    """
    total = _last_days(whose)
    return answer(router, Unsubscribes(emails=total.mails, rejects=total.counts[Outcome.REJECTED]))


@router.post("/stats/email_cycle")
def email_cycle() -> Answer[Cycle]:
    """Tell how much may still be sent.

    SMTP2GO's cycle is the month of a plan. Here it is what limits the account, SES's quota for any 24 hours,
    whoever uses it.
    """
    return answer(router, Cycle(**_cycle(adapters.quotas().current(datetime.now(UTC)))))


@router.post("/stats/email_summary")
def email_summary(whose: Annotated[Whose, Body()]) -> Answer[SummaryReport]:
    """Tell the bounces, complaints, unsubscribes, opens and the cycle in one.

    A day's counts are those of what happened on it, by UTC: an open counts on the day of the open. They are a
    few seconds behind.
    """
    total = _last_days(whose)
    counts, rejects = total.counts, total.counts[Outcome.REJECTED]
    return answer(
        router,
        SummaryReport(
            **_cycle(adapters.quotas().current(datetime.now(UTC))),
            email_count=total.mails,
            hardbounces=counts[Outcome.HARD_BOUNCED],
            softbounces=counts[Outcome.SOFT_BOUNCED],
            rejects=rejects,
            bounce_rejects=rejects,
            bounce_percent=total.percent_text(total.bounces),
            spam_emails=counts[Outcome.COMPLAINED],
            spam_rejects=rejects,
            spam_percent=total.percent_text(counts[Outcome.COMPLAINED]),
            opens=counts[OPENED],
            opens_human=counts[HUMAN],
            opens_prefetch_only=counts[PREFETCH_ONLY],
            opens_by_class={each: counts[each] for each in OpenClass if counts[each]},
        ),
    )


@router.post("/stats/email_history", openapi_extensions=ignoring("subaccounts"))
def email_history(wanted: Annotated[HistoryQuestion, Body()]) -> Answer[HistoryReport]:
    """Count what the mail of some days came to, by sender.

    Days are whole, by UTC. Counters are kept for 800 days.
    """
    grouping = wanted.group_by or Grouping.EMAIL_ADDRESS
    groups: dict[str, _Total] = {}
    for found in _days(*wanted.days):
        groups.setdefault(_group(found, grouping), _Total()).add(found)
    total = _Total(sum((group.counts for group in groups.values()), Counter()))
    most = sorted(groups.items(), key=lambda group: (-group[1].mails, group[0]))[:MAX_GROUPS]
    return answer(
        router,
        HistoryReport(
            count=len(groups),
            bounce_percent_total=total.percent(total.bounces),
            open_percent_total=total.percent(total.counts[OPENED]),
            reject_percent_total=total.percent(total.counts[Outcome.REJECTED]),
            spam_percent_total=total.percent(total.counts[Outcome.COMPLAINED]),
            history=_described(grouping, [_history(grouping, name, group) for name, group in most]),
        ),
    )


def _days(first: date, last: date) -> Iterator[SendersDay]:
    return adapters.counters().days(*periods.counted(first, last), _COUNTED)


def descriptions() -> dict[str, str]:
    """The notes on the credentials that there are, by their ids."""
    return {
        credential.id: credential.description
        for kind in CredentialKind
        for credential in adapters.settings().credentials(kind)
    }


def _last_days(whose: Whose) -> _Total:
    today = datetime.now(UTC).date()
    return _total(
        found
        for found in _days(today - REPORTED, today)
        if whose.username is None or found.credential_id == whose.username
    )


def _total(days: Iterable[SendersDay]) -> _Total:
    total = _Total()
    for found in days:
        total.add(found)
    return total


def _cycle(quota: Quota) -> dict[str, object]:
    return {
        "cycle_start": str((quota.at - PERIOD).replace(microsecond=0)),
        "cycle_end": str(quota.at.replace(microsecond=0)),
        "cycle_used": quota.used,
        "cycle_remaining": quota.remaining,
        "cycle_max": quota.limit,
    }


def _group(found: SendersDay, grouping: Grouping) -> str:
    match grouping:
        case Grouping.EMAIL_ADDRESS:
            return found.sender
        case Grouping.USERNAME:
            return found.credential_id
        case Grouping.DOMAIN:
            return found.sender.rpartition("@")[2]
        case Grouping.SUBACCOUNT:
            return ""


def _described(grouping: Grouping, history: list[SendersHistory]) -> list[SendersHistory]:
    """The same, with the notes on the credentials."""
    if grouping is Grouping.USERNAME:
        found = descriptions()
        for each in history:
            each.description = found.get(each.username or "")
    return history


def _history(grouping: Grouping, name: str, group: _Total) -> SendersHistory:
    counts, size = group.counts, group.counts[BYTES]
    return SendersHistory(
        **{grouping.value: name},
        used=group.mails,
        bytecount=size,
        avgsize=round(size / group.mails, 2) if group.mails else 0,
        lastip=group.last_ip,
        bounces=group.bounces,
        bounce_percent=group.percent(group.bounces),
        opens=counts[OPENED],
        open_percent=group.percent(counts[OPENED]),
        opens_human=counts[HUMAN],
        opens_prefetch_only=counts[PREFETCH_ONLY],
        rejects=counts[Outcome.REJECTED],
        reject_percent=group.percent(counts[Outcome.REJECTED]),
        spam=counts[Outcome.COMPLAINED],
        spam_percent=group.percent(counts[Outcome.COMPLAINED]),
    )
