from typing import TYPE_CHECKING, Any

import pytest

from functions.api import webhooks
from tests.functions.api.conftest import Api
from tests.functions.api.stored_webhooks import BEARER, URL, kept, stored
from tests.functions.conftest import SIGNING_ROOT, Cloud
from tracking.mail.endpoints import OutputFormat, WebhookEvent, signing_secret

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


def test_a_webhook_is_added_with_its_secret(api: Api, cloud: Cloud) -> None:
    answer = api(
        "/webhook/add",
        {
            "url": URL,
            "events": ["open", "click", "bounce", "open"],
            "sms_events": ["delivered"],
            "headers": ["X-Campaign", "List-Id", "X-Campaign"],
            "usernames": ["bob", "alice"],
            "output_format": "json",
        },
    )

    endpoint = stored(cloud)
    assert (endpoint.url, endpoint.output_format) == (URL, OutputFormat.JSON)
    assert endpoint.events == {WebhookEvent.OPEN, WebhookEvent.BOUNCE, WebhookEvent.CLICK}
    assert endpoint.credential_ids == {"alice", "bob"}
    assert endpoint.headers == ("X-Campaign", "List-Id")
    assert answer.data == {
        "id": endpoint.id,
        "url": URL,
        "events": ["open", "bounce", "click"],
        "sms_events": [],
        "headers": ["X-Campaign", "List-Id"],
        "usernames": ["alice", "bob"],
        "output_format": "json",
        "auth_header_type": "",
        "auth_header_value": "",
        "status": "active",
        "failing_since": None,
        "paused_until": None,
        "secret": signing_secret(endpoint, SIGNING_ROOT),
    }


def test_a_webhook_of_which_only_the_url_is_given_is_a_form_that_hears_of_nothing(api: Api) -> None:
    added = api("/webhook/add", {"url": URL}).data

    assert (added["output_format"], added["events"], added["headers"], added["usernames"]) == (
        "form",
        [],
        [],
        [],
    )


def test_the_form_may_also_be_called_output(api: Api) -> None:
    added = api("/webhook/add", {"url": URL, "output": "json"}).data

    assert added["output_format"] == "json"


@pytest.mark.parametrize("event", WebhookEvent)
def test_every_event_of_smtp2gos_can_be_asked_for(api: Api, event: WebhookEvent) -> None:
    assert api("/webhook/add", {"url": URL, "events": [event]}).data["events"] == [event]


def test_webhooks_are_viewed_as_a_list_without_their_secrets(api: Api) -> None:
    added = [api("/webhook/add", {"url": f"{URL}{number}"}).data for number in range(2)]
    secrets = [each.pop("secret") for each in added]

    viewed = api("/webhook/view")

    assert viewed.data == added
    assert not any(secret in str(viewed.data) for secret in secrets)
    assert api("/webhook/view", {"id": added[1]["id"]}).data == [added[1]]


def test_no_webhooks_are_an_empty_list(api: Api) -> None:
    assert api("/webhook/view").data == []


def test_a_webhook_is_removed_and_its_id_not_used_again(api: Api, cloud: Cloud) -> None:
    first = api("/webhook/add", {"url": URL}).data["id"]

    assert api("/webhook/remove", {"id": first}).data["url"] == URL

    assert cloud.settings.endpoints() == []
    assert api("/webhook/remove", {"id": first}).field == "id"
    assert api("/webhook/add", {"url": URL}).data["id"] != first


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"url": "https://other.example.com/y"},
        {"events": ["spam"]},
        {"events": []},
        {"headers": ["List-Id"]},
        {"headers": []},
        {"usernames": ["carol"]},
        {"usernames": []},
        {"output_format": "form"},
    ],
    ids=str,
)
def test_an_edit_changes_what_is_given_and_nothing_else(api: Api, change: dict[str, object]) -> None:
    settings = {
        "url": URL,
        "events": ["open"],
        "headers": ["X-Campaign"],
        "usernames": ["bob"],
        "output_format": "json",
    }
    added = api("/webhook/add", settings).data
    del added["secret"]

    edited = api("/webhook/edit", {"id": added["id"], "events": None, "url": None} | change)

    assert edited.data == added | change
    assert api("/webhook/view").data == [edited.data]


