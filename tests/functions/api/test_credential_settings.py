"""What the three kinds of credential have in common."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.api.edits import TRIES
from tests.functions.api.concurrency import each_time_before, once_before
from tests.functions.api.conftest import Answer, Api
from tests.functions.conftest import Cloud
from tracking.mail.credentials import Credential, CredentialKind

AT = datetime(2026, 11, 24, tzinfo=UTC)
NEUTRAL = {
    "comments": "",
    "default_ratelimit_value": "0",
    "default_ratelimit_period": "unlimited",
    "ippool": None,
    "feedback_enabled": False,
    "feedback_domain": "default",
    "feedback_html": "",
    "feedback_text": "",
    "click_tracking_enabled": False,
    "archive_enabled": False,
    "audit_email": None,
    "bounce_notifications": "from",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How the calls for a kind of credential go."""

    kind: CredentialKind
    calls: str
    name: str
    new: Mapping[str, object]
    edited_by: tuple[str, ...] = ("POST", "PATCH")

    def __str__(self) -> str:
        return self.kind

    def add(self, api: Api, **settings: object) -> dict[str, Any]:
        """Add one; what is shown of it."""
        return shown(api(f"{self.calls}/add", {**self.new, **settings}))

    def named(self, added: Mapping[str, Any]) -> dict[str, object]:
        """What names a credential in the other calls."""
        return {self.name: added["username" if self.name == "id" else self.name]}


KINDS = [
    Kind(CredentialKind.SMTP_USER, "/users/smtp", "username", {"username": "alice"}),
    Kind(CredentialKind.IP_ADDRESS, "/ip_auth", "ip_address", {"ip_address": "192.0.2.1"}, ("PATCH",)),
    Kind(CredentialKind.API_KEY, "/api_keys", "id", {}),
]
UNLIMITED = {
    "custom_ratelimit": False,
    "custom_rate_limit": False,
    "custom_ratelimit_value": None,
    "custom_ratelimit_period": "0:00:00",
}
LIMIT = {"custom_ratelimit": True, "custom_ratelimit_value": 500, "custom_ratelimit_period": "1 hour"}
LIMITED = LIMIT | {"custom_rate_limit": True, "custom_ratelimit_period": "1:00:00"}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def shown(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200
    (found,) = answer.data["results"] if isinstance(answer.data, dict) else answer.data
    assert isinstance(found, dict)
    return found


def stored(cloud: Cloud, kind: Kind) -> Credential:
    """The credential of that kind that the test added."""
    found = [each for each in cloud.settings.credentials(kind.kind) if each.permissions != ("*",)]
    assert len(found) == 1
    return found[0]


@each_kind
def test_mail_of_a_new_credential_is_sent_and_not_tracked(api: Api, kind: Kind) -> None:
    added = kind.add(api)

    assert added == added | NEUTRAL | UNLIMITED | {
        "description": "",
        "open_tracking_enabled": False,
        "status": "allowed",
        "sending_allowed": True,
    }


@each_kind
def test_every_setting_can_be_given_at_first(api: Api, kind: Kind) -> None:
    settings = {"description": "News", "open_tracking_enabled": True, "status": "sandbox"}

    added = kind.add(api, **settings, **LIMIT)

    assert added == added | settings | LIMITED | {"sending_allowed": False}
    viewed = shown(api(f"{kind.calls}/view", kind.named(added)))
    assert viewed == viewed | settings | LIMITED


@each_kind
@pytest.mark.parametrize(
    "change",
    [
        {"description": "Old"},
        {"open_tracking_enabled": False},
        {"status": "blocked"},
        LIMITED | {"custom_ratelimit_value": 7, "custom_ratelimit_period": "4 months 5:00:00"},
        UNLIMITED,
        {},
    ],
    ids=str,
)
def test_a_patch_changes_what_is_given_and_nothing_else(
    api: Api, kind: Kind, change: dict[str, object]
) -> None:
    added = kind.add(api, description="News", open_tracking_enabled=True, **LIMIT)
    before = shown(api(f"{kind.calls}/view", kind.named(added)))

    answer = api(f"{kind.calls}/edit", kind.named(added) | change, "PATCH")

    assert isinstance(answer.data, list)
    after = before | change | {"sending_allowed": "status" not in change}
    assert shown(answer) == after
    assert shown(api(f"{kind.calls}/view", kind.named(added))) == after


@each_kind
def test_what_is_null_in_a_patch_stays(api: Api, kind: Kind) -> None:
    added = kind.add(api, description="News")

    patched = shown(
        api(f"{kind.calls}/edit", kind.named(added) | {"description": None, "status": None}, "PATCH")
    )

    assert (patched["description"], patched["status"]) == ("News", "allowed")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "POST" in kind.edited_by], ids=str)
