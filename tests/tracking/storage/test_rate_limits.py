"""The recipients that a credential with a limit has sent to."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests import tables
from tracking.errors import SettingsUnavailable
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.sending_limits import SendingLimit
from tracking.storage.rate_limits import KEPT_FOR, RateLimits

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 24, 13, 1, 20, 500_000, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USER = Credential(CredentialKind.SMTP_USER, "alice", AT, sending_limit=SendingLimit(10, HOUR))
fresh_names = map(str, itertools.count())


@pytest.fixture
def limits(dynamodb: "DynamoDBClient") -> RateLimits:
    tables.create_settings(dynamodb, "Settings")
    return RateLimits(dynamodb, "Settings")


@given(st.integers(1, 20), st.lists(st.integers(1, 25), max_size=8))
@hypothesis_settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_each_mail_goes_that_there_is_room_for_and_no_other(
    limits: RateLimits, limit: int, mails: list[int]
) -> None:
    user = replace(USER, id=next(fresh_names), sending_limit=SendingLimit(limit, HOUR))
    used = 0

    for recipients in mails:
        fits = used + recipients <= limit
        used += recipients * fits
        assert limits.take(user, recipients, AT) is fits


def test_what_is_refused_leaves_room_for_a_smaller_mail(limits: RateLimits) -> None:
    assert limits.take(USER, 8, AT)
    assert not limits.take(USER, 3, AT)
    assert limits.take(USER, 2, AT)
    assert not limits.take(USER, 1, AT)


def test_what_is_given_back_can_be_taken_again_in_that_period(limits: RateLimits) -> None:
    limits.take(USER, 8, AT)
    limits.take(USER, 2, AT + HOUR)

    limits.give_back(USER, 8, AT)

    assert limits.take(USER, 10, AT)
    assert limits.take(USER, 8, AT + HOUR)
    assert not limits.take(USER, 1, AT + HOUR)


def test_the_next_period_counts_anew(limits: RateLimits) -> None:
    next_period = AT.replace(hour=14, minute=0, second=0, microsecond=0)

    assert limits.take(USER, 10, AT)
    assert not limits.take(USER, 1, next_period - timedelta(microseconds=1))
    assert limits.take(USER, 10, next_period)


def test_a_limit_that_is_raised_finds_counted_what_went_before(limits: RateLimits) -> None:
    raised = replace(USER, sending_limit=SendingLimit(15, HOUR))

    assert limits.take(USER, 10, AT)
    assert limits.take(raised, 5, AT)
    assert not limits.take(raised, 1, AT)
    assert not limits.take(replace(USER, sending_limit=SendingLimit(5, HOUR)), 1, AT)


def test_periods_of_another_length_are_counted_by_themselves(limits: RateLimits) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)

    assert limits.take(USER, 10, midnight)
    assert limits.take(replace(USER, sending_limit=SendingLimit(10, DAY)), 10, midnight)


@pytest.mark.parametrize(
    "other", [replace(USER, id="bob"), replace(USER, kind=CredentialKind.API_KEY)], ids=lambda key: key.kind
)
def test_each_credential_is_counted_by_itself(limits: RateLimits, other: Credential) -> None:
    assert limits.take(USER, 10, AT)
    assert limits.take(other, 10, AT)


def test_a_sandbox_has_its_limit_too(limits: RateLimits) -> None:
    sandbox = replace(USER, status=CredentialStatus.SANDBOX)

    assert limits.take(sandbox, 10, AT)
    assert not limits.take(sandbox, 1, AT)


def test_without_a_limit_everything_goes_and_nothing_is_counted(
    limits: RateLimits, dynamodb: "DynamoDBClient"
) -> None:
    free = replace(USER, sending_limit=None)

    assert limits.take(free, 300, AT)
    limits.give_back(free, 300, AT)

    assert dynamodb.scan(TableName="Settings")["Items"] == []


def test_a_mail_that_never_fits_is_not_counted(limits: RateLimits, dynamodb: "DynamoDBClient") -> None:
    assert not limits.take(USER, 11, AT)

    assert dynamodb.scan(TableName="Settings")["Items"] == []


def test_a_counter_says_whose_it_is_and_goes_after_its_period(
    limits: RateLimits, dynamodb: "DynamoDBClient"
) -> None:
    limits.take(USER, 3, AT)

    end = datetime(2026, 11, 24, 14, tzinfo=UTC) + KEPT_FOR
    assert dynamodb.scan(TableName="Settings")["Items"] == [
        {
            "pk": {"S": "SENT#smtp_user#alice"},
            "sk": {"S": "3600#2026-11-24T13:00:00"},
            "recipients": {"N": "3"},
            "expires_at": {"N": str(int(end.timestamp()))},
        }
    ]


def test_a_table_that_cannot_be_reached_is_an_error(dynamodb: "DynamoDBClient") -> None:
    missing = RateLimits(dynamodb, "Missing")

    with pytest.raises(SettingsUnavailable):
        missing.take(USER, 1, AT)
    with pytest.raises(SettingsUnavailable):
        missing.give_back(USER, 1, AT)
    with pytest.raises(SettingsUnavailable):
        missing.count(USER.id, "other", AT)
