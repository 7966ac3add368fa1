"""An envelope that is tried again: nobody is left out, and nobody gets a mail twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)
from time_machine import Traveller

from functions.inject import adapters, feedback
from functions.inject import ses as ses_module
from functions.inject.handler import handle
from functions.inject.sending import CLAIM, TIME_FOR_ONE
from functions.inject.waiting import FIRST_WAIT, LATE
from tests.functions.conftest import Cloud
from tests.functions.inject.conftest import (
    AT,
    EMAIL_ID,
    HTML,
    RECIPIENTS,
    USER,
    Ses,
    Take,
    history,
    refusal,
    types,
)
from tests.functions.sqs import batch, left
from tracking.mail import deliveries
from tracking.mail.credentials import CredentialStatus
from tracking.mail.deliveries import Delivery, EventType, TrackingMode

FIRST, SECOND, THIRD = RECIPIENTS
URL = "https://email.example"
THROTTLED = [
    "TooManyRequestsException",
    "LimitExceededException",
    "SendingPausedException",
    "AccountSuspendedException",
    "MailFromDomainNotVerifiedException",
]
NOT_TAKEN = [
    refusal("NotFoundException"),
    ParamValidationError(report="no"),
    EndpointConnectionError(endpoint_url=URL),
    ConnectTimeoutError(endpoint_url=URL),
]
UNKNOWN = [
    refusal("InternalFailure", 500),
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
    SSLError(endpoint_url=URL, error=OSError("cut off")),
]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def names(failure: object) -> str:
    return failure if isinstance(failure, str) else type(failure).__name__


def fail_once(call: str, key: str) -> None:
    """Let DynamoDB fail the next time that it is asked to write an item in a way."""
    to_fail = [key]

    def fail(params: dict[str, Any], **_: object) -> None:
        if (params.get("Key") or params["Item"])["sk"]["S"] in to_fail:
            to_fail.clear()
            raise ClientError({"Error": {"Code": "InternalServerError", "Message": "not now"}}, call)

    adapters.activity()._dynamodb.meta.events.register(f"provide-client-params.dynamodb.{call}", fail)


def say(context: LambdaContext, event_type: str, number: int) -> None:
    """Let SES publish what became of a mail."""
    mail = {
        "timestamp": "2026-11-24T12:00:00.500Z",
        "messageId": "ses-1",
        "tags": {"email_id": [EMAIL_ID], "recipient": [f"{number:03d}"]},
    }
    published = json.dumps({"eventType": event_type, "mail": mail})
    assert left(feedback.handle(batch(published), context)) == []


@pytest.mark.parametrize("code", THROTTLED)
def test_when_ses_takes_no_mail_at_all_it_is_not_asked_again_and_a_retry_sends_to_those_left(
    take: Take, ses: Ses, cloud: Cloud, code: str
) -> None:
    ses.failures = {SECOND: code}

    assert not take(HTML, RECIPIENTS)

    asked_again = len(ses_module.PAUSES)
    assert ses.recipients == [FIRST, SECOND] + [SECOND] * asked_again
    assert history(cloud, 2).events == ()
    assert cloud.activity.history(EMAIL_ID, 3) is None
    ses.failures, ses.requests = {}, []

    assert take(HTML, RECIPIENTS)

    assert ses.recipients == [SECOND, THIRD]
    assert [types(cloud, number) for number in (1, 2, 3)] == [[EventType.PROCESSED]] * 3


@pytest.mark.parametrize(("receives", "longest"), [(1, 5), (2, 10), (6, 160), (100, 1800)])
def test_an_envelope_stays_hidden_for_longer_each_time(
    take: Take, ses: Ses, receives: int, longest: int
) -> None:
    ses.failures = {FIRST: "TooManyRequestsException"}

    assert not take(HTML, receives=receives)

    (hidden,) = take.hidden
    assert longest / 2 <= hidden <= longest


def test_envelopes_that_fail_together_do_not_come_back_together(take: Take, ses: Ses) -> None:
    ses.failures = {FIRST: "TooManyRequestsException"}

    for _ in range(20):
        assert not take(HTML, receives=100)

    assert len(set(take.hidden)) > 10


def test_a_mail_that_is_only_too_quick_for_ses_is_sent_a_moment_later(
    take: Take, ses: Ses, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        ses.failures = {}

    monkeypatch.setattr(ses_module, "PAUSES", (timedelta(seconds=1), timedelta(seconds=2)))
    monkeypatch.setattr("time.sleep", sleep)
    ses.failures = {SECOND: "TooManyRequestsException"}

    assert take(HTML, RECIPIENTS)

    assert ses.recipients == [FIRST, SECOND, SECOND, THIRD]
    (pause,) = slept
    assert 0.5 <= pause <= 1


def test_an_envelope_of_which_something_was_sent_soon_comes_back(take: Take, ses: Ses) -> None:
    ses.failures = {SECOND: "TooManyRequestsException"}

    assert not take(HTML, RECIPIENTS, receives=100)

    assert take.hidden[0] <= FIRST_WAIT.total_seconds()


@pytest.mark.parametrize(("age", "said"), [(LATE, "mail is late"), (LATE / 2, "mail waits")])
def test_a_mail_that_waits_is_logged_with_the_reason_and_without_an_address(
    take: Take, ses: Ses, caplog: pytest.LogCaptureFixture, age: timedelta, said: str
) -> None:
    ses.failures = {FIRST: refusal("NotFoundException")}

    assert not take(HTML, sent_at=AT - age)

    assert said in [record.getMessage() for record in caplog.records]
    reasons = [getattr(record, "reason", None) for record in caplog.records]
    assert "NotFoundException" in reasons
    assert "example.net" not in caplog.text


@pytest.mark.parametrize("failure", NOT_TAKEN, ids=names)
def test_one_recipient_that_ses_does_not_take_now_does_not_hold_the_others(
    take: Take, ses: Ses, cloud: Cloud, failure: Exception
) -> None:
    ses.failures = {SECOND: failure}

    assert not take(HTML, RECIPIENTS)

    assert ses.recipients == [FIRST, SECOND, THIRD]
    assert max(take.hidden) <= FIRST_WAIT.total_seconds()
    ses.failures, ses.requests = {}, []

    assert take(HTML, RECIPIENTS)

    assert ses.recipients == [SECOND]
    assert [types(cloud, number) for number in (1, 2, 3)] == [[EventType.PROCESSED]] * 3


@pytest.mark.parametrize("failure", UNKNOWN, ids=names)
def test_a_mail_that_ses_may_have_taken_is_sent_again_only_when_ses_has_had_the_time_to_say_so(
    take: Take, ses: Ses, cloud: Cloud, clock: Traveller, failure: Exception
) -> None:
    ses.failures = {SECOND: failure}

    assert not take(HTML, RECIPIENTS)
    ses.failures, ses.requests = {}, []
    clock.shift(CLAIM - timedelta(seconds=1))
    assert not take(HTML, RECIPIENTS)

    assert ses.requests == []
    assert take.hidden[-1] <= 1 + FIRST_WAIT.total_seconds() + 1
    clock.shift(timedelta(seconds=take.hidden[-1]))

    assert take(HTML, RECIPIENTS)

    assert ses.recipients == [SECOND]
    assert types(cloud, 2) == [EventType.PROCESSED]


@pytest.mark.parametrize("failure", UNKNOWN, ids=names)
def test_a_mail_of_which_ses_tells_an_event_is_not_sent_again(
    take: Take, ses: Ses, cloud: Cloud, context: LambdaContext, failure: Exception
) -> None:
    ses.failures = {FIRST: failure}
    assert not take(HTML)
    ses.failures = {}

    say(context, "Send", 1)

    assert take(HTML)
    assert len(ses.requests) == 1
    assert types(cloud) == [EventType.PROCESSED]
    assert history(cloud).delivery.ses_message_id == "ses-1"


def test_ses_is_asked_once_for_each_attempt() -> None:
    retries = adapters.ses().meta.config.retries  # type: ignore[attr-defined]
    assert retries["total_max_attempts"] == 1


@pytest.mark.parametrize("is_told", [True, False])
def test_a_mail_whose_being_sent_could_not_be_noted_is_sent_again_only_if_ses_tells_nothing_of_it(
    take: Take, ses: Ses, cloud: Cloud, clock: Traveller, context: LambdaContext, *, is_told: bool
) -> None:
    fail_once("UpdateItem", "RCPT#001")
    assert not take(HTML)
    assert ses.recipients == [FIRST]
    assert not take(HTML)
    if is_told:
        say(context, "Send", 1)
    clock.shift(CLAIM + timedelta(seconds=1))

    assert take(HTML)

    assert ses.recipients == [FIRST] * (1 if is_told else 2)
    assert types(cloud) == [EventType.PROCESSED]


def test_a_delivery_that_another_worker_is_sending_is_left_to_it(
    take: Take, ses: Ses, cloud: Cloud, clock: Traveller
) -> None:
    theirs = Delivery(EMAIL_ID, 1, FIRST, USER.id, TrackingMode.FULL, AT)
    cloud.activity.claim(theirs, AT, AT + CLAIM)
    clock.shift(timedelta(minutes=1))

    assert not take(HTML, RECIPIENTS)

    assert ses.recipients == [SECOND, THIRD]
    assert 540 <= take.hidden[-1] <= 540 + FIRST_WAIT.total_seconds()


def test_a_refused_recipient_is_not_tried_again_while_another_one_waits(
    take: Take, ses: Ses, cloud: Cloud
) -> None:
    ses.failures = {FIRST: "MessageRejected", SECOND: "TooManyRequestsException"}
    assert not take(HTML, RECIPIENTS)
    ses.failures, ses.requests = {}, []

    assert take(HTML, RECIPIENTS)

    assert ses.recipients == [SECOND, THIRD]
    (event,) = history(cloud, 1).events
    assert (event.type, event.details) == (EventType.REJECTED, {"reason": "MessageRejected: not now"})


def test_a_refusal_that_was_noted_but_not_told_is_told(take: Take, ses: Ses, cloud: Cloud) -> None:
    ses.failures = {FIRST: "MessageRejected"}
    fail_once("PutItem", "RCPT#001#rejected")
    assert not take(HTML)
    assert history(cloud).events == ()

    assert take(HTML)

    assert len(ses.requests) == 1
    assert [event.details for event in history(cloud).events] == [{"reason": "MessageRejected: not now"}]


def test_an_envelope_that_comes_twice_is_sent_once(take: Take, ses: Ses, cloud: Cloud) -> None:
    assert take(HTML)
    first = history(cloud)

    assert take(HTML)

    assert len(ses.requests) == 1
    assert history(cloud) == first


def test_a_delivery_that_was_sent_but_not_noted_as_processed_is_noted(
    take: Take, ses: Ses, cloud: Cloud
) -> None:
    delivery = Delivery(EMAIL_ID, 1, FIRST, "alice", TrackingMode.FULL, AT)
    cloud.activity.start(delivery)
    cloud.activity.mark_sent(delivery, AT + timedelta(seconds=1), "ses-1")

    assert take(HTML)

    assert ses.requests == []
    assert history(cloud).events == (deliveries.processed(AT + timedelta(seconds=1)),)


def test_a_function_whose_time_is_nearly_up_leaves_the_rest_to_the_next_attempt(
    take: Take, ses: Ses, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remaining() -> int:
        enough = TIME_FOR_ONE.total_seconds() * 1000
        return int(enough) + 1 - len(ses.requests)

    with monkeypatch.context() as patched:
        patched.setattr(context, "get_remaining_time_in_millis", remaining)
        assert not take(HTML, RECIPIENTS)
    assert ses.recipients == [FIRST, SECOND]
    assert take.hidden == [0]

    assert take(HTML, RECIPIENTS)

    assert ses.recipients == [FIRST, SECOND, THIRD]


def test_what_was_decided_at_the_first_attempt_holds(take: Take, ses: Ses, cloud: Cloud) -> None:
    ses.failures = {FIRST: "TooManyRequestsException"}
    assert not take(HTML)
    ses.failures = {}
    cloud.settings.replace(replace(USER, open_tracking_enabled=False))

    assert take(HTML)

    assert b"https://t.example.com/o/" in ses.copies[-1]
    assert history(cloud).delivery.mode is TrackingMode.FULL


def test_a_delivery_whose_answer_came_meanwhile_is_done(take: Take, ses: Ses, context: LambdaContext) -> None:
    ses.failures = {FIRST: ReadTimeoutError(endpoint_url=URL)}
    assert not take(HTML)
    ses.failures = {FIRST: "MessageRejected"}

    def answer_first(params: dict[str, Any], **_: object) -> None:
        if params["UpdateExpression"].startswith("SET rejected_at"):
            say(context, "Send", 1)

    adapters.activity()._dynamodb.meta.events.register(
        "provide-client-params.dynamodb.UpdateItem", answer_first
    )
    with time_machine.travel(AT + 2 * CLAIM, tick=False):
        assert take(HTML)

    assert types(take.cloud) == [EventType.PROCESSED]


def test_what_is_no_envelope_is_hidden_longer_each_time(
    cloud: Cloud, take: Take, context: LambdaContext
) -> None:
    cloud.sqs.send_message(QueueUrl=cloud.queue, MessageBody="{}")
    (received,) = cloud.sqs.receive_message(QueueUrl=cloud.queue)["Messages"]
    event = batch(received["Body"])
    event["Records"][0]["receiptHandle"] = received["ReceiptHandle"]
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "8"

    assert left(handle(event, context)) == ["message-0"]

    (hidden,) = take.hidden
    assert 320 <= hidden <= 640


def test_a_sandboxs_mail_is_kept_back_also_when_it_is_tried_again(take: Take, ses: Ses, cloud: Cloud) -> None:
    cloud.settings.replace(replace(USER, status=CredentialStatus.SANDBOX))
    fail_once("PutItem", "RCPT#001#processed")
    assert not take(HTML)

    assert take(HTML)

    assert ses.requests == []
    assert history(cloud).delivery.sent_at == datetime.now(UTC)
