"""A month of mail, so that screenshots show what a page looks like in use."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from local import demo
from local.demo import Client
from tracking.mail import deliveries, email_ids
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode
from tracking.opens.fetches import Fetch
from tracking.opens.reading import Reading
from tracking.storage.activity import Activity

DAYS = 30
_MAILS_OF_WEEKDAY = (14, 18, 16, 15, 11, 4, 3)
_SUBJECTS = ("Autumn in the kitchen", "Your order is on its way", "Opening hours next week")
_RECIPIENTS = ("olga", "paula", "gustav", "ada", "ivan", "wim", "haruka", "noor", "emil", "sofia")
_LIKELY_HOURS = (7, 8, 8, 9, 9, 10, 12, 13, 17, 19, 20, 21)

READER = "olga@icloud.com"
"""Whose newest mail is worth a look: it was loaded ahead of her, and then read twice."""

_READERS: dict[str, tuple[Client, ...]] = {
    "gmail.com": (demo.GMAIL,),
    "icloud.com": (demo.APPLE, demo.OUTLOOK),
    "outlook.com": (demo.OUTLOOK,),
    "example.org": (demo.OUTLOOK, demo.BROWSER),
}
"""What loads the images of mail to a domain."""


def plant(activity: Activity, credentials: list[tuple[CredentialKind, str]], now: datetime) -> None:
    """Write deliveries of the last days, with what happened to each; the stream's consumer counts them."""
    dice = random.Random(1)  # noqa: S311 - The same month each time.
    for days_ago in range(DAYS, -1, -1):
        day = (now - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(_MAILS_OF_WEEKDAY[day.weekday()]):
            at = day + timedelta(hours=dice.choice(_LIKELY_HOURS), minutes=dice.randrange(60))
            if at < now - timedelta(hours=1):
                domain = dice.choice(list(_READERS))
                sent = _sent(
                    activity, dice.choice(credentials), f"{dice.choice(_RECIPIENTS)}@{domain}", at, dice
                )
                _happen(activity, sent, [event for event in _events(domain, at, dice) if event.at < now])
    at = now - timedelta(hours=3)
    sent = _sent(activity, credentials[0], READER, at, dice)
    _happen(activity, sent, _read(at, dice))


def _sent(
    activity: Activity,
    credential: tuple[CredentialKind, str],
    recipient: str,
    at: datetime,
    dice: random.Random,
) -> Delivery:
    kind, credential_id = credential
    email_id = email_ids.new(at, dice.randbytes(email_ids.RANDOM_BYTES))
    message = Message(
        email_id,
        kind,
        credential_id,
        "news@shop.example.com",
        at,
        size=dice.randrange(4_000, 60_000),
        subject=dice.choice(_SUBJECTS),
        sender="Shop <news@shop.example.com>",
        to=recipient,
        recipients=(recipient,),
    )
    delivery = Delivery(
        email_id, 1, recipient, credential_id, TrackingMode.FULL, at, placement="before_body_end"
    )
    activity.put_message(message)
    activity.start(delivery)
    delivery = activity.mark_sent(activity.claim(delivery, at, at + timedelta(minutes=1)), at, email_id)
    activity.append(delivery, deliveries.processed(at))
    return delivery


def _happen(activity: Activity, delivery: Delivery, events: Iterable[Event]) -> None:
    for event in events:
        if event.type is EventType.DELIVERED:
            activity.mark_delivered(delivery, event.at)
        activity.append(delivery, event)


def _read(sent_at: datetime, dice: random.Random) -> Iterator[Event]:
    """What the timeline of one who reads twice shows."""
    delivered_at = sent_at + timedelta(seconds=2)
    yield Event(_id(dice), EventType.DELIVERED, delivered_at, {"smtp_response": "250 2.0.0 OK"})
    yield _fetched(demo.APPLE, delivered_at + timedelta(minutes=4), dice)
    read_at = delivered_at + timedelta(minutes=71)
    yield _fetched(demo.BROWSER, read_at, dice, steps=3)
    yield _fetched(demo.OUTLOOK, read_at + timedelta(minutes=26), dice)


def _events(domain: str, sent_at: datetime, dice: random.Random) -> Iterator[Event]:
    if dice.random() < 0.04:
        bounce = {"bounce": "hard", "smtp_response": "550 5.1.1 No such user"}
        yield Event(_id(dice), EventType.BOUNCED, sent_at + timedelta(seconds=2), bounce)
        return
    delivered_at = sent_at + timedelta(seconds=dice.randrange(1, 5))
    yield Event(_id(dice), EventType.DELIVERED, delivered_at, {"smtp_response": "250 2.0.0 OK"})
    if domain == "icloud.com":
        yield _fetched(demo.APPLE, delivered_at + timedelta(minutes=dice.randrange(2, 90)), dice)
    while dice.random() < 0.45:
        hours_later = timedelta(hours=dice.randrange(30), minutes=dice.randrange(3, 60))
        yield _fetched(dice.choice(_READERS[domain]), delivered_at + hours_later, dice)


def _fetched(client: Client, at: datetime, dice: random.Random, steps: int | None = None) -> Event:
    headers = {name.lower(): value for name, value in client.headers.items()}
    fetch = Fetch(
        _id(dice),
        at,
        user_agent=headers["user-agent"],
        address=headers["cloudfront-viewer-address"].rpartition(":")[0],
        asn=int(headers["cloudfront-viewer-asn"]),
        country=headers["cloudfront-viewer-country"],
        headers={name: value for name, value in headers.items() if name.startswith("accept")},
    )
    if client is demo.BROWSER:
        steps = dice.randrange(7) if steps is None else steps
        fetch = replace(fetch, reading=Reading(steps, at + timedelta(seconds=5 * steps)))
    return deliveries.fetched(fetch)


def _id(dice: random.Random) -> str:
    return UUID(bytes=dice.randbytes(16)).hex
