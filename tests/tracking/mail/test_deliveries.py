from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail import deliveries
from tracking.mail.deliveries import Delivery, Event, EventType, History, Summary, TrackingMode
from tracking.opens.fetches import Fetch

SENT_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DELIVERY = Delivery("06h0r9co15h30phg2640", 1, "bob@example.net", TrackingMode.FULL, SENT_AT, sent_at=SENT_AT)


def test_a_sent_delivery_was_processed_when_it_was_sent() -> None:
    assert deliveries.processed(DELIVERY) == Event("processed", EventType.PROCESSED, SENT_AT)


def test_a_delivery_that_was_not_sent_was_not_processed() -> None:
    with pytest.raises(ValueError, match="when it was sent"):
        deliveries.processed(replace(DELIVERY, sent_at=None))


def test_a_delivery_that_nobody_opened_has_an_empty_summary() -> None:
    assert History(DELIVERY, (deliveries.processed(DELIVERY),)).summary() == Summary()


@given(st.lists(strategies.fetches, min_size=1, unique_by=lambda fetch: fetch.event_id))
def test_a_summary_counts_each_fetch_once_and_knows_the_first_and_the_last(fetches: list[Fetch]) -> None:
    history = History(DELIVERY, tuple(map(deliveries.fetched, fetches)))

    summary = history.summary()

    assert sum(summary.opens.values()) == len(fetches)
    assert summary.opens == Counter(opened.open_class for opened in history.opens())
    assert summary.first_open_at == min(fetch.at for fetch in fetches)
    assert summary.last_open_at == max(fetch.at for fetch in fetches)


@given(st.lists(strategies.fetches, unique_by=lambda fetch: fetch.event_id).flatmap(st.permutations))
def test_a_summary_does_not_depend_on_the_order_of_the_events(fetches: list[Fetch]) -> None:
    events = tuple(map(deliveries.fetched, fetches))

    assert History(DELIVERY, events).summary() == History(DELIVERY, events[::-1]).summary()
