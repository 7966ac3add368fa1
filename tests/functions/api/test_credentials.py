"""SMTP users, IP addresses and API keys: add, edit, view."""

from typing import Any

import pytest

from tests.functions.api.conftest import Api, Keys
from tests.functions.conftest import Cloud
from tracking.mail import passwords
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus


def stored(cloud: Cloud, kind: CredentialKind, credential_id: str) -> Credential:
    found = cloud.settings.credential(kind, credential_id)
    assert found
    return found


def user(cloud: Cloud) -> Credential:
    return stored(cloud, CredentialKind.SMTP_USER, "alice")


def test_an_smtp_user_is_added_with_tracking_off(api: Api, cloud: Cloud) -> None:
    answer = api("/users/smtp/add", {"username": "alice", "email_password": "correct horse"})

    assert answer.status == 200
    assert answer.data == {
        "results": [
            {
                "username": "alice",
                "email_password": "correct horse",
                "description": "",
                "status": "allowed",
                "sending_allowed": True,
                "open_tracking_enabled": False,
            }
        ]
    }
    hashed = user(cloud).secret_hash
    assert hashed
    assert passwords.matches("correct horse", hashed)


def test_an_smtp_user_without_a_password_gets_one(api: Api, cloud: Cloud) -> None:
    answer = api("/users/smtp/add", {"username": "alice", "open_tracking_enabled": True})

    (shown,) = answer.data["results"]
    hashed = user(cloud).secret_hash
    assert hashed
    assert passwords.matches(shown["email_password"], hashed)
    assert user(cloud).open_tracking_enabled


def test_a_password_is_never_shown_again(api: Api) -> None:
    api("/users/smtp/add", {"username": "alice", "email_password": "correct horse"})

    for answer in (
        api("/users/smtp/view"),
        api("/users/smtp/view", {"username": "alice"}),
        api("/users/smtp/edit", {"username": "alice", "email_password": "another horse"}),
    ):
        (shown,) = answer.data["results"]
        assert "email_password" not in shown
        assert "argon2" not in str(shown)


def test_a_name_that_is_taken_is_refused_and_its_user_stays(api: Api, cloud: Cloud) -> None:
    api("/users/smtp/add", {"username": "alice"})
    before = user(cloud)

    answer = api("/users/smtp/add", {"username": "alice"})

    assert (answer.status, answer.field) == (400, "username")
    assert user(cloud) == before


def test_a_patch_changes_what_is_given_and_a_post_resets_the_rest(api: Api, cloud: Cloud) -> None:
    api("/users/smtp/add", {"username": "alice", "description": "News", "open_tracking_enabled": True})
    before = user(cloud)

    answer = api("/users/smtp/edit", {"username": "alice", "status": "blocked"}, "PATCH")

    assert answer.data[0]["status"] == "blocked"
    assert not answer.data[0]["sending_allowed"]
    assert user(cloud).description == "News"
    assert user(cloud).open_tracking_enabled

    api("/users/smtp/edit", {"username": "alice", "description": "Old news"})

    assert user(cloud).description == "Old news"
    assert user(cloud).status is CredentialStatus.ALLOWED
    assert not user(cloud).open_tracking_enabled
    assert user(cloud).secret_hash == before.secret_hash
    assert user(cloud).created_at == before.created_at


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("10.0.0.1/24", "10.0.0.0/24"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("2001:db8::1/32", "2001:db8::/32"),
    ],
)
def test_an_ip_address_is_added_as_it_is_usually_written(
    api: Api, cloud: Cloud, written: str, kept: str
) -> None:
    answer = api("/ip_auth/add", {"ip_address": written})

    assert answer.data["results"][0]["ip_address"] == kept
    assert stored(cloud, CredentialKind.IP_ADDRESS, kept)
    assert api("/ip_auth/view", {"ip_address": written}).data["results"] == answer.data["results"]
    assert api("/ip_auth/view").data["results"] == answer.data["results"]


def test_an_ip_address_is_edited_and_only_once_added(api: Api, cloud: Cloud) -> None:
    api("/ip_auth/add", {"ip_address": "10.0.0.0/24", "description": "Office"})

    answer = api("/ip_auth/edit", {"ip_address": "10.0.0.9/24", "open_tracking_enabled": True}, "PATCH")

    assert answer.data[0]["open_tracking_enabled"]
    assert stored(cloud, CredentialKind.IP_ADDRESS, "10.0.0.0/24").description == "Office"
    assert api("/ip_auth/add", {"ip_address": "10.0.0.7/24"}).field == "ip_address"


