from typing import Any

import pytest

from tests.functions.api.conftest import Api
from tests.functions.conftest import SIGNING_ROOT, Cloud
from tracking.mail.deliveries import EventType
from tracking.mail.endpoints import OutputFormat, signing_secret

URL = "https://hooks.example.com/x"


def test_a_webhook_is_added_with_its_secret(api: Api, cloud: Cloud) -> None:
    answer = api(
        "/webhook/add",
        {"url": URL, "events": ["open", "bounce", "click"], "usernames": ["bob", "alice"], "output": "json"},
    )

    (endpoint,) = cloud.settings.endpoints()
    assert (endpoint.url, endpoint.output_format) == (URL, OutputFormat.JSON)
    assert endpoint.events == {EventType.FETCHED, EventType.BOUNCED}
    assert endpoint.credential_ids == {"alice", "bob"}
    assert answer.data == {
        "id": endpoint.id,
        "url": URL,
        "events": ["open", "bounce"],
        "usernames": ["alice", "bob"],
        "output_format": "json",
        "secret": signing_secret(endpoint, SIGNING_ROOT),
    }


def test_webhooks_are_viewed_without_their_secrets(api: Api) -> None:
    added = api("/webhook/add", {"url": URL}).data
    secret = added.pop("secret")

    viewed = api("/webhook/view")

    assert viewed.data == [added]
    assert secret not in str(viewed.data)
    assert (added["output_format"], added["events"], added["usernames"]) == ("form", [], [])


def test_a_webhook_is_removed_and_its_id_not_used_again(api: Api, cloud: Cloud) -> None:
    first = api("/webhook/add", {"url": URL}).data["id"]

    assert api("/webhook/remove", {"id": first}).data["url"] == URL

    assert cloud.settings.endpoints() == []
    assert api("/webhook/remove", {"id": first}).field == "id"
    assert api("/webhook/add", {"url": URL}).data["id"] != first


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("/webhook/add", {}, "url"),
        ("/webhook/add", {"url": "ftp://example.com"}, "url"),
        ("/webhook/add", {"url": "https://exa mple.com"}, "url"),
        ("/webhook/add", {"url": URL, "events": ["nope"]}, "events.0"),
        ("/webhook/add", {"url": URL, "events": "open"}, "events"),
        ("/webhook/add", {"url": URL, "output": "xml"}, "output"),
        ("/webhook/remove", {}, "id"),
        ("/webhook/remove", {"id": 0}, "id"),
        ("/webhook/remove", {"id": "x"}, "id"),
        ("/webhook/remove", {"id": 7}, "id"),
        ("/webhook/remove", {"id": 10**2000}, "id"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_field_is_refused_by_its_name(
    api: Api, cloud: Cloud, call: str, body: dict[str, Any], field: str
) -> None:
    answer = api(call, body)

    assert (answer.status, answer.field) == (400, field)
    assert cloud.settings.endpoints() == []
