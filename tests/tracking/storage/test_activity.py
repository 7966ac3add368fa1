import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.counts import by_day, by_domain
from tracking.errors import ActivityUnavailable, DeliveryClaimed, StaleVersion
from tracking.mail import deliveries, email_ids
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import (
    HOURS,
    HUMAN,
    OPENED,
    PREFETCH_ONLY,
    Delivery,
    Event,
    EventType,
    History,
    Message,
    Outcome,
    Summary,
    TrackingMode,
)
from tracking.opens.fetches import Fetch
from tracking.opens.rules import OpenClass
from tracking.storage.activity import Activity
from tracking.storage.activity_items import COUNT_SHARDS, COUNTS_KEPT_FOR, DOMAIN_SHARDS, KEPT_FOR
from tracking.storage.counters import update

if TYPE_CHECKING:
    from botocore.exceptions import _ClientErrorResponseTypeDef as ClientErrorResponseTypeDef
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

EMAIL_ID = "06h0r9co15h30phg2640"
AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
MESSAGE = Message(EMAIL_ID, CredentialKind.API_KEY, "api-1", "a@example.com", AT, 1000, subject="Hello")
DELIVERY = Delivery(EMAIL_ID, 1, "Bob@Example.net", "api-1", TrackingMode.FULL, AT)
DAY, ONE_DAY = AT.date(), timedelta(days=1)
BOT = Summary({DAY: {OpenClass.BOT: 1}}, AT, AT)
UNTIL, MOMENT = AT + timedelta(minutes=10), timedelta(seconds=1)
FETCHED = deliveries.fetched(Fetch("cf-1", AT, user_agent="curl/8"))


def event(event_id: str, at: datetime = AT) -> Event:
    return Event(event_id, EventType.PROCESSED, at)


def test_a_delivery_is_started_once(activity: Activity) -> None:
    assert activity.start(DELIVERY)

    assert not activity.start(replace(DELIVERY, mode=TrackingMode.OFF))

    assert activity.delivery(EMAIL_ID, 1) == DELIVERY


def test_a_new_delivery_is_claimed(activity: Activity) -> None:
    claimed = activity.claim(DELIVERY, AT, UNTIL)

    assert claimed == activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, claimed_until=UNTIL)


@pytest.mark.parametrize("at", [AT, UNTIL - MOMENT])
def test_a_claimed_delivery_is_nobody_elses_until_the_claim_ends(activity: Activity, at: datetime) -> None:
    activity.claim(DELIVERY, AT, UNTIL)

    with pytest.raises(DeliveryClaimed) as refused:
        activity.claim(DELIVERY, at, at + (UNTIL - AT) + MOMENT)

    assert refused.value.until == UNTIL


def test_whoever_claims_with_the_same_end_has_claimed_it_before(activity: Activity) -> None:
    """botocore makes a write again whose answer was lost."""
    claimed = activity.claim(DELIVERY, AT, UNTIL)

    assert activity.claim(DELIVERY, AT, UNTIL) == claimed


def test_a_claim_that_ended_passes_on_with_the_delivery_as_it_was_stored(activity: Activity) -> None:
    activity.claim(DELIVERY, AT, UNTIL)
    later = UNTIL + MOMENT

    passed_on = activity.claim(replace(DELIVERY, mode=TrackingMode.OFF), UNTIL, later)

    assert passed_on == replace(DELIVERY, claimed_until=later)
    assert activity.delivery(EMAIL_ID, 1) == passed_on


def test_a_claim_that_ended_passes_on_to_one_only(activity: Activity) -> None:
    seen = activity.claim(DELIVERY, AT, UNTIL)
    first, second = UNTIL + MOMENT, UNTIL + 2 * MOMENT

    assert activity._exchange_claim(seen, first)
    assert not activity._exchange_claim(seen, second)

    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, claimed_until=first)


def test_a_released_delivery_can_be_claimed_at_once(activity: Activity) -> None:
    activity.release(activity.claim(DELIVERY, AT, UNTIL))

    assert activity.delivery(EMAIL_ID, 1) == DELIVERY
    assert activity.claim(DELIVERY, AT, UNTIL).claimed_until == UNTIL


