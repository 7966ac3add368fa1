"""What waited in the overflow queue is recorded as if it had never waited."""

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.pixel.overflow import handle
from tests.functions.conftest import Cloud
from tests.functions.pixel.cloudfront import AT, WGET, events, pixel_path
from tests.functions.sqs import batch, left
from tracking.mail import deliveries
from tracking.opens.fetches import Fetch
from tracking.storage.overflow import encode

FETCH = Fetch("cf-1", AT, user_agent=WGET, asn=64500)


def waiting(cloud: Cloud) -> str:
    return encode(pixel_path(cloud)[3:-4], FETCH)


@pytest.mark.usefixtures("delivery")
def test_a_fetch_that_waited_is_recorded_with_the_time_it_was_made(
    cloud: Cloud, context: LambdaContext
) -> None:
    assert left(handle(batch(waiting(cloud)), context)) == []

    assert events(cloud) == (deliveries.fetched(FETCH),)


@pytest.mark.usefixtures("delivery")
def test_a_fetch_that_is_recorded_already_stays_one(cloud: Cloud, context: LambdaContext) -> None:
    handle(batch(waiting(cloud), waiting(cloud)), context)

    assert len(events(cloud)) == 1


def test_a_fetch_of_a_delivery_that_is_gone_is_forgotten(cloud: Cloud, context: LambdaContext) -> None:
    assert left(handle(batch(waiting(cloud)), context)) == []

    assert cloud.stored_events() == []


def test_a_made_up_token_is_forgotten(cloud: Cloud, context: LambdaContext) -> None:
    assert left(handle(batch(encode("A" * 34, FETCH)), context)) == []

    assert cloud.stored_events() == []


@pytest.mark.usefixtures("delivery")
def test_what_the_table_refuses_and_what_is_no_fetch_stays_in_the_queue(
    cloud: Cloud, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = waiting(cloud), "nonsense"
    monkeypatch.setenv("ACTIVITY_TABLE", "missing")

    assert left(handle(batch(*messages), context)) == ["message-0", "message-1"]
