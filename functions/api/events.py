"""How deliveries' events are shown, in SMTP2GO's fields."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from functions.api.answers import EXTENSION
from tracking.mail.deliveries import Delivery, Event, EventType
from tracking.mail.summaries import Interpretation
from tracking.opens import clients
from tracking.opens.classification import Open
from tracking.opens.fetches import Witness
from tracking.opens.rules import RULESET_VERSION, OpenClass, Reason
from tracking.opens.sentences import sentence


class ActivityType(StrEnum):
    """SMTP2GO's names for events in the activity. Those that nothing here leads to find nothing."""

    PROCESSED = "processed"
    DELIVERED = "delivered"
    SOFT_BOUNCED = "soft-bounced"
    HARD_BOUNCED = "hard-bounced"
    REJECTED = "rejected"
    SPAM = "spam"
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
    DELAYED = "delayed"
    """An extension: SES tries again."""

    QUOTED = "quoted"
    """An extension: a later mail of ours quotes this one with its pixel."""


_TYPES = {
    EventType.PROCESSED: ActivityType.PROCESSED,
    EventType.DELIVERED: ActivityType.DELIVERED,
    EventType.REJECTED: ActivityType.REJECTED,
    EventType.COMPLAINED: ActivityType.SPAM,
    EventType.DELAYED: ActivityType.DELAYED,
    EventType.FETCHED: ActivityType.OPENED,
    EventType.QUOTED: ActivityType.QUOTED,
}
_BOUNCES = frozenset({ActivityType.HARD_BOUNCED, ActivityType.SOFT_BOUNCED})


def activity_types(event_type: EventType) -> frozenset[ActivityType]:
    """What SMTP2GO may call an event of a type."""
    if event_type is EventType.BOUNCED:
        return _BOUNCES
    return frozenset({_TYPES[event_type]})


def activity_type(event: Event) -> ActivityType:
    """What SMTP2GO calls an event."""
    if event.type is EventType.BOUNCED:
        return ActivityType.HARD_BOUNCED if event.is_hard_bounce else ActivityType.SOFT_BOUNCED
    return _TYPES[event.type]


class Program(BaseModel):
    """What a user agent names; null where it does not tell."""

    client: Annotated[str | None, Field(description="Such as `Apple Mail`; null if it is not told")]
    device: Annotated[
        str | None, Field(description="`Desktop`, `Mobile` or `Tablet`; null if it is not told")
    ]
    system: Annotated[
        str | None, Field(description="The operating system, such as `iOS`; null if it is not told")
    ]

    @classmethod
    def named_by(cls, user_agent: str) -> Self:
        """What this one names."""
        found = clients.client(user_agent)
        return cls(client=found.name, device=found.device, system=found.system)


class EmailClient(Program):
    """What fetched the pixel: as its user agent names it, and as raw facts."""

    user_agent: Annotated[str, Field(description="What the client calls itself")]
    ip_address: Annotated[str | None, Field(description="Where the pixel was requested from")]
    asn: Annotated[int | None, Field(description="The number of that address's network")]
    country: Annotated[str | None, Field(description="Where CloudFront believes that to be, in two letters")]
    city: Annotated[str | None, Field(description="The same, the city")]


class Nothing(BaseModel):
    """An empty object: the event is no open."""

    model_config = ConfigDict(extra="forbid")


class Meaning(BaseModel):
    """What an open means."""

    open_class: Annotated[OpenClass, Field(serialization_alias="class", description="What fetched the pixel")]
    confidence: Annotated[float, Field(ge=0, le=1, description="How sure the class is")]
    human_probability: Annotated[
        float | None,
        Field(
            ge=0, le=1, description="How likely a person displayed the mail; null where it cannot be known"
        ),
    ]
    reasons: Annotated[list[Reason], Field(description="Why it has its class")]
    sentence: Annotated[str, Field(description="The same in words, in English")]
    ruleset_version: Annotated[int, Field(description="Which rules say so")]

    @classmethod
    def of(cls, opened: Open) -> Self:
        """What this one means."""
        return cls(
            open_class=opened.open_class,
            confidence=opened.confidence,
            human_probability=opened.human_probability,
            reasons=list(opened.reasons),
            sentence=sentence(opened),
            ruleset_version=RULESET_VERSION,
        )


class OpenMetadata(Meaning):
    """Of an open: what it means, and how long the mail was read."""

    read_secs: Annotated[
        int | None, Field(description="How long at least, 0 to 30 in steps of 5; null where nobody can know")
    ]
    read_milliseconds: Annotated[
        int | None, Field(description="The same, as the access log has it; null where it has not")
    ]
    fetch_count: Annotated[int, Field(description="The fetches that this open is, repetitions included")]
    witness: Annotated[Witness, Field(description="What saw the fetch")]


class QuoteMetadata(BaseModel):
    """Of a quoted mail."""

    quoted_by: Annotated[str | None, Field(description="The email id of the mail that quotes it")]


class SendingMetadata(BaseModel):
    """Of anything else: whether a pixel went along."""

    untracked_reason: Annotated[str | None, Field(description="Why none did; null if one did")]
    placement: Annotated[str | None, Field(description="Where it stands in the HTML; null if there is none")]


