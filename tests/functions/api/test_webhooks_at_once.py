"""Edits of one webhook that come at once, and what becomes of its secret."""

import itertools
from typing import TYPE_CHECKING

import pytest

from functions.api import adapters
from functions.api.edits import TRIES
from tests.functions.api.concurrency import each_time_before, failing, once_before
from tests.functions.api.conftest import Api
from tests.functions.api.stored_webhooks import BEARER, URL, kept, sent, stored
from tests.functions.conftest import Cloud
from tracking.mail.endpoints import AuthScheme, Endpoint, EndpointChanges, WebhookEvent

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


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
