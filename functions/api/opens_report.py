"""What came of the opens: by day and hour, by username, and by the recipient's domain."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters, periods
from functions.api.answers import EXTENSION, Answer, answer, invalid
from functions.api.periods import Period
from functions.api.statistics import Mails, descriptions
from tracking.mail.deliveries import COUNTED_BY_DOMAIN, HOURS, HUMAN, OPENED, PREFETCH_ONLY, Outcome
from tracking.opens.rules import OpenClass

router = APIGatewayHttpRouter()

MAX_DAYS = 366
"""Days in one report: a year, whichever it is."""

MAX_ROWS = 100
"""Usernames in one report, and domains."""

MAX_DOMAIN_ITEMS = 100_000
"""Items of domains that are read for one report. They are 13 MB, and take 2 s of the core that the
function has."""

Delivered = Annotated[int, Field(description="Mails that their recipients' mail servers took")]
Opens = Annotated[
    int, Field(description="Mails that were first opened then, whatever it was that opened them")
]
OpensHuman = Annotated[int, Field(description="Mails whose first open that shows a person was then")]
OpensPrefetchOnly = Annotated[
    int,
    Field(
        description="Mails that were first loaded ahead of a reader then, and that no open shows a person of"
    ),
]
LeftOut = Annotated[int, Field(description="How many more there are, with fewer mails")]


class OpensOfDay(BaseModel):
    """What a day came to."""

    date: Annotated[str, Field(description="By UTC", examples=["2026-11-24"])]
    sent: Mails
    delivered: Delivered
    opens: Opens
    opens_human: OpensHuman
    opens_prefetch_only: OpensPrefetchOnly
    opens_by_class: Annotated[
        dict[OpenClass, int],
        Field(description="All opens by their class, several of a mail too; without those that are 0"),
    ]
    opens_human_by_hour: Annotated[
        list[int],
        Field(
            min_length=24,
            max_length=24,
            description="The opens that show a person, several of a mail too, by the hour of the open, UTC",
        ),
    ]


class OpensOfUsername(BaseModel):
    """What the mail of one username came to."""

    username: Annotated[str, Field(description="The SMTP user, the IP address or the API key's id")]
    description: Annotated[str | None, Field(description="The note on it; null if it was removed")]
    sent: Mails
    delivered: Delivered
    opens: Opens
    opens_human: OpensHuman
    opens_prefetch_only: OpensPrefetchOnly


class OpensOfDomain(BaseModel):
    """What the mail to one domain came to."""

    domain: Annotated[str, Field(description="The recipients', in lower case")]
    sent: Mails
    delivered: Delivered
    opens: Opens
    opens_human: OpensHuman
    opens_prefetch_only: OpensPrefetchOnly


class OpensReport(BaseModel):
    """What came of the opens."""

    days: Annotated[list[OpensOfDay], Field(description="Every day, the first one first")]
    by_username: Annotated[list[OpensOfUsername], Field(description="The 100 with the most mails")]
    usernames_left_out: LeftOut
    by_domain: Annotated[list[OpensOfDomain], Field(description="The 100 with the most mails")]
    domains_left_out: LeftOut
    domains_are_complete: Annotated[
        bool,
        Field(
            description="Whether `by_domain` counts all of the days. False where there are too many domains "
            "to read: the oldest days are missing then, in whole or in part"
        ),
    ]


@router.post("/stats/opens", openapi_extensions=EXTENSION)
def opens(wanted: Annotated[Period, Body()]) -> Answer[OpensReport]:
    """Count the opens by day and hour, by username, and by the recipient's domain.

    The days are at most 366. Each count is on the day of what is counted, not of the sending, so that there
    may be more opens than mails. Hours and domains are counted from the version on that has this report: of a
    mail that was sent before, once something more happens to it.
    """
    first, last = wanted.days
    count = (last - first).days + 1
    if count > MAX_DAYS:
        raise invalid(
            "start_date" if wanted.start_date else "end_date",
            f"the report would be of {count} days; {MAX_DAYS} are the most",
        )
    by_day: dict[date, Counter[str]] = {first + timedelta(days=number): Counter() for number in range(count)}
    by_username: dict[str, Counter[str]] = {}
    for found in adapters.counters().days(*periods.counted(first, last)):
        by_day[found.day].update(found.counts)
        by_username.setdefault(found.credential_id, Counter()).update(found.counts)
    domains = adapters.counters().domains(*periods.counted(first, last), most=MAX_DOMAIN_ITEMS)
    usernames, usernames_left_out = _most(by_username)
    top_domains, domains_left_out = _most(domains.by_domain)
    notes = descriptions()
    return answer(
        router,
        OpensReport(
            days=[_day(day, counts) for day, counts in by_day.items()],
            by_username=[
                OpensOfUsername(username=name, description=notes.get(name), **_counts(by_username[name]))
                for name in usernames
            ],
            usernames_left_out=usernames_left_out,
            by_domain=[
                OpensOfDomain(domain=name, **_counts(domains.by_domain[name])) for name in top_domains
            ],
            domains_left_out=domains_left_out,
            domains_are_complete=domains.is_complete,
        ),
    )


def _most(counted: Mapping[str, Counter[str]]) -> tuple[list[str], int]:
    """Who has the most mails, and how many others have anything that is shown."""
    names = [name for name, counts in counted.items() if any(counts[each] for each in COUNTED_BY_DOMAIN)]
    names.sort(key=lambda name: (-counted[name][Outcome.PROCESSED], name))
    return names[:MAX_ROWS], len(names[MAX_ROWS:])


def _day(day: date, counts: Counter[str]) -> OpensOfDay:
    return OpensOfDay(
        date=day.isoformat(),
        **_counts(counts),
        opens_by_class={each: counts[each] for each in OpenClass if counts[each]},
        opens_human_by_hour=[counts[hour] for hour in HOURS],
    )


def _counts(counts: Counter[str]) -> dict[str, int]:
    return {
        "sent": counts[Outcome.PROCESSED],
        "delivered": counts[Outcome.DELIVERED],
        "opens": counts[OPENED],
        "opens_human": counts[HUMAN],
        "opens_prefetch_only": counts[PREFETCH_ONLY],
    }
