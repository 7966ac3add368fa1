"""What the page about opens shows."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine

from functions.api import adapters, opens_report
from tests.functions.api.conftest import Api, Keys
from tests.functions.conftest import Cloud
from tracking.mail import email_ids
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import Delivery, Message, Outcome, Summary, TrackingMode
from tracking.opens.rules import OpenClass

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY, DAY = NOW.date(), timedelta(days=1)
NOTHING = {"sent": 0, "delivered": 0, "opens": 0, "opens_human": 0, "opens_prefetch_only": 0}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def sent(
    cloud: Cloud,
    day: date = TODAY,
    username: str = "alice",
    recipient: str = "bob@example.net",
    summary: Summary | None = None,
) -> None:
    """Let a mail be processed and delivered on a day, and come to whatever else the summary says."""
    at = datetime.combine(day, time(8), UTC)
    outcomes = {Outcome.PROCESSED: at, Outcome.DELIVERED: at}
    email_id = email_ids.new(at, os.urandom(email_ids.RANDOM_BYTES))
    message = Message(email_id, CredentialKind.SMTP_USER, username, "news@example.com", at, 1000)
    delivery = Delivery(email_id, 1, recipient, username, TrackingMode.FULL, at)
    cloud.activity.start(delivery)
    cloud.activity.write_summary(message, delivery, summary or Summary(outcomes=outcomes))


def read(day: date, by_hour: Mapping[int, int]) -> Summary:
    """A mail of nobody knows when that a person opened on a day."""
    at = datetime.combine(day, time(min(by_hour)), UTC)
    opens = {day: {OpenClass.DIRECT_OPEN: sum(by_hour.values())}}
    return Summary(opens, at, at, at, hours={day: by_hour})


def prefetched(day: date) -> Summary:
    at = datetime.combine(day, time(9), UTC)
    return Summary({day: {OpenClass.PRIVACY_PREFETCH: 1}}, at, at, None, at)


def test_a_report_of_a_day_has_what_the_day_came_to(api: Api, cloud: Cloud) -> None:
    sent(cloud)
    sent(cloud, summary=read(TODAY, {9: 2, 23: 1}))
    sent(cloud, summary=read(TODAY, {9: 1}))
    sent(cloud, summary=prefetched(TODAY))
    sent(cloud, summary=read(TODAY - DAY, {9: 1}))

    data = api("/stats/opens", {"start_date": "2026-11-24"}).data

    by_hour = [0] * 24
    by_hour[9], by_hour[23] = 3, 1
    counts = {"sent": 1, "delivered": 1, "opens": 3, "opens_human": 2, "opens_prefetch_only": 1}
    assert data == {
        "days": [
            {
                "date": "2026-11-24",
                **counts,
                "opens_by_class": {"direct_open": 4, "privacy_prefetch": 1},
                "opens_human_by_hour": by_hour,
            }
        ],
        "by_username": [{"username": "alice", "description": None, **counts}],
        "usernames_left_out": 0,
        "by_domain": [{"domain": "example.net", **counts}],
        "domains_left_out": 0,
        "domains_are_complete": True,
    }


def test_a_report_has_every_day_of_the_last_thirty_unless_it_is_said(api: Api, cloud: Cloud) -> None:
    sent(cloud, TODAY - 29 * DAY)
    sent(cloud, TODAY - 30 * DAY)

    days = api("/stats/opens").data["days"]

    assert [day["date"] for day in days] == [
        (TODAY - number * DAY).isoformat() for number in reversed(range(30))
    ]
    assert [day["sent"] for day in days] == [1, *[0] * 29]
    assert days[-1] == {
        "date": "2026-11-24",
        **NOTHING,
        "opens_by_class": {},
        "opens_human_by_hour": [0] * 24,
    }


@pytest.mark.parametrize(
    ("fields", "first", "last"),
    [
        ({"start_date": "2026-11-20T23:00:00", "end_date": "2026-11-22"}, "2026-11-20", "2026-11-21"),
        ({"start_date": "2026-11-20", "end_date": "2026-11-22 00:00:01"}, "2026-11-20", "2026-11-22"),
        ({"start_date": "2025-11-24"}, "2025-11-24", "2026-11-24"),
        ({"start_date": "2027-11-01", "end_date": "2027-12-01"}, "2027-11-01", "2027-11-30"),
        ({"start_date": "2020-02-01", "end_date": "2020-03-01"}, "2020-02-01", "2020-02-29"),
    ],
    ids=str,
)
def test_days_are_whole_and_all_there(api: Api, fields: dict[str, str], first: str, last: str) -> None:
    days = api("/stats/opens", fields).data["days"]

    dates = [date.fromisoformat(day["date"]) for day in days]
    assert (dates[0], dates[-1]) == (date.fromisoformat(first), date.fromisoformat(last))
    assert all(later - earlier == DAY for earlier, later in pairwise(dates))


@pytest.mark.parametrize(
    "fields", [{"start_date": "2026-11-25"}, {"end_date": "2026-10-26"}, {"end_date": "0001-01-01"}], ids=str
)
def test_a_range_that_ends_before_it_starts_has_no_days(
    api: Api, cloud: Cloud, fields: dict[str, str]
) -> None:
    sent(cloud)

    data = api("/stats/opens", fields).data

    assert (data["days"], data["by_username"], data["by_domain"]) == ([], [], [])


@pytest.mark.parametrize(
    ("fields", "field", "days"),
    [
        ({"start_date": "2025-11-23"}, "start_date", 367),
        ({"end_date": "2027-11-02"}, "end_date", 372),
        ({"start_date": "0001-01-01", "end_date": "9999-12-31T12:00:00Z"}, "start_date", 3652059),
    ],
    ids=str,
)
def test_more_than_a_year_is_refused_with_how_much_it_would_be(
    api: Api, fields: dict[str, str], field: str, days: int
) -> None:
    answer = api("/stats/opens", fields)

    assert (answer.status, answer.field) == (400, field)
    assert answer.data["error"] == f"{field}: the report would be of {days} days; 366 are the most"


@pytest.mark.parametrize(
    ("fields", "field"), [({"start_date": "2026-02-30"}, "start_date"), ({"end_date": 5}, "end_date")]
)
def test_a_wrong_field_is_refused_by_its_name(api: Api, fields: dict[str, object], field: str) -> None:
    answer = api("/stats/opens", fields)

    assert (answer.status, answer.field) == (400, field)


def test_usernames_and_domains_have_the_most_mails_first(api: Api, cloud: Cloud) -> None:
    for username, recipient, mails in [
        ("alice", "bob@one.example", 1),
        ("carol", "bob@two.example", 2),
        ("carol", "bob@three.example", 1),
    ]:
        for _ in range(mails):
            sent(cloud, username=username, recipient=recipient)
    sent(cloud, username="dave", recipient="BOB@One.Example", summary=prefetched(TODAY))
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "carol", NOW, description="The shop"))

    data = api("/stats/opens").data

    assert [(row["username"], row["description"], row["sent"]) for row in data["by_username"]] == [
        ("carol", "The shop", 3),
        ("alice", None, 1),
        ("dave", None, 0),
    ]
    assert [(row["domain"], row["sent"], row["opens_prefetch_only"]) for row in data["by_domain"]] == [
        ("two.example", 2, 0),
        ("one.example", 1, 1),
        ("three.example", 1, 0),
    ]


def test_those_with_fewer_mails_are_left_out_and_how_many_is_said(
    api: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opens_report, "MAX_ROWS", 2)
    for number in range(5):
        for _ in range(1 + (number == 4)):
            sent(cloud, username=f"user-{number}", recipient=f"bob@{number % 4}.example")

    data = api("/stats/opens").data

    assert [row["username"] for row in data["by_username"]] == ["user-4", "user-0"]
    assert data["usernames_left_out"] == 3
    assert [row["domain"] for row in data["by_domain"]] == ["0.example", "1.example"]
    assert data["domains_left_out"] == 2


def test_who_has_nothing_that_is_shown_is_no_row(api: Api, cloud: Cloud) -> None:
    """Alice's mail was refused by SES; Dave's was counted and taken back."""
    sent(cloud, username="alice", summary=Summary(outcomes={Outcome.REJECTED: NOW}))
    delivery = Delivery("06h0r9co15h30phg2640", 1, "bob@example.org", "dave", TrackingMode.FULL, NOW)
    message = Message(delivery.email_id, CredentialKind.SMTP_USER, "dave", "news@example.com", NOW, 1000)
    opened = prefetched(TODAY)
    cloud.activity.start(delivery)
    cloud.activity.write_summary(message, delivery, opened)
    cloud.activity.write_summary(message, replace(delivery, summary=opened, version=1), Summary())

    data = api("/stats/opens").data

    assert (data["by_username"], data["usernames_left_out"]) == ([], 0)
    assert (data["by_domain"], data["domains_left_out"]) == ([], 0)


def test_domains_that_are_too_many_to_read_are_said_to_be_incomplete(
    api: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opens_report, "MAX_DOMAIN_ITEMS", 1)
    sent(cloud, recipient="bob@new.example")
    sent(cloud, date(2026, 10, 31), recipient="bob@old.example")

    data = api("/stats/opens", {"start_date": "2026-10-01"}).data

    assert not data["domains_are_complete"]
    assert [row["domain"] for row in data["by_domain"]] == ["new.example"]
    assert sum(day["sent"] for day in data["days"]) == 2


@pytest.mark.parametrize(
    ("fields", "first", "last"),
    [
        ({"start_date": "2024-01-01", "end_date": "2024-12-31"}, "2024-09-15#", "2024-12-30$"),
        ({"start_date": "2026-11-01", "end_date": "2027-01-01"}, "2026-11-01#", "2026-11-24$"),
    ],
    ids=str,
)
def test_nothing_is_asked_for_that_is_not_kept_or_not_yet_there(
    api: Api, fields: dict[str, str], first: str, last: str
) -> None:
    asked: set[tuple[str, str]] = set()

    def note(params: dict[str, Any], **_: object) -> None:
        values = params["ExpressionAttributeValues"]
        asked.add((values[":first"]["S"], values[":last"]["S"]))

    adapters.counters()._dynamodb.meta.events.register("provide-client-params.dynamodb.Query", note)

    assert api("/stats/opens", fields).status == 200

    assert asked == {(first, last)}


def test_a_key_for_all_statistics_may_ask_and_one_for_another_may_not(api: Api, keys: Keys) -> None:
    assert api.with_key(keys.new("/stats/*"))("/stats/opens").status == 200
    assert api.with_key(keys.new("/stats/opens"))("/stats/opens").status == 200

    refused = api.with_key(keys.new("/stats/email_history"))("/stats/opens")

    assert (refused.status, refused.error_code) == (400, "ENDPOINT_PERMISSION_DENIED")


def test_a_table_that_does_not_answer_is_no_report_of_zeros(api: Api, cloud: Cloud) -> None:
    assert adapters.counters()
    cloud.dynamodb.delete_table(TableName="Activity")

    assert api("/stats/opens").status == 503
