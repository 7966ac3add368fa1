"""What waited is accepted as if it had never waited."""

import json
from collections.abc import Callable

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.mail_manager.again import handle
from tests.functions.conftest import Cloud
from tests.functions.mail_manager.conftest import ALICE, FUNCTION, Door, sent
from tests.functions.sqs import batch, left
from tracking.mail.credentials import CredentialStatus


def test_a_mail_that_waited_is_accepted_by_the_door_it_came_in(
    door: Door, cloud: Cloud, context: LambdaContext, waiting: Callable[[], list[str]]
) -> None:
    door.invoked(door.event("alias_not_told"))
    (body,) = waiting()
    door.wrote()

    assert left(handle(batch(body), context)) == []

    assert [envelope.credential_id for envelope in sent(cloud)] == ["alice"]


def test_a_mail_that_was_accepted_already_is_the_same_envelope(
    door: Door, cloud: Cloud, context: LambdaContext, waiting: Callable[[], list[str]]
) -> None:
    door.invoked(door.event())
    (body,) = waiting()
    door.wrote()
    door.invoked(door.event())

    handle(batch(body), context)

    first, second = sent(cloud)
    assert first == second


def test_an_event_that_lambda_gave_up_is_accepted_when_it_is_sent_back_if_it_tells_the_alias(
    door: Door, cloud: Cloud, context: LambdaContext
) -> None:
    door.wrote()
    told, untold = json.dumps(door.event("alias_told")), json.dumps(door.event("alias_not_told"))

    assert left(handle(batch(told, untold), context)) == ["message-1"]

    assert [envelope.credential_id for envelope in sent(cloud)] == ["alice"]


def test_what_still_fails_goes_back_and_the_rest_does_not(
    door: Door, cloud: Cloud, context: LambdaContext, waiting: Callable[[], list[str]]
) -> None:
    door.invoked(door.event())
    (good,) = waiting()
    door.invoked(door.event("no_action"), FUNCTION)
    (nobodys,) = waiting()
    door.wrote()

    assert left(handle(batch("{}", good, nobodys), context)) == ["message-0", "message-2"]

    assert len(sent(cloud)) == 1


def test_a_mail_whose_credential_was_blocked_meanwhile_is_kept_back_for_good(
    door: Door, cloud: Cloud, context: LambdaContext, waiting: Callable[[], list[str]]
) -> None:
    door.invoked(door.event())
    (body,) = waiting()
    door.wrote()
    cloud.settings.change(ALICE, {"status": CredentialStatus.BLOCKED})

    assert left(handle(batch(body), context)) == []

    assert sent(cloud) == []


@pytest.mark.usefixtures("door")
def test_a_message_that_no_function_of_ours_wrote_goes_back(context: LambdaContext) -> None:
    assert left(handle(batch("nonsense"), context)) == ["message-0"]
