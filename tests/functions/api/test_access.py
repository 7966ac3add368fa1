"""Who may call what, and how every refusal looks."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.functions.api.conftest import Api, Keys
from tests.functions.conftest import Cloud
from tracking.mail.credentials import CredentialStatus

MAIL = {"sender": "a@example.com", "to": ["b@example.net"], "subject": "Hi", "text_body": "Hello"}


@pytest.fixture
def nothing_is_queued(cloud: Cloud) -> Iterator[None]:
    yield
    assert cloud.queued() == []
    assert cloud.stored_messages() == 0


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("key", [None, "", "api-", "api-" + "0" * 32, "api-" + "é" * 32, "x" * 36])
def test_a_key_that_is_missing_or_not_known_is_refused(api: Api, key: str | None) -> None:
    answer = api.with_key(key)("/email/send", MAIL)

    assert (answer.status, answer.error_code) == (401, "API_EXCEPTION")


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_key_that_begins_like_another_is_refused(api: Api) -> None:
    assert api.key

    answer = api.with_key(api.key[:16] + "0" * 20)("/email/send", MAIL)

    assert (answer.status, answer.error_code) == (401, "API_EXCEPTION")


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_blocked_key_is_refused(api: Api, keys: Keys) -> None:
    answer = api.with_key(keys.new("*", status=CredentialStatus.BLOCKED))("/email/send", MAIL)

    assert (answer.status, answer.error_code) == (401, "API_EXCEPTION")
    assert "blocked" in answer.data["error"]


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_key_may_not_make_a_call_beyond_its_permissions(api: Api, keys: Keys) -> None:
    answer = api.with_key(keys.new("/activity/*", "/email/mime"))("/email/send", MAIL)

    assert (answer.status, answer.error_code) == (400, "ENDPOINT_PERMISSION_DENIED")
    assert "/email/mime" in answer.data["error"]


def test_a_key_without_permissions_may_ask_for_them_and_a_blocked_or_unknown_one_may_not(
    api: Api, keys: Keys
) -> None:
    assert api.with_key(keys.new())("/api_keys/permissions").status == 200

    blocked = keys.new("*", status=CredentialStatus.BLOCKED)
    for key in (blocked, None, "api-" + "0" * 32):
        assert api.with_key(key)("/api_keys/permissions").status == 401


def test_doubled_slashes_do_not_change_which_call_it_is(api: Api, keys: Keys) -> None:
    limited = api.with_key(keys.new("/email/send"))

    assert limited("//email//send", MAIL).status == 200
    assert limited("//users//smtp//view").error_code == "ENDPOINT_PERMISSION_DENIED"


def test_a_key_in_the_body_is_as_good_as_one_in_the_header(api: Api) -> None:
    assert api.with_key(None)("/email/send", {**MAIL, "api_key": api.key}).status == 200


@pytest.mark.parametrize("body", ["{nope", "[]", '"api_key"', '{"api_key": 7}', '{"api_key": null}', ""])
def test_a_body_without_a_key_is_no_key(api: Api, body: str) -> None:
    assert api.with_key(None)("/email/send", body).status == 401


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_person_signed_in_sees_everything_and_sends_only_with_a_key(console: Api) -> None:
    assert console("/users/smtp/view").status == 200
    assert console("/activity/search").status == 200

    assert console("/email/send", MAIL).field == "api_key"


def test_who_is_not_signed_in_needs_a_key_on_the_dashboards_way_too(console: Api, keys: Keys) -> None:
    stranger = replace(console, claims={})

    assert stranger("/users/smtp/view").status == 401
    limited = stranger.with_key(keys.new("/activity/search"))
    assert limited("/users/smtp/view").error_code == "ENDPOINT_PERMISSION_DENIED"
    assert limited("/activity/search").status == 200


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("call", ["/nope", "/", "", "/email/send/x"])
def test_a_call_that_does_not_exist_is_not_found(api: Api, call: str) -> None:
    answer = api(call, MAIL)

    assert (answer.status, answer.error_code) == (404, "API_EXCEPTION")


def test_another_method_is_another_call(api: Api) -> None:
    assert api("/ip_auth/edit", {"ip_address": "192.0.2.1"}).status == 404
    assert api("/email/send", MAIL, "PATCH").status == 404


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("body", ["{nope", '{"sender": ', "\x00", "{}{}"])
def test_a_body_that_is_not_json_is_refused(api: Api, body: str) -> None:
    answer = api("/email/send", body)

    assert (answer.status, answer.field) == (400, "body")


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("body", ["[1]", "1", '"text"', "null", "true"])
def test_json_that_is_no_object_is_refused(api: Api, body: str) -> None:
    answer = api("/email/send", body)

    assert (answer.status, answer.error_code) == (400, "NON_VALIDATING_IN_PAYLOAD")


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize("key", [True, False])
def test_json_nested_without_end_is_refused(api: Api, *, key: bool) -> None:
    answer = (api if key else api.with_key(None))("/email/send", '{"a":' * 100_000)

    assert answer.status == (400 if key else 401)


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_body_that_is_not_utf_8_is_refused(api: Api) -> None:
    answer = api.raw(
        {
            "rawPath": "/v3/email/send",
            "headers": {"x-smtp2go-api-key": api.key},
            "body": base64.b64encode(b"\xff\xfe").decode(),
            "isBase64Encoded": True,
        }
    )

    assert (answer.status, answer.error_code) == (400, "NON_VALIDATING_IN_PAYLOAD")


def test_a_body_is_json_whatever_it_is_called(api: Api) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert api("/email/send", MAIL, headers=headers).status == 200


def test_an_empty_body_is_an_empty_object(api: Api) -> None:
    assert api("/ip_auth/view", None).data == {"results": []}
    assert api("/ip_auth/view", "").data == {"results": []}


@pytest.mark.parametrize("variable", ["SETTINGS_TABLE", "OUTBOX_BUCKET", "OUTBOX_QUEUE"])
def test_when_storage_fails_the_caller_is_told_to_try_again(
    api: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    queue_url = cloud.queue.rpartition("/")[0] + "/missing"
    monkeypatch.setenv(variable, queue_url if variable == "OUTBOX_QUEUE" else "missing")

    answer = api("/email/send", MAIL)

    assert (answer.status, answer.error_code) == (503, "API_EXCEPTION")
    assert cloud.queued() == []


def test_a_fault_of_ours_is_a_500_that_says_nothing_of_its_cause(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACTIVITY_TABLE")

    answer = api("/activity/search")

    assert (answer.status, answer.error_code) == (500, "API_EXCEPTION")
    assert "ACTIVITY_TABLE" not in answer.data["error"]
