"""What a delivery's history comes to: its opens, and their summary."""

from collections import Counter
from collections.abc import Collection
from datetime import date

from tracking.mail.deliveries import EventType, History, Message, Summary, utc_day
from tracking.opens.classification import Open, Sending, classify
from tracking.opens.rules import OpenClass

_PREFETCHES = frozenset({OpenClass.PRIVACY_PREFETCH, OpenClass.PROVIDER_PREFETCH})


def opens(message: Message, history: History) -> list[Open]:
    """The opens behind the fetches of a delivery, by time.

    Args:
        message: The delivery's.
        history: The whole of it: what a fetch means depends on the others.
    """
    quoted_at = (event.at for event in history.events if event.type is EventType.QUOTED)
    sending = Sending(
        sent_at=history.delivery.sent_at,
        delivered_at=history.delivery.delivered_at,
        address=message.source_ip,
        quoted_at=min(quoted_at, default=None),
    )
    return classify(sending, [event.fetch for event in history.events if event.fetch])


def summarise(found: Collection[Open]) -> Summary:
    """What the opens of one delivery come to."""
    days: dict[date, Counter[OpenClass]] = {}
    for opened in found:
        days.setdefault(utc_day(opened.at), Counter())[opened.open_class] += 1
    times = [opened.at for opened in found]
    return Summary(
        opens=days,
        first_open_at=min(times, default=None),
        last_open_at=max(times, default=None),
        first_human_at=min((opened.at for opened in found if opened.is_human_evidence), default=None),
        first_prefetch_at=min(
            (opened.at for opened in found if opened.open_class in _PREFETCHES), default=None
        ),
    )
