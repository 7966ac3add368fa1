from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.tracking.storage.conftest import Meanwhile
from tracking.errors import NotificationsUnavailable
from tracking.mail.endpoints import Endpoint
from tracking.mail.healths import FAILING_AFTER, PAUSE, PAUSED_AFTER, Health
from tracking.storage.healths import Healths

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

HERE = Endpoint(1, "https://example.com/hook", AT)
OTHER = Endpoint(2, "https://example.com/hook", AT)


def failing(healths: Healths, times: int, endpoint: Endpoint | None = None) -> Health:
    """An endpoint that failed so many times, a second apart."""
    health = healths.get(endpoint or HERE)
    for number in range(times):
        health = healths.failed(endpoint or HERE, AT + number * SECOND, None)
    return health


def test_an_endpoint_that_nothing_is_known_of_is_well(healths: Healths) -> None:
    assert healths.get(HERE) == Health()


@pytest.mark.parametrize("times", [1, PAUSED_AFTER - 1, PAUSED_AFTER, PAUSED_AFTER + 3])
def test_failures_are_counted_as_the_rules_say(healths: Healths, times: int) -> None:
    last = AT + (times - 1) * SECOND
    expected = Health(times, AT, last + PAUSE if times >= PAUSED_AFTER else None)

    assert failing(healths, times) == expected
    assert healths.get(HERE) == expected
    assert healths.get(OTHER) == Health()


def test_each_of_several_failures_at_once_is_counted(healths: Healths) -> None:
    for _ in range(3):
        healths.failed(HERE, AT, None)

    assert healths.get(HERE) == Health(failures=3, failing_since=AT)


def test_an_endpoint_is_left_alone_as_long_as_it_asks_for(healths: Healths) -> None:
    health = healths.failed(HERE, AT, AT + timedelta(hours=1))

    assert health == healths.get(HERE)
    assert health.paused_until == AT + timedelta(hours=1)
    assert health.is_paused(AT + timedelta(minutes=59))


@pytest.mark.parametrize("times", [1, PAUSED_AFTER, PAUSED_AFTER + 3])
def test_a_pause_that_was_asked_for_is_not_cut_short_by_failures_after_it(
    healths: Healths, times: int
) -> None:
    until = AT + timedelta(hours=20)
    healths.failed(HERE, AT, until)

    later = [healths.failed(HERE, AT + number * SECOND, None) for number in range(1, times + 1)]

    assert {health.paused_until for health in later} == {until}
    assert healths.get(HERE).paused_until == until


def test_a_pause_is_not_cut_short_by_a_failure_that_did_not_see_it(
    healths: Healths, meanwhile: Meanwhile
) -> None:
    until = AT + timedelta(hours=20)
    failing(healths, PAUSED_AFTER - 1)
    # The first counts the failure, the second is the pause.
    meanwhile("UpdateItem", lambda: healths.failed(HERE, AT, until), number=2)

    failed = healths.failed(HERE, AT + SECOND, None)

    assert failed == healths.get(HERE) == Health(PAUSED_AFTER + 1, AT, until)


def test_a_longer_pause_takes_the_place_of_a_shorter_one(healths: Healths) -> None:
    failing(healths, PAUSED_AFTER)

    healths.failed(HERE, AT, AT + timedelta(hours=20))

    assert healths.get(HERE).paused_until == AT + timedelta(hours=20)


def test_a_success_makes_an_endpoint_well_again(healths: Healths) -> None:
    failing(healths, PAUSED_AFTER)

    healths.succeeded(HERE)

    assert healths.get(HERE) == Health()


def test_a_success_does_not_enable_what_was_disabled(healths: Healths) -> None:
    failing(healths, 1)
    healths.disable(HERE, AT)

    healths.succeeded(HERE)

    assert healths.get(HERE) == Health(disabled_at=AT)


def test_an_endpoint_stays_disabled_since_it_was_first(healths: Healths) -> None:
    failing(healths, 2)

    assert healths.disable(HERE, AT) == Health(failures=2, failing_since=AT, disabled_at=AT)
    assert healths.disable(HERE, AT + SECOND).disabled_at == AT


def test_a_failure_after_it_was_disabled_does_not_enable_an_endpoint(healths: Healths) -> None:
    healths.disable(HERE, AT)

    assert failing(healths, PAUSED_AFTER).disabled_at == AT


def test_an_endpoint_begins_anew(healths: Healths) -> None:
    failing(healths, PAUSED_AFTER)
    healths.disable(HERE, AT)
    failing(healths, 1, endpoint=OTHER)

    healths.forget(HERE)

    assert healths.get(HERE) == Health()
    assert healths.get(OTHER).failures == 1


def test_what_is_not_known_can_be_forgotten(healths: Healths) -> None:
    healths.forget(HERE)

    assert healths.get(HERE) == Health()


def test_the_attempt_that_shows_whether_an_endpoint_is_back_is_made_by_one_alone(healths: Healths) -> None:
    seen = failing(healths, PAUSED_AFTER)
    after = AT + timedelta(minutes=1)

    claims = [healths.claim(HERE, seen, after) for _ in range(3)]

    assert claims == [True, False, False]
    assert healths.get(HERE).paused_until == after + PAUSE


def test_there_is_another_such_attempt_after_the_next_pause(healths: Healths) -> None:
    seen = failing(healths, PAUSED_AFTER)
    healths.claim(HERE, seen, AT + timedelta(minutes=1))
    seen = healths.get(HERE)

    assert healths.claim(HERE, seen, AT + timedelta(minutes=2))


def test_an_endpoint_fails_for_two_days_as_it_is_stored(healths: Healths) -> None:
    failing(healths, 20)

    assert not healths.get(HERE).is_failing(AT + FAILING_AFTER - SECOND)
    assert healths.get(HERE).is_failing(AT + FAILING_AFTER)


@pytest.mark.parametrize(
    "act",
    [
        lambda healths: healths.get(HERE),
        lambda healths: healths.failed(HERE, AT, None),
        lambda healths: healths.claim(HERE, Health(), AT),
        lambda healths: healths.succeeded(HERE),
        lambda healths: healths.disable(HERE, AT),
        lambda healths: healths.forget(HERE),
    ],
)
def test_a_table_that_does_not_answer_is_a_fault_of_ours(
    dynamodb: "DynamoDBClient", act: Callable[[Healths], object]
) -> None:
    with pytest.raises(NotificationsUnavailable):
        act(Healths(dynamodb, "Missing"))


def test_the_health_of_one_place_says_nothing_of_another(healths: Healths) -> None:
    healths.disable(HERE, AT)

    assert healths.get(replace(HERE, url="https://example.com/elsewhere")) == Health()
    assert healths.get(replace(HERE, secret_version=2)).disabled_at == AT


def test_nobody_claims_the_attempt_at_an_endpoint_that_is_well_again(healths: Healths) -> None:
    seen = failing(healths, PAUSED_AFTER)
    healths.succeeded(HERE)

    assert not healths.claim(HERE, seen, AT + PAUSE)
    assert not healths.claim(HERE, replace(seen, paused_until=None), AT + PAUSE)
    assert healths.get(HERE) == Health()
