import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.api import adapters, notifications
from functions.api.handler import handle
from tests.functions.api.concurrency import each_time_before, failing, once_before
from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tracking.mail.endpoints import Endpoint, OutputFormat, WebhookEvent
from tracking.mail.notifications import Attempt, Notification, Progress, Status, decode
from tracking.storage import notifications as storage

ENDPOINT, OTHER = 1, 2
NOW = datetime.now(UTC)
LAMBDAS_LIMIT = 6 * 1024 * 1024


@pytest.fixture(autouse=True)
def _endpoints(cloud: Cloud) -> None:
    for number in (ENDPOINT, OTHER):
        cloud.settings.put_endpoint(Endpoint(number, "https://hooks.example.com/x", NOW))


def message_id(number: int) -> str:
    return f"msg_{number:032x}"


def notification(number: int, endpoint_id: int = ENDPOINT, body: str = "{}") -> Notification:
    return Notification(
        id=message_id(number),
        endpoint_id=endpoint_id,
        event=WebhookEvent.OPEN,
        email_id="06h0r9co15h30phg2640",
        recipient="olga@example.org",
        event_at=NOW - timedelta(hours=1) + timedelta(seconds=number),
        body=body,
        content_type="application/json",
    )


def listed(
    cloud: Cloud, number: int, status: Status = Status.FAILED, endpoint_id: int = ENDPOINT, body: str = "{}"
) -> Progress:
    """A notification that has failed."""
    progress = Progress(
        notification(number, endpoint_id, body),
        status,
        attempts=11,
        last_at=NOW,
        last_result="answered 500",
        next_at=NOW + timedelta(hours=1) if status is Status.RETRYING else None,
    )
    cloud.notifications.save(progress, NOW)
    return progress


def state(cloud: Cloud, *numbers: int) -> list[tuple[Status, int]]:
    """Where notifications are, and in which run."""
    found = [cloud.notifications.progress(notification(number)) for number in numbers]
    return [(each.status, each.notification.run) for each in found if each]


def queued(cloud: Cloud) -> list[Notification]:
    """What is in the queue; it is gone from it afterwards."""
    return sorted(map(decode, cloud.queued()), key=lambda each: each.id)


def pages(api: Api, limit: int) -> list[list[str]]:
    """The ids of all pages of failures."""
    found: list[list[str]] = []
    token = None
    while not found or token:
        page = api("/webhook/failures", {"id": ENDPOINT, "limit": limit, "continue_token": token}).data
        found.append([each["notification_id"] for each in page["notifications"]])
        token = page["continue_token"]
    return found


def written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_what_an_endpoint_did_not_take_is_listed_the_newest_first(api: Api, cloud: Cloud) -> None:
    listed(cloud, 1, Status.FAILED, body='{"event": "open"}')
    listed(cloud, 2, Status.RETRYING)
    listed(cloud, 3, endpoint_id=OTHER)

    page = api("/webhook/failures", {"id": ENDPOINT}).data

    assert page["continue_token"] is None
    retrying, failed = page["notifications"]
    assert failed == {
        "notification_id": message_id(1),
        "status": "failed",
        "event": "open",
        "email_id": "06h0r9co15h30phg2640",
        "rcpt": "olga@example.org",
        "event_at": written(notification(1).event_at),
        "attempts": 11,
        "last_attempt_at": written(NOW),
        "last_result": "answered 500",
        "next_attempt_at": None,
        "content_type": "application/json",
        "body": '{"event": "open"}',
    }
    assert (retrying["notification_id"], retrying["status"]) == (message_id(2), "retrying")
    assert retrying["next_attempt_at"] == written(NOW + timedelta(hours=1))


def test_an_endpoint_that_took_everything_has_no_failures(api: Api) -> None:
    assert api("/webhook/failures", {"id": ENDPOINT}).data == {"continue_token": None, "notifications": []}


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_the_pages_of_failures_hold_each_once(api: Api, cloud: Cloud, limit: int) -> None:
    for number in range(5):
        listed(cloud, number)

    found = pages(api, limit)

    assert list(chain(*found)) == [message_id(number) for number in reversed(range(5))]
    assert all(len(page) == limit for page in found[:-1])