def test_a_claim_that_passed_on_is_not_released_by_its_former_holder(activity: Activity) -> None:
    former = activity.claim(DELIVERY, AT, UNTIL)
    present = activity.claim(DELIVERY, UNTIL, UNTIL + MOMENT)

    activity.release(former)

    assert activity.delivery(EMAIL_ID, 1) == present


@pytest.mark.parametrize(
    "answered",
    [
        replace(DELIVERY, sent_at=AT, ses_message_id="ses-1"),
        replace(DELIVERY, rejected_at=AT, rejection="Not verified"),
    ],
)
def test_what_ses_answered_ends_all_claims_and_stays(activity: Activity, answered: Delivery) -> None:
    claimed = activity.claim(DELIVERY, AT, UNTIL)
    if answered.sent_at:
        activity.mark_sent(claimed, AT, "ses-1")
    else:
        activity.mark_rejected(claimed, AT, "Not verified")

    assert activity.claim(DELIVERY, AT, UNTIL) == answered
    activity.mark_sent(claimed, UNTIL, "ses-2")
    activity.mark_rejected(claimed, UNTIL, "Another reason")
    activity.release(claimed)

    assert activity.delivery(EMAIL_ID, 1) == answered


def test_a_delivery_remembers_when_it_was_sent_and_delivered(activity: Activity) -> None:
    activity.start(DELIVERY)

    activity.mark_sent(DELIVERY, AT, "ses-1")
    activity.mark_delivered(DELIVERY, AT + timedelta(seconds=2))

    assert activity.delivery(EMAIL_ID, 1) == replace(
        DELIVERY, sent_at=AT, ses_message_id="ses-1", delivered_at=AT + timedelta(seconds=2)
    )


def test_an_unknown_delivery_is_not_made_by_what_happens_to_it(activity: Activity) -> None:
    activity.mark_delivered(DELIVERY, AT)

    assert activity.delivery(EMAIL_ID, 1) is None
    assert activity.history(EMAIL_ID, 1) is None


def test_events_of_an_unknown_delivery_are_no_history(activity: Activity) -> None:
    activity.append(DELIVERY, FETCHED)

    assert activity.history(EMAIL_ID, 1) is None


def test_the_same_event_twice_is_one(activity: Activity) -> None:
    activity.start(DELIVERY)

    assert activity.append(DELIVERY, FETCHED)
    assert not activity.append(DELIVERY, FETCHED)
    assert activity.history(EMAIL_ID, 1) == History(DELIVERY, (FETCHED,))


def test_a_history_is_its_own_deliverys_events_by_time(activity: Activity) -> None:
    activity.start(DELIVERY)
    activity.start(replace(DELIVERY, number=2))
    late, early = event("a", AT + timedelta(minutes=1)), event("b")
    for each in (late, early):
        activity.append(DELIVERY, each)
    activity.append(replace(DELIVERY, number=2), event("c"))

    history = activity.history(EMAIL_ID, 1)

    assert history
    assert history.events == (early, late)


def test_a_summary_is_written_and_counts_the_version_up(activity: Activity) -> None:
    activity.start(DELIVERY)

    activity.write_summary(MESSAGE, DELIVERY, BOT)

    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, summary=BOT, version=1)


