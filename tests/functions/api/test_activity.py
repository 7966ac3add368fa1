"""The activity search: what it finds, and in which pages."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tracking.mail import deliveries
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode
from tracking.opens.classification import Sending, classify
from tracking.opens.fetches import Fetch
from tracking.opens.rules import RULESET_VERSION
from tracking.opens.sentences import sentence

NOW = datetime.now(UTC).replace(microsecond=0)
AT = NOW - timedelta(minutes=5)
FIRST, SECOND = "06h0r9co15h30phg2640", "06h0r9co15h30phg264g"
MESSAGE = Message(
    FIRST,
    CredentialKind.SMTP_USER,
    "alice",
    "bounces@example.com",
    AT,
    1000,
    subject="Your order №7",
    sender="Shop <shop@example.com>",
    to="Bob <bob@example.net>",
    cc="carol@example.net",
    reply_to="help@example.com",
)
CURL = Fetch(
    "cf-1",
    AT + timedelta(seconds=2),
    user_agent="curl/8",
    address="192.0.2.9",
    asn=64500,
    country="AT",
    city="Linz",
)
(OPENED,) = classify(Sending(), [CURL])
START = (NOW - timedelta(hours=2)).isoformat()


@pytest.fixture
def mails(cloud: Cloud) -> Cloud:
    """Alice's mail to Bob, delivered and opened; a key's plain mail to Dave, bounced."""
    activity = cloud.activity
    activity.put_message(MESSAGE)
    activity.put_message(
        replace(
            MESSAGE,
            email_id=SECOND,
            kind=CredentialKind.API_KEY,
            credential_id="api-1",
            subject="Invoice",
            sender="billing@example.com",
            to="dave@example.org",
        )
    )
    activity.start(Delivery(FIRST, 1, "bob@example.net", TrackingMode.FULL, AT, placement="body_end"))
    activity.start(
        Delivery(SECOND, 1, "dave@example.org", TrackingMode.OFF, AT, untracked_reason="plain_text")
    )
    for email_id, event in [
        (FIRST, Event("processed", EventType.PROCESSED, AT)),
        (
            FIRST,
            Event(
                "delivered",
                EventType.DELIVERED,
                AT + timedelta(seconds=1),
                {"smtp_response": "250", "host": "mx"},
            ),
        ),
        (
            FIRST,
            deliveries.fetched(CURL),
        ),
        (SECOND, Event("processed", EventType.PROCESSED, AT + timedelta(seconds=3))),
        (SECOND, Event("bounced", EventType.BOUNCED, AT + timedelta(seconds=4), {"bounce": "hard"})),
        (SECOND, Event("bounced-2", EventType.BOUNCED, AT + timedelta(seconds=5), {"bounce": "soft"})),
        (SECOND, Event("complained", EventType.COMPLAINED, AT + timedelta(seconds=6), {"reason": "abuse"})),
        (SECOND, Event("delayed", EventType.DELAYED, AT + timedelta(seconds=7))),
        (SECOND, Event("rejected", EventType.REJECTED, AT + timedelta(seconds=8), {"reason": "Bad content"})),
    ]:
        activity.append(email_id, 1, event)
    return cloud


def search(api: Api, **fields: object) -> list[dict[str, Any]]:
    answer = api("/activity/search", {"start_date": START, **fields})
    assert answer.status == 200, answer
    events: list[dict[str, Any]] = answer.data["events"]
    assert answer.data["total_events"] == len(events)
    return events


def found(api: Api, **fields: object) -> list[str]:
    return [event["event"] for event in search(api, **fields)]


@pytest.mark.usefixtures("mails")
def test_everything_is_found_newest_first(api: Api) -> None:
    assert found(api) == [
        "rejected",
        "delayed",
        "spam",
        "soft-bounced",
        "hard-bounced",
        "processed",
        "opened",
        "delivered",
        "processed",
    ]


@pytest.mark.usefixtures("mails")
def test_an_open_is_shown_with_its_facts_and_their_meaning(api: Api) -> None:
    (opened,) = search(api, event_types=["opened"])

    assert opened == {
        "email_id": FIRST,
        "event": "opened",
        "date": (AT + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "recipient": "bob@example.net",
        "subject": "Your order №7",
        "username": "alice",
        "from": "Shop <shop@example.com>",
        "sender": "bounces@example.com",
        "to": "Bob <bob@example.net>",
        "cc": "carol@example.net",
        "reply_to": "help@example.com",
        "byte_size": 1000,
        "smtp_response": None,
        "host": None,
        "reason": None,
        "email_client": {
            "client": "curl",
            "device": None,
            "system": None,
            "user_agent": "curl/8",
            "ip_address": "192.0.2.9",
            "asn": 64500,
            "country": "AT",
            "city": "Linz",
        },
        "metadata": {
            "class": "bot",
            "confidence": OPENED.confidence,
            "human_probability": OPENED.human_probability,
            "reasons": ["HTTP_LIBRARY"],
            "sentence": sentence(OPENED),
            "read_secs": None,
            "read_milliseconds": None,
            "fetch_count": 1,
            "witness": "function",
            "ruleset_version": RULESET_VERSION,
        },
    }


def test_a_repeated_fetch_is_shown_with_the_open_that_it_repeats(api: Api, mails: Cloud) -> None:
    mails.activity.append(
        FIRST, 1, deliveries.fetched(replace(CURL, event_id="cf-2", at=CURL.at + timedelta(seconds=1)))
    )

    (opened,) = search(api, event_types=["opened"])

    assert opened["date"] == (AT + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert opened["metadata"]["fetch_count"] == 2


def test_a_quoted_mail_is_shown_with_the_mail_that_quotes_it(api: Api, mails: Cloud) -> None:
    mails.activity.append(FIRST, 1, Event("quoted-1", EventType.QUOTED, AT, {"by": SECOND}))

    (quoted,) = search(api, event_types=["quoted"])

    assert (quoted["event"], quoted["metadata"]) == ("quoted", {"quoted_by": SECOND})


@pytest.mark.usefixtures("mails")
def test_a_mail_without_a_pixel_says_why(api: Api) -> None:
    (processed,) = search(api, event_types=["processed"], search_email_id=SECOND)

    assert processed["metadata"] == {"untracked_reason": "plain_text", "placement": None}
    assert processed["email_client"] == {}


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"search": "BOB@example"}, 3),
        ({"search": "order|invoice"}, 9),
        ({"search": "nothing"}, 0),
        ({"search": ""}, 9),
        ({"search": "|"}, 0),
        ({"search_email_id": FIRST}, 3),
        ({"search_subject": "№7"}, 3),
        ({"search_subject": "bob"}, 0),
        ({"search_sender": "billing@"}, 6),
        ({"search_sender": "bounces@"}, 9),
        ({"search_recipient": "dave|carol"}, 6),
        ({"search_usernames": ["alice"]}, 3),
        ({"search_usernames": ["alice", "api-1"]}, 9),
        ({"search_usernames": ["ali"]}, 0),
        ({"event_types": ["processed"]}, 2),
        ({"event_types": ["hard-bounced", "soft-bounced"]}, 2),
        ({"event_types": ["clicked", "unsubscribed", "resubscribed"]}, 0),
        ({"event_types": ["processed"], "search_usernames": ["alice"]}, 1),
        ({"limit": 4}, 4),
        ({"start_date": None}, 9),
        ({"end_date": (AT + timedelta(seconds=3)).isoformat()}, 3),
        ({"start_date": (AT + timedelta(seconds=3)).isoformat()}, 6),
        ({"start_date": (NOW + timedelta(seconds=30)).isoformat()}, 0),
        ({"start_date": "2026-01-01 00:00:00", "end_date": "2025-01-01"}, 0),
    ],
    ids=str,
)
def test_a_search_finds_what_all_of_its_fields_allow(api: Api, fields: dict[str, Any], count: int) -> None:
    if fields.get("start_date", "") is None and AT.date() != NOW.date():
        count = 0

    assert len(search(api, **fields)) == count


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("limit", [1, 2, 3, 9, 10])
def test_pages_make_up_the_whole_while_new_events_arrive(api: Api, cloud: Cloud, limit: int) -> None:
    whole = search(api)
    pages, token = [], None
    for number in range(20):
        answer = api("/activity/search", {"start_date": START, "limit": limit, "continue_token": token})
        pages += answer.data["events"]
        token = answer.data["continue_token"]
        arrived = Event(f"new-{number}", EventType.DELAYED, AT + timedelta(minutes=1, seconds=number))
        cloud.activity.append(FIRST, 1, arrived)
        if token is None:
            break

    assert pages == whole


@pytest.mark.usefixtures("mails")
def test_events_of_the_same_moment_are_on_one_page_or_the_next_and_never_on_both(
    api: Api, cloud: Cloud
) -> None:
    for number in range(7):
        cloud.activity.append(FIRST, 1, Event(f"same-{number}", EventType.DELAYED, AT + timedelta(minutes=1)))

    first = api("/activity/search", {"start_date": START, "limit": 4, "search_email_id": FIRST}).data
    second = search(api, limit=6, search_email_id=FIRST, continue_token=first["continue_token"])

    assert [event["event"] for event in first["events"]] == ["delayed"] * 4
    assert [event["event"] for event in second] == ["delayed"] * 3 + ["opened", "delivered", "processed"]


def test_events_whose_mail_is_not_known_are_left_out(api: Api, cloud: Cloud) -> None:
    cloud.activity.append(FIRST, 1, Event("processed", EventType.PROCESSED, AT))

    assert search(api) == []


def token(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x",
        "é",
        "A" * 401,
        token("nonsense"),
        token("2026-13-45T99:00:00.000000Z#x"),
        token("2026-11-24T12:00:00.000000Z#"),
        token("2026-11-24T12:00:00.000000Z#\n"),
        base64.urlsafe_b64encode(b"\xff" * 30).decode(),
    ],
)
def test_a_token_that_no_answer_gave_is_refused(api: Api, forged: str) -> None:
    answer = api("/activity/search", {"continue_token": forged})

    assert (answer.status, answer.field) == (400, "continue_token")


@pytest.mark.usefixtures("mails")
def test_a_token_of_another_time_finds_only_what_the_search_allows(api: Api) -> None:
    assert search(api, continue_token=token("9998-01-01T00:00:00.000000Z#x")) == search(api)
    assert search(api, continue_token=token("2020-01-01T00:00:00.000000Z#x")) == []


@pytest.mark.usefixtures("mails")
def test_a_range_without_end_is_no_longer_than_what_is_kept(api: Api) -> None:
    assert len(search(api, end_date="9999-12-31T23:59:59")) == 9


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"start_date": "2026-13-01"}, "start_date"),
        ({"end_date": "tomorrow"}, "end_date"),
        ({"end_date": 7}, "end_date"),
        ({"event_types": ["nope"]}, "event_types.0"),
        ({"event_types": "opened"}, "event_types"),
        ({"search_usernames": "alice"}, "search_usernames"),
        ({"search": "a" * 201}, "search"),
    ],
    ids=str,
)
def test_a_wrong_field_is_refused_by_its_name(api: Api, fields: dict[str, Any], field: str) -> None:
    answer = api("/activity/search", fields)

    assert (answer.status, answer.field) == (400, field)
