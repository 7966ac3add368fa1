"""What signs a webhook's notifications, and its successors."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from functions.api import adapters
from tests.functions.api.concurrency import once_before, repeated
from tests.functions.api.conftest import Api
from tests.functions.api.stored_webhooks import BEARER, URL, kept, stored, written
from tests.functions.conftest import SIGNING_ROOT, Cloud
from tracking.mail.endpoints import SecretRotation, signing_secret, signing_secrets

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


def test_a_webhook_whose_signing_secret_cannot_be_told_is_not_added(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SIGNING_SECRET", "missing")

    assert api("/webhook/add", {"url": URL, **BEARER}).status == 503

    assert cloud.settings.endpoints() == []
    assert kept(secrets) == []


def test_a_new_secret_is_shown_once_and_the_one_before_holds_for_a_day(api: Api, cloud: Cloud) -> None:
    added = api("/webhook/add", {"url": URL, **BEARER}).data
    before = stored(cloud)

    rotated = api("/webhook/rotate_secret", {"id": added["id"]}).data

    now = stored(cloud)
    assert now.secret_rotated_at
    assert rotated == {
        "id": added["id"],
        "secret": signing_secret(now, SIGNING_ROOT),
        "old_secret_valid_until": written(now.secret_rotated_at + timedelta(hours=24)),
    }
    assert now == replace(before, secret_version=2, secret_rotated_at=now.secret_rotated_at)
    at = now.secret_rotated_at + timedelta(hours=23)
    assert signing_secrets(now, SIGNING_ROOT, at) == [rotated["secret"], added["secret"]]
    assert rotated["secret"] not in str(api("/webhook/view").data)


def test_a_secret_that_is_rotated_twice_ends_at_once(api: Api, cloud: Cloud) -> None:
    added = api("/webhook/add", {"url": URL}).data

    rotated = [api("/webhook/rotate_secret", {"id": added["id"]}).data["secret"] for _ in range(2)]

    assert len({added["secret"], *rotated}) == 3
    assert signing_secrets(stored(cloud), SIGNING_ROOT, datetime.now(UTC)) == rotated[::-1]


def test_a_rotation_whose_answer_was_lost_and_that_boto3_repeats_is_made_once(api: Api, cloud: Cloud) -> None:
    added = api("/webhook/add", {"url": URL}).data
    repeated("UpdateItem")

    rotated = api("/webhook/rotate_secret", {"id": added["id"]}).data

    assert stored(cloud).secret_version == 2
    assert signing_secrets(stored(cloud), SIGNING_ROOT, datetime.now(UTC)) == [
        rotated["secret"],
        added["secret"],
    ]


def test_two_rotations_at_once_are_two(api: Api, cloud: Cloud) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    seen = stored(cloud)
    theirs: SecretRotation = {"secret_version": 2, "secret_rotated_at": datetime(2026, 1, 1, tzinfo=UTC)}
    once_before("UpdateItem", lambda: cloud.settings.change_endpoint(seen, theirs))

    rotated = api("/webhook/rotate_secret", {"id": number}).data

    assert rotated["secret"] == signing_secret(replace(seen, secret_version=3), SIGNING_ROOT)


def test_a_secret_whose_successor_cannot_be_told_is_not_rotated(
    api: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    before = stored(cloud)
    adapters.webhook_signing_root.cache_clear()
    monkeypatch.setenv("WEBHOOK_SIGNING_SECRET", "missing")

    assert api("/webhook/rotate_secret", {"id": number}).status == 503

    assert stored(cloud) == before
