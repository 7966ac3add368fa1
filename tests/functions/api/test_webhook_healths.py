"""How a webhook is said to be: active, failing, disabled, left alone for a while."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.api import adapters
from tests.functions.api.concurrency import failing
from tests.functions.api.conftest import Api
from tests.functions.api.stored_webhooks import URL, stored, written
from tests.functions.conftest import Cloud
from tracking.mail.endpoints import Endpoint
from tracking.mail.healths import FAILING_AFTER, PAUSE, PAUSED_AFTER, Health


def of_number(cloud: Cloud, number: int) -> Endpoint:
    endpoint = cloud.settings.endpoint(number)
    assert endpoint is not None
    return endpoint


def failed(cloud: Cloud, number: int, since: timedelta) -> datetime:
    """Have an endpoint fail without a success; when that began."""
    began = datetime.now(UTC) - since
    cloud.healths.failed(of_number(cloud, number), began, None)
    return began


@pytest.mark.parametrize(
    ("since", "status"),
    [(FAILING_AFTER - timedelta(minutes=1), "active"), (FAILING_AFTER, "failing")],
)
def test_a_webhook_that_fails_for_two_days_is_viewed_as_failing(
    api: Api, cloud: Cloud, since: timedelta, status: str
) -> None:
    number, other = (api("/webhook/add", {"url": URL}).data["id"] for _ in range(2))
    began = failed(cloud, number, since)

    viewed = {each["id"]: (each["status"], each["failing_since"]) for each in api("/webhook/view").data}
    edited = api("/webhook/edit", {"id": number, "events": ["open"]}).data
    endpoint = of_number(cloud, number)
    removed = api("/webhook/remove", {"id": number}).data

    assert viewed == {number: (status, written(began)), other: ("active", None)}
    assert (edited["status"], edited["failing_since"]) == viewed[number]
    assert (removed["status"], removed["failing_since"]) == viewed[number]
    assert cloud.healths.get(endpoint) == Health()


def test_a_webhook_that_is_left_alone_is_viewed_with_the_end_of_its_pause_until_it_is_enabled(
    api: Api, cloud: Cloud
) -> None:
    number, other = (api("/webhook/add", {"url": URL}).data["id"] for _ in range(2))
    until = datetime.now(UTC) + timedelta(hours=20)
    cloud.healths.failed(of_number(cloud, number), datetime.now(UTC), until)

    viewed = {each["id"]: (each["status"], each["paused_until"]) for each in api("/webhook/view").data}
    enabled = api("/webhook/enable", {"id": number}).data

    assert viewed == {number: ("active", written(until)), other: ("active", None)}
    assert enabled["paused_until"] is None
    assert cloud.healths.get(of_number(cloud, number)) == Health()


def test_a_pause_that_is_over_is_not_shown(api: Api, cloud: Cloud) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    for _ in range(PAUSED_AFTER):
        cloud.healths.failed(of_number(cloud, number), datetime.now(UTC) - 2 * PAUSE, None)

    (viewed,) = api("/webhook/view").data

    assert viewed["paused_until"] is None
    assert cloud.healths.get(of_number(cloud, number)).paused_until


def test_a_webhook_that_was_disabled_is_enabled_and_has_not_failed(api: Api, cloud: Cloud) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    failed(cloud, number, FAILING_AFTER)
    cloud.healths.disable(of_number(cloud, number), datetime.now(UTC))
    assert api("/webhook/view", {"id": number}).data[0]["status"] == "disabled"

    enabled = api("/webhook/enable", {"id": number}).data

    assert (enabled["id"], enabled["status"], enabled["failing_since"]) == (number, "active", None)
    assert [enabled] == api("/webhook/view").data


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"url": "https://other.example.com/"}, "active"),
        ({"url": URL}, "disabled"),
        ({"events": ["open"]}, "disabled"),
        ({"url": "https://other.example.com/", "auth_header_type": "basic"}, "disabled"),
    ],
    ids=str,
)
def test_with_another_url_a_webhook_begins_anew(
    api: Api, cloud: Cloud, change: dict[str, Any], status: str
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    cloud.healths.disable(of_number(cloud, number), datetime.now(UTC))

    api("/webhook/edit", {"id": number, **change})

    assert api("/webhook/view").data[0]["status"] == status


def test_an_edit_to_another_url_that_would_go_on_as_disabled_is_not_made(api: Api, cloud: Cloud) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    failing("DeleteItem", adapters.healths()._dynamodb)

    answer = api("/webhook/edit", {"id": number, "url": f"{URL}/y"})

    assert answer.status == 503
    assert stored(cloud).url == URL


def test_a_webhook_is_removed_though_it_cannot_be_forgotten_how_it_was(
    api: Api, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    failing("DeleteItem", adapters.healths()._dynamodb)

    assert api("/webhook/remove", {"id": number}).status == 200

    assert cloud.settings.endpoints() == []
    assert "health left over" in [record.message for record in caplog.records]