def test_a_new_key_can_be_used_and_is_shown_once(api: Api) -> None:
    (added,) = api("/api_keys/add", {"description": "Shop"}).data

    assert added["endpoints"] == ["/email/send"]
    shop = api.with_key(added["api_key"])
    assert shop("/users/smtp/view").error_code == "ENDPOINT_PERMISSION_DENIED"
    assert shop("/email/send", {}).error_code == "NON_VALIDATING_IN_PAYLOAD"
    (shown,) = api("/api_keys/view", {"search": "SHOP"}).data
    assert shown["api_key"] == added["api_key"][:16] + "*" * 20
    assert shown == added | {"api_key": shown["api_key"]}


def test_a_key_is_viewed_and_edited_by_itself_or_by_its_id(api: Api) -> None:
    (added,) = api("/api_keys/add", {"endpoints": ["/email/*"], "open_tracking_enabled": True}).data
    key = added["api_key"]

    assert api("/api_keys/view", {"id": key}).data == api("/api_keys/view", {"id": key[:16]}).data
    (patched,) = api("/api_keys/edit", {"id": key, "status": "sandbox"}, "PATCH").data
    assert (patched["status"], patched["endpoints"], patched["open_tracking_enabled"]) == (
        "sandbox",
        ["/email/*"],
        True,
    )
    (replaced,) = api("/api_keys/edit", {"id": key[:16]}).data
    assert (replaced["status"], replaced["endpoints"], replaced["open_tracking_enabled"]) == (
        "allowed",
        ["/email/send"],
        False,
    )
    assert api.with_key(key)("/email/send", {}).error_code == "NON_VALIDATING_IN_PAYLOAD"


@pytest.mark.parametrize("granted", ["*", "/users/*", "/api_keys*"])
def test_a_key_grants_no_more_than_it_has(api: Api, keys: Keys, granted: str) -> None:
    limited = api.with_key(keys.new("/api_keys/*", "/email/send"))

    assert limited("/api_keys/add", {"endpoints": [granted]}).field == "endpoints"
    (added,) = limited("/api_keys/add", {"endpoints": ["/email/send", "/api_keys/view"]}).data
    for method in ("POST", "PATCH"):
        answer = limited("/api_keys/edit", {"id": added["api_key"], "endpoints": [granted]}, method)
        assert answer.field == "endpoints"


def test_a_key_edits_no_key_that_may_more_than_itself(api: Api, keys: Keys) -> None:
    limited = api.with_key(keys.new("/api_keys/*", "/email/send"))

    for method in ("POST", "PATCH"):
        assert limited("/api_keys/edit", {"id": api.key, "status": "blocked"}, method).field == "endpoints"


def test_a_person_signed_in_grants_everything(console: Api) -> None:
    (added,) = console("/api_keys/add", {"endpoints": ["*"]}).data

    assert added["endpoints"] == ["*"]


@pytest.mark.parametrize(
    ("method", "call", "body", "field"),
    [
        ("POST", "/users/smtp/add", {}, "username"),
        ("POST", "/users/smtp/add", {"username": "al"}, "username"),
        ("POST", "/users/smtp/add", {"username": "al ice"}, "username"),
        ("POST", "/users/smtp/add", {"username": "a" * 101}, "username"),
        ("POST", "/users/smtp/add", {"username": "alice", "email_password": "short"}, "email_password"),
        ("POST", "/users/smtp/add", {"username": "alice", "status": "nice"}, "status"),
        (
            "POST",
            "/users/smtp/add",
            {"username": "alice", "open_tracking_enabled": "x"},
            "open_tracking_enabled",
        ),
        ("POST", "/users/smtp/edit", {"username": "nobody"}, "username"),
        ("PATCH", "/users/smtp/edit", {"username": "nobody"}, "username"),
        ("POST", "/users/smtp/view", {"username": "nobody"}, "username"),
        ("POST", "/users/smtp/view", {"username": "n" * 3000}, "username"),
        ("POST", "/ip_auth/add", {"ip_address": "here"}, "ip_address"),
        ("POST", "/ip_auth/add", {"ip_address": "192.0.2.1/33"}, "ip_address"),
        ("POST", "/ip_auth/view", {"ip_address": "192.0.2.1"}, "ip_address"),
        ("PATCH", "/ip_auth/edit", {"ip_address": "192.0.2.1"}, "ip_address"),
        ("POST", "/api_keys/add", {"endpoints": ["email"]}, "endpoints.0"),
        ("POST", "/api_keys/add", {"endpoints": "*"}, "endpoints"),
        ("POST", "/api_keys/edit", {"id": "api-" + "0" * 32}, "id"),
        ("PATCH", "/api_keys/edit", {"id": "short"}, "id"),
        ("POST", "/api_keys/view", {"id": "api-" + "0" * 32}, "id"),
    ],
    ids=str,
)
def test_a_wrong_field_is_refused_by_its_name(
    api: Api, method: str, call: str, body: dict[str, Any], field: str
) -> None:
    answer = api(call, body, method)

    assert (answer.status, answer.field) == (400, field)
