from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tracking.mail import passwords
from tracking.mail.credentials import Credential, CredentialKind


def user(cloud: Cloud) -> Credential:
    found = cloud.settings.credential(CredentialKind.SMTP_USER, "alice")
    assert found
    return found


def is_password(cloud: Cloud, password: str) -> bool:
    hashed = user(cloud).secret_hash
    assert hashed
    return passwords.matches(password, hashed)


def test_an_smtp_user_is_added_with_its_password(api: Api, cloud: Cloud) -> None:
    answer = api("/users/smtp/add", {"username": "alice", "email_password": "correct horse"})

    (shown,) = answer.data["results"]
    assert (shown["username"], shown["email_password"]) == ("alice", "correct horse")
    assert is_password(cloud, "correct horse")


def test_an_smtp_user_without_a_password_gets_one(api: Api, cloud: Cloud) -> None:
    for given in ({}, {"email_password": ""}, {"email_password": None}):
        answer = api("/users/smtp/add", {"username": "alice", **given})

        (shown,) = answer.data["results"]
        assert is_password(cloud, shown["email_password"])
        api("/users/smtp/remove", {"username": "alice"})


def test_a_password_is_shown_where_it_is_set_and_never_again(api: Api) -> None:
    alice = {"username": "alice"}
    api("/users/smtp/add", {**alice, "email_password": "correct horse"})

    for answer in (
        api("/users/smtp/view"),
        api("/users/smtp/view", alice),
        api("/users/smtp/edit", alice),
        api("/users/smtp/edit", {**alice, "email_password": ""}),
        api("/users/smtp/remove", alice),
    ):
        (shown,) = answer.data["results"]
        assert shown["email_password"] is None
        assert "argon2" not in str(shown)


def test_an_edited_password_is_shown_once_and_holds(api: Api, cloud: Cloud) -> None:
    api("/users/smtp/add", {"username": "alice"})

    posted = api("/users/smtp/edit", {"username": "alice", "email_password": "correct horse"})
    assert posted.data["results"][0]["email_password"] == "correct horse"
    assert is_password(cloud, "correct horse")

    patched = api("/users/smtp/edit", {"username": "alice", "email_password": "a new horse"}, "PATCH")
    assert patched.data[0]["email_password"] == "a new horse"
    assert is_password(cloud, "a new horse")


def test_a_name_that_is_taken_is_refused_and_its_user_stays(api: Api, cloud: Cloud) -> None:
    api("/users/smtp/add", {"username": "alice"})
    before = user(cloud)

    answer = api("/users/smtp/add", {"username": "alice"})

    assert (answer.status, answer.field) == (400, "username")
    assert user(cloud) == before


def test_an_edit_by_post_resets_what_is_left_out_but_not_the_password(api: Api, cloud: Cloud) -> None:
    api("/users/smtp/add", {"username": "alice", "open_tracking_enabled": True, "status": "blocked"})
    before = user(cloud)

    answer = api("/users/smtp/edit", {"username": "alice", "description": "Old news"})

    (shown,) = answer.data["results"]
    assert (shown["description"], shown["open_tracking_enabled"], shown["status"]) == (
        "Old news",
        False,
        "allowed",
    )
    assert (user(cloud).secret_hash, user(cloud).created_at) == (before.secret_hash, before.created_at)


def test_all_users_are_viewed_or_one(api: Api) -> None:
    for name in ("bobby", "alice"):
        api("/users/smtp/add", {"username": name})

    everybody = api("/users/smtp/view", {"username": ""}).data
    (bobby,) = api("/users/smtp/view", {"username": "bobby"}).data["results"]

    assert [shown["username"] for shown in everybody["results"]] == ["alice", "bobby"]
    assert bobby["username"] == "bobby"
    assert (everybody["default_ratelimit_value"], everybody["default_ratelimit_period"]) == (0, "unlimited")


def test_no_users_are_an_empty_list(api: Api) -> None:
    assert api("/users/smtp/view").data["results"] == []
