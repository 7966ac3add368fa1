"""What is counted, day by day."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.errors import ActivityUnavailable
from tracking.mail import email_ids
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import (
    HOURS,
    HUMAN,
    OPENED,
    PREFETCH_ONLY,
    Delivery,
    Message,
    Outcome,
    TrackingMode,
)
from tracking.opens.rules import OpenClass
from tracking.storage import aws, counters
from tracking.storage.activity import Activity
from tracking.storage.activity_items import COUNT_SHARDS, DOMAIN_SHARDS
from tracking.storage.counters import BYTES, Counters, DomainCounts, SendersDay

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
DAY, ONE_DAY = AT.date(), timedelta(days=1)
MESSAGE = Message(
    "06h0r9co15h30phg2640",
    CredentialKind.SMTP_USER,
    "alice",
    "bounces@example.com",
    AT,
    1000,
    sender="Shop <Shop@Example.com>",
    source_ip="192.0.2.1",
)
DELIVERY = Delivery(MESSAGE.email_id, 1, "Bob@Example.NET", "alice", TrackingMode.FULL, AT)


class Book:
    """The counters, and who writes them."""

    def __init__(self, dynamodb: "DynamoDBClient") -> None:
        self.dynamodb = dynamodb
        self.counters = Counters(dynamodb, "Activity")

    def add(self, message: Message = MESSAGE, day: date = DAY, **changes: int) -> None:
        self.dynamodb.update_item(**counters.update("Activity", message, day, changes))

    def days(
        self, first: date = DAY, last: date = DAY, names: Collection[str] | None = None
    ) -> list[SendersDay]:
        return list(self.counters.days(first, last, names))

    def add_domain(self, delivery: Delivery = DELIVERY, day: date = DAY, **changes: int) -> None:
        self.dynamodb.update_item(**counters.domain_update("Activity", delivery, day, changes))

    def domains(self, first: date = DAY, last: date = DAY, most: int = 10_000) -> DomainCounts:
        return self.counters.domains(first, last, most)


@pytest.fixture
def book(activity: Activity, dynamodb: "DynamoDBClient") -> Book:
    assert activity
    return Book(dynamodb)


def mails(count: int) -> list[Message]:
    """Messages that are counted in all parts."""
    ids = (email_ids.new(AT, number.to_bytes(email_ids.RANDOM_BYTES)) for number in range(count))
    return [replace(MESSAGE, email_id=email_id) for email_id in ids]


def test_what_was_counted_of_a_day_is_found(book: Book) -> None:
    book.add(processed=1)
    book.add(delivered=1, direct_open=2)

    assert book.days() == [
        SendersDay(
            DAY,
            CredentialKind.SMTP_USER,
            "alice",
            "shop@example.com",
            Counter(processed=1, bytes=1000, delivered=1, direct_open=2),
            "192.0.2.1",
        )
    ]


def test_counters_that_are_not_asked_for_are_not_read(book: Book) -> None:
    book.add(processed=1, opened=1, hour_12=1)
    book.add(replace(MESSAGE, sender="help@example.com", source_ip=None), delivered=1)
    answers: list[Any] = []
    book.dynamodb.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: answers.extend(parsed["Items"])
    )

    found = {each.sender: each for each in book.days(names=["processed", "human", BYTES])}

    assert found["shop@example.com"].counts == {"processed": 1, "bytes": 1000}
    assert found["shop@example.com"].last_ip == "192.0.2.1"
    assert found["help@example.com"].counts == {}
    assert sorted(map(sorted, answers)) == [["bytes", "last_ip", "processed", "sk"], ["sk"]]


def test_bytes_are_those_of_the_mails_that_were_processed(book: Book) -> None:
    book.add(processed=1)
    book.add(replace(MESSAGE, size=250), processed=2)
    book.add(replace(MESSAGE, size=70_000), delivered=1)

    (found,) = book.days()

    assert found.counts == Counter(processed=3, bytes=1500, delivered=1)


def test_what_is_taken_back_is_counted_no_more(book: Book) -> None:
    book.add(processed=1, opened=1)
    book.add(processed=-1, opened=-1)

    (found,) = book.days()

    assert found.counts == {"processed": 0, "bytes": 0, "opened": 0}
    assert not +found.counts


def test_the_last_address_that_mail_came_from_is_known(book: Book) -> None:
    book.add(processed=1)
    book.add(replace(MESSAGE, source_ip="192.0.2.2"), processed=1)

    (found,) = book.days()

    assert found.last_ip == "192.0.2.2"


def test_where_nothing_was_processed_no_address_is_noted(book: Book) -> None:
    book.add(processed=1)
    other = replace(MESSAGE, source_ip="192.0.2.2")
    book.add(other, opened=1)
    book.add(other, processed=-1)
    book.add(replace(MESSAGE, source_ip=None), processed=1)
    book.add(other, day=DAY + ONE_DAY, opened=1)

    assert [found.last_ip for found in book.days(DAY, DAY + ONE_DAY)] == ["192.0.2.1", None]


@pytest.mark.parametrize(
    "changes",
    [{"opened": 1}, {"processed": -1}, {"delivered": 1, "hard_bounced": 1}],
)
def test_an_update_with_nothing_processed_names_no_address(changes: dict[str, int]) -> None:
    update = counters.update("Activity", MESSAGE, DAY, changes)

    assert "last_ip" not in update["UpdateExpression"]
    assert ":last_ip" not in update["ExpressionAttributeValues"]


def test_the_senders_of_one_credential_are_counted_apart(book: Book) -> None:
    book.add(processed=1)
    book.add(replace(MESSAGE, sender="SHOP@example.com"), processed=1)
    book.add(replace(MESSAGE, sender="help@example.com"), processed=1)
    book.add(replace(MESSAGE, sender=""), processed=1)
    book.add(replace(MESSAGE, sender="", mail_from=""), processed=1)

    found = {each.sender: each.counts["processed"] for each in book.days()}

    assert found == {"shop@example.com": 2, "help@example.com": 1, "bounces@example.com": 1, "": 1}


def test_credentials_are_counted_apart_even_of_the_same_name(book: Book) -> None:
    book.add(processed=1)
    book.add(replace(MESSAGE, kind=CredentialKind.API_KEY), processed=1)
    book.add(replace(MESSAGE, credential_id="alice#1"), processed=1)
    book.add(replace(MESSAGE, kind=CredentialKind.IP_ADDRESS, credential_id="2001:db8::/32"), processed=1)

    assert sorted((each.kind, each.credential_id) for each in book.days()) == [
        (CredentialKind.API_KEY, "alice"),
        (CredentialKind.IP_ADDRESS, "2001:db8::/32"),
        (CredentialKind.SMTP_USER, "alice"),
        (CredentialKind.SMTP_USER, "alice#1"),
    ]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 30), date(2026, 3, 2)),
        (date(2026, 12, 30), date(2027, 1, 2)),
        (date(2026, 11, 30), date(2028, 2, 1)),
        (date(2028, 2, 28), date(2028, 3, 1)),
    ],
)
def test_days_are_found_over_the_ends_of_months_and_years(book: Book, first: date, last: date) -> None:
    days = [first + number * ONE_DAY for number in range((last - first).days + 1)]
    for day in (first - ONE_DAY, *days, last + ONE_DAY):
        book.add(day=day, processed=1)

    assert [found.day for found in book.days(first, last)] == days


@pytest.mark.parametrize(("first", "last"), [(DAY, DAY - ONE_DAY), (DAY, DAY - 300 * ONE_DAY)])
def test_no_days_hold_nothing(book: Book, first: date, last: date) -> None:
    book.add(processed=1)

    assert book.days(first, last) == []


def test_the_earlier_days_come_first_whatever_part_they_are_in(book: Book) -> None:
    first = date(2026, 11, 28)
    for number, message in enumerate(mails(30)):
        book.add(message, day=first + number * 7 % 5 * ONE_DAY, processed=1)
    parts = {item["pk"]["S"] for item in book.dynamodb.scan(TableName="Activity")["Items"]}
    assert len(parts) == 2 * COUNT_SHARDS

    found = book.days(first, first + 4 * ONE_DAY)

    days = [each.day for each in found]
    assert days == sorted(days)
    counted: Counter[date] = Counter()
    for each in found:
        counted[each.day] += each.counts["processed"]
    assert counted == {first + number * ONE_DAY: 6 for number in range(5)}


def test_one_month_is_one_query_of_each_part(book: Book) -> None:
    queries: list[dict[str, Any]] = []
    book.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: queries.append(params)
    )

    book.days(date(2026, 11, 1), date(2026, 11, 30))

    assert sorted(query["ExpressionAttributeValues"][":pk"]["S"] for query in queries) == [
        f"COUNTS#2026-11#{shard}" for shard in range(COUNT_SHARDS)
    ]


def deliveries(count: int, recipient: str = "bob@example.net") -> list[Delivery]:
    """Deliveries that are counted in all parts."""
    return [replace(DELIVERY, email_id=each.email_id, recipient=recipient) for each in mails(count)]


def test_what_was_counted_of_a_domain_is_found(book: Book) -> None:
    book.add_domain(processed=1, delivered=1)
    book.add_domain(replace(DELIVERY, recipient="alice@EXAMPLE.net"), opened=1, human=1)
    book.add_domain(replace(DELIVERY, recipient="carol@mail.example.net"), processed=1)

    assert book.domains() == DomainCounts(
        {
            "example.net": Counter(processed=1, delivered=1, opened=1, human=1),
            "mail.example.net": Counter(processed=1),
        },
        is_complete=True,
    )


def test_the_parts_and_days_of_a_domain_are_added_up(book: Book) -> None:
    first, last = date(2026, 11, 29), date(2026, 12, 2)
    for number, delivery in enumerate(deliveries(80)):
        book.add_domain(delivery, first + number % 4 * ONE_DAY, processed=1)
    book.add_domain(day=first - ONE_DAY, processed=1)
    book.add_domain(day=last + ONE_DAY, processed=1)
    items = book.dynamodb.scan(TableName="Activity")["Items"]
    assert {item["pk"]["S"].rpartition("#")[2] for item in items} == set(map(str, range(DOMAIN_SHARDS)))

    assert book.domains(first, last) == DomainCounts({"example.net": Counter(processed=80)}, is_complete=True)


def test_what_is_taken_back_of_a_domain_is_counted_no_more(book: Book) -> None:
    book.add_domain(prefetch_only=1)
    book.add_domain(prefetch_only=-1)

    assert book.domains().by_domain == {"example.net": {"prefetch_only": 0}}


def test_senders_and_domains_do_not_count_for_each_other(book: Book) -> None:
    book.add(processed=1)
    book.add_domain(processed=1)

    assert [found.counts for found in book.days()] == [{"processed": 1, "bytes": 1000}]
    assert book.domains().by_domain == {"example.net": {"processed": 1}}


@pytest.mark.parametrize("domain", ["", "~.example", "bücher.example", "\U0010ffff"])
def test_a_domain_is_found_on_its_day_alone_whatever_it_is_made_of(book: Book, domain: str) -> None:
    book.add_domain(replace(DELIVERY, recipient=f"bob@{domain}"), processed=1)

    assert book.domains().by_domain == {domain: {"processed": 1}}
    assert book.domains(DAY + ONE_DAY, DAY + ONE_DAY).by_domain == {}
    assert book.domains(DAY - ONE_DAY, DAY - ONE_DAY).by_domain == {}


@pytest.mark.parametrize(("first", "last"), [(DAY, DAY - ONE_DAY), (DAY, DAY - 300 * ONE_DAY)])
def test_no_days_hold_no_domain(book: Book, first: date, last: date) -> None:
    book.add_domain(processed=1)

    assert book.domains(first, last) == DomainCounts({}, is_complete=True)


def test_a_part_is_read_to_its_last_page(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "DOMAIN_PAGE", 2)
    for number in range(7):
        book.add_domain(replace(DELIVERY, recipient=f"bob@{number}.example.net"), processed=1)

    found = book.domains()

    assert found.is_complete
    assert found.by_domain == {f"{number}.example.net": {"processed": 1} for number in range(7)}


def test_no_more_is_read_than_may_be_and_the_oldest_days_are_what_is_missing(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "DOMAIN_PAGE", 2)
    for number in range(7):
        book.add_domain(
            replace(DELIVERY, recipient=f"bob@{number}.example.net"), DAY - number * ONE_DAY, processed=1
        )
    book.add_domain(day=DAY - 60 * ONE_DAY, processed=1)

    found = book.domains(DAY - 60 * ONE_DAY, DAY, most=3)

    assert not found.is_complete
    assert sorted(found.by_domain) == [f"{number}.example.net" for number in range(4)]


def test_an_update_of_a_domain_lets_it_go_when_the_senders_day_goes() -> None:
    of_domain = counters.domain_update("Activity", DELIVERY, DAY, {"opened": 1})
    of_sender = counters.update("Activity", MESSAGE, DAY, {"opened": 1})

    values = of_domain["ExpressionAttributeValues"]
    assert values[":expires_at"] == of_sender["ExpressionAttributeValues"][":expires_at"]


@given(
    st.dictionaries(
        st.sampled_from([*Outcome, *OpenClass, OPENED, HUMAN, PREFETCH_ONLY, *HOURS]),
        st.integers(-1000, 1000).filter(bool),
        min_size=1,
    )
)
def test_an_update_adds_each_change_and_the_bytes_of_what_was_processed(changes: dict[str, int]) -> None:
    update = counters.update("Activity", MESSAGE, DAY, changes)

    values = aws.from_attributes(
        cast("dict[str, AttributeValueTypeDef]", update["ExpressionAttributeValues"])
    )
    names = update["ExpressionAttributeNames"]
    addition = update["UpdateExpression"].removeprefix("ADD ").split(" SET ")[0]
    added = {names[name]: values[value] for name, value in map(str.split, addition.split(", "))}
    processed = changes.get(Outcome.PROCESSED, 0)
    assert added == changes | ({BYTES: 1000 * processed} if processed else {})


def test_a_table_that_cannot_be_reached_is_one_error(dynamodb: "DynamoDBClient") -> None:
    with pytest.raises(ActivityUnavailable):
        list(Counters(dynamodb, "Missing").days(DAY, DAY))
    with pytest.raises(ActivityUnavailable):
        Counters(dynamodb, "Missing").domains(DAY, DAY, most=1)


def test_no_two_counters_have_one_name() -> None:
    names = [*OpenClass, *Outcome, OPENED, HUMAN, PREFETCH_ONLY, *HOURS, BYTES]

    assert len(names) == len(set(names))
