import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from botocore.stub import Stubber

from functions.api import adapters, statistics
from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tracking.mail import email_ids
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import Delivery, Message, Outcome, Summary, TrackingMode
from tracking.opens.rules import OpenClass

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
OLDEST = TODAY - timedelta(days=29)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def count(
    cloud: Cloud,
    day: date,
    outcomes: Mapping[Outcome, int],
    opens: Mapping[OpenClass, int] | None = None,
    *,
    username: str = "alice",
    sender: str = "Shop <News@Example.com>",
    human: bool = False,
    source_ip: str | None = None,
) -> None:
    """Let so many deliveries of a day come to these outcomes, and one of them to these opens."""
    at = datetime.combine(day, time(11), UTC)
    for outcome, deliveries in outcomes.items():
        for _ in range(deliveries):
            email_id = email_ids.new(at, os.urandom(email_ids.RANDOM_BYTES))
            message = Message(
                email_id, CredentialKind.SMTP_USER, username, "bounces@example.com", at, 1000, sender=sender
            )
            message = replace(message, source_ip=source_ip)
            delivery = Delivery(email_id, 1, "bob@example.net", username, TrackingMode.FULL, at)
            cloud.activity.start(delivery)
            summary = Summary(outcomes={outcome: at})
            if opens:
                summary = replace(
                    summary,
                    opens={day: opens},
                    first_open_at=at,
                    last_open_at=at,
                    first_human_at=at if human else None,
                    first_prefetch_at=at,
                )
                opens = None
            cloud.activity.write_summary(message, delivery, summary)


@pytest.fixture
def month(cloud: Cloud) -> Cloud:
    """Alice's mail of today and of 30 days ago, Bob's of today, and some that is too old to be reported."""
    count(cloud, TODAY, {Outcome.PROCESSED: 6}, {OpenClass.PRIVACY_PREFETCH: 2})
    count(
        cloud,
        OLDEST,
        {Outcome.PROCESSED: 2},
        {OpenClass.DIRECT_OPEN: 3},
        human=True,
        source_ip="192.0.2.7",
    )
    count(cloud, TODAY, {Outcome.HARD_BOUNCED: 1, Outcome.SOFT_BOUNCED: 2, Outcome.COMPLAINED: 1})
    count(cloud, TODAY, {Outcome.REJECTED: 1, Outcome.DELIVERED: 3})
    count(cloud, TODAY, {Outcome.PROCESSED: 4}, username="bob", sender="bob@shop.example.com")
    count(cloud, OLDEST - timedelta(days=1), {Outcome.PROCESSED: 9, Outcome.HARD_BOUNCED: 9})
    return cloud


@pytest.mark.usefixtures("month")
def test_bounces_are_those_of_thirty_days(api: Api) -> None:
    assert api("/stats/email_bounces").data == {
        "emails": 12,
        "hardbounces": 1,
        "softbounces": 2,
        "rejects": 1,
        "bounce_percent": "25.00",
    }


@pytest.mark.usefixtures("month")
def test_reports_are_of_one_username_if_it_is_given(api: Api) -> None:
    assert api("/stats/email_bounces", {"username": "bob"}).data["emails"] == 4
    assert api("/stats/email_spam", {"username": "alice"}).data == {
        "emails": 8,
        "spams": 1,
        "rejects": 1,
        "spam_percent": "12.50",
    }
    assert api("/stats/email_spam", {"username": "nobody"}).data == {
        "emails": 0,
        "spams": 0,
        "rejects": 0,
        "spam_percent": "0.00",
    }


@pytest.mark.usefixtures("month")
def test_nobody_unsubscribes(api: Api) -> None:
    assert api("/stats/email_unsubs").data == {
        "emails": 12,
        "unsubscribes": 0,
        "rejects": 1,
        "unsubscribe_percent": "0.00",
    }


