"""What happened to the mail: the activity search, and one delivery's timeline."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.api import adapters, continuations, finding
from functions.api.answers import EXTENSION, Answer, Refusal, answer, ignoring, invalid
from functions.api.continuations import Continuation
from functions.api.events import ActivityEvent, date, show
from functions.api.searches import DEFAULT_LIMIT, Search
from tracking.mail import addresses, headers, summaries
from tracking.mail.deliveries import Evidence
from tracking.mail.summaries import Interpretation
from tracking.opens.rules import OpenClass
from tracking.storage.feeds import READERS

router = APIGatewayHttpRouter()

MAX_BYTES = 4 * 1024 * 1024
"""Of the events of a page, as JSON: Lambda answers with 6 MB at most, in which the JSON is a text."""


class ActivityPage(BaseModel):
    """A page of what was found."""

    continue_token: Annotated[
        str | None, Field(description="For the next page; null if there is nothing more")
    ]
    total_events: Annotated[
        int,
        Field(
            description="The events of this page and those before it, and one more as long as there may be "
            "another page: to count the rest would be to read it"
        ),
    ]
    events: Annotated[list[ActivityEvent], Field(description="The newest first")]


class TimelineQuestion(BaseModel):
    """Which delivery."""

    email_id: Annotated[str, Field(max_length=200, description="The mail's, as `email/send` answered it")]
    recipient: Annotated[str, Field(max_length=998, description="The recipient's address")]


class Timeline(BaseModel):
    """What happened to a delivery, and what it comes to."""

    email_id: Annotated[str, Field(description="The mail's")]
    recipient: Annotated[str, Field(description="The delivery's, as it was handed in")]
    subject: Annotated[str, Field(description="The Subject header")]
    untracked_reason: Annotated[str | None, Field(description="Why no pixel went along; null if one did")]
    placement: Annotated[str | None, Field(description="Where the pixel stands in the HTML")]
    sent_at: Annotated[str | None, Field(description="When SES took the mail")]
    delivered_at: Annotated[str | None, Field(description="When the recipient's mail server took it")]
    evidence: Annotated[Evidence, Field(description="The strongest thing that the opens say of the reader")]
    opens: Annotated[dict[OpenClass, int], Field(description="How many there were of each class")]
    first_open_at: Annotated[str | None, Field(description="The first open, of whatever class")]
    last_open_at: Annotated[str | None, Field(description="The last one")]
    first_human_at: Annotated[str | None, Field(description="The first that shows a person")]
    first_prefetch_at: Annotated[str | None, Field(description="The first that was made ahead of a reader")]
    events: Annotated[list[ActivityEvent], Field(description="The earliest first")]
    events_left_out: Annotated[
        int, Field(description="How many of the earliest are not in the answer, which would be too large")
    ]


@router.post("/activity/search", openapi_extensions=ignoring("subaccounts", "region"))
def search(wanted: Annotated[Search, Body()]) -> Answer[ActivityPage]:
    """Search for events, the newest first.

    A page costs a bounded number of reads, however many events there are. The quick searches are those for an
    email id, a recipient's whole address, usernames, or nothing but a time range. Any other text is looked
    for in all events of the range, 20,000 for each page: a page may then hold fewer events than `limit`, even
    none, and still have a `continue_token`. So may one that would be too large, of mails to very many.

    What happens after the first page is not on the others, so that no event is on two pages or between them.
    What becomes known late, from an access log say, may be on none of them: it is of an earlier time.
    """
    begun = _begun(wanted, datetime.now(UTC))
    page = finding.find(wanted, begun.range, wanted.limit or DEFAULT_LIMIT)
    if wanted.include_headers or wanted.custom_headers:
        _add_headers([found.event for found in page.found], wanted)
    page = page.fitting(MAX_BYTES)
    given = begun.given + len(page.found)
    token = None
    if page.position:
        token = continuations.sign(begun.after(page.position, given), adapters.webhook_signing_root())
    events = [found.event for found in page.found]
    return answer(router, ActivityPage(continue_token=token, total_events=given + bool(token), events=events))


@router.post("/activity/timeline", openapi_extensions=EXTENSION)
def timeline(wanted: Annotated[TimelineQuestion, Body()]) -> Answer[Timeline]:
    """Show what happened to one delivery, and what it comes to."""
    found = _delivery(wanted.email_id, wanted.recipient)
    message, history = found.message, found.history
    delivery, summary = history.delivery, summaries.summarise(history, found.opens.values())
    events = _newest(found)
    return answer(
        router,
        Timeline(
            email_id=message.email_id,
            recipient=delivery.recipient,
            subject=message.subject,
            untracked_reason=delivery.untracked_reason,
            placement=delivery.placement,
            sent_at=_date(delivery.sent_at),
            delivered_at=_date(delivery.delivered_at),
            evidence=summary.evidence,
            opens=dict(summary.totals),
            first_open_at=_date(summary.first_open_at),
            last_open_at=_date(summary.last_open_at),
            first_human_at=_date(summary.first_human_at),
            first_prefetch_at=_date(summary.first_prefetch_at),
            events=events,
            events_left_out=sum(map(found.tells, history.events)) - len(events),
        ),
    )


def _newest(known: Interpretation) -> list[ActivityEvent]:
    """As many of the newest events as fit into an answer, the earliest first."""
    events: list[ActivityEvent] = []
    left = MAX_BYTES
    for event in reversed(known.history.events):
        shown = show(known, event)
        if shown:
            left -= shown.size
            if left < 0:
                break
            events.append(shown)
    return events[::-1]


def _begun(wanted: Search, now: datetime) -> Continuation:
    """What the pages before this one leave; from its beginning if there are none."""
    digest = continuations.digest(wanted.identity)
    if wanted.continue_token is None:
        return Continuation(wanted.range(now), 0, digest)
    try:
        begun = continuations.verify(wanted.continue_token, adapters.webhook_signing_root())
    except ValueError as error:
        raise invalid("continue_token", "not a token that an earlier answer gave") from error
    if begun.search != digest:
        raise invalid("continue_token", "it continues another search: send the same fields with it")
    return begun


def _add_headers(events: Iterable[ActivityEvent], wanted: Search) -> None:
    email_ids = list({event.email_id for event in events})
    with ThreadPoolExecutor(READERS) as pool:
        found = dict(zip(email_ids, pool.map(adapters.messages().header, email_ids), strict=True))
    for event in events:
        header = found[event.email_id]
        if header is None:
            continue
        if wanted.include_headers:
            event.headers = header.decode("utf-8", "replace")
        event.custom_headers = headers.pick(header, wanted.custom_headers or [])


def _delivery(email_id: str, recipient: str) -> Interpretation:
    activity = adapters.activity()
    message = activity.messages([email_id]).get(email_id)
    if message is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"There is no mail {email_id}, or it is not kept any more.")
    for number, each in enumerate(message.recipients, start=1):
        if addresses.key(each) == addresses.key(recipient):
            history = activity.history(email_id, number)
            if history:
                return Interpretation.of(message, history)
    raise Refusal(HTTPStatus.NOT_FOUND, f"The mail {email_id} was not sent to {recipient}.")


def _date(at: datetime | None) -> str | None:
    return date(at) if at else None
