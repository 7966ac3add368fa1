from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.functions.api.concurrency import once_before
from tests.functions.api.conftest import Api, Keys
from tests.functions.conftest import Cloud
from tracking.mail.credentials import Credential, CredentialKind, api_key_id, is_api_key

MANAGING = ("/api_keys/*", "/email/send")


@pytest.fixture
def limited(api: Api, keys: Keys) -> Api:
    """A key that may manage keys, and do little else."""
    return api.with_key(keys.new(*MANAGING))


def stored(cloud: Cloud, key: str) -> Credential:
    found = cloud.settings.credential(CredentialKind.API_KEY, api_key_id(key))
    assert found
    return found


def test_a_new_key_can_be_used_and_is_shown_once(api: Api) -> None:
    (added,) = api("/api_keys/add", {"description": "Shop"}).data

    assert is_api_key(added["api_key"])
    assert (added["username"], added["endpoints"]) == (added["api_key"][:16], ["/email/send"])
    shop = api.with_key(added["api_key"])
    assert shop("/users/smtp/view").error_code == "ENDPOINT_PERMISSION_DENIED"
    assert shop("/email/send", {}).error_code == "NON_VALIDATING_IN_PAYLOAD"
    (shown,) = api("/api_keys/view", {"search": "SHOP"}).data
    assert shown == added | {"api_key": added["api_key"][:16] + "*" * 20}


def test_only_a_hash_of_a_key_is_stored(api: Api, cloud: Cloud) -> None:
    (added,) = api("/api_keys/add").data

    items = cloud.dynamodb.scan(TableName="Settings")["Items"]
    assert added["username"] in str(items)
    assert added["api_key"][16:] not in str(items)


@pytest.mark.parametrize("written", [lambda key: key, lambda key: key[:16], lambda key: key[:16] + "*" * 20])
def test_a_key_is_named_by_itself_by_its_beginning_or_masked(api: Api, written: Callable[[str], str]) -> None:
    (added,) = api("/api_keys/add", {"endpoints": ["/email/*"], "open_tracking_enabled": True}).data
    named = {"id": written(added["api_key"])}
    masked = added | {"api_key": added["username"] + "*" * 20}

    assert api("/api_keys/view", named).data == [masked]
    (patched,) = api("/api_keys/edit", {**named, "status": "sandbox"}, "PATCH").data
    assert patched == masked | {"status": "sandbox", "sending_allowed": False}
    (replaced,) = api("/api_keys/edit", named).data
    assert replaced == masked | {"endpoints": ["/email/send"], "open_tracking_enabled": False}
    assert api("/api_keys/remove", named).data == [replaced]
    assert api.with_key(added["api_key"])("/email/send", {}).status == 401


@pytest.mark.parametrize("call", ["/api_keys/view", "/api_keys/edit", "/api_keys/remove"])
def test_a_key_that_only_begins_like_another_is_not_that(api: Api, call: str) -> None:
    assert api.key

    assert api(call, {"id": api.key[:16] + "0" * 20}).field == "id"


def test_an_edited_key_stays_the_same_key(api: Api, keys: Keys) -> None:
    key = keys.new("/email/send")

    api("/api_keys/edit", {"id": key[:16], "endpoints": ["/users/smtp/view"]}, "PATCH")

    edited = api.with_key(key)
    assert edited("/users/smtp/view").status == 200
    assert edited("/email/send", {}).error_code == "ENDPOINT_PERMISSION_DENIED"


def test_keys_are_found_by_what_they_begin_with(api: Api, keys: Keys) -> None:
    keys.new("*")
    assert api.key

    (found,) = api("/api_keys/view", {"search": api.key[4:16].lower()}).data

    assert found["username"] == api.key[:16]


@pytest.mark.parametrize("granted", ["*", "/users/*", "/api_keys*", "/*", "/email/send*", "/email/*"])
def test_a_key_grants_no_more_than_it_has(limited: Api, cloud: Cloud, granted: str) -> None:
    (added,) = limited("/api_keys/add").data

    refused = [limited("/api_keys/add", {"endpoints": ["/email/send", granted]})] + [
        limited("/api_keys/edit", {"id": added["username"], "endpoints": [granted]}, method)
        for method in ("POST", "PATCH")
    ]

    assert [answer.field for answer in refused] == ["endpoints"] * 3
    assert granted in refused[0].data["error"]
    known = cloud.settings.credentials(CredentialKind.API_KEY)
    assert {key.permissions for key in known} == {("*",), MANAGING, ("/email/send",)}


