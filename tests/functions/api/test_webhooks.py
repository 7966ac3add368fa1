import base64
import itertools
import re
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.api import adapters, webhook_settings, webhooks
from functions.api.edits import TRIES
from tests.functions.api.concurrency import each_time_before, failing, once_before, repeated
from tests.functions.api.conftest import Api
from tests.functions.conftest import SIGNING_ROOT, Cloud
from tracking.mail.endpoints import (
    AuthScheme,
    Endpoint,
    EndpointChanges,
    OutputFormat,
    SecretRotation,
    WebhookEvent,
    signing_secret,
    signing_secrets,
)
from tracking.mail.healths import FAILING_AFTER, PAUSE, PAUSED_AFTER, Health

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

URL = "https://hooks.example.com/x"
BEARER = {"auth_header_type": "bearer", "auth_header_value": "t0ken"}
BASIC = "Basic " + base64.b64encode(b"user:pass").decode()
MASK = "********"


@pytest.fixture
def secrets(cloud: Cloud) -> "SecretsManagerClient":
    assert cloud
    return boto3.client("secretsmanager")


def kept(secrets: "SecretsManagerClient") -> list[tuple[int, str]]:
    """Each secret of an endpoint: the endpoint's number, and what it says."""
    names = [secret["Name"] for secret in secrets.list_secrets()["SecretList"]]
    return sorted(
        (int(number), secrets.get_secret_value(SecretId=name)["SecretString"])
        for name in names
        for number in re.findall("^Stack/webhooks/([0-9]+)-", name)
    )


def sent(secrets: "SecretsManagerClient", endpoint: Endpoint) -> tuple[str, str | None]:
    """Where webhooks go, and what their Authorization header says."""
    if endpoint.auth_secret is None:
        return endpoint.url, None
    return endpoint.url, secrets.get_secret_value(SecretId=endpoint.auth_secret)["SecretString"]


def stored(cloud: Cloud) -> Endpoint:
    (endpoint,) = cloud.settings.endpoints()
    return endpoint


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


def test_two_edits_at_once_both_hold(api: Api, cloud: Cloud) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    seen = stored(cloud)
    events = frozenset({WebhookEvent.OPEN})
    once_before("UpdateItem", lambda: cloud.settings.change_endpoint(seen, {"events": events}))

    edited = api("/webhook/edit", {"id": number, "headers": ["List-Id"]}).data

    assert (edited["events"], edited["headers"]) == (["open"], ["List-Id"])


def authorise(cloud: Cloud, seen: Endpoint, header: str, url: str = URL) -> None:
    """What another edit does that gives the header's value."""
    changes: EndpointChanges = {
        "url": url,
        "auth_scheme": AuthScheme.BEARER,
        "auth_secret": adapters.authorizations().add(seen.id, header),
    }
    assert cloud.settings.change_endpoint(seen, changes)


