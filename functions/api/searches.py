"""What a search for activity asks for, and whether an event is among it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from functions.api.answers import EXTENSION
from functions.api.bodies import NO_BOOLEAN
from functions.api.events import ActivityType, activity_type, activity_types
from tracking.mail import addresses
from tracking.mail.deliveries import Event, EventType, Message
from tracking.opens.classification import Open
from tracking.opens.rules import OpenClass
from tracking.storage.feeds import Range

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000

_TERM = 200
_OR = "|"


def moment(text: str) -> datetime:
    """The time that a text of one of SMTP2GO's formats says; UTC where it names no zone that is known.

    Raises:
        ValueError: It is of none of them, or there is no such time.

    Source:
        SMTP2GO's API reference, `activity/search`; the zones' names: RFC 5322, section 4.3.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError, OverflowError):
            raise ValueError(
                "not a time: write 2026-11-24, 2026-11-24T13:00:00Z or Tue, 24 Nov 2026 13:00:00 GMT"
            ) from None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a time that can be told in UTC") from error


def _as_moment(text: str) -> str:
    moment(text)
    return text


Moment = Annotated[str, Field(max_length=40), AfterValidator(_as_moment)]
Term = Annotated[str, Field(max_length=_TERM)]


class Search(BaseModel):
    """What to search for. A text is found anywhere and whatever its case; `a|b` finds either."""

    start_date: Annotated[
        Moment | None, Field(description="The first time that counts; without it today, 00:00 UTC")
    ] = None
    end_date: Annotated[
        Moment | None, Field(description="The first time that no longer counts; without it now")
    ] = None
    search: Annotated[
        Term | None, Field(description="In email id, subject, To, recipient or blind copies")
    ] = None
    search_email_id: Annotated[Term | None, Field(description="The mail of this id, exactly")] = None
    search_subject: Annotated[Term | None, Field(description="In the subject")] = None
    search_sender: Annotated[
        Term | None, Field(description="In the From header or the envelope's sender")
    ] = None
    search_recipient: Annotated[
        Term | None,
        Field(description="A whole address finds that recipient, and quickly; anything else finds it in any"),
    ] = None
    search_usernames: Annotated[
        list[Term] | None,
        Field(max_length=100, description="The SMTP users, IP addresses or ids of API keys, exactly"),
    ] = None
    event_types: Annotated[list[ActivityType] | None, Field(max_length=100, description="These only")] = None
    open_classes: Annotated[
        list[OpenClass] | None,
        Field(
            max_length=100,
            description="Opens of these classes only, and nothing that is no open",
            json_schema_extra=EXTENSION,
        ),
    ] = None
    only_latest: Annotated[
        bool | None,
        Field(description="Of each delivery, only the newest event that is searched for; without it false"),
    ] = None
    only_latest_by_sent: Annotated[
        bool | None,
        Field(
            description="The same for the mails that were sent in the time range, the last sent first; "
            "stronger than `only_latest`"
        ),
    ] = None
    limit: Annotated[
        Annotated[int, Field(ge=1, le=MAX_LIMIT), NO_BOOLEAN] | None,
        Field(description=f"How many events at most; without it {DEFAULT_LIMIT}"),
    ] = None
    continue_token: Annotated[
        str | None, Field(max_length=1000, description="From an answer: the next page of the same search")
    ] = None
    include_headers: Annotated[
        bool | None, Field(description="Whether `headers` is filled; without it false")
    ] = None
    custom_headers: Annotated[
        list[Annotated[str, Field(pattern=r"^[!-9;-~]{1,76}$")]] | None,
        Field(max_length=50, description="The headers that `custom_headers` is filled with"),
    ] = None

    @property
    def identity(self) -> str:
        """What makes it the same search on every page."""
        return self.model_dump_json(exclude={"limit", "continue_token", "include_headers", "custom_headers"})

    def range(self, now: datetime) -> Range:
        """The time range, where the clock says what the fields do not."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return Range(
            moment(self.start_date) if self.start_date else midnight,
            # An event may be of the very moment.
            moment(self.end_date) if self.end_date else now + timedelta(seconds=1),
        )

    @cached_property
    def email_ids(self) -> list[str]:
        """The email ids, if it is for some."""
        return sorted({part.strip() for part in (self.search_email_id or "").split(_OR)} - {""})

    @cached_property
    def recipients(self) -> list[str]:
        """The recipients in lower case, if it is for some and nothing but whole addresses."""
        parts = {addresses.key(part.strip()) for part in (self.search_recipient or "").split(_OR)} - {""}
        return sorted(parts) if all(map(addresses.is_valid, parts)) else []

    @property
    def is_selective(self) -> bool:
        """Whether not all events may be wanted of the feeds that are read for it."""
        texts = (self.search, self.search_subject, self.search_sender, self.search_recipient)
        kinds = self.event_types or self.open_classes
        return bool(any(texts) or kinds or self.only_latest or self.only_latest_by_sent)

    def finds_message(self, message: Message, recipient: str) -> bool:
        """Whether a delivery's events are among those asked for, whatever their types."""
        anywhere = (message.email_id, message.subject, message.to, recipient, message.bcc)
        return (
            (not self.email_ids or message.email_id in self.email_ids)
            and (not self.search_usernames or message.credential_id in self.search_usernames)
            and _holds(self.search, *anywhere)
            and _holds(self.search_subject, message.subject)
            and _holds(self.search_sender, message.sender, message.mail_from)
            and self._finds_recipient(addresses.key(recipient))
        )

    def may_find(self, event_type: EventType) -> bool:
        """Whether an event of a type may be one that is asked for."""
        if self.open_classes and event_type is not EventType.FETCHED:
            return False
        return not self.event_types or not activity_types(event_type).isdisjoint(self.event_types)

    def finds(self, event: Event, opened: Open | None) -> bool:
        """Whether an event is of a type, and an open of a class, that is asked for.

        Args:
            event: Of a delivery that is.
            opened: The open that it makes, if it makes one.
        """
        if self.open_classes and (opened is None or opened.open_class not in self.open_classes):
            return False
        return not self.event_types or activity_type(event) in self.event_types

    def _finds_recipient(self, recipient: str) -> bool:
        if self.recipients:
            return recipient in self.recipients
        return _holds(self.search_recipient, recipient)


def _holds(wanted: str | None, *texts: str) -> bool:
    parts = [part.strip() for part in (wanted or "").lower().split(_OR)]
    if not any(parts):
        return True
    return any(part in text.lower() for part in parts if part for text in texts)
