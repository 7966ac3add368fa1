"""What a webhook's Authorization header says is a secret, and goes to nobody else."""

from typing import TYPE_CHECKING

import boto3
import pytest

from tests.functions.api.concurrency import failing
from tests.functions.api.conftest import Api
from tests.functions.api.stored_webhooks import BASIC, BEARER, MASK, URL, kept, sent, stored
from tests.functions.conftest import Cloud

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


@pytest.mark.parametrize(
    ("given", "url", "header"),
    [
        ({"url": URL, **BEARER}, URL, "Bearer t0ken"),
        ({"url": URL, "auth_header_type": "basic", "auth_header_value": "user:pass"}, URL, BASIC),
        ({"url": URL, "auth_header_type": "basic", "auth_header_value": BASIC[6:]}, URL, BASIC),
        (
            {"url": "https://user:pass@example.com:8443/p?q=1"},
            "https://example.com:8443/p?q=1",
            BASIC,
        ),
        (
            {"url": "https://user:p%61ss@example.com/", "auth_header_type": "", "auth_header_value": ""},
            "https://example.com/",
            BASIC,
        ),
    ],
    ids=str,
)
def test_what_authorises_is_a_secret_that_is_not_shown(
    api: Api, cloud: Cloud, given: dict[str, str], url: str, header: str
) -> None:
    added = api("/webhook/add", given).data

    scheme = header.partition(" ")[0].lower()
    assert (added["url"], added["auth_header_type"], added["auth_header_value"]) == (url, scheme, MASK)
    secrets = boto3.client("secretsmanager")
    assert kept(secrets) == [(added["id"], header)]
    items = str(cloud.dynamodb.scan(TableName="Settings")["Items"])
    assert header.partition(" ")[2] not in items
    assert "pass" not in items


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"auth_header_type": "bearer"}, "auth_header_value"),
        ({"auth_header_type": "basic", "auth_header_value": ""}, "auth_header_value"),
        ({"auth_header_type": "basic", "auth_header_value": MASK}, "auth_header_value"),
        ({"auth_header_type": "bearer", "auth_header_value": "two words"}, "auth_header_value"),
        ({"auth_header_type": "bearer", "auth_header_value": "a\r\nX-Evil: 1"}, "auth_header_value"),
        ({"auth_header_type": "bearer", "auth_header_value": "x" * 2001}, "auth_header_value"),
        ({"auth_header_type": "basic", "auth_header_value": "user"}, "auth_header_value"),
        ({"auth_header_type": "digest", "auth_header_value": "x"}, "auth_header_type"),
        ({"auth_header_value": "t0ken"}, "auth_header_type"),
        ({"auth_header_type": "", "auth_header_value": "t0ken"}, "auth_header_type"),
        ({"url": "https://user:pass@example.com/", **BEARER}, "url"),
        ({"url": "https://user:pass@example.com/", "auth_header_value": "t0ken"}, "url"),
    ],
    ids=str,
)
def test_what_does_not_authorise_is_refused_and_nothing_is_added(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient", given: dict[str, str], field: str
) -> None:
    answer = api("/webhook/add", {"url": URL, **given})

    assert (answer.status, answer.field) == (400, field)
    assert cloud.settings.endpoints() == []
    assert kept(secrets) == []


@pytest.mark.parametrize(
    ("change", "scheme", "header"),
    [
        ({"auth_header_value": "another"}, "bearer", "Bearer another"),
        ({"auth_header_type": "basic", "auth_header_value": "user:pass"}, "basic", BASIC),
        ({"auth_header_type": "bearer"}, "bearer", "Bearer t0ken"),
        ({"auth_header_type": "bearer", "auth_header_value": MASK}, "bearer", "Bearer t0ken"),
        ({"auth_header_value": MASK, "events": ["open"]}, "bearer", "Bearer t0ken"),
        ({"url": URL}, "bearer", "Bearer t0ken"),
        ({"url": "https://user:pass@evil.example/"}, "basic", BASIC),
        ({"url": "https://evil.example/", "auth_header_value": "another"}, "bearer", "Bearer another"),
        ({"auth_header_type": "", "url": "https://evil.example/"}, "", None),
        ({"auth_header_type": "", "auth_header_value": ""}, "", None),
    ],
    ids=str,
)
def test_what_authorises_is_edited(
    api: Api,
    secrets: "SecretsManagerClient",
    change: dict[str, object],
    scheme: str,
    header: str | None,
) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]

    edited = api("/webhook/edit", {"id": number, **change}).data

    assert (edited["auth_header_type"], edited["auth_header_value"]) == (scheme, MASK if header else "")
    assert kept(secrets) == ([(number, header)] if header else [])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"auth_header_type": "basic"}, "auth_header_value"),
        ({"auth_header_type": "basic", "auth_header_value": MASK}, "auth_header_value"),
        ({"auth_header_value": "two words"}, "auth_header_value"),
        ({"url": "https://evil.example/x"}, "auth_header_value"),
        ({"url": "https://hooks.example.com:8443/x", "auth_header_value": MASK}, "auth_header_value"),
        ({"url": "https://hooks.example.com/another"}, "auth_header_value"),
        ({"url": f"{URL}?to=another"}, "auth_header_value"),
    ],
    ids=str,
)
def test_a_secret_is_not_sent_in_another_way_or_to_another_url_than_it_was_given_for(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient", change: dict[str, object], field: str
) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    before = stored(cloud)

    answer = api("/webhook/edit", {"id": number, **change})

    assert (answer.status, answer.field) == (400, field)
    assert stored(cloud) == before
    assert kept(secrets) == [(number, "Bearer t0ken")]


def test_a_webhook_that_had_no_secret_gets_one(api: Api, secrets: "SecretsManagerClient") -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]

    assert api("/webhook/edit", {"id": number, **BEARER}).data["auth_header_value"] == MASK

    assert kept(secrets) == [(number, "Bearer t0ken")]


def test_a_secret_goes_with_its_webhook(api: Api, secrets: "SecretsManagerClient") -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]

    removed = api("/webhook/remove", {"id": number}).data

    assert (removed["auth_header_type"], removed["auth_header_value"]) == ("bearer", MASK)
    assert kept(secrets) == []


@pytest.mark.parametrize(
    ("call", "change"),
    [
        ("/webhook/remove", {}),
        ("/webhook/edit", {"auth_header_type": ""}),
        ("/webhook/edit", {"auth_header_value": "x"}),
    ],
)
def test_a_secret_that_cannot_be_removed_holds_nothing_up(
    api: Api, caplog: pytest.LogCaptureFixture, call: str, change: dict[str, str]
) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    failing("DeleteSecret")

    assert api(call, {"id": number, **change}).status == 200

    (record,) = (record for record in caplog.records if record.message == "secret left over")
    assert vars(record)["secret"].startswith(f"Stack/webhooks/{number}-")


def test_a_secret_stays_until_its_webhook_is_removed(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    failing("DeleteItem")

    assert api("/webhook/remove", {"id": number}).status == 503

    assert sent(secrets, stored(cloud)) == (URL, "Bearer t0ken")


@pytest.mark.parametrize("call", ["/webhook/add", "/webhook/edit"])
def test_when_a_secret_cannot_be_kept_nothing_is_changed(api: Api, cloud: Cloud, call: str) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    before = cloud.settings.endpoints()
    failing("CreateSecret")

    answer = api(call, {"id": number, "url": URL, "auth_header_value": "x", "auth_header_type": "bearer"})

    assert answer.status == 503
    assert cloud.settings.endpoints() == before