@pytest.mark.usefixtures("month")
def test_a_summary_is_all_reports_in_one(api: Api) -> None:
    assert api("/stats/email_summary").data == {
        "email_count": 12,
        "hardbounces": 1,
        "softbounces": 2,
        "bounce_percent": "25.00",
        "bounce_rejects": 1,
        "rejects": 1,
        "spam_emails": 1,
        "spam_rejects": 1,
        "spam_percent": "8.33",
        "unsubscribes": 0,
        "unsubscribe_percent": "0.00",
        "clicks": 0,
        "opens": 2,
        "opens_human": 1,
        "opens_prefetch_only": 1,
        "opens_by_class": {"direct_open": 3, "privacy_prefetch": 2},
        "cycle_start": "2026-11-23 12:00:00+00:00",
        "cycle_end": "2026-11-24 12:00:00+00:00",
        "cycle_used": 0,
        "cycle_max": 200,
        "cycle_remaining": 200,
    }


@pytest.mark.parametrize(
    ("limit", "sent", "remaining"), [(50_000, 1234, 48_766), (200, 201, 0), (-1, 1234, -1)]
)
def test_the_cycle_is_ses_quota_and_asked_for_once_a_minute(
    api: Api, limit: int, sent: int, remaining: int
) -> None:
    with Stubber(adapters.quotas()._ses) as ses:
        ses.add_response("get_send_quota", {"Max24HourSend": limit, "SentLast24Hours": sent})
        first = api("/stats/email_cycle")
        second = api("/stats/email_cycle")
    with time_machine.travel(NOW + timedelta(seconds=61), tick=False):
        third = api("/stats/email_cycle")

    assert first.data == second.data
    assert (first.data["cycle_max"], first.data["cycle_used"], first.data["cycle_remaining"]) == (
        limit,
        sent,
        remaining,
    )
    assert third.data["cycle_max"] == 200


def test_a_cycle_that_ses_does_not_tell_is_no_report_of_zero(api: Api) -> None:
    with Stubber(adapters.quotas()._ses) as ses:
        ses.add_client_error("get_send_quota", "Throttling")

        assert api("/stats/email_cycle").status == 503


@pytest.mark.usefixtures("month")
def test_a_history_is_by_the_senders_address_unless_it_is_said(api: Api) -> None:
    data = api("/stats/email_history").data

    assert data["count"] == 2
    assert [(row["email_address"], row["used"]) for row in data["history"]] == [
        ("news@example.com", 8),
        ("bob@shop.example.com", 4),
    ]
    assert data["history"][0] == {
        "email_address": "news@example.com",
        "username": None,
        "description": None,
        "domain": None,
        "domain_verified": None,
        "subaccount": None,
        "used": 8,
        "bytecount": 8000,
        "avgsize": 1000.0,
        "lastip": "192.0.2.7",
        "bounces": 3,
        "bounce_percent": 37.5,
        "opens": 2,
        "open_percent": 25.0,
        "opens_human": 1,
        "opens_prefetch_only": 1,
        "rejects": 1,
        "reject_percent": 12.5,
        "spam": 1,
        "spam_percent": 12.5,
        "clicks": 0,
        "unsubscribes": 0,
        "unsubscribe_percent": 0,
    }
    assert {name: value for name, value in data.items() if name.endswith("_total")} == {
        "bounce_percent_total": 25.0,
        "open_percent_total": 16.67,
        "reject_percent_total": 8.33,
        "spam_percent_total": 8.33,
        "unsubscribe_percent_total": 0,
    }


@pytest.mark.usefixtures("month")
@pytest.mark.parametrize(
    ("group_by", "names"),
    [
        ("username", {"alice": 8, "bob": 4}),
        ("domain", {"example.com": 8, "shop.example.com": 4}),
        ("subaccount", {"": 12}),
    ],
)
def test_a_history_is_grouped(api: Api, group_by: str, names: dict[str, int]) -> None:
    history = api("/stats/email_history", {"group_by": group_by}).data["history"]

    assert {row[group_by]: row["used"] for row in history} == names