def test_a_summary_counts_for_its_credential_on_its_days(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.start(DELIVERY)
    later = replace(BOT, opens={DAY: {OpenClass.BOT: 1}, DAY + ONE_DAY: {OpenClass.BOT: 2}})

    activity.write_summary(MESSAGE, DELIVERY, BOT)
    activity.write_summary(MESSAGE, replace(DELIVERY, summary=BOT, version=1), later)

    assert counts(dynamodb) == {DAY: {"bot": 1, "opened": 1}, DAY + ONE_DAY: {"bot": 2}}


def test_a_summary_of_a_version_that_changed_is_not_written_and_counts_nothing(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.start(DELIVERY)
    activity.write_summary(MESSAGE, DELIVERY, Summary())

    with pytest.raises(StaleVersion):
        activity.write_summary(MESSAGE, DELIVERY, BOT)

    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, version=1)
    assert counts(dynamodb) == {}


def test_a_summary_that_changes_no_counter_is_a_plain_update(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.start(DELIVERY)
    activity.write_summary(MESSAGE, DELIVERY, BOT)
    transactions: list[object] = []
    dynamodb.meta.events.register(
        "before-call.dynamodb.TransactWriteItems", lambda **call: transactions.append(call)
    )
    later = replace(BOT, last_open_at=AT + ONE_DAY)

    activity.write_summary(MESSAGE, replace(DELIVERY, summary=BOT, version=1), later)

    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, summary=later, version=2)
    assert transactions == []
    with pytest.raises(StaleVersion):
        activity.write_summary(MESSAGE, replace(DELIVERY, summary=BOT, version=1), later)


def many_days(first: date, days: int) -> Summary:
    """Two opens on each of so many days."""
    opens = {first + number * ONE_DAY: {OpenClass.DIRECT_OPEN: 2} for number in range(days)}
    start, end = (datetime.combine(day, time(12), UTC) for day in (min(opens), max(opens)))
    return Summary(opens, start, end, start, hours={day: {12: 2} for day in opens})


def test_a_summary_of_more_days_than_a_transaction_takes_is_written_and_counts_once(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.start(DELIVERY)
    old, new = many_days(DAY, 150), many_days(DAY + 75 * ONE_DAY, 150)

    activity.write_summary(MESSAGE, DELIVERY, old)
    activity.write_summary(MESSAGE, replace(DELIVERY, summary=old, version=3), new)

    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, summary=new, version=6)
    first = DAY + 75 * ONE_DAY
    expected = {first + number * ONE_DAY: {"direct_open": 2, "hour_12": 2} for number in range(150)}
    expected[first] |= {"opened": 1, "human": 1}
    assert counts(dynamodb, days=300) == expected
    assert by_domain(dynamodb, DAY, DAY + 300 * ONE_DAY) == {"example.net": {"opened": 1, "human": 1}}


def test_a_transaction_never_has_more_actions_than_dynamodb_takes(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    """All times and outcomes move from days of their own to others, while the opens do of 70 days more."""
    activity.start(DELIVERY)
    sizes: list[int] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems",
        lambda params, **_: sizes.append(len(params["TransactItems"])),
    )
    old, new = apart(DAY, {}), apart(DAY + 100 * ONE_DAY, many_days(DAY + 200 * ONE_DAY, 70).opens)
    activity.write_summary(MESSAGE, DELIVERY, old)

    activity.write_summary(MESSAGE, replace(DELIVERY, summary=old, version=1), new)

    # The summary, the sender's days, the domain's; nothing is "prefetch only" where a person was.
    assert sizes == [1 + 8 + 4, 1 + 70 + 2 * 8 + 2 * 4]
    assert activity.delivery(EMAIL_ID, 1) == replace(DELIVERY, summary=new, version=2)


def apart(first: date, opens: Mapping[date, Mapping[OpenClass, int]]) -> Summary:
    """A summary each of whose times is of another day."""
    at = [datetime.combine(first + number * ONE_DAY, time(), UTC) for number in range(10)]
    return Summary(opens, at[0], at[1], at[2], at[3], outcomes=dict(zip(Outcome, at[4:], strict=True)))


def test_a_summary_that_another_writer_changed_between_two_transactions_counts_once(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.start(DELIVERY)
    summary = many_days(DAY, 150)
    written: list[int] = []

    def write_first(**_: object) -> None:
        written.append(1)
        if len(written) == 2:
            other = activity.delivery(EMAIL_ID, 1)
            assert other
            activity.write_summary(MESSAGE, other, Summary())

    dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", write_first)

    with pytest.raises(StaleVersion):
        activity.write_summary(MESSAGE, DELIVERY, summary)
    assert counts(dynamodb, days=300) == {}
    left = activity.delivery(EMAIL_ID, 1)
    assert left
    activity.write_summary(MESSAGE, left, summary)

    assert counts(dynamodb, days=300)[DAY] == {"direct_open": 2, "hour_12": 2, "opened": 1, "human": 1}
    assert sum(counts(dynamodb, days=300).values(), Counter()).total() == 602
    assert by_domain(dynamodb, DAY, DAY + 300 * ONE_DAY) == {"example.net": {"opened": 1, "human": 1}}


@pytest.mark.parametrize(
    ("operation", "error", "raised"),
    [
        (
            "TransactWriteItems",
            {
                "Error": {"Code": "TransactionCanceledException", "Message": "..."},
                "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
            },
            StaleVersion,
        ),
        (
            "TransactWriteItems",
            {
                "Error": {"Code": "TransactionCanceledException", "Message": "..."},
                "CancellationReasons": [{"Code": "None"}, {"Code": "ThrottlingError"}],
            },
            ActivityUnavailable,
        ),
        (
            "UpdateItem",
            {"Error": {"Code": "TransactionConflictException", "Message": "..."}},
            StaleVersion,
        ),
    ],
)
def test_who_is_in_the_way_in_the_same_moment_is_another_writer(
    activity: Activity,
    dynamodb: "DynamoDBClient",
    operation: str,
    error: "ClientErrorResponseTypeDef",
    raised: type[Exception],
) -> None:
    """Source: DynamoDB API reference, TransactWriteItems and UpdateItem, "Errors"."""
    activity.start(DELIVERY)

    def refuse(**_: object) -> None:
        raise ClientError(error, operation)

    dynamodb.meta.events.register(f"before-call.dynamodb.{operation}", refuse)

    with pytest.raises(raised):
        activity.write_summary(
            MESSAGE, DELIVERY, BOT if operation == "TransactWriteItems" else Summary(last_open_at=AT)
        )


def test_what_was_taken_back_is_not_counted(activity: Activity, dynamodb: "DynamoDBClient") -> None:
    activity.start(DELIVERY)
    activity.write_summary(MESSAGE, DELIVERY, BOT)

    activity.write_summary(MESSAGE, replace(DELIVERY, summary=BOT, version=1), Summary())

    assert counts(dynamodb) == {}
    assert by_domain(dynamodb, DAY, DAY) == {}


def test_a_summary_that_no_domain_was_counted_for_is_counted_whole_once_something_happens(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    """As an earlier version left it: with its sender's counters, and without hours and domains."""
    activity.start(DELIVERY)
    prefetched = Summary(
        {DAY: {OpenClass.PRIVACY_PREFETCH: 1}},
        AT,
        AT,
        None,
        AT,
        outcomes={Outcome.PROCESSED: AT, Outcome.DELIVERED: AT},
    )
    earlier = replace(prefetched, is_counted_by_domain=False)
    activity.write_summary(MESSAGE, DELIVERY, earlier)
    assert by_domain(dynamodb, DAY, DAY) == {}
    read = replace(
        prefetched,
        opens={DAY: {OpenClass.PRIVACY_PREFETCH: 1, OpenClass.DIRECT_OPEN: 1}},
        first_human_at=AT,
        hours={DAY: {12: 1}},
    )

    activity.write_summary(MESSAGE, replace(DELIVERY, summary=earlier, version=1), read)

    once = {"processed": 1, "delivered": 1, "opened": 1, "human": 1}
    assert by_domain(dynamodb, DAY, DAY) == {"example.net": once}
    assert counts(dynamodb)[DAY] == once | {
        "privacy_prefetch": 1,
        "direct_open": 1,
        "hour_12": 1,
        "bytes": MESSAGE.size,
    }


def test_the_counters_of_a_day_outlive_its_mail_and_hold_nothing_else(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.start(DELIVERY)
    activity.write_summary(MESSAGE, DELIVERY, BOT)

    items = dynamodb.scan(TableName="Activity")["Items"]

    of_sender, of_domain = sorted(
        (item for item in items if not item["pk"]["S"].startswith("EMAIL#")), key=lambda item: item["pk"]["S"]
    )
    checksum = zlib.crc32(EMAIL_ID.encode())
    expires_at = {"N": str(int((datetime(2026, 11, 24, tzinfo=UTC) + COUNTS_KEPT_FOR).timestamp()))}
    assert of_sender == {
        "pk": {"S": f"COUNTS#2026-11#{checksum % COUNT_SHARDS}"},
        "sk": {"S": "2026-11-24#api_key#api-1 a@example.com"},
        "bot": {"N": "1"},
        "opened": {"N": "1"},
        "expires_at": expires_at,
    }
    assert of_domain == {
        "pk": {"S": f"DOMAINS#2026-11#{checksum % DOMAIN_SHARDS}"},
        "sk": {"S": "2026-11-24#example.net"},
        "opened": {"N": "1"},
        "expires_at": expires_at,
    }


def test_an_open_costs_a_delivery_and_a_counter_of_less_than_a_kilobyte(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    """Source: DynamoDB developer guide, "DynamoDB item sizes and formats"."""
    activity.start(
        replace(DELIVERY, recipient="somebody.with.a.long.name@mail.example.com", placement="bottom")
    )
    activity.mark_sent(DELIVERY, AT, "010f019ab0c0e5a1-0a1b2c3d-1a2b-3c4d-5e6f-0a1b2c3d4e5f-000000")
    activity.mark_delivered(DELIVERY, AT)
    summary = Summary(
        {
            DAY: {OpenClass.PRIVACY_PREFETCH: 1, OpenClass.SECURITY_SCAN: 2, OpenClass.DIRECT_OPEN: 10},
            DAY + ONE_DAY: {OpenClass.DIRECT_OPEN: 3},
            DAY + 2 * ONE_DAY: {OpenClass.PROXIED_OPEN: 3},
        },
        AT,
        AT,
        AT,
        AT,
        outcomes={Outcome.PROCESSED: AT, Outcome.DELIVERED: AT},
        hours={DAY: {8: 1, 9: 8, 23: 1}, DAY + ONE_DAY: {7: 3}, DAY + 2 * ONE_DAY: {10: 3}},
    )

    activity.write_summary(MESSAGE, DELIVERY, summary)

    assert all(size(item) < 1024 for item in dynamodb.scan(TableName="Activity")["Items"])


def test_a_busy_senders_day_is_less_than_a_kilobyte(activity: Activity, dynamodb: "DynamoDBClient") -> None:
    """All counters, of some hundreds of thousands each."""
    message = replace(
        MESSAGE, size=30_000, sender="newsletter@mail.shop.example.com", source_ip="192.0.2.200"
    )
    names = [*OpenClass, *Outcome, OPENED, HUMAN, PREFETCH_ONLY, *HOURS]

    dynamodb.update_item(**update("Activity", message, DAY, dict.fromkeys(names, 700_000)))

    assert activity
    (item,) = dynamodb.scan(TableName="Activity")["Items"]
    assert item.keys() > set(names)
    assert size(item) < 1024


@pytest.mark.parametrize(
    ("first", "second", "updates"),
    [
        (Summary(), BOT, 3),
        (BOT, replace(BOT, opens={DAY: {OpenClass.BOT: 2}}), 2),
        (BOT, replace(BOT, opens={DAY: {OpenClass.BOT: 1, OpenClass.DIRECT_OPEN: 1}}, first_human_at=AT), 3),
    ],
    ids=["the first open", "one more", "a person"],
)
def test_a_domain_is_written_only_if_its_counters_change(
    activity: Activity, dynamodb: "DynamoDBClient", first: Summary, second: Summary, updates: int
) -> None:
    activity.start(DELIVERY)
    activity.write_summary(MESSAGE, DELIVERY, first)
    sizes: list[int] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems",
        lambda params, **_: sizes.append(len(params["TransactItems"])),
    )

    activity.write_summary(MESSAGE, replace(DELIVERY, summary=first, version=1), second)

    assert sizes == [updates]


def counts(dynamodb: "DynamoDBClient", days: int = 7) -> dict[date, Counter[str]]:
    return by_day(dynamodb, DAY - ONE_DAY, DAY + days * ONE_DAY, MESSAGE.credential_id)


def size(item: "Mapping[str, AttributeValueTypeDef]") -> int:
    """Bytes of an item. Source: DynamoDB developer guide, "DynamoDB item sizes and formats"."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: "AttributeValueTypeDef") -> int:
    ((kind, held),) = value.items()
    match kind, held:
        case "S", str():
            return len(held.encode())
        case "N", str():
            return len(held) // 2 + 2
        case "BOOL", bool():
            return 1
        case "M", dict():
            return 3 + len(held) + size(held)
    raise TypeError(f"nothing else is stored: {kind}")


def test_a_history_is_read_to_the_last_page(activity: Activity) -> None:
    """A page is a megabyte."""
    activity.start(DELIVERY)
    for number in range(4):
        activity.append(DELIVERY, replace(event(f"event-{number}"), details={"reason": "x" * 350_000}))

    history = activity.history(EMAIL_ID, 1)

    assert history
    assert [event.event_id for event in history.events] == [f"event-{number}" for number in range(4)]


def test_messages_are_found_by_their_ids(activity: Activity) -> None:
    many = [replace(MESSAGE, email_id=f"{number:020d}") for number in range(150)]
    for message in many:
        activity.put_message(message)

    found = activity.messages([*(message.email_id for message in many), "unknown", many[0].email_id])

    assert found == {message.email_id: message for message in many}
    assert activity.messages([]) == {}


def test_a_message_is_stored_once(activity: Activity) -> None:
    activity.put_message(MESSAGE)
    activity.put_message(replace(MESSAGE, subject="Another"))

    assert activity.messages([EMAIL_ID]) == {EMAIL_ID: MESSAGE}


def test_what_dynamodb_did_not_get_to_is_asked_for_again(
    activity: Activity, dynamodb: "DynamoDBClient"
) -> None:
    activity.put_message(MESSAGE)
    asked = []

    def leave_out_once(parsed: dict[str, object], **_: object) -> None:
        asked.append(parsed)
        if len(asked) == 1:
            key = {"pk": {"S": f"EMAIL#{EMAIL_ID}"}, "sk": {"S": "ENVELOPE"}}
            parsed.update(Responses={}, UnprocessedKeys={"Activity": {"Keys": [key]}})

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out_once)

    assert activity.messages([EMAIL_ID]) == {EMAIL_ID: MESSAGE}
    assert len(asked) == 2


def test_what_dynamodb_never_gets_to_is_no_message_that_is_not_there(
    activity: Activity, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tracking.storage.aws.time.sleep", pauses.append)

    def leave_out(parsed: dict[str, object], **_: object) -> None:
        key = {"pk": {"S": f"EMAIL#{EMAIL_ID}"}, "sk": {"S": "ENVELOPE"}}
        parsed.update(Responses={}, UnprocessedKeys={"Activity": {"Keys": [key]}})

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out)

    with pytest.raises(ActivityUnavailable):
        activity.messages([EMAIL_ID])

    assert pauses == sorted(pauses)
    assert len(pauses) == 6


def test_all_of_a_mail_expires(activity: Activity, dynamodb: "DynamoDBClient") -> None:
    email_id = email_ids.new(AT, bytes(email_ids.RANDOM_BYTES))
    activity.put_message(replace(MESSAGE, email_id=email_id))
    activity.start(replace(DELIVERY, email_id=email_id))
    activity.append(replace(DELIVERY, email_id=email_id), FETCHED)

    items = dynamodb.scan(TableName="Activity")["Items"]

    assert len(items) == 3
    assert {item["expires_at"]["N"] for item in items} == {str(int((AT + KEPT_FOR).timestamp()))}


@pytest.mark.parametrize(
    "call",
    [
        lambda activity: activity.put_message(MESSAGE),
        lambda activity: activity.start(DELIVERY),
        lambda activity: activity.claim(DELIVERY, AT, UNTIL),
        lambda activity: activity.release(replace(DELIVERY, claimed_until=AT)),
        lambda activity: activity.mark_sent(DELIVERY, AT, "ses-1"),
        lambda activity: activity.mark_rejected(DELIVERY, AT, "Not verified"),
        lambda activity: activity.mark_delivered(DELIVERY, AT),
        lambda activity: activity.append(DELIVERY, FETCHED),
        lambda activity: activity.write_summary(MESSAGE, DELIVERY, Summary()),
        lambda activity: activity.write_summary(MESSAGE, DELIVERY, BOT),
        lambda activity: activity.delivery(EMAIL_ID, 1),
        lambda activity: activity.history(EMAIL_ID, 1),
        lambda activity: activity.messages([EMAIL_ID]),
    ],
)
def test_a_table_that_cannot_be_reached_is_one_error(
    dynamodb: "DynamoDBClient", call: Callable[[Activity], object]
) -> None:
    with pytest.raises(ActivityUnavailable):
        call(Activity(dynamodb, "Missing"))