def test_an_edit_by_post_takes_off_a_limit_that_it_leaves_out(api: Api, cloud: Cloud, kind: Kind) -> None:
    named = kind.named(kind.add(api, **LIMIT))

    edited = shown(api(f"{kind.calls}/edit", named))

    assert edited == edited | UNLIMITED
    assert stored(cloud, kind).sending_limit is None


@each_kind
def test_the_parts_of_a_limit_that_is_switched_off_mean_nothing(api: Api, kind: Kind) -> None:
    off = {"custom_ratelimit": False, "custom_ratelimit_value": 0, "custom_ratelimit_period": "never"}

    added = kind.add(api, **off)

    assert added == added | UNLIMITED


@each_kind
@pytest.mark.parametrize("setting", [LIMIT, {}], ids=["limited", "unlimited"])
def test_what_is_shown_of_a_limit_can_be_sent_back(api: Api, kind: Kind, setting: dict[str, object]) -> None:
    added = kind.add(api, **setting)
    before = shown(api(f"{kind.calls}/view", kind.named(added)))
    limit = {field: value for field, value in before.items() if field.startswith("custom_")}

    assert shown(api(f"{kind.calls}/edit", kind.named(added) | limit, kind.edited_by[0])) == before


@each_kind
@pytest.mark.parametrize(
    ("limit", "field", "reason"),
    [
        ({"custom_ratelimit_value": None}, "custom_ratelimit_value", "needs the number of recipients"),
        ({"custom_ratelimit_period": None}, "custom_ratelimit_period", 'needs a period, such as "1 hour"'),
        ({"custom_ratelimit": None}, "custom_ratelimit_value", "send custom_ratelimit and both parts"),
        (
            {"custom_ratelimit": None, "custom_ratelimit_value": None},
            "custom_ratelimit_period",
            "send custom_ratelimit and both parts",
        ),
        ({"custom_ratelimit_value": 0}, "custom_ratelimit_value", "from 1 to 10,000,000"),
        ({"custom_ratelimit_value": 10_000_001}, "custom_ratelimit_value", "from 1 to 10,000,000"),
        ({"custom_ratelimit_value": True}, "custom_ratelimit_value", "not a number"),
        ({"custom_ratelimit_period": "hourly"}, "custom_ratelimit_period", "write a period as"),
        ({"custom_ratelimit_period": "0:00:59"}, "custom_ratelimit_period", "from 1 minute to 12 months"),
        ({"custom_ratelimit_period": "13 months"}, "custom_ratelimit_period", "from 1 minute to 12 months"),
        ({"custom_ratelimit": "perhaps"}, "custom_ratelimit", "boolean"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_limit_that_is_not_whole_is_refused_and_the_answer_says_what_to_do(
    api: Api, kind: Kind, limit: dict[str, object], field: str, reason: str
) -> None:
    answer = api(f"{kind.calls}/add", {**kind.new, **LIMIT, **limit})

    assert (answer.status, answer.field) == (400, field)
    assert reason in answer.data["error"]


@each_kind
def test_two_patches_at_once_both_hold(api: Api, cloud: Cloud, kind: Kind) -> None:
    named = kind.named(kind.add(api))
    seen = stored(cloud, kind)
    once_before("UpdateItem", lambda: cloud.settings.change(seen, {"description": "News"}))

    patched = shown(api(f"{kind.calls}/edit", named | {"open_tracking_enabled": True}, "PATCH"))

    assert (patched["description"], patched["open_tracking_enabled"]) == ("News", True)
    assert shown(api(f"{kind.calls}/view", named)) == patched


@pytest.mark.parametrize(
    ("kind", "method"), [(kind, method) for kind in KINDS for method in kind.edited_by], ids=str
)
def test_what_is_removed_while_it_is_edited_stays_removed(
    api: Api, cloud: Cloud, kind: Kind, method: str
) -> None:
    named = kind.named(kind.add(api))
    seen = stored(cloud, kind)
    once_before("UpdateItem", lambda: cloud.settings.remove(seen, AT))

    answer = api(f"{kind.calls}/edit", named | {"description": "News"}, method)

    assert (answer.status, answer.field) == (400, kind.name)
    assert cloud.settings.credential(kind.kind, str(named[kind.name])) is None


def test_an_edit_that_others_come_before_each_time_is_given_up(api: Api, cloud: Cloud) -> None:
    kind = next(kind for kind in KINDS if kind.kind is CredentialKind.API_KEY)
    named = kind.named(kind.add(api))
    permissions = (("/email/send",) * count for count in itertools.count(2))
    each_time_before(
        "UpdateItem", lambda: cloud.settings.change(stored(cloud, kind), {"permissions": next(permissions)})
    )

    answer = api(f"{kind.calls}/edit", named | {"description": "News"}, "PATCH")

    assert answer.status == 503
    assert len(stored(cloud, kind).permissions) == TRIES + 1


@each_kind
def test_what_two_remove_at_once_is_removed_by_one(api: Api, cloud: Cloud, kind: Kind) -> None:
    named = kind.named(kind.add(api))
    seen = stored(cloud, kind)
    once_before("DeleteItem", lambda: cloud.settings.remove(seen, AT))

    answer = api(f"{kind.calls}/remove", named)

    assert (answer.status, answer.field) == (400, kind.name)


@each_kind
def test_what_is_removed_is_answered_and_gone(api: Api, kind: Kind) -> None:
    named = kind.named(kind.add(api, description="News"))
    viewed = shown(api(f"{kind.calls}/view", named))

    assert shown(api(f"{kind.calls}/remove", named)) == viewed

    assert api(f"{kind.calls}/view", named).field == kind.name
    assert api(f"{kind.calls}/remove", named).field == kind.name


@each_kind
def test_fields_that_mean_nothing_here_are_taken_and_ignored(api: Api, kind: Kind) -> None:
    ignored = {"archive_enabled": True, "ip_pool": 1, "subaccount_id": "x"}

    added = kind.add(api, **ignored, feedback_enabled=True, audit_email="a@example.com")

    assert added == added | NEUTRAL


@pytest.mark.parametrize(
    ("method", "call", "body", "field"),
    [
        ("POST", "/users/smtp/add", {}, "username"),
        ("POST", "/users/smtp/add", {"username": "al"}, "username"),
        ("POST", "/users/smtp/add", {"username": "al ice"}, "username"),
        ("POST", "/users/smtp/add", {"username": "a" * 101}, "username"),
        ("POST", "/users/smtp/add", {"username": "alice", "email_password": "short"}, "email_password"),
        ("POST", "/users/smtp/add", {"username": "alice", "email_password": "a\nhorse\n"}, "email_password"),
        ("POST", "/users/smtp/add", {"username": "alice", "email_password": "x" * 201}, "email_password"),
        ("POST", "/users/smtp/add", {"username": "alice", "status": "nice"}, "status"),
        ("POST", "/users/smtp/add", {"username": "alice", "description": "x" * 501}, "description"),
        (
            "POST",
            "/users/smtp/add",
            {"username": "alice", "open_tracking_enabled": "x"},
            "open_tracking_enabled",
        ),
        ("POST", "/users/smtp/edit", {"username": "nobody"}, "username"),
        ("PATCH", "/users/smtp/edit", {"username": "nobody"}, "username"),
        ("PATCH", "/users/smtp/edit", {}, "username"),
        ("POST", "/users/smtp/view", {"username": "nobody"}, "username"),
        ("POST", "/users/smtp/view", {"username": "n" * 3000}, "username"),
        ("POST", "/users/smtp/remove", {"username": "nobody"}, "username"),
        ("POST", "/users/smtp/remove", {"username": ""}, "username"),
        ("POST", "/users/smtp/remove", {}, "username"),
        ("POST", "/ip_auth/add", {"ip_address": "here"}, "ip_address"),
        ("POST", "/ip_auth/add", {"ip_address": "192.0.2.1/33"}, "ip_address"),
        ("POST", "/ip_auth/view", {"ip_address": "192.0.2.1"}, "ip_address"),
        ("PATCH", "/ip_auth/edit", {"ip_address": "192.0.2.1"}, "ip_address"),
        ("POST", "/ip_auth/remove", {"ip_address": "192.0.2.1"}, "ip_address"),
        ("POST", "/ip_auth/remove", {}, "ip_address"),
        ("POST", "/api_keys/add", {"endpoints": ["email"]}, "endpoints.0"),
        ("POST", "/api_keys/add", {"endpoints": ["/email/[a-z]*"]}, "endpoints.0"),
        ("POST", "/api_keys/add", {"endpoints": "*"}, "endpoints"),
        ("POST", "/api_keys/add", {"endpoints": ["*"] * 101}, "endpoints"),
        ("POST", "/api_keys/edit", {"id": "api-" + "0" * 32}, "id"),
        ("POST", "/api_keys/edit", {}, "id"),
        ("PATCH", "/api_keys/edit", {"id": "short"}, "id"),
        ("POST", "/api_keys/view", {"id": "api-" + "0" * 32}, "id"),
        ("POST", "/api_keys/view", {"search": "x" * 201}, "search"),
        ("POST", "/api_keys/remove", {"id": "api-" + "0" * 12}, "id"),
        ("POST", "/api_keys/remove", {"id": "api-" + "0" * 12 + "*" * 19}, "id"),
        ("POST", "/api_keys/remove", {}, "id"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_field_is_refused_by_its_name(
    api: Api, method: str, call: str, body: dict[str, Any], field: str
) -> None:
    answer = api(call, body, method)

    assert (answer.status, answer.field) == (400, field)
