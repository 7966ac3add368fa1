"""One delivery's timeline."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.api import activity
from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tests.tables import started
from tracking.mail import deliveries, email_ids
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.deliveries import Delivery, Event, EventType, Message, TrackingMode
from tracking.opens.fetches import Fetch

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=300)
EMAIL_ID = email_ids.new(AT, bytes(email_ids.RANDOM_BYTES))
MESSAGE = Message(
    EMAIL_ID,
    CredentialKind.SMTP_USER,
    "alice",
    "a@example.com",
    AT,
    1000,
    subject="Hello",
    recipients=("Bob@example.net", "carol@example.net", "dave@example.net"),
)
OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.4266)"


@pytest.fixture(autouse=True)
def mail(cloud: Cloud) -> None:
    """To three people. Bob's is prefetched, then read twice; Carol's has no pixel; Dave's has no event."""
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "alice", AT))
    stored = cloud.activity
    stored.put_message(MESSAGE)
    bob = started(
        stored, Delivery(EMAIL_ID, 1, "Bob@example.net", "alice", TrackingMode.FULL, AT, placement="bottom")
    )
    carol = started(
        stored,
        Delivery(
            EMAIL_ID, 2, "carol@example.net", "alice", TrackingMode.OFF, AT, untracked_reason="plain_text"
        ),
    )
    stored.start(Delivery(EMAIL_ID, 3, "dave@example.net", "alice", TrackingMode.FULL, AT))
    stored.mark_sent(bob, AT, "ses-1")
    stored.mark_delivered(bob, AT + timedelta(seconds=2))
    apple = Fetch("cf-1", AT + timedelta(hours=1), user_agent="Mozilla/5.0", address="172.224.2.2", asn=36183)
    outlook = [
        Fetch(
            f"cf-{n}", AT + timedelta(days=1, seconds=n), user_agent=OUTLOOK, address="198.51.100.7", asn=3320
        )
        for n in (2, 3, 300)
    ]
    for event in [
        Event("processed", EventType.PROCESSED, AT),
        Event("delivered", EventType.DELIVERED, AT + timedelta(seconds=2), {"smtp_response": "250"}),
        *map(deliveries.fetched, [*outlook[::-1], apple]),
        Event("quoted-1", EventType.QUOTED, AT + timedelta(days=2), {"by": "1"}),
    ]:
        stored.append(bob, event)
    stored.append(carol, Event("processed", EventType.PROCESSED, AT))


def timeline(api: Api, recipient: str = "bob@example.net") -> dict[str, Any]:
    answer = api("/activity/timeline", {"email_id": EMAIL_ID, "recipient": recipient})
    assert answer.status == 200, answer
    data: dict[str, Any] = answer.data
    return data


def shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_timeline_is_the_deliverys_events_from_the_oldest_on(api: Api) -> None:
    events = timeline(api)["events"]

    assert [event["event"] for event in events] == [
        "processed",
        "delivered",
        "opened",
        "opened",
        "opened",
        "quoted",
    ]
    assert [event["date"] for event in events] == sorted(event["date"] for event in events)
    assert [event["metadata"]["fetch_count"] for event in events if event["event"] == "opened"] == [1, 2, 1]


def test_an_event_looks_as_it_does_in_the_search(api: Api) -> None:
    start, end = AT - timedelta(hours=1), AT + timedelta(days=3)
    found = api(
        "/activity/search",
        {"start_date": start.isoformat(), "end_date": end.isoformat(), "search_recipient": "bob"},
    )

    assert timeline(api)["events"] == found.data["events"][::-1]


def test_its_head_says_what_the_delivery_comes_to(api: Api) -> None:
    head = timeline(api, "BOB@EXAMPLE.NET")

    del head["events"]
    assert head == {
        "email_id": EMAIL_ID,
        "recipient": "Bob@example.net",
        "subject": "Hello",
        "untracked_reason": None,
        "placement": "bottom",
        "sent_at": shown(AT),
        "delivered_at": shown(AT + timedelta(seconds=2)),
        "evidence": "human",
        "opens": {"privacy_prefetch": 1, "direct_open": 2},
        "first_open_at": shown(AT + timedelta(hours=1)),
        "last_open_at": shown(AT + timedelta(days=1, seconds=300)),
        "first_human_at": shown(AT + timedelta(days=1, seconds=2)),
        "first_prefetch_at": shown(AT + timedelta(hours=1)),
        "events_left_out": 0,
    }


def test_a_timeline_that_would_be_too_large_holds_the_newest_events(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = timeline(api)["events"]
    monkeypatch.setattr(activity, "MAX_BYTES", 2500)

    cut = timeline(api)

    assert 0 < len(cut["events"]) < len(whole)
    assert cut["events"] == whole[-len(cut["events"]) :]
    assert cut["events_left_out"] == len(whole) - len(cut["events"])


def test_a_delivery_without_a_pixel_says_why(api: Api) -> None:
    head = timeline(api, "carol@example.net")

    assert (head["untracked_reason"], head["placement"], head["evidence"]) == ("plain_text", None, "none")
    assert [event["event"] for event in head["events"]] == ["processed"]


def test_a_delivery_to_which_nothing_happened_yet_has_no_events(api: Api) -> None:
    head = timeline(api, "dave@example.net")

    assert (head["events"], head["opens"], head["sent_at"], head["first_open_at"]) == ([], {}, None, None)


@pytest.mark.parametrize(
    ("email_id", "recipient", "words"),
    [
        ("06h0r9co15h30phg264g", "bob@example.net", "There is no mail 06h0r9co15h30phg264g"),
        ("", "bob@example.net", "There is no mail"),
        (EMAIL_ID, "eve@example.net", "was not sent to eve@example.net"),
        (EMAIL_ID, "bob", "was not sent to bob"),
    ],
)
def test_what_is_not_there_is_not_found(api: Api, email_id: str, recipient: str, words: str) -> None:
    answer = api("/activity/timeline", {"email_id": email_id, "recipient": recipient})

    assert (answer.status, answer.error_code) == (404, "API_EXCEPTION")
    assert words in answer.data["error"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"recipient": "bob@example.net"}, "email_id"),
        ({"email_id": EMAIL_ID}, "recipient"),
        ({"email_id": 7, "recipient": "bob@example.net"}, "email_id"),
        ({"email_id": EMAIL_ID, "recipient": "x" * 999}, "recipient"),
    ],
    ids=str,
)
def test_a_wrong_field_is_refused_by_its_name(api: Api, fields: dict[str, Any], field: str) -> None:
    answer = api("/activity/timeline", fields)

    assert (answer.status, answer.field) == (400, field)