class DeliveryAttempt(BaseModel):
    """What a recipient's mail server answered."""

    smtptime: Annotated[str, Field(description="When, UTC")]
    host: Annotated[str | None, Field(description="The mail server's address")]
    smtpresponse: Annotated[str | None, Field(description="What it answered, or why SES tries again")]


class ActivityEvent(BaseModel):
    """Something that happened to a delivery."""

    sender_address: Annotated[str, Field(serialization_alias="from", description="The address in From")]
    recipient: Annotated[str, Field(description="The delivery's")]
    subaccount_name: Annotated[Literal[""], Field(description="Always empty: there are no subaccounts")] = ""
    email_id: Annotated[str, Field(description="The mail's, as `email/send` answered it")]
    date: Annotated[str, Field(description="When it happened, UTC to the millisecond")]
    event: Annotated[ActivityType, Field(description="What happened")]
    recipients: Annotated[list[str], Field(description="All of the mail's")]
    subject: Annotated[str, Field(description="The Subject header")]
    username: Annotated[
        str, Field(description="Whose mail: the SMTP user, the IP address, or the API key's id")
    ]
    reply_to: Annotated[str, Field(description="The Reply-To header")]
    sender: Annotated[str, Field(description="The address in From, too")]
    sender_full: Annotated[str, Field(description="The From header")]
    to: Annotated[str, Field(description="The To header")]
    cc: Annotated[str, Field(description="The Cc header")]
    bcc: Annotated[str, Field(description="The recipients that neither To nor Cc names")]
    smtp_response: Annotated[str | None, Field(description="What the recipient's mail server answered")]
    reason: Annotated[str | None, Field(description="Why it was rejected, delayed or called spam")]
    host: Annotated[str | None, Field(description="The recipient's mail server")]
    originating_host: Annotated[str | None, Field(description="Where the mail was handed in from")]
    error: Annotated[str | None, Field(description="What went wrong, if something did")]
    email_client: Annotated[EmailClient | Nothing, Field(description="What opened the mail")]
    metadata: Annotated[
        OpenMetadata | QuoteMetadata | SendingMetadata,
        Field(description="What else is known of the event", json_schema_extra=EXTENSION),
    ]
    outbound_ip: Annotated[None, Field(description="Always null: SES does not tell")] = None
    byte_size: Annotated[int, Field(description="The mail's, as it was handed in")]
    headers: Annotated[
        str | None,
        Field(description="The mail's header, if `include_headers` asks for it and it is kept: 15 days"),
    ] = None
    custom_headers: Annotated[
        dict[str, str], Field(description="The headers that were asked for, as far as the mail has them")
    ] = {}
    delivery_attempts: Annotated[
        list[DeliveryAttempt], Field(description="The delivery's so far, the earliest first")
    ]

    @property
    def size(self) -> int:
        """Its length in an answer, in bytes."""
        return len(self.model_dump_json().encode())


def show(known: Interpretation, event: Event) -> ActivityEvent | None:
    """An event of a delivery; None if it is a fetch that makes no open, because it repeats another."""
    if not known.tells(event):
        return None
    opened = known.opened(event)
    message, delivery = known.message, known.history.delivery
    answered, reason = event.details.get("smtp_response"), event.details.get("reason")
    is_error = event.type in {EventType.BOUNCED, EventType.REJECTED}
    return ActivityEvent(
        sender_address=message.sender_address,
        recipient=delivery.recipient,
        email_id=message.email_id,
        date=date(event.at),
        event=activity_type(event),
        recipients=list(message.recipients),
        subject=message.subject,
        username=message.credential_id,
        reply_to=message.reply_to,
        sender=message.sender_address,
        sender_full=message.sender,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        smtp_response=answered,
        reason=reason,
        host=event.details.get("host"),
        originating_host=message.source_ip,
        error=answered or reason if is_error else None,
        email_client=_client(opened) if opened else Nothing(),
        metadata=_open_metadata(opened) if opened else _metadata(delivery, event),
        byte_size=message.size,
        delivery_attempts=list(map(_attempt, known.attempts)),
    )


def date(at: datetime) -> str:
    """A time as answers have it: UTC, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _client(opened: Open) -> EmailClient:
    fetch = opened.fetch
    return EmailClient(
        **Program.named_by(fetch.user_agent).model_dump(),
        user_agent=fetch.user_agent,
        ip_address=fetch.address,
        asn=fetch.asn,
        country=fetch.country,
        city=fetch.city,
    )


def _metadata(delivery: Delivery, event: Event) -> QuoteMetadata | SendingMetadata:
    if event.type is EventType.QUOTED:
        return QuoteMetadata(quoted_by=event.details.get("by"))
    return SendingMetadata(untracked_reason=delivery.untracked_reason, placement=delivery.placement)


def _open_metadata(opened: Open) -> OpenMetadata:
    return OpenMetadata(
        **Meaning.of(opened).model_dump(),
        read_secs=opened.read_seconds,
        read_milliseconds=opened.read_milliseconds,
        fetch_count=opened.count,
        witness=opened.fetch.witness,
    )


def _attempt(event: Event) -> DeliveryAttempt:
    return DeliveryAttempt(
        smtptime=date(event.at),
        host=event.details.get("host"),
        smtpresponse=event.details.get("smtp_response") or event.details.get("reason"),
    )
