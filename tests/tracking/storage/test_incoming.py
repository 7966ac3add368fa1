import json
from typing import Any

import pytest
from boto3 import Session
from hypothesis import given
from hypothesis import strategies as st

from tracking.errors import InvalidArrival, OutboxUnavailable
from tracking.mail.envelopes import MAX_MESSAGE_BYTES
from tracking.storage.incoming import Incoming, Waiting, decode

NO_QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/missing"
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.fixture
def incoming(session: Session) -> Incoming:
    s3 = session.client("s3")
    s3.create_bucket(Bucket="outbox", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="outbox", Key="incoming/u-1/m", Body=b"one")
    s3.put_object(Bucket="outbox", Key="incoming/u-1//m", Body=b"two")
    return Incoming(s3, "outbox")


def test_the_first_key_that_is_there_counts(incoming: Incoming) -> None:
    assert incoming.get(["incoming/u-1/x", "incoming/u-1//m", "incoming/u-1/m"]) == b"two"


def test_a_message_that_is_nowhere_is_a_domain_error(incoming: Incoming, session: Session) -> None:
    with pytest.raises(OutboxUnavailable):
        incoming.get(["incoming/u-1/x"])
    with pytest.raises(OutboxUnavailable):
        Incoming(session.client("s3"), "nowhere").get(["incoming/u-1/m"])


def test_of_a_message_that_is_too_large_no_more_is_read_than_shows_it(
    incoming: Incoming, session: Session
) -> None:
    session.client("s3").put_object(Bucket="outbox", Key="large", Body=b" " * (MAX_MESSAGE_BYTES + 2))

    assert len(incoming.get(["large"])) == MAX_MESSAGE_BYTES + 1


def test_an_event_waits_as_it_came(session: Session) -> None:
    sqs = session.client("sqs")
    queue = sqs.create_queue(QueueName="waiting")["QueueUrl"]

    Waiting(sqs, queue).put({"Records": [{"ses": {}}]}, "arn:1")

    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert decode(message["Body"]) == ({"Records": [{"ses": {}}]}, "arn:1")


def test_an_event_that_lambda_put_among_the_dead_letters_tells_no_alias() -> None:
    assert decode('{"Records": [{"ses": {}}]}') == ({"Records": [{"ses": {}}]}, "")


def test_an_event_that_cannot_wait_is_a_domain_error(session: Session) -> None:
    with pytest.raises(OutboxUnavailable):
        Waiting(session.client("sqs"), NO_QUEUE).put({}, "arn:1")


@given(st.text() | anything.map(json.dumps))
def test_a_text_that_is_no_such_message_is_a_domain_error(text: str) -> None:
    try:
        event, arn = decode(text)
    except InvalidArrival:
        return
    found: Any = json.loads(text)
    assert (event, arn) == ((found, "") if "Records" in found else (found["event"], found["function_arn"]))