def test_a_secret_that_is_given_while_the_url_is_edited_is_not_sent_to_another_host(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    seen = stored(cloud)
    once_before("UpdateItem", lambda: authorise(cloud, seen, "Bearer theirs"))

    answer = api("/webhook/edit", {"id": number, "url": "https://evil.example/"})

    assert answer.field == "auth_header_value"
    assert sent(secrets, stored(cloud)) == (URL, "Bearer theirs")


def test_a_new_secret_is_not_sent_to_the_old_url_while_the_edit_is_not_done(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    failing("UpdateItem")

    answer = api("/webhook/edit", {"id": number, "url": f"{URL}/y", "auth_header_value": "another"})

    assert answer.status == 503
    assert sent(secrets, stored(cloud)) == (URL, "Bearer t0ken")


def test_url_and_secret_are_those_of_one_edit_where_two_come_at_once(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    seen = stored(cloud)
    once_before("UpdateItem", lambda: authorise(cloud, seen, "Bearer theirs", f"{URL}/theirs"))

    answer = api("/webhook/edit", {"id": number, "url": f"{URL}/ours", "auth_header_value": "ours"})

    assert answer.status == 200
    assert sent(secrets, stored(cloud)) == (f"{URL}/ours", "Bearer ours")
    # The other edit would have removed the first one next.
    assert kept(secrets) == [(number, "Bearer ours"), (number, "Bearer t0ken")]


def test_a_secret_that_is_given_while_the_old_one_is_dropped_stays(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    once_before("DeleteSecret", lambda: authorise(cloud, stored(cloud), "Bearer theirs"))

    answer = api("/webhook/edit", {"id": number, "auth_header_type": ""})

    assert answer.status == 200
    assert kept(secrets) == [(number, "Bearer theirs")]
    assert sent(secrets, stored(cloud)) == (URL, "Bearer theirs")


def test_an_edit_whose_answer_was_lost_and_that_boto3_repeats_is_done(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    seen = stored(cloud)

    def write() -> None:
        (name,) = (secret["Name"] for secret in secrets.list_secrets()["SecretList"] if "/" in secret["Name"])
        changes: EndpointChanges = {"auth_scheme": AuthScheme.BEARER, "auth_secret": name}
        cloud.settings.change_endpoint(seen, changes)

    once_before("UpdateItem", write)

    answer = api("/webhook/edit", {"id": number, **BEARER})

    assert answer.data["auth_header_type"] == "bearer"
    assert kept(secrets) == [(number, "Bearer t0ken")]
    assert sent(secrets, stored(cloud)) == (URL, "Bearer t0ken")


@pytest.mark.parametrize("call", ["/webhook/edit", "/webhook/remove"])
def test_an_edit_that_others_come_before_each_time_is_given_up(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient", call: str
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    urls = (f"{URL}/{count}" for count in itertools.count())

    def interfere() -> None:
        cloud.settings.change_endpoint(stored(cloud), {"url": next(urls)})

    each_time_before("UpdateItem", interfere)
    each_time_before("DeleteItem", interfere)

    answer = api(call, {"id": number, **BEARER})

    assert answer.status == 503
    assert stored(cloud).url == f"{URL}/{TRIES - 1}"
    assert kept(secrets) == []


def test_an_edit_that_came_second_begins_anew(api: Api, cloud: Cloud) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    seen = stored(cloud)
    once_before("UpdateItem", lambda: cloud.settings.change_endpoint(seen, {"url": f"{URL}/y"}))

    edited = api("/webhook/edit", {"id": number, **BEARER}).data

    assert (edited["url"], edited["auth_header_type"]) == (f"{URL}/y", "bearer")


def test_what_is_removed_while_it_is_edited_stays_removed_with_its_secret(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    seen = stored(cloud)
    once_before("UpdateItem", lambda: cloud.settings.remove_endpoint(seen))

    answer = api("/webhook/edit", {"id": number, **BEARER})

    assert answer.field == "id"
    assert cloud.settings.endpoints() == []
    assert kept(secrets) == []


def test_a_webhook_that_is_edited_while_it_is_removed_is_removed_with_its_secret(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient"
) -> None:
    number = api("/webhook/add", {"url": URL}).data["id"]
    seen = stored(cloud)
    once_before("DeleteItem", lambda: authorise(cloud, seen, "Bearer t0ken"))

    assert api("/webhook/remove", {"id": number}).data["auth_header_type"] == "bearer"

    assert cloud.settings.endpoints() == []
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


def test_a_webhook_whose_signing_secret_cannot_be_told_is_not_added(
    api: Api, cloud: Cloud, secrets: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SIGNING_SECRET", "missing")

    assert api("/webhook/add", {"url": URL, **BEARER}).status == 503

    assert cloud.settings.endpoints() == []
    assert kept(secrets) == []


FORBIDDEN = (
    "http://hooks.example.com/x",
    "https://hooks.example.com:8080/x",
    "https://user:pass@hooks.example.com:22/x",
    "https://localhost/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://[::ffff:10.0.0.1]/x",
    "https://10.0.0.1/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://0x7f.1/x",
    "https://2130706433/x",
    "https://inside.example.com/x",
    "https://half.example.com/x",
)


@pytest.mark.parametrize("url", FORBIDDEN)
@pytest.mark.parametrize("call", ["/webhook/add", "/webhook/edit"])
def test_a_webhook_does_not_lead_inside(
    api: Api, cloud: Cloud, names: dict[str, list[str]], call: str, url: str
) -> None:
    names["inside.example.com"] = ["10.0.0.1"]
    names["half.example.com"] = ["1.1.1.1", "fd00::1"]
    number = api("/webhook/add", {"url": URL}).data["id"]
    before = cloud.settings.endpoints()

    answer = api(call, {"id": number, "url": url})

    assert (answer.status, answer.field) == (400, "url")
    assert cloud.settings.endpoints() == before


@pytest.mark.parametrize(
    "url",
    [
        "https://public.example.com/x",
        "https://public.example.com:8443/x",
        "https://not-yet.example.com/x",
        "https://1.1.1.1/x",
    ],
)
def test_a_webhook_leads_to_a_public_address_or_nowhere_yet(
    api: Api, names: dict[str, list[str]], url: str
) -> None:
    names["public.example.com"] = ["1.1.1.1", "2606:4700:4700::1111"]

    assert api("/webhook/add", {"url": url}).data["url"] == url


def test_a_name_server_that_takes_too_long_is_like_a_name_that_is_not_there(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_settings, "RESOLVED_WITHIN", timedelta(seconds=0.05))
    is_over, looked_up = threading.Event(), threading.Event()

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        is_over.wait(5)
        looked_up.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    answer = api("/webhook/add", {"url": URL})

    was_looked_up = looked_up.is_set()
    is_over.set()
    assert (answer.status, was_looked_up) == (200, False)
    assert looked_up.wait(60)


def test_an_exempt_host_may_be_whatever_it_is(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_EXEMPT_HOSTS", "127.0.0.1:9000,localhost:9001")

    statuses = [
        api("/webhook/add", {"url": f"http://{host}/hook"}).status
        for host in ("127.0.0.1:9000", "localhost:9001", "127.0.0.1:9001")
    ]

    assert statuses == [200, 200, 400]


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


def of_number(cloud: Cloud, number: int) -> Endpoint:
    endpoint = cloud.settings.endpoint(number)
    assert endpoint is not None
    return endpoint


def failed(cloud: Cloud, number: int, since: timedelta) -> datetime:
    """Have an endpoint fail without a success; when that began."""
    began = datetime.now(UTC) - since
    cloud.healths.failed(of_number(cloud, number), began, None)
    return began


def written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


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


@pytest.mark.parametrize("call", ["/webhook/add", "/webhook/edit"])
def test_when_a_secret_cannot_be_kept_nothing_is_changed(api: Api, cloud: Cloud, call: str) -> None:
    number = api("/webhook/add", {"url": URL, **BEARER}).data["id"]
    before = cloud.settings.endpoints()
    failing("CreateSecret")

    answer = api(call, {"id": number, "url": URL, "auth_header_value": "x", "auth_header_type": "bearer"})

    assert answer.status == 503
    assert cloud.settings.endpoints() == before


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
