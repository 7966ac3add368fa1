"""To how many recipients a key may send."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.api import adapters
from functions.api.handler import handle
from tests.functions.api.conftest import Api, Keys
from tests.functions.api.submissions import MAIL, RAW, mime, queued
from tests.functions.conftest import Cloud
from tracking.mail import credentials
from tracking.mail.credentials import CredentialKind, CredentialStatus
from tracking.mail.sending_limits import SendingLimit

AT = datetime(2026, 11, 24, 13, 1, 20, 500_000, tzinfo=UTC)
LIMIT = SendingLimit(3, timedelta(hours=1))
EXCEEDED = (
    "API key ratelimit exceeded: 3 recipients in each period of 1:00:00. "
    "Try again in 3520 s, at 2026-11-24 14:00:00 UTC."
)
TOO_MANY_FOR_EVER = (
    "API key ratelimit exceeded: 3 recipients in each period of 1:00:00. "
    "This mail has 4; send it to fewer at a time."
)


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def limited(api: Api, cloud: Cloud, traveller: time_machine.Traveller) -> Api:
    """A client whose key may send to three recipients an hour."""
    assert traveller
    limit(api, cloud, LIMIT)
    return api


def limit(api: Api, cloud: Cloud, sending_limit: SendingLimit | None) -> None:
    assert api.key
    key = cloud.settings.credential(CredentialKind.API_KEY, credentials.api_key_id(api.key))
    assert key
    cloud.settings.change(key, {"sending_limit": sending_limit})


def to(count: int) -> dict[str, Any]:
    return {**MAIL, "to": [f"bob{number}@example.net" for number in range(count)]}


def test_a_mail_over_the_limit_is_refused_until_the_next_period(
    limited: Api, cloud: Cloud, traveller: time_machine.Traveller
) -> None:
    assert limited("/email/send", to(3)).status == 200
    cloud.queued()

    answer = limited("/email/send", MAIL)

    assert (answer.status, answer.error_code) == (429, "API_EXCEPTION")
    assert answer.data["error"] == EXCEEDED
    assert cloud.queued() == []
    assert cloud.stored_messages() == 1
    traveller.shift(timedelta(seconds=3520))
    assert limited("/email/send", MAIL).status == 200


def test_the_answer_has_the_seconds_to_wait_in_a_header(limited: Api, context: LambdaContext) -> None:
    limited("/email/send", to(3))

    answer = handle(
        {
            "rawPath": "/v3/email/mime",
            "headers": {"x-smtp2go-api-key": limited.key},
            "requestContext": {
                "http": {"method": "POST", "path": "/v3/email/mime", "sourceIp": "192.0.2.1"},
                "stage": "$default",
            },
            "body": f'{{"mime_email": "{mime(RAW)["mime_email"]}"}}',
        },
        context,
    )

    assert answer["statusCode"] == 429
    assert answer["headers"]["Retry-After"] == "3520"


def test_a_mail_that_is_refused_leaves_room_for_a_smaller_one(limited: Api) -> None:
    assert limited("/email/send", to(2)).status == 200
    assert limited("/email/send", to(2)).status == 429
    assert limited("/email/mime", mime(RAW)).status == 200
    assert limited("/email/mime", mime(RAW)).status == 429


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_mail_that_never_fits_is_to_be_sent_to_fewer(limited: Api) -> None:
    answer = limited("/email/send", to(4))

    assert answer.status == 429
    assert answer.data["error"] == TOO_MANY_FOR_EVER


def test_a_recipient_who_is_named_twice_counts_once(limited: Api) -> None:
    assert limited("/email/send", {**to(3), "cc": ["bob0@example.net"]}).status == 200


def test_a_mail_that_is_wrong_uses_up_nothing(limited: Api) -> None:
    assert limited("/email/send", {**to(3), "sender": "nobody"}).status == 400
    assert limited("/email/mime", mime(b"To: bob@example.net\r\n\r\n")).status == 400

    assert limited("/email/send", to(3)).status == 200


def test_each_mail_of_a_batch_is_judged_by_itself(limited: Api, cloud: Cloud) -> None:
    answer = limited("/email/batch", {"emails": [to(2), to(2), to(4), MAIL, MAIL]})

    assert answer.status == 200
    first, second, third, fourth, fifth = answer.data
    assert second == fifth == {"email_id": None, "error": EXCEEDED}
    assert third == {"email_id": None, "error": TOO_MANY_FOR_EVER}
    assert first.keys() == fourth.keys() == {"email_id"}
    assert queued(cloud).keys() == {first["email_id"], fourth["email_id"]}


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_batch_of_which_no_mail_fits_is_refused(limited: Api) -> None:
    answer = limited("/email/batch", {"emails": [to(4), to(4)]})

    assert (answer.status, answer.data["error"]) == (429, TOO_MANY_FOR_EVER)


def test_a_batch_that_is_refused_says_why_its_first_mail_was(limited: Api) -> None:
    limited("/email/send", to(3))

    assert limited("/email/batch", {"emails": [MAIL, to(4)]}).data["error"] == EXCEEDED


def test_a_batch_whose_storage_fails_after_a_refusal_has_not_been_sent(
    limited: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOX_QUEUE", "https://sqs.eu-central-1.amazonaws.com/123456789012/missing")

    answer = limited("/email/batch", {"emails": [to(4), MAIL]})

    assert answer.status == 503
    assert cloud.queued() == []


def test_a_mail_that_cannot_be_stored_uses_up_nothing(limited: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as outage:
        outage.setenv("OUTBOX_QUEUE", "https://sqs.eu-central-1.amazonaws.com/123456789012/missing")
        for _ in range(3):
            assert limited("/email/send", to(2)).status == 503
    adapters.outbox.cache_clear()

    assert limited("/email/send", to(3)).status == 200
    assert limited("/email/send", MAIL).status == 429


def test_a_mail_that_cannot_be_stored_is_to_be_tried_again_whether_or_not_it_stays_counted(
    limited: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_the_table(**_: object) -> None:
        cloud.dynamodb.delete_table(TableName="Settings")

    monkeypatch.setenv("OUTBOX_QUEUE", "https://sqs.eu-central-1.amazonaws.com/123456789012/missing")
    adapters.outbox()._sqs.meta.events.register("before-call.sqs.SendMessage", lose_the_table)

    assert limited("/email/send", MAIL).status == 503
    assert caplog.messages == ["recipients stay counted", "storage unavailable"]


def test_a_sandbox_has_its_limit_too(
    api: Api, keys: Keys, cloud: Cloud, traveller: time_machine.Traveller
) -> None:
    assert traveller
    sandbox = api.with_key(keys.new("/email/*", status=CredentialStatus.SANDBOX))
    limit(sandbox, cloud, LIMIT)

    assert sandbox("/email/send", to(3)).status == 200
    assert sandbox("/email/send", MAIL).data["error"] == EXCEEDED


def test_a_limit_that_is_edited_holds_for_the_next_mail(limited: Api) -> None:
    assert limited.key
    mine = {"id": limited.key[:16]}
    limited("/email/send", to(3))

    more = {"custom_ratelimit": True, "custom_ratelimit_value": 4, "custom_ratelimit_period": "1 hour"}
    assert limited("/api_keys/edit", mine | more, "PATCH").status == 200
    assert limited("/email/send", MAIL).status == 200
    assert limited("/email/send", MAIL).status == 429

    assert limited("/api_keys/edit", mine | {"custom_ratelimit": False}, "PATCH").status == 200
    assert limited("/email/send", to(100)).status == 200


def test_another_key_is_not_affected(limited: Api, keys: Keys) -> None:
    limited("/email/send", to(3))

    assert limited.with_key(keys.new("*"))("/email/send", to(4)).status == 200


def test_getting_a_place_for_a_message_uses_up_nothing(limited: Api) -> None:
    for _ in range(4):
        assert limited("/email/upload", {"size": 100}).status == 200


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_mail_whose_recipients_cannot_be_counted_is_to_be_tried_again(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited("/opens/explain", {})  # From now on the key is looked up where it is, and is not counted there.
    adapters.rate_limits.cache_clear()
    monkeypatch.setenv("SETTINGS_TABLE", "missing")

    assert limited("/email/send", MAIL).status == 503
    assert limited("/email/batch", {"emails": [MAIL]}).status == 503