def test_a_history_by_username_has_the_notes_on_those_that_there_are(api: Api, month: Cloud) -> None:
    month.settings.add(Credential(CredentialKind.SMTP_USER, "alice", NOW, description="The shop"))

    history = api("/stats/email_history", {"group_by": "username"}).data["history"]

    assert [(row["username"], row["description"]) for row in history] == [
        ("alice", "The shop"),
        ("bob", None),
    ]


@pytest.mark.usefixtures("month")
@pytest.mark.parametrize(
    ("fields", "mails"),
    [
        ({"start_date": "2026-11-24"}, 10),
        ({"start_date": "2026-11-24T23:00:00"}, 10),
        ({"end_date": "2026-11-24"}, 2),
        ({"end_date": "2026-11-24 00:00:01"}, 12),
        ({"start_date": "2020-01-01"}, 21),
        ({"start_date": "2026-11-25"}, 0),
        ({"start_date": "0001-01-01", "end_date": "9999-12-31"}, 21),
        ({"start_date": "2026-11-24", "end_date": "2026-11-24"}, 0),
        ({"start_date": "2026-11-24", "end_date": "2026-11-20"}, 0),
        ({"end_date": "0001-01-01"}, 0),
    ],
    ids=str,
)
def test_a_history_is_of_whole_days(api: Api, fields: dict[str, str], mails: int) -> None:
    history = api("/stats/email_history", fields).data["history"]

    assert sum(row["used"] for row in history) == mails


def test_a_range_that_ends_before_it_starts_asks_the_table_nothing(api: Api) -> None:
    """DynamoDB refuses bounds in the wrong order; moto does not."""
    asked: list[object] = []
    adapters.counters()._dynamodb.meta.events.register(
        "before-call.dynamodb", lambda **call: asked.append(call)
    )

    answer = api("/stats/email_history", {"start_date": "2026-11-24", "end_date": "2026-11-24"})

    assert (answer.data["count"], asked) == (0, [])


@pytest.mark.usefixtures("month")
def test_a_history_has_the_senders_with_the_most_mails(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MAX_GROUPS", 1)

    data = api("/stats/email_history").data

    assert (data["count"], [row["email_address"] for row in data["history"]]) == (2, ["news@example.com"])


@pytest.mark.parametrize("report", ["email_summary", "email_history"])
def test_the_counters_of_hours_are_not_read_for_reports_that_have_no_hours(
    api: Api, cloud: Cloud, report: str
) -> None:
    at = datetime.combine(TODAY, time(11), UTC)
    delivery = Delivery(
        email_ids.new(at, bytes(email_ids.RANDOM_BYTES)), 1, "b@x", "a", TrackingMode.FULL, at
    )
    message = Message(delivery.email_id, CredentialKind.SMTP_USER, "a", "news@example.com", at, 1000)
    cloud.activity.start(delivery)
    read = Summary({TODAY: {OpenClass.DIRECT_OPEN: 1}}, at, at, at, hours={TODAY: {11: 1}})
    cloud.activity.write_summary(message, delivery, read)
    answered: list[Mapping[str, object]] = []
    adapters.counters()._dynamodb.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: answered.extend(parsed["Items"])
    )

    assert api(f"/stats/{report}").status == 200

    assert [sorted(item) for item in answered] == [["direct_open", "human", "opened", "sk"]]


def test_a_sender_who_was_only_opened_has_no_average(api: Api, cloud: Cloud) -> None:
    count(cloud, TODAY, {Outcome.DELIVERED: 1}, {OpenClass.DIRECT_OPEN: 1})

    (row,) = api("/stats/email_history").data["history"]

    assert (row["used"], row["avgsize"], row["open_percent"], row["opens"]) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("call", "fields", "field"),
    [
        ("email_history", {"group_by": "sender"}, "group_by"),
        ("email_history", {"start_date": "2026-02-30"}, "start_date"),
        ("email_history", {"end_date": 5}, "end_date"),
        ("email_summary", {"username": "a" * 101}, "username"),
        ("email_bounces", {"username": ["alice"]}, "username"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(
    api: Api, call: str, fields: dict[str, object], field: str
) -> None:
    answer = api(f"/stats/{call}", fields)

    assert (answer.status, answer.field) == (400, field)