@pytest.mark.parametrize("granted", ["/email/send", "/api_keys/view", "/api_keys/*", "/api_keys/*/more*"])
def test_a_key_grants_what_it_has(limited: Api, granted: str) -> None:
    (added,) = limited("/api_keys/add", {"endpoints": [granted]}).data

    assert added["endpoints"] == [granted]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_key_without_the_default_has_to_say_what_it_grants(api: Api, keys: Keys, method: str) -> None:
    limited = api.with_key(keys.new("/api_keys/*"))

    assert limited("/api_keys/add").field == "endpoints"
    (added,) = limited("/api_keys/add", {"endpoints": []}).data
    edited = limited("/api_keys/edit", {"id": added["username"]}, method)
    assert edited.status == (400 if method == "POST" else 200)


@pytest.mark.parametrize(
    ("call", "method"),
    [("/api_keys/edit", "POST"), ("/api_keys/edit", "PATCH"), ("/api_keys/remove", "POST")],
)
def test_a_key_neither_edits_nor_removes_one_that_may_more(
    api: Api, cloud: Cloud, limited: Api, call: str, method: str
) -> None:
    before = cloud.settings.credentials(CredentialKind.API_KEY)

    answer = limited(call, {"id": api.key, "status": "blocked"}, method)

    assert (answer.status, answer.field) == (400, "id")
    assert cloud.settings.credentials(CredentialKind.API_KEY) == before


@pytest.mark.parametrize(
    ("call", "method"),
    [("/api_keys/edit", "POST"), ("/api_keys/edit", "PATCH"), ("/api_keys/remove", "POST")],
)
def test_a_key_that_is_given_more_at_the_same_moment_is_out_of_reach(
    cloud: Cloud, keys: Keys, limited: Api, call: str, method: str
) -> None:
    raised = stored(cloud, keys.new("/email/send"))
    operation = "DeleteItem" if call.endswith("remove") else "UpdateItem"
    once_before(operation, lambda: cloud.settings.change(raised, {"permissions": ("*",)}))

    answer = limited(call, {"id": raised.id, "status": "blocked"}, method)

    assert answer.field == "id"
    assert stored(cloud, raised.id) == replace(raised, permissions=("*",))


def test_a_key_that_is_given_less_at_the_same_moment_is_edited(
    cloud: Cloud, keys: Keys, limited: Api
) -> None:
    other = stored(cloud, keys.new("/email/send", "/api_keys/view"))
    once_before("UpdateItem", lambda: cloud.settings.change(other, {"permissions": ("/email/send",)}))

    (edited,) = limited("/api_keys/edit", {"id": other.id, "description": "Shop"}, "PATCH").data

    assert (edited["description"], edited["endpoints"]) == ("Shop", ["/email/send"])


def test_a_key_may_remove_itself(limited: Api) -> None:
    assert limited("/api_keys/remove", {"id": limited.key}).status == 200

    assert limited("/api_keys/permissions").status == 401


def test_a_person_signed_in_grants_edits_and_removes_everything(api: Api, console: Api) -> None:
    (added,) = console("/api_keys/add", {"endpoints": ["*"]}).data

    assert added["endpoints"] == ["*"]
    assert console("/api_keys/edit", {"id": api.key, "status": "blocked"}, "PATCH").status == 200
    assert console("/api_keys/remove", {"id": api.key}).status == 200


@pytest.mark.parametrize(
    "permissions", [(), ("/email/send",), ("/email/*", "/api_keys/view"), ("*",)], ids=str
)
def test_every_key_may_ask_what_it_may_do(api: Api, keys: Keys, permissions: tuple[str, ...]) -> None:
    answer = api.with_key(keys.new(*permissions))("/api_keys/permissions")

    assert (answer.status, answer.data) == (200, list(permissions))


def test_a_person_signed_in_may_do_everything(console: Api) -> None:
    assert console("/api_keys/permissions").data == ["*"]
