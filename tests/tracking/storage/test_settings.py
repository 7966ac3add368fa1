from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tracking.errors import SettingsUnavailable, StorageUnavailable
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.endpoints import AuthScheme, Endpoint, OutputFormat, WebhookEvent
from tracking.mail.sending_limits import SendingLimit
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 24, tzinfo=UTC)
USER = Credential(CredentialKind.SMTP_USER, "alice", AT, secret_hash="$argon2id$")
ENDPOINT = Endpoint(1, "https://example.com/", AT, frozenset({WebhookEvent.OPEN}), frozenset({"alice"}))


def test_a_credential_is_added_and_found(settings: Settings) -> None:
    assert settings.add(USER)

    assert settings.credential(CredentialKind.SMTP_USER, "alice") == USER
    assert settings.credential(CredentialKind.API_KEY, "alice") is None
    assert settings.credential(CredentialKind.SMTP_USER, "Alice") is None


def test_an_id_that_is_taken_stays_with_its_credential(settings: Settings) -> None:
    settings.add(USER)

    assert not settings.add(replace(USER, secret_hash="another"))
    assert settings.credential(CredentialKind.SMTP_USER, "alice") == USER


def test_credentials_are_listed_by_kind_in_the_order_of_their_ids(settings: Settings) -> None:
    bob, address = replace(USER, id="bob"), Credential(CredentialKind.IP_ADDRESS, "192.0.2.1", AT)
    for credential in (bob, address, USER):
        settings.add(credential)

    assert settings.credentials(CredentialKind.SMTP_USER) == [USER, bob]
    assert settings.credentials(CredentialKind.IP_ADDRESS) == [address]


def test_a_credential_is_replaced_and_removed(settings: Settings) -> None:
    settings.add(USER)

    settings.replace(replace(USER, open_tracking_enabled=True))
    assert settings.credential(USER.kind, USER.id) == replace(USER, open_tracking_enabled=True)

    settings.remove(USER, AT)
    assert settings.credential(USER.kind, USER.id) is None


def test_a_change_leaves_what_it_does_not_name_as_others_wrote_it(settings: Settings) -> None:
    settings.add(USER)

    settings.change(USER, {"description": "News"})
    changed = settings.change(USER, {"status": CredentialStatus.BLOCKED, "secret_hash": "new"})

    assert changed == replace(USER, description="News", status=CredentialStatus.BLOCKED, secret_hash="new")
    assert settings.credential(USER.kind, USER.id) == changed


def test_a_credential_gets_a_sending_limit_and_loses_it(settings: Settings) -> None:
    settings.add(USER)
    limit = SendingLimit(500, timedelta(days=1, minutes=30))

    limited = settings.change(USER, {"sending_limit": limit})
    assert limited == settings.credential(USER.kind, USER.id) == replace(USER, sending_limit=limit)

    assert settings.change(USER, {"description": "News"}) == replace(limited, description="News")

    free = settings.change(USER, {"sending_limit": None, "description": ""})
    assert free == settings.credential(USER.kind, USER.id) == USER


def test_a_change_of_nothing_answers_what_is_there(settings: Settings) -> None:
    settings.add(USER)
    settings.change(USER, {"open_tracking_enabled": True})

    assert settings.change(USER, {}) == replace(USER, open_tracking_enabled=True)


def test_a_change_does_not_bring_back_what_was_removed(settings: Settings) -> None:
    assert settings.change(USER, {"description": "News"}) is None

    assert settings.credentials(USER.kind) == []


def test_a_key_whose_permissions_are_not_those_seen_is_neither_changed_nor_removed(
    settings: Settings,
) -> None:
    seen = Credential(CredentialKind.API_KEY, "api-000000000000", AT, permissions=("/email/send",))
    settings.add(seen)

    now = settings.change(seen, {"permissions": ("*",)})

    assert now == replace(seen, permissions=("*",))
    assert settings.change(seen, {"description": "News"}) is None
    assert settings.remove(seen, AT) is None
    assert settings.credentials(CredentialKind.API_KEY) == [now]


def test_what_is_removed_is_answered_as_it_was_and_once(settings: Settings) -> None:
    settings.add(USER)
    settings.change(USER, {"description": "News"})

    assert settings.remove(USER, AT) == replace(USER, description="News")
    assert settings.remove(USER, AT) is None


def test_endpoints_are_stored_listed_and_removed(settings: Settings) -> None:
    tenth = replace(ENDPOINT, id=10, credential_ids=frozenset())
    for endpoint in (tenth, ENDPOINT):
        settings.put_endpoint(endpoint)

    assert settings.endpoints() == [ENDPOINT, tenth]
    assert settings.endpoint(10) == tenth

    assert settings.remove_endpoint(tenth) == tenth
    assert settings.endpoint(10) is None
    assert settings.remove_endpoint(tenth) is None