def test_what_only_looks_like_an_edit_changes_nothing(api: Api) -> None:
    added = api("/webhook/add", {"url": URL, "events": ["open"], **BEARER}).data
    del added["secret"]

    assert api("/webhook/edit", added).data == added


@pytest.mark.parametrize("event", ["processed", "reject", "resubscribe"])
def test_postmarks_form_is_not_asked_for_what_it_cannot_tell_of(api: Api, cloud: Cloud, event: str) -> None:
    postmark = {"output_format": "postmark"}
    told = {"events": ["open", "delivered", "bounce", "spam", "click", "unsubscribe"]}
    form = api("/webhook/add", {"url": URL, "events": [event]}).data["id"]
    number = api("/webhook/add", {"url": URL, **postmark, **told}).data["id"]
    before = cloud.settings.endpoints()

    answers = [
        api("/webhook/add", {"url": URL, "events": ["open", event], **postmark}),
        api("/webhook/edit", {"id": form, **postmark}),
        api("/webhook/edit", {"id": number, "events": [event]}),
    ]

    assert {answer.field for answer in answers} == {"events"}
    assert all(event in answer.data["error"] for answer in answers)
    assert cloud.settings.endpoints() == before
    assert api("/webhook/edit", {"id": form, **postmark, **told}).data["output_format"] == "postmark"


def test_there_is_a_limit_of_webhooks(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_ENDPOINTS", 2)
    numbers = [api("/webhook/add", {"url": URL}).data["id"] for _ in range(2)]

    refused = api("/webhook/add", {"url": URL, **BEARER})

    assert (refused.status, refused.field) == (400, "url")
    assert [endpoint.id for endpoint in cloud.settings.endpoints()] == numbers
    assert kept(secrets) == []
    api("/webhook/remove", {"id": numbers[0]})
    assert api("/webhook/add", {"url": URL}).status == 200


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("/webhook/add", {}, "url"),
        ("/webhook/add", {"url": "ftp://example.com"}, "url"),
        ("/webhook/add", {"url": "https://exa mple.com"}, "url"),
        ("/webhook/add", {"url": "https://user:pass@/x"}, "url"),
        ("/webhook/add", {"url": "https://example.com:99999/"}, "url"),
        ("/webhook/add", {"url": "https://example.com:0/"}, "url"),
        ("/webhook/add", {"url": "https://[::1/"}, "url"),
        ("/webhook/add", {"url": f"https://example.com/{'x' * 2000}"}, "url"),
        ("/webhook/add", {"url": URL, "events": ["nope"]}, "events.0"),
        ("/webhook/add", {"url": URL, "events": ["open"] * 21}, "events"),
        ("/webhook/add", {"url": URL, "events": "open"}, "events"),
        ("/webhook/add", {"url": URL, "headers": ["a:b"]}, "headers.0"),
        ("/webhook/add", {"url": URL, "headers": [""]}, "headers.0"),
        ("/webhook/add", {"url": URL, "headers": ["x" * 101]}, "headers.0"),
        ("/webhook/add", {"url": URL, "headers": ["X"] * 21}, "headers"),
        ("/webhook/add", {"url": URL, "usernames": ["x" * 101]}, "usernames.0"),
        ("/webhook/add", {"url": URL, "output": "xml"}, "output"),
        ("/webhook/edit", {"url": URL}, "id"),
        ("/webhook/edit", {"id": 7}, "id"),
        ("/webhook/view", {"id": 7}, "id"),
        ("/webhook/view", {"id": 0}, "id"),
        ("/webhook/remove", {}, "id"),
        ("/webhook/remove", {"id": 0}, "id"),
        ("/webhook/remove", {"id": "x"}, "id"),
        ("/webhook/remove", {"id": 7}, "id"),
        ("/webhook/enable", {"id": 7}, "id"),
        ("/webhook/rotate_secret", {"id": 7}, "id"),
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