@pytest.mark.parametrize("character", ["x", '\\"', "\\\\", "ü", "\\u0001"])
def test_a_page_of_large_bodies_ends_before_lambda_would_refuse_it(
    api: Api, cloud: Cloud, context: LambdaContext, character: str
) -> None:
    body = character * (200_000 // len(character.encode()))
    for number in range(8):
        listed(cloud, number, body=body)

    answer = handle(
        {
            "rawPath": "/v3/webhook/failures",
            "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
            "headers": {"x-smtp2go-api-key": api.key},
            "body": json.dumps({"id": ENDPOINT, "limit": 1000}),
        },
        context,
    )

    assert answer["statusCode"] == 200
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < LAMBDAS_LIMIT
    assert list(chain(*pages(api, 1000))) == [message_id(number) for number in reversed(range(8))]


@pytest.mark.parametrize("change", [lambda _: "x", lambda token: token[:-1], lambda token: token + "A"])
def test_a_token_that_was_not_given_is_refused(api: Api, cloud: Cloud, change: Any) -> None:  # noqa: ANN401
    for number in range(2):
        listed(cloud, number)
    token = api("/webhook/failures", {"id": ENDPOINT, "limit": 1}).data["continue_token"]

    assert (
        api("/webhook/failures", {"id": ENDPOINT, "continue_token": change(token)}).field == "continue_token"
    )


def test_a_token_is_for_one_endpoint_and_for_its_failures(api: Api, cloud: Cloud) -> None:
    for number in range(2):
        listed(cloud, number)
    token = api("/webhook/failures", {"id": ENDPOINT, "limit": 1}).data["continue_token"]

    assert api("/webhook/failures", {"id": ENDPOINT, "continue_token": token}).status == 200
    assert api("/webhook/failures", {"id": OTHER, "continue_token": token}).field == "continue_token"
    assert api("/activity/search", {"continue_token": token}).field == "continue_token"


def test_all_that_has_failed_is_sent_anew(api: Api, cloud: Cloud) -> None:
    for number in (1, 2):
        listed(cloud, number, Status.FAILED)
    listed(cloud, 3, Status.RETRYING)
    listed(cloud, 4, endpoint_id=OTHER)

    answer = api("/webhook/retry", {"id": ENDPOINT}).data

    assert answer == {"retried": 2, "more": False}
    assert queued(cloud) == [replace(notification(number), is_tried=True, run=1) for number in (1, 2)]
    assert state(cloud, 1, 2, 3) == [(Status.RETRYING, 1), (Status.RETRYING, 1), (Status.RETRYING, 0)]


def disable(cloud: Cloud) -> None:
    endpoint = cloud.settings.endpoint(ENDPOINT)
    assert endpoint is not None
    cloud.healths.disable(endpoint, NOW)


@pytest.mark.parametrize("body", [{}, {"notification_ids": [message_id(1)]}], ids=str)
def test_nothing_is_sent_anew_to_an_endpoint_that_is_disabled(
    api: Api, cloud: Cloud, body: dict[str, Any]
) -> None:
    listed(cloud, 1)
    disable(cloud)

    answer = api("/webhook/retry", {"id": ENDPOINT, **body})

    assert (answer.status, answer.field) == (400, "id")
    assert "webhook/enable" in answer.data["error"]
    assert queued(cloud) == []
    assert state(cloud, 1) == [(Status.FAILED, 0)]
    api("/webhook/enable", {"id": ENDPOINT})
    assert api("/webhook/retry", {"id": ENDPOINT}).data["retried"] == 1


def test_what_failed_at_an_endpoint_that_is_disabled_can_be_cancelled(api: Api, cloud: Cloud) -> None:
    listed(cloud, 1)
    disable(cloud)

    assert api("/webhook/cancel", {"id": ENDPOINT}).data["cancelled"] == 1


def test_what_is_sent_anew_begins_its_schedule_again(api: Api, cloud: Cloud) -> None:
    listed(cloud, 1)

    api("/webhook/retry", {"id": ENDPOINT})

    (shown,) = api("/webhook/failures", {"id": ENDPOINT}).data["notifications"]
    assert (shown["status"], shown["attempts"]) == ("retrying", 0)
    assert shown["next_attempt_at"]


def test_only_those_that_are_named_are_sent_anew_also_if_they_are_tried_again_anyway(
    api: Api, cloud: Cloud
) -> None:
    for number, status in ((1, Status.FAILED), (2, Status.RETRYING), (3, Status.FAILED)):
        listed(cloud, number, status)
    named = [message_id(2), message_id(1), message_id(2)]

    answer = api("/webhook/retry", {"id": ENDPOINT, "notification_ids": named}).data

    assert answer == {"retried": 2, "more": False}
    assert [each.id for each in queued(cloud)] == [message_id(1), message_id(2)]
    assert state(cloud, 1, 2, 3) == [(Status.RETRYING, 1), (Status.RETRYING, 1), (Status.FAILED, 0)]


@pytest.mark.parametrize("call", ["/webhook/retry", "/webhook/cancel"])
def test_where_one_that_is_named_is_not_there_nothing_is_done(api: Api, cloud: Cloud, call: str) -> None:
    listed(cloud, 1)
    listed(cloud, 2, endpoint_id=OTHER)
    over = listed(cloud, 3)
    cloud.notifications.cancel(over)
    missing = [message_id(2), message_id(3), message_id(4)]

    answer = api(call, {"id": ENDPOINT, "notification_ids": [message_id(1), *missing]})

    assert answer.field == "notification_ids"
    assert all(each in answer.data["error"] for each in missing)
    assert message_id(1) not in answer.data["error"]
    assert queued(cloud) == []
    assert state(cloud, 1) == [(Status.FAILED, 0)]


@pytest.mark.parametrize("call", ["/webhook/retry", "/webhook/cancel"])
def test_one_that_is_named_is_found_without_a_search(api: Api, cloud: Cloud, call: str) -> None:
    for number in range(3):
        listed(cloud, number)
    searches: list[str] = []
    for operation in ("Query", "Scan"):
        each_time_before(operation, lambda: searches.append("searched"), adapters.notifications()._dynamodb)

    wrong = api(call, {"id": ENDPOINT, "notification_ids": [message_id(7)]})
    right = api(call, {"id": ENDPOINT, "notification_ids": [message_id(1)]})

    assert (wrong.field, right.status) == ("notification_ids", 200)
    assert searches == []


@pytest.mark.parametrize(
    ("call", "status"), [("retry", None), ("cancel", None), ("cancel", "failed"), ("cancel", "retrying")]
)
def test_many_are_done_in_several_calls_that_each_find_the_next_ones(
    api: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, call: str, status: str | None
) -> None:
    monkeypatch.setattr(notifications, "MAX_AT_ONCE", 3)
    for number in range(10):
        listed(cloud, number, Status(status or "failed"))
    done = {"retry": "retried", "cancel": "cancelled"}[call]

    answers = [api(f"/webhook/{call}", {"id": ENDPOINT, "status": status}).data for _ in range(5)]

    assert [each[done] for each in answers] == [3, 3, 3, 1, 0]
    assert [each["more"] for each in answers] == [True, True, True, False, False]
    expected = (Status.RETRYING, 1) if call == "retry" else (Status.CANCELLED, 0)
    assert state(cloud, *range(10)) == [expected] * 10
    assert [each.id for each in queued(cloud)] == (
        [message_id(number) for number in range(10)] if call == "retry" else []
    )


@pytest.mark.parametrize("call", ["retry", "cancel"])
def test_what_there_is_no_time_for_is_for_the_next_call(
    api: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(notifications, "PATIENCE", timedelta(seconds=0.2))
    monkeypatch.setattr(storage, "PAGE_BYTES", 1)
    for number in range(2):
        listed(cloud, number)
    each_time_before("UpdateItem", lambda: time.sleep(0.3), adapters.notifications()._dynamodb)
    done = {"retry": "retried", "cancel": "cancelled"}[call]

    answers = [api(f"/webhook/{call}", {"id": ENDPOINT}).data for _ in range(2)]

    assert answers == [{done: 1, "more": True}, {done: 1, "more": False}]


def test_the_body_that_is_sent_anew_is_the_very_same(api: Api, cloud: Cloud) -> None:
    body = "event=open&subject=%C3%A9 \u2028 ü"
    listed(cloud, 1, body=body)

    api("/webhook/retry", {"id": ENDPOINT})

    assert [each.body for each in queued(cloud)] == [body]


def test_what_the_queue_does_not_take_stays_failed(api: Api, cloud: Cloud) -> None:
    listed(cloud, 1)
    failing("SendMessageBatch", adapters.webhook_queue()._sqs)

    assert api("/webhook/retry", {"id": ENDPOINT}).status == 503

    assert state(cloud, 1) == [(Status.FAILED, 0)]


def test_what_is_queued_and_not_noted_can_be_retried_once_more(api: Api, cloud: Cloud) -> None:
    listed(cloud, 1)
    failing("UpdateItem", adapters.notifications()._dynamodb)

    assert api("/webhook/retry", {"id": ENDPOINT}).status == 503

    assert [each.run for each in queued(cloud)] == [1]
    assert state(cloud, 1) == [(Status.FAILED, 0)]


def test_what_is_delivered_before_its_retry_is_noted_stays_delivered(api: Api, cloud: Cloud) -> None:
    listed(cloud, 1)
    again = replace(notification(1), run=1)
    once_before(
        "UpdateItem", lambda: cloud.notifications.delivered(again), adapters.notifications()._dynamodb
    )

    api("/webhook/retry", {"id": ENDPOINT})

    assert state(cloud, 1) == [(Status.DELIVERED, 1)]


@pytest.mark.parametrize(
    ("body", "cancelled"),
    [({}, [1, 2]), ({"status": "failed"}, [1, 2]), ({"status": "retrying"}, [3])],
    ids=str,
)
def test_all_of_a_status_are_cancelled_those_that_failed_unless_it_is_said(
    api: Api, cloud: Cloud, body: dict[str, str], cancelled: list[int]
) -> None:
    for number, status in ((1, Status.FAILED), (2, Status.FAILED), (3, Status.RETRYING)):
        listed(cloud, number, status)
    listed(cloud, 4, endpoint_id=OTHER)

    answer = api("/webhook/cancel", {"id": ENDPOINT, **body}).data

    assert answer == {"cancelled": len(cancelled), "more": False}
    assert pages(api, 10) == [[message_id(number) for number in (3, 2, 1) if number not in cancelled]]
    assert len(api("/webhook/failures", {"id": OTHER}).data["notifications"]) == 1


def test_only_those_that_are_named_are_cancelled(api: Api, cloud: Cloud) -> None:
    for number in (1, 2):
        listed(cloud, number)

    answer = api("/webhook/cancel", {"id": ENDPOINT, "notification_ids": [message_id(1)]}).data

    assert answer == {"cancelled": 1, "more": False}
    assert state(cloud, 1, 2) == [(Status.CANCELLED, 0), (Status.FAILED, 0)]


def test_what_is_delivered_while_it_is_cancelled_is_not_counted(api: Api, cloud: Cloud) -> None:
    listed(cloud, 1, Status.RETRYING)
    once_before(
        "UpdateItem",
        lambda: cloud.notifications.delivered(notification(1)),
        adapters.notifications()._dynamodb,
    )

    assert api("/webhook/cancel", {"id": ENDPOINT, "status": "retrying"}).data["cancelled"] == 0

    assert state(cloud, 1) == [(Status.DELIVERED, 0)]


@pytest.mark.parametrize("event", [None, "processed", "delivered", "open", "bounce", "spam", "reject"])
def test_a_test_is_queued_whatever_the_endpoint_asked_for(api: Api, cloud: Cloud, event: str | None) -> None:
    answer = api("/webhook/test", {"id": ENDPOINT, "event": event}).data

    (sample,) = queued(cloud)
    assert re.fullmatch("msg_[0-9a-f]{32}", sample.id)
    assert answer == {"notification_id": sample.id}
    assert (sample.endpoint_id, sample.event, sample.is_test) == (ENDPOINT, event or "open", True)
    assert (sample.body, sample.content_type, sample.email_id, sample.recipient) == ("", "", "", "")


def test_each_test_has_an_id_of_its_own(api: Api) -> None:
    ids = {api("/webhook/test", {"id": ENDPOINT}).data["notification_id"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize(
    ("output_format", "event"),
    [
        *((output_format, event) for output_format in OutputFormat for event in ("click", "unsubscribe")),
        (OutputFormat.JSON, "resubscribe"),
        (OutputFormat.POSTMARK, "processed"),
        (OutputFormat.POSTMARK, "reject"),
    ],
)
def test_a_test_of_what_is_never_sent_is_refused(
    api: Api, cloud: Cloud, output_format: OutputFormat, event: str
) -> None:
    endpoint = cloud.settings.endpoint(ENDPOINT)
    assert endpoint
    cloud.settings.put_endpoint(replace(endpoint, output_format=output_format))

    assert api("/webhook/test", {"id": ENDPOINT, "event": event}).field == "event"

    assert queued(cloud) == []


def test_a_test_that_cannot_be_queued_is_not_promised(api: Api) -> None:
    failing("SendMessageBatch", adapters.webhook_queue()._sqs)

    assert api("/webhook/test", {"id": ENDPOINT}).status == 503


def tried(cloud: Cloud, number: int, seconds: int, attempt: Attempt | None = None) -> datetime:
    """An attempt that was made so many seconds after the first one."""
    at = NOW + timedelta(seconds=seconds)
    made = attempt or Attempt(NOW, timedelta(milliseconds=184), status=500, answer="oops")
    cloud.attempts.record(notification(number), replace(made, at=at))
    return at


def test_the_last_attempts_are_listed_the_newest_first(api: Api, cloud: Cloud) -> None:
    first = tried(cloud, 1, 0)
    no_answer = Attempt(NOW, timedelta(seconds=10), error="no answer within 10 seconds")
    second = tried(cloud, 2, 1, no_answer)
    cloud.attempts.record(notification(3, OTHER), no_answer)

    assert api("/webhook/attempts", {"id": ENDPOINT}).data == [
        {
            "notification_id": message_id(2),
            "event": "open",
            "at": written(second),
            "milliseconds": 10_000,
            "status": None,
            "error": "no answer within 10 seconds",
            "answer": "",
        },
        {
            "notification_id": message_id(1),
            "event": "open",
            "at": written(first),
            "milliseconds": 184,
            "status": 500,
            "error": None,
            "answer": "oops",
        },
    ]


def test_only_some_attempts_are_listed(api: Api, cloud: Cloud) -> None:
    for seconds in range(30):
        tried(cloud, seconds % 2, seconds)
    of_one = {"id": ENDPOINT, "notification_id": message_id(1)}

    assert len(api("/webhook/attempts", {"id": ENDPOINT}).data) == 20
    assert len(api("/webhook/attempts", {"id": ENDPOINT, "limit": 25}).data) == 25
    assert {each["notification_id"] for each in api("/webhook/attempts", of_one).data} == {message_id(1)}
    assert len(api("/webhook/attempts", of_one | {"limit": 100}).data) == 15


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("/webhook/failures", {"limit": 0}, "limit"),
        ("/webhook/failures", {"limit": 1001}, "limit"),
        ("/webhook/failures", {"continue_token": ""}, "continue_token"),
        ("/webhook/retry", {"notification_ids": []}, "notification_ids"),
        ("/webhook/retry", {"notification_ids": [message_id(1)] * 101}, "notification_ids"),
        ("/webhook/retry", {"notification_ids": ["msg_1"]}, "notification_ids.0"),
        ("/webhook/cancel", {"notification_ids": []}, "notification_ids"),
        ("/webhook/cancel", {"status": "delivered"}, "status"),
        ("/webhook/cancel", {"status": "cancelled"}, "status"),
        ("/webhook/test", {"event": "opened"}, "event"),
        ("/webhook/attempts", {"limit": 101}, "limit"),
        ("/webhook/attempts", {"notification_id": "x"}, "notification_id"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(
    api: Api, cloud: Cloud, call: str, body: dict[str, Any], field: str
) -> None:
    listed(cloud, 1)

    answer = api(call, {"id": ENDPOINT, **body})

    assert (answer.status, answer.field) == (400, field)
    assert queued(cloud) == []
    assert state(cloud, 1) == [(Status.FAILED, 0)]


@pytest.mark.parametrize("call", ["failures", "retry", "cancel", "test", "attempts"])
def test_a_webhook_that_is_not_there_is_refused(api: Api, cloud: Cloud, call: str) -> None:
    listed(cloud, 1, endpoint_id=7)

    assert api(f"/webhook/{call}", {"id": 7}).field == "id"

    assert queued(cloud) == []
