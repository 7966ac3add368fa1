"""The activity search: what it finds, and in which pages."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from functions.api import activity, finding
from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tests.tables import started
from tracking.mail import deliveries
from tracking.mail.credentials import Credential, CredentialKind
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
    source_ip="192.0.2.80",
    recipients=("bob@example.net",),
    bcc="erin@example.net",
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
THUNDERBIRD = replace(CURL, event_id="cf-2", at=AT + timedelta(minutes=1), user_agent="Thunderbird/128.0")
START, END = (NOW - timedelta(hours=2)).isoformat(), (NOW + timedelta(hours=2)).isoformat()


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
            recipients=("dave@example.org",),
            bcc="",
        )
    )
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "alice", AT))
    cloud.settings.add(Credential(CredentialKind.API_KEY, "api-1", AT))
    bob = started(
        activity, Delivery(FIRST, 1, "bob@example.net", "alice", TrackingMode.FULL, AT, placement="body_end")
    )
    dave = started(
        activity,
        Delivery(SECOND, 1, "dave@example.org", "api-1", TrackingMode.OFF, AT, untracked_reason="plain_text"),
    )
    for delivery, event in [
        (bob, Event("processed", EventType.PROCESSED, AT)),
        (
            bob,
            Event(
                "delivered",
                EventType.DELIVERED,
                AT + timedelta(seconds=1),
                {"smtp_response": "250", "host": "mx"},
            ),
        ),
        (bob, deliveries.fetched(CURL)),
        (dave, Event("processed", EventType.PROCESSED, AT + timedelta(seconds=3))),
        (dave, Event("bounced", EventType.BOUNCED, AT + timedelta(seconds=4), {"bounce": "hard"})),
        (dave, Event("bounced-2", EventType.BOUNCED, AT + timedelta(seconds=5), {"bounce": "soft"})),
        (dave, Event("complained", EventType.COMPLAINED, AT + timedelta(seconds=6), {"reason": "abuse"})),
        (dave, Event("delayed", EventType.DELAYED, AT + timedelta(seconds=7))),
        (
            dave,
            Event("rejected-ses-1", EventType.REJECTED, AT + timedelta(seconds=8), {"reason": "Bad content"}),
        ),
    ]:
        activity.append(delivery, event)
    return cloud


def search(api: Api, **fields: object) -> list[dict[str, Any]]:
    answer = api("/activity/search", {"start_date": START, **fields})
    assert answer.status == 200, answer
    events: list[dict[str, Any]] = answer.data["events"]
    assert answer.data["continue_token"] is None
    return events


def first(cloud: Cloud) -> Delivery:
    delivery = cloud.activity.delivery(FIRST, 1)
    assert delivery
    return delivery


def identity(event: dict[str, Any]) -> tuple[str, str, str]:
    return event["email_id"], event["event"], event["date"]


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
        "from": "shop@example.com",
        "sender": "shop@example.com",
        "sender_full": "Shop <shop@example.com>",
        "recipients": ["bob@example.net"],
        "subaccount_name": "",
        "to": "Bob <bob@example.net>",
        "cc": "carol@example.net",
        "bcc": "erin@example.net",
        "reply_to": "help@example.com",
        "byte_size": 1000,
        "smtp_response": None,
        "host": None,
        "reason": None,
        "error": None,
        "originating_host": "192.0.2.80",
        "outbound_ip": None,
        "headers": None,
        "custom_headers": {},
        "delivery_attempts": [
            {
                "smtptime": (AT + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "host": "mx",
                "smtpresponse": "250",
            }
        ],
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
    again = replace(CURL, event_id="cf-2", at=CURL.at + timedelta(seconds=1))
    mails.activity.append(first(mails), deliveries.fetched(again))

    (opened,) = search(api, event_types=["opened"])

    assert opened["date"] == (AT + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert opened["metadata"]["fetch_count"] == 2


def test_a_quoted_mail_is_shown_with_the_mail_that_quotes_it(api: Api, mails: Cloud) -> None:
    mails.activity.append(first(mails), Event("quoted-1", EventType.QUOTED, AT, {"by": SECOND}))

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
        ({"search": "|"}, 9),
        ({"search": " invoice | nothing "}, 6),
        ({"search": "erin@"}, 3),
        ({"search": SECOND}, 6),
        ({"search_email_id": FIRST}, 3),
        ({"search_email_id": f"{FIRST}|{SECOND}"}, 9),
        ({"search_email_id": FIRST[:-1]}, 0),
        ({"search_email_id": "EMAIL#é"}, 0),
        ({"search_email_id": FIRST, "search_subject": "invoice"}, 0),
        ({"search_email_id": FIRST, "search_usernames": ["api-1"]}, 0),
        ({"search_subject": "№7"}, 3),
        ({"search_subject": "bob"}, 0),
        ({"search_sender": "billing@"}, 6),
        ({"search_sender": "bounces@"}, 9),
        ({"search_recipient": "dave|carol"}, 6),
        ({"search_recipient": "Bob@Example.net"}, 3),
        ({"search_recipient": "bob@example.net|dave@example.org"}, 9),
        ({"search_recipient": "bob@example.net | dave"}, 9),
        ({"search_recipient": "ob@example.net"}, 0),
        ({"search_recipient": "@example.net"}, 3),
        ({"search_recipient": "dave@example.org", "event_types": ["spam"]}, 1),
        ({"search_recipient": "dave@example.org", "search_subject": "order"}, 0),
        ({"search_usernames": ["alice"]}, 3),
        ({"search_usernames": ["alice", "api-1"]}, 9),
        ({"search_usernames": ["ali"]}, 0),
        ({"event_types": ["processed"]}, 2),
        ({"event_types": ["hard-bounced", "soft-bounced"]}, 2),
        ({"event_types": ["clicked", "unsubscribed", "resubscribed"]}, 0),
        ({"event_types": ["processed"], "search_usernames": ["alice"]}, 1),
        ({"open_classes": ["bot"]}, 1),
        ({"open_classes": ["direct_open", "bot"]}, 1),
        ({"open_classes": ["direct_open"]}, 0),
        ({"open_classes": []}, 9),
        ({"open_classes": ["bot"], "event_types": ["opened", "delivered"]}, 1),
        ({"open_classes": ["bot"], "event_types": ["delivered"]}, 0),
        ({"open_classes": ["bot"], "search_recipient": "bob@example.net"}, 1),
        ({"open_classes": ["bot"], "search_email_id": SECOND}, 0),
        ({"limit": 9}, 9),
        ({"start_date": None}, 9),
        ({"end_date": (AT + timedelta(seconds=3)).isoformat()}, 3),
        ({"start_date": (AT + timedelta(seconds=3)).isoformat()}, 6),
        ({"start_date": (NOW + timedelta(seconds=30)).isoformat()}, 0),
        ({"start_date": "2026-01-01 00:00:00", "end_date": "2025-01-01"}, 0),
    ],
    ids=str,
)
def test_a_search_finds_what_all_of_its_fields_allow(api: Api, fields: dict[str, Any], count: int) -> None:
    if fields.get("start_date", "") is None and AT.date() != datetime.now(UTC).date():
        count = 0  # Midnight has passed since.

    assert len(search(api, **fields)) == count


@pytest.mark.parametrize("options", [{}, {"only_latest": True}, {"only_latest_by_sent": True}])
def test_of_a_mail_with_opens_of_several_classes_that_of_the_class_is_found(
    api: Api, mails: Cloud, options: dict[str, bool]
) -> None:
    mails.activity.append(first(mails), deliveries.fetched(THUNDERBIRD))

    for open_class in ("bot", "direct_open"):
        (opened,) = search(api, open_classes=[open_class], **options)

        assert opened["metadata"]["class"] == open_class


def test_of_opens_of_several_classes_the_latest_is_found_where_all_are_searched_for(
    api: Api, mails: Cloud
) -> None:
    mails.activity.append(first(mails), deliveries.fetched(THUNDERBIRD))

    (opened,) = search(api, open_classes=["bot", "direct_open"], only_latest=True)

    assert opened["metadata"]["class"] == "direct_open"


def test_a_repeated_fetch_is_not_found_by_its_class(api: Api, mails: Cloud) -> None:
    again = replace(CURL, event_id="cf-2", at=CURL.at + timedelta(seconds=1))
    mails.activity.append(first(mails), deliveries.fetched(again))

    assert found(api, open_classes=["bot"]) == ["opened"]


def test_pages_of_a_class_make_up_the_whole(api: Api, mails: Cloud) -> None:
    for number in range(4):
        at = THUNDERBIRD.at + timedelta(minutes=2 * number)
        for fetch in (THUNDERBIRD, CURL):
            again = replace(fetch, event_id=f"{fetch.user_agent}-{number}", at=at)
            mails.activity.append(first(mails), deliveries.fetched(again))
    fields = {"start_date": START, "end_date": END, "open_classes": ["direct_open"], "limit": 3}

    one = api("/activity/search", fields).data
    other = api("/activity/search", {**fields, "continue_token": one["continue_token"]}).data

    assert [event["metadata"]["class"] for event in one["events"]] == ["direct_open"] * 3
    assert [event["metadata"]["class"] for event in other["events"]] == ["direct_open"]
    assert other["continue_token"] is None


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("limit", [1, 2, 3, 9, 10])
def test_pages_make_up_the_whole_while_new_events_arrive(api: Api, cloud: Cloud, limit: int) -> None:
    whole = search(api)
    pages: list[dict[str, Any]] = []
    token = None
    for number in range(20):
        answer = api("/activity/search", {"start_date": START, "limit": limit, "continue_token": token})
        pages += answer.data["events"]
        token = answer.data["continue_token"]
        arrived = Event(f"new-{number}", EventType.DELAYED, AT + timedelta(minutes=1, seconds=number))
        cloud.activity.append(first(cloud), arrived)
        if token is None:
            break

    assert list(map(identity, pages)) == list(map(identity, whole))


@pytest.mark.usefixtures("mails")
def test_events_of_the_same_moment_are_on_one_page_or_the_next_and_never_on_both(
    api: Api, cloud: Cloud
) -> None:
    for number in range(7):
        cloud.activity.append(
            first(cloud), Event(f"same-{number}", EventType.DELAYED, AT + timedelta(minutes=1))
        )

    begun = api("/activity/search", {"start_date": START, "limit": 4, "search_email_id": FIRST}).data
    second = search(api, limit=6, search_email_id=FIRST, continue_token=begun["continue_token"])

    assert [event["event"] for event in begun["events"]] == ["delayed"] * 4
    assert [event["event"] for event in second] == ["delayed"] * 3 + ["opened", "delivered", "processed"]


def test_events_whose_mail_is_not_known_are_left_out(api: Api, cloud: Cloud) -> None:
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "alice", AT))
    unknown = Delivery(FIRST, 1, "bob@example.net", "alice", TrackingMode.FULL, AT)
    cloud.activity.append(unknown, Event("processed", EventType.PROCESSED, AT))

    assert search(api) == []
    assert search(api, search_email_id=FIRST) == []


def test_the_mail_of_a_credential_that_was_removed_is_still_found(api: Api, mails: Cloud) -> None:
    alice = mails.settings.credential(CredentialKind.SMTP_USER, "alice")
    assert alice
    mails.settings.remove(alice, NOW)

    assert len(search(api)) == 9


def test_of_a_recipient_with_very_many_mails_all_are_found(
    api: Api, mails: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MAX_DELIVERIES", 2)
    for number in range(2, 5):
        more = replace(first(mails), number=number)
        mails.activity.start(more)
    whole = search(api, search_recipient="bob@example.net")

    monkeypatch.setattr(finding, "MAX_DELIVERIES", 1000)

    assert whole == search(api, search_recipient="bob@example.net")
    assert len(whole) == 3


def test_the_latest_event_of_each_delivery_is_found(api: Api, mails: Cloud) -> None:
    assert found(api, only_latest=True) == ["rejected", "opened"]
    assert found(api, only_latest=True, event_types=["processed", "delivered"]) == ["processed", "delivered"]
    assert found(api, only_latest=True, end_date=(AT + timedelta(seconds=5)).isoformat()) == [
        "hard-bounced",
        "opened",
    ]
    late = replace(CURL, event_id="cf-9", at=AT + timedelta(minutes=2))
    mails.activity.append(first(mails), deliveries.fetched(late))
    assert found(api, only_latest=True) == ["opened", "rejected"]


def test_the_latest_event_is_found_in_the_order_of_sending(api: Api, mails: Cloud) -> None:
    late = replace(CURL, event_id="cf-9", at=AT + timedelta(minutes=2))
    mails.activity.append(first(mails), deliveries.fetched(late))

    assert found(api, only_latest_by_sent=True) == ["rejected", "opened"]
    assert found(api, only_latest_by_sent=True, only_latest=True, event_types=["opened"]) == ["opened"]
    sent = (AT + timedelta(seconds=1)).isoformat()
    assert found(api, only_latest_by_sent=True, start_date=sent) == ["rejected"]


@pytest.mark.parametrize("options", [{"only_latest": True}, {"only_latest_by_sent": True}])
def test_a_mail_that_was_refused_at_once_has_a_latest_event(
    api: Api, mails: Cloud, options: dict[str, bool]
) -> None:
    third = "06h0r9co15h30phg2650"
    mails.activity.put_message(replace(MESSAGE, email_id=third))
    refused = started(mails.activity, replace(first(mails), email_id=third, version=0))
    mails.activity.append(refused, Event("rejected", EventType.REJECTED, AT, {"reason": "Bad"}))

    (event,) = search(api, search_email_id=third, **options)

    assert (event["event"], event["error"]) == ("rejected", "Bad")


def test_a_mail_that_was_refused_and_then_sent_is_one(api: Api, mails: Cloud) -> None:
    refused = Event("rejected", EventType.REJECTED, AT - timedelta(seconds=1), {"reason": "Bad"})
    mails.activity.append(first(mails), refused)
    mails.activity.mark_sent(first(mails), AT, "ses-1")

    assert found(api, only_latest_by_sent=True, search_email_id=FIRST) == ["opened"]


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("options", [{"only_latest": True}, {"only_latest_by_sent": True}])
def test_pages_of_latest_events_make_up_the_whole_while_new_events_arrive(
    api: Api, cloud: Cloud, options: dict[str, bool]
) -> None:
    whole = search(api, **options)
    one = api("/activity/search", {"start_date": START, "limit": 1, **options}).data
    now = datetime.now(UTC) + timedelta(seconds=2)
    cloud.activity.append(first(cloud), Event("new", EventType.DELAYED, now))
    other = api(
        "/activity/search",
        {"start_date": START, "limit": 5, "continue_token": one["continue_token"], **options},
    ).data

    assert list(map(identity, one["events"] + other["events"])) == list(map(identity, whole))


def test_the_headers_of_a_mail_are_shown_as_long_as_it_is_kept(api: Api, mails: Cloud) -> None:
    mails.messages.put(FIRST, b"Subject: =?utf-8?q?=C3=9C?=\r\nX-Campaign: spring\r\n sale\r\n\r\nSecret\r\n")

    kept, gone = search(
        api, event_types=["processed"], include_headers=True, custom_headers=["x-campaign", "X-None"]
    )[::-1]

    assert kept["headers"] == "Subject: =?utf-8?q?=C3=9C?=\r\nX-Campaign: spring\r\n sale"
    assert kept["custom_headers"] == {"x-campaign": "spring sale"}
    assert (gone["headers"], gone["custom_headers"]) == (None, {})
    (only,) = search(api, event_types=["opened"], custom_headers=["Subject"])
    assert (only["headers"], only["custom_headers"]) == (None, {"Subject": "Ü"})


@pytest.mark.usefixtures("mails")
def test_a_search_that_has_examined_much_goes_on_with_the_next_page(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MAX_EXAMINED", 4)
    answers = [api("/activity/search", {"start_date": START, "search_subject": "order"}).data]
    while token := answers[-1]["continue_token"]:
        fields = {"start_date": START, "search_subject": "order", "continue_token": token}
        answers.append(api("/activity/search", fields).data)

    assert [len(answer["events"]) for answer in answers] == [0, 2, 1]
    assert [answer["total_events"] for answer in answers] == [1, 3, 3]


@pytest.mark.usefixtures("mails")
def test_a_page_that_would_be_too_large_goes_on_with_the_next(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = search(api)
    monkeypatch.setattr(activity, "MAX_BYTES", 2500)
    pages: list[list[dict[str, Any]]] = []
    token = None
    while not pages or token:
        answer = api("/activity/search", {"start_date": START, "continue_token": token})
        token = answer.data["continue_token"]
        pages.append(answer.data["events"])

    assert [event for page in pages for event in page] == whole
    assert 2 < len(pages) < len(whole)


def test_histories_are_read_together_however_many_there_are(
    api: Api, mails: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "AHEAD", 4)
    recipients = tuple(f"reader-{number}@example.net" for number in range(20))
    third = "06h0r9co15h30phg2650"
    mails.activity.put_message(replace(MESSAGE, email_id=third, recipients=recipients))
    for number, recipient in enumerate(recipients, start=1):
        delivery = replace(first(mails), email_id=third, number=number, recipient=recipient)
        mails.activity.start(delivery)
        mails.activity.append(delivery, Event("bounced", EventType.BOUNCED, AT, {"bounce": "soft"}))
    pools: list[int] = []
    learn = finding._Finding._learn_histories

    def counted(self: finding._Finding, deliveries: Iterable[tuple[str, int]]) -> None:
        keys = list(deliveries)
        pools.append(len(keys))
        learn(self, keys)

    monkeypatch.setattr(finding._Finding, "_learn_histories", counted)

    assert found(api, search_subject="order", event_types=["hard-bounced"]) == []
    assert pools == [4] * 5


@pytest.mark.usefixtures("mails")
def test_the_total_is_of_the_pages_so_far_and_one_more_if_there_is_more(api: Api) -> None:
    totals, token = [], None
    for _ in range(3):
        answer = api("/activity/search", {"start_date": START, "limit": 4, "continue_token": token})
        token = answer.data["continue_token"]
        totals.append(answer.data["total_events"])

    assert (totals, token) == ([5, 9, 9], None)


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("change", ["first", "last", "cut", "empty", "text", "É", "long"])
def test_a_token_that_no_answer_gave_is_refused(api: Api, change: str) -> None:
    token = api("/activity/search", {"start_date": START, "limit": 4}).data["continue_token"]
    forged = {
        "first": ("A" if token[0] != "A" else "B") + token[1:],
        "last": token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        "cut": token[:-4],
        "empty": "",
        "text": "x",
        "É": "É",
        "long": "A" * 1001,
    }[change]

    answer = api("/activity/search", {"start_date": START, "continue_token": forged})

    assert (answer.status, answer.field) == (400, "continue_token")


@pytest.mark.usefixtures("mails")
def test_a_token_continues_its_own_search_alone(api: Api) -> None:
    token = api("/activity/search", {"start_date": START, "limit": 4}).data["continue_token"]

    for fields in ({"search_subject": "order"}, {"start_date": START, "open_classes": ["bot"]}):
        answer = api("/activity/search", {"continue_token": token, **fields})

        assert (answer.status, answer.field) == (400, "continue_token")
        assert "another search" in answer.data["error"]


def test_a_search_begun_yesterday_goes_on_where_it_was(api: Api, mails: Cloud) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC), tick=False):
        before = datetime(2026, 11, 24, 1, tzinfo=UTC)
        for number in range(2):
            event = Event(f"early-{number}", EventType.QUOTED, before + timedelta(hours=number))
            mails.activity.append(first(mails), event)
        token = api("/activity/search", {"limit": 1, "event_types": ["quoted"]}).data["continue_token"]
    with time_machine.travel(datetime(2026, 11, 25, 0, 0, 2, tzinfo=UTC), tick=False):
        fields = {"limit": 1, "event_types": ["quoted"], "continue_token": token}
        (event,) = api("/activity/search", fields).data["events"]

    assert event["date"] == "2026-11-24T01:00:00.000Z"


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
        ({"start_date": "2026-02-30"}, "start_date"),
        ({"start_date": "31 Feb 26 10:00 GMT"}, "start_date"),
        ({"start_date": "0001-01-01T00:00:00+14:00"}, "start_date"),
        ({"end_date": "tomorrow"}, "end_date"),
        ({"end_date": ""}, "end_date"),
        ({"custom_headers": ["a b"]}, "custom_headers.0"),
        ({"only_latest": "maybe"}, "only_latest"),
        ({"end_date": 7}, "end_date"),
        ({"event_types": ["nope"]}, "event_types.0"),
        ({"event_types": "opened"}, "event_types"),
        ({"open_classes": ["opened"]}, "open_classes.0"),
        ({"search_usernames": "alice"}, "search_usernames"),
        ({"search": "a" * 201}, "search"),
    ],
    ids=str,
)
def test_a_wrong_field_is_refused_by_its_name(api: Api, fields: dict[str, Any], field: str) -> None:
    answer = api("/activity/search", fields)

    assert (answer.status, answer.field) == (400, field)
