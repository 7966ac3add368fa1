"""Events by time, out of the indexes."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.errors import ActivityUnavailable
from tracking.mail import deliveries
from tracking.mail.deliveries import Delivery, Event, EventType, TrackingMode
from tracking.opens.fetches import Fetch
from tracking.storage.activity import Activity
from tracking.storage.activity_items import FEED_SHARDS, position
from tracking.storage.feeds import MIN_PAGE, Entry, Feeds, Range

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

EMAIL_ID, OTHER_EMAIL_ID = "06h0r9co15h30phg2640", "06h0r9co15h30phg264g"
AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
MICROSECOND, SECOND = timedelta(microseconds=1), timedelta(seconds=1)
DELIVERY = Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT)
ALL = Range(AT - timedelta(days=400), AT + timedelta(days=400))
EVERYBODY = ["alice", "carol"]


@pytest.fixture
def feeds(activity: Activity, dynamodb: "DynamoDBClient") -> Feeds:
    assert activity
    return Feeds(dynamodb, "Activity")


@pytest.fixture
def queries(dynamodb: "DynamoDBClient") -> list[dict[str, Any]]:
    """What the indexes are asked."""
    found: list[dict[str, Any]] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: found.append(dict(params))
    )
    return found


def event(event_id: str, at: datetime = AT) -> Event:
    return Event(event_id, EventType.PROCESSED, at)


def append(activity: Activity, *events: Event, delivery: Delivery = DELIVERY) -> list[str]:
    """Store events; their positions, the newest first."""
    for each in events:
        assert activity.append(delivery, each)
    return newest(position(each.at, delivery.email_id, delivery.number, each.event_id) for each in events)


def newest(positions: Iterable[str]) -> list[str]:
    return sorted(positions, reverse=True)


def positions(entries: Iterable[Entry]) -> list[str]:
    return [entry.position for entry in entries]


def walk(feeds: Feeds, credential_ids: list[str], wanted: Range, size: int) -> list[Entry]:
    """All entries, page by page, each of which goes on where the one before it ended."""
    found: list[Entry] = []
    while page := list(islice(feeds.events(credential_ids, wanted, size), size)):
        found += page
        wanted = replace(wanted, before=page[-1].position)
    return found


def test_an_entry_says_where_its_event_is(activity: Activity, feeds: Feeds) -> None:
    fetched = deliveries.fetched(Fetch("cf#1", AT, user_agent="curl/8"))
    activity.append(replace(DELIVERY, number=17), fetched)

    (found,) = feeds.events(["alice"], ALL, 10)

    assert found == Entry(
        f"2026-11-24T12:30:00.000000Z#{EMAIL_ID}#017#cf#1", EMAIL_ID, 17, "cf#1", EventType.FETCHED
    )


def test_only_the_credentials_that_are_asked_for_are_read(activity: Activity, feeds: Feeds) -> None:
    ours = append(activity, *(event(f"a-{number}", AT + number * SECOND) for number in range(9)))
    carol = replace(DELIVERY, email_id=OTHER_EMAIL_ID, credential_id="carol")
    theirs = append(
        activity, *(event(f"c-{number}", AT + number * SECOND) for number in range(9)), delivery=carol
    )
    append(activity, event("m"), delivery=replace(carol, number=2, credential_id="mallory"))

    assert positions(feeds.events(["alice"], ALL, 100)) == ours
    assert positions(feeds.events(["carol"], ALL, 100)) == theirs
    assert positions(feeds.events(EVERYBODY, ALL, 100)) == newest(ours + theirs)
    assert positions(feeds.events(["alic"], ALL, 100)) == []


def test_the_newest_come_first_whatever_partition_they_are_in(
    activity: Activity, feeds: Feeds, dynamodb: "DynamoDBClient"
) -> None:
    stored = append(
        activity, *(event(f"{number * 7 % 30:02d}", AT + number * SECOND) for number in range(30))
    )
    items = dynamodb.scan(TableName="Activity")["Items"]
    assert len({item["feed"]["S"] for item in items}) == FEED_SHARDS

    found = list(feeds.events(["alice"], ALL, 100))

    assert positions(found) == stored
    assert [entry.event_id for entry in found[:3]] == ["23", "16", "09"]


def test_a_range_begins_with_its_start_and_ends_before_its_end(activity: Activity, feeds: Feeds) -> None:
    end = AT + SECOND
    for number, at in enumerate([AT - MICROSECOND, AT, end - MICROSECOND, end, end + MICROSECOND]):
        # In both partitions.
        append(activity, *(event(f"{number}-{copy}", at) for copy in range(8)))

    found = feeds.events(["alice"], Range(AT, end), 100)

    assert {entry.event_id.split("-")[0] for entry in found} == {"1", "2"}


def test_what_comes_before_a_position_goes_on_exactly_there(activity: Activity, feeds: Feeds) -> None:
    stored = append(activity, *(event(f"{number}", AT + number // 3 * MICROSECOND) for number in range(20)))

    for index, before in enumerate(stored):
        found = feeds.events(["alice"], replace(ALL, before=before), 100)

        assert positions(found) == stored[index + 1 :]


def test_a_position_after_the_end_of_the_range_changes_nothing(activity: Activity, feeds: Feeds) -> None:
    stored = append(activity, event("1"))
    after = position(AT + SECOND, EMAIL_ID, 1, "2")

    assert positions(feeds.events(["alice"], Range(AT, AT + MICROSECOND, after), 10)) == stored


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_events_of_the_same_microsecond_are_found_once_each_on_whatever_pages(
    activity: Activity, feeds: Feeds, size: int
) -> None:
    stored = []
    for email_id, number, credential_id in [
        (EMAIL_ID, 1, "alice"),
        (EMAIL_ID, 2, "alice"),
        (OTHER_EMAIL_ID, 1, "carol"),
        (OTHER_EMAIL_ID, 10, "carol"),
    ]:
        delivery = replace(DELIVERY, email_id=email_id, number=number, credential_id=credential_id)
        stored += append(activity, *(event(event_id) for event_id in ("a", "b", "c")), delivery=delivery)

    found = walk(feeds, EVERYBODY, Range(AT, AT + MICROSECOND), size)

    assert positions(found) == newest(stored)
    assert len(found) == 12


@pytest.mark.parametrize(
    ("credential_ids", "wanted"),
    [
        ([], ALL),
        (["alice"], Range(AT, AT)),
        (["alice"], Range(AT + SECOND, AT)),
        (["alice"], Range(AT, AT + SECOND, before=position(AT - SECOND, EMAIL_ID, 1, "1"))),
    ],
    ids=["no credentials", "no time", "backwards", "all before the range"],
)
def test_where_nothing_can_be_nothing_is_asked(
    activity: Activity,
    feeds: Feeds,
    queries: list[dict[str, Any]],
    credential_ids: list[str],
    wanted: Range,
) -> None:
    append(activity, event("1"))

    assert list(feeds.events(credential_ids, wanted, 10)) == []

    assert queries == []


def test_there_may_be_many_more_events_than_were_expected(activity: Activity, feeds: Feeds) -> None:
    stored = append(activity, *(event(f"{number}", AT + number * SECOND) for number in range(5 * MIN_PAGE)))

    assert positions(feeds.events(["alice"], ALL, 1)) == stored
    assert positions(walk(feeds, ["alice"], ALL, 10)) == stored


def test_who_takes_a_page_costs_one_query_of_each_partition(
    activity: Activity, feeds: Feeds, queries: list[dict[str, Any]]
) -> None:
    append(activity, *(event(f"{number}", AT + number * SECOND) for number in range(5 * MIN_PAGE)))

    taken = list(islice(feeds.events(EVERYBODY, ALL, 10), 10))

    assert len(taken) == 10
    assert sorted(query["ExpressionAttributeValues"][":feed"]["S"] for query in queries) == [
        f"{credential_id}#{shard}" for credential_id in EVERYBODY for shard in range(FEED_SHARDS)
    ]
    assert {query["Limit"] for query in queries} == {MIN_PAGE}


def test_who_takes_more_reads_larger_pages(feeds: Feeds, queries: list[dict[str, Any]]) -> None:
    list(feeds.events(EVERYBODY, ALL, 1001))

    assert [query["Limit"] for query in queries] == [251] * 2 * FEED_SHARDS


def test_what_nobody_takes_is_not_read(
    activity: Activity, feeds: Feeds, queries: list[dict[str, Any]]
) -> None:
    append(activity, *(event(f"{number}", AT + number * SECOND) for number in range(10 * MIN_PAGE)))
    entries = feeds.events(["alice"], ALL, 1)

    list(islice(entries, MIN_PAGE))
    begun = len(queries)
    list(entries)

    assert begun == FEED_SHARDS
    assert len(queries) >= 10


@given(strategies.times, strategies.times, strategies.times, st.none() | strategies.times)
def test_a_range_holds_what_is_in_its_time_and_before_its_position(
    start: datetime, end: datetime, at: datetime, before: datetime | None
) -> None:
    limit = position(before, EMAIL_ID, 1, "event") if before else None
    wanted, where = Range(start, end, limit), position(at, EMAIL_ID, 1, "event")

    is_held = wanted.holds(where)

    assert is_held == (start <= at < end and (before is None or at < before))
    lower, upper = wanted.bounds
    assert is_held == (lower <= where < upper)


@given(strategies.times, st.integers(-2, 2), st.integers(-2, 2))
def test_a_range_holds_its_start_and_not_its_end_to_the_microsecond(
    at: datetime, start: int, end: int
) -> None:
    wanted = Range(at + start * MICROSECOND, at + end * MICROSECOND)

    assert wanted.holds(position(at, EMAIL_ID, 1, "event")) == (start <= 0 < end)


@given(st.lists(st.tuples(strategies.deliveries, strategies.events), max_size=5), strategies.times)
def test_the_positions_before_one_are_those_that_come_after_it(
    happened: list[tuple[Delivery, Event]], at: datetime
) -> None:
    everything = newest(
        {position(at, delivery.email_id, delivery.number, each.event_id) for delivery, each in happened}
    )

    for index, before in enumerate(everything):
        wanted = Range(at, at + MICROSECOND, before)
        assert [each for each in everything if wanted.holds(each)] == everything[index + 1 :]


@given(strategies.deliveries, strategies.events)
def test_a_position_tells_what_is_there(delivery: Delivery, happened: Event) -> None:
    where = position(happened.at, delivery.email_id, delivery.number, happened.event_id)

    assert Entry.at(where, happened.type) == Entry(
        where, delivery.email_id, delivery.number, happened.event_id, happened.type
    )


def start(activity: Activity, number: int, recipient: str = "bob@example.net") -> tuple[str, int]:
    """Begin a delivery, each a second after the one before it."""
    delivery = replace(DELIVERY, number=number, recipient=recipient, started_at=AT + number * SECOND)
    activity.start(delivery)
    return delivery.email_id, delivery.number


@pytest.mark.parametrize("asked", ["bob@example.net", "BOB@Example.net"])
def test_the_deliveries_of_a_recipient_are_found_the_newest_first_whatever_the_case(
    activity: Activity, feeds: Feeds, asked: str
) -> None:
    started = [
        start(activity, number, recipient)
        for number, recipient in [(2, "Bob@Example.net"), (1, "bob@example.net"), (3, "BOB@EXAMPLE.NET")]
    ]
    start(activity, 4, "bobby@example.net")
    activity.append(DELIVERY, event("1"))

    found = feeds.deliveries(asked, AT + timedelta(hours=1), 10)

    assert found == sorted(started, reverse=True)


def test_deliveries_that_were_begun_later_are_left_out(activity: Activity, feeds: Feeds) -> None:
    started = [start(activity, number) for number in range(1, 5)]

    assert feeds.deliveries("bob@example.net", AT + 3 * SECOND, 10) == started[1::-1]
    assert feeds.deliveries("bob@example.net", AT + 3 * SECOND + MICROSECOND, 10) == started[2::-1]
    assert feeds.deliveries("bob@example.net", AT, 10) == []


@pytest.mark.parametrize(("limit", "found"), [(1, 2), (4, 5), (5, 6), (6, 6), (7, 6)])
def test_of_more_deliveries_than_the_limit_one_more_is_found(
    activity: Activity, feeds: Feeds, queries: list[dict[str, Any]], limit: int, found: int
) -> None:
    started = [start(activity, number) for number in range(1, 7)]

    assert feeds.deliveries("bob@example.net", ALL.end, limit) == started[::-1][:found]

    assert [query["Limit"] for query in queries] == [limit + 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda feeds: list(feeds.events(["alice"], ALL, 10)),
        lambda feeds: feeds.deliveries("bob@example.net", AT, 10),
    ],
    ids=["events", "deliveries"],
)
def test_a_table_that_cannot_be_reached_is_one_error(
    dynamodb: "DynamoDBClient", call: Callable[[Feeds], object]
) -> None:
    with pytest.raises(ActivityUnavailable):
        call(Feeds(dynamodb, "Missing"))