def test_an_endpoint_is_changed_in_what_is_named(settings: Settings) -> None:
    settings.put_endpoint(ENDPOINT)

    settings.change_endpoint(ENDPOINT, {"events": frozenset({WebhookEvent.SPAM, WebhookEvent.OPEN})})
    changed = settings.change_endpoint(
        ENDPOINT,
        {
            "url": "https://example.org/",
            "headers": ("B", "A"),
            "credential_ids": frozenset(),
            "output_format": OutputFormat.JSON,
            "auth_scheme": AuthScheme.BASIC,
        },
    )

    assert changed == Endpoint(
        1,
        "https://example.org/",
        AT,
        frozenset({WebhookEvent.SPAM, WebhookEvent.OPEN}),
        output_format=OutputFormat.JSON,
        headers=("B", "A"),
        auth_scheme=AuthScheme.BASIC,
    )
    assert settings.endpoints() == [changed]


def test_a_secret_is_rotated_once_by_those_who_saw_the_same(settings: Settings) -> None:
    settings.put_endpoint(ENDPOINT)

    rotated = settings.change_endpoint(ENDPOINT, {"secret_version": 2, "secret_rotated_at": AT})

    assert rotated == replace(ENDPOINT, secret_version=2, secret_rotated_at=AT)
    assert settings.endpoints() == [rotated]
    assert settings.change_endpoint(ENDPOINT, {"secret_version": 2, "secret_rotated_at": AT}) is None


@pytest.mark.parametrize(
    "now",
    [
        replace(ENDPOINT, url="https://example.org/"),
        replace(ENDPOINT, auth_secret="Stack/webhooks/1-b"),
        replace(ENDPOINT, id=2),
    ],
)
@pytest.mark.parametrize("seen", [ENDPOINT, replace(ENDPOINT, auth_secret="Stack/webhooks/1-a")])
def test_an_endpoint_that_is_gone_or_leads_elsewhere_or_has_another_secret_than_was_seen_is_not_changed(
    settings: Settings, now: Endpoint, seen: Endpoint
) -> None:
    settings.put_endpoint(now)

    assert settings.change_endpoint(seen, {"events": frozenset()}) is None
    assert settings.remove_endpoint(seen) is None

    assert settings.endpoints() == [now]


def test_an_endpoint_gets_a_secret_and_loses_it(settings: Settings) -> None:
    settings.put_endpoint(ENDPOINT)

    secured = settings.change_endpoint(
        ENDPOINT, {"auth_scheme": AuthScheme.BEARER, "auth_secret": "Stack/webhooks/1-a"}
    )
    assert secured == replace(ENDPOINT, auth_scheme=AuthScheme.BEARER, auth_secret="Stack/webhooks/1-a")

    bare = settings.change_endpoint(secured, {"auth_scheme": AuthScheme.NONE, "auth_secret": None})
    assert settings.endpoints() == [bare] == [ENDPOINT]


def test_what_is_read_to_be_changed_is_what_was_written_last(
    settings: Settings, dynamodb: "DynamoDBClient"
) -> None:
    asked: list[dict[str, object]] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params)
    )

    settings.credential(USER.kind, USER.id)
    settings.endpoint(1)

    assert [params.get("ConsistentRead") for params in asked] == [True, True]


def test_no_endpoint_gets_an_id_that_one_had_before(settings: Settings) -> None:
    assert [settings.next_endpoint_id() for _ in range(3)] == [1, 2, 3]
    assert settings.endpoints() == []


@pytest.mark.parametrize(
    "call",
    [
        lambda settings: settings.credential(USER.kind, USER.id),
        lambda settings: settings.credentials(USER.kind),
        lambda settings: settings.add(USER),
        lambda settings: settings.replace(USER),
        lambda settings: settings.change(USER, {}),
        lambda settings: settings.remove(USER, AT),
        lambda settings: settings.endpoint(1),
        lambda settings: settings.endpoints(),
        lambda settings: settings.next_endpoint_id(),
        lambda settings: settings.put_endpoint(ENDPOINT),
        lambda settings: settings.change_endpoint(ENDPOINT, {}),
        lambda settings: settings.remove_endpoint(ENDPOINT),
    ],
)
def test_a_table_that_cannot_be_reached_is_one_error(
    dynamodb: "DynamoDBClient", call: Callable[[Settings], object]
) -> None:
    with pytest.raises(SettingsUnavailable) as raised:
        call(Settings(dynamodb, "Missing"))

    assert isinstance(raised.value, StorageUnavailable)
