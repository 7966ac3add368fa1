"""What Mail Manager's event says, whichever way it says it.

AWS documents the event as that of SES's e-mail receiving, and leaves open how its rule action fills it in.
So each fact is looked for wherever it may stand, and what is missing or contradicts itself is an error.

Source:
    SES developer guide, "Contents of notifications for Amazon SES email receiving"; docs/live-checks.md.
"""

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tracking.errors import InvalidArrival
from tracking.mail import email_ids
from tracking.mail.doors import SLUG_FORM
from tracking.mail.envelopes import MAX_RECIPIENTS
from tracking.mail.headers import head
from tracking.storage.incoming import PREFIX

_NULL_SENDERS: Final = frozenset({"", "<>", "mailer-daemon"})
_QUALIFIER: Final = 7
"""Where in a function's ARN its alias stands: `arn:aws:lambda:<region>:<account>:function:<name>:<alias>`."""

_RECEIVED: Final = re.compile(rb"^received:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_BY: Final = re.compile(r"\bby\s+(\S+)", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"\[(?:IPv6:)?([0-9a-f:.]+)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail that Mail Manager took at a door, and for whom.

    `message_id` is SES's, `received_at` when it took the mail; both are the same however often it tells.
    `keys` are where the mail's bytes may stand: all below the door's own prefix.
    """

    slug: str
    message_id: str
    mail_from: str
    recipients: tuple[str, ...]
    received_at: datetime
    keys: tuple[str, ...]

    @property
    def fingerprint(self) -> bytes:
        """What makes the mail's id its own: the same for the same event, however often it comes."""
        made_of = "\n".join([self.slug, self.message_id, *self.recipients])
        return hashlib.sha256(made_of.encode()).digest()[: email_ids.RANDOM_BYTES]


def read(event: Mapping[str, Any], function_arn: str) -> list[Arrival]:
    """The mails that an event tells of.

    Args:
        event: As Lambda hands it over.
        function_arn: By which ARN the function was invoked. Its alias says whose door the mail came in by.

    Returns:
        One or more.

    Raises:
        InvalidArrival: Something is missing, or is not what it should be; or the event names another door.
    """
    try:
        arrivals = [_arrival(record["ses"], function_arn) for record in event["Records"]]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InvalidArrival(f"not an event of Mail Manager's: {type(error).__name__}") from error
    if not arrivals:
        raise InvalidArrival("no mail in it")
    return arrivals


def source_ip(message: bytes) -> str | None:
    """The client's address, if the topmost Received field is SES's and says it; else None.

    Where SES puts none on top, a client can make it up. So it only tells the sender's own fetches from
    others', and whose a mail is does not depend on it.
    """
    received = _RECEIVED.search(head(message))
    if received is None:
        return None
    text = received[1].decode(errors="replace")
    told, by = _ADDRESS.search(text), _BY.search(text)
    if told is None or by is None or not _is_of_ses(by[1].lower()):
        return None
    try:
        return str(ipaddress.ip_address(told[1]))
    except ValueError:
        return None


def _is_of_ses(host: str) -> bool:
    return host.endswith(".amazonses.com") or ("mail-manager" in host and host.endswith(".amazonaws.com"))


def _arrival(ses: Mapping[str, Any], function_arn: str) -> Arrival:
    mail, receipt = ses["mail"], ses["receipt"]
    action = receipt.get("action") or {}
    slug = _slug(function_arn, action.get("functionArn"))
    message_id = _text(mail["messageId"])
    return Arrival(
        slug=slug,
        message_id=message_id,
        mail_from=_sender(mail.get("source")),
        recipients=_recipients(receipt["recipients"]),
        received_at=datetime.fromisoformat(mail.get("timestamp") or receipt["timestamp"]).astimezone(UTC),
        keys=_keys(slug, message_id, action.get("objectKey")),
    )


def _slug(function_arn: str, told: str | None) -> str:
    """The door: the alias that Lambda says was invoked.

    What the event tells must agree, and is enough alone: it is Mail Manager that says it, from the rule.
    """
    aliases = {
        arn.split(":")[_QUALIFIER] for arn in (function_arn, told or "") if arn.count(":") == _QUALIFIER
    }
    aliases.discard("$LATEST")
    slug = aliases.pop() if len(aliases) == 1 else ""
    if not re.fullmatch(SLUG_FORM, slug):
        raise InvalidArrival("it does not say by which one door the mail came in")
    return slug


def _keys(slug: str, message_id: str, told: str | None) -> tuple[str, ...]:
    """Where the bytes may stand: the prefix and the id, however Mail Manager puts them together."""
    told_here = [told] if told and told.startswith(f"{PREFIX}{slug}/") else []
    return (
        *told_here,
        f"{PREFIX}{slug}/{message_id}",
        f"{PREFIX}{slug}//{message_id}",
        f"{PREFIX}{slug}{message_id}",
    )


def _recipients(told: list[str]) -> tuple[str, ...]:
    """The recipients once each, in an order that does not depend on how they are told."""
    recipients = tuple(sorted({_text(recipient) for recipient in told}))
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise InvalidArrival(f"{len(recipients)} recipients")
    return recipients


def _sender(told: str | None) -> str:
    """The address of MAIL FROM; empty for the null sender, whichever way it is told."""
    address = (told or "").strip()
    return "" if address.lower() in _NULL_SENDERS else address.removeprefix("<").removesuffix(">")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidArrival("a text is missing or none")
    return value
