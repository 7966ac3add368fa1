"""How often a key may call."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.api import adapters, throttling
from functions.api.answers import Refusal
from functions.api.handler import handle
from functions.api.throttling import OTHER_CALLS, OWN_LIMITS, Limit
from tests.functions.api.conftest import Api, Keys
from tests.functions.conftest import Cloud
from tracking.mail.credentials import Credential, CredentialKind
from tracking.storage.rate_limits import KEPT_FOR, RateLimits

AT = datetime(2026, 11, 24, 13, 1, 20, 500_000, tzinfo=UTC)
CALLER = Credential(CredentialKind.API_KEY, "api-000000000000", AT)
OTHER_CALLER = Credential(CredentialKind.API_KEY, "api-111111111111", AT)
ADD = "/api_keys/add"


@pytest.fixture
def frozen() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


def use_up(calls: int, endpoint: str = ADD, at: datetime = AT) -> None:
    for _ in range(calls):
        throttling.check(CALLER, endpoint, at)


def items(cloud: Cloud) -> list[tuple[str, str]]:
    found = cloud.dynamodb.scan(TableName="Settings")["Items"]
    return sorted(
        (item["sk"]["S"], item["calls"]["N"]) for item in found if item["pk"]["S"].startswith("RATE#")
    )


def test_smtp2gos_published_limits_hold() -> None:
    published = {"/activity/search": 60, "/api_keys/add": 5}

    assert {endpoint: OWN_LIMITS[endpoint].calls for endpoint in published} == published


def test_a_report_that_reads_much_is_no_more_often_than_a_search() -> None:
    use_up(60, "/stats/opens")

    with pytest.raises(Refusal, match="60 calls a minute"):
        throttling.check(CALLER, "/stats/opens", AT)


def test_the_call_after_the_last_one_is_refused_until_the_next_minute() -> None:
    use_up(5)

    with pytest.raises(Refusal, match="API key ratelimit exceeded") as refused:
        throttling.check(CALLER, ADD, AT)

    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "40"}


@pytest.mark.parametrize(
    ("second", "seconds"), [(0, 60), (0.000001, 60), (1, 59), (59, 1), (59.25, 1), (59.999999, 1)]
)
def test_the_seconds_to_wait_lead_into_the_next_minute(second: float, seconds: int) -> None:
    at = AT.replace(second=0, microsecond=0) + timedelta(seconds=second)
    use_up(5, at=at)

    with pytest.raises(Refusal) as refused:
        throttling.check(CALLER, ADD, at)

    assert refused.value.headers == {"Retry-After": str(seconds)}
    throttling.check(CALLER, ADD, at + timedelta(seconds=seconds))


def test_the_next_minute_counts_anew(cloud: Cloud) -> None:
    use_up(5)

    use_up(5, at=AT + timedelta(minutes=1))

    assert items(cloud) == [("api-keys-add#2026-11-24T13:01", "5"), ("api-keys-add#2026-11-24T13:02", "5")]


def test_another_key_is_not_affected() -> None:
    use_up(5)

    throttling.check(OTHER_CALLER, ADD, AT)


def test_a_call_with_a_limit_of_its_own_takes_nothing_from_the_others(cloud: Cloud) -> None:
    use_up(5)

    use_up(1, "/users/smtp/view")
    use_up(1, "/opens/explain")

    assert items(cloud) == [("api-keys-add#2026-11-24T13:01", "5"), ("other#2026-11-24T13:01", "2")]


def test_all_other_calls_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "OTHER_CALLS", Limit(OTHER_CALLS.group, 2))
    use_up(1, "/users/smtp/view")
    use_up(1, "/users/smtp/add")

    with pytest.raises(Refusal):
        throttling.check(CALLER, "/opens/explain", AT)


def test_sending_is_not_counted(cloud: Cloud) -> None:
    use_up(3, "/email/send")

    assert items(cloud) == []


def test_calls_of_two_minutes_that_come_mixed_are_counted_apart(cloud: Cloud) -> None:
    limits = RateLimits(cloud.dynamodb, "Settings")

    counts = [
        (limits.count(CALLER.id, "other", AT), limits.count(CALLER.id, "other", AT + timedelta(minutes=1)))
        for _ in range(20)
    ]

    assert counts == [(number, number) for number in range(1, 21)]


def test_a_counter_goes_when_nobody_asks_any_more(cloud: Cloud) -> None:
    use_up(1)

    (item,) = cloud.dynamodb.scan(TableName="Settings")["Items"]
    assert item["pk"]["S"] == "RATE#api-000000000000"
    assert int(item["expires_at"]["N"]) == int((AT + KEPT_FOR).timestamp())


@pytest.mark.usefixtures("frozen")
def test_a_key_that_calls_too_often_is_told_when_to_come_back(api: Api, keys: Keys) -> None:
    for _ in range(5):
        assert api(ADD, {}).status == 200

    answer = api(ADD, {})

    assert (answer.status, answer.error_code) == (429, "API_EXCEPTION")
    assert answer.data["error"].startswith("API key ratelimit exceeded")
    assert api.with_key(keys.new("*"))(ADD, {}).status == 200


@pytest.mark.usefixtures("frozen")
def test_the_answer_has_the_header(api: Api, context: LambdaContext) -> None:
    event = {
        "rawPath": "/v3/api_keys/add",
        "headers": {"x-smtp2go-api-key": api.key},
        "requestContext": {"http": {"method": "POST", "path": "/v3/api_keys/add"}, "stage": "$default"},
    }
    for _ in range(5):
        assert "Retry-After" not in handle(event, context)["headers"]

    assert handle(event, context)["headers"]["Retry-After"] == "40"


@pytest.mark.usefixtures("frozen")
def test_a_call_that_is_not_permitted_is_not_counted(api: Api, keys: Keys, cloud: Cloud) -> None:
    assert api.with_key(keys.new("/email/*"))(ADD, {}).error_code == "ENDPOINT_PERMISSION_DENIED"
    assert api.with_key(None)(ADD, {}).status == 401

    assert items(cloud) == []


def test_people_who_are_signed_in_are_not_counted(console: Api, cloud: Cloud) -> None:
    for _ in range(7):
        assert console(ADD, {}).status == 200

    assert items(cloud) == []


def test_a_call_that_cannot_be_counted_is_let_through(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert api("/opens/explain", {}).status == 200
    adapters.rate_limits.cache_clear()
    monkeypatch.setenv("SETTINGS_TABLE", "missing")

    answer = api("/opens/explain", {})

    assert answer.status == 200
    assert caplog.messages == ["call not counted"]
