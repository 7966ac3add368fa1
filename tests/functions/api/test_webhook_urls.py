"""Where a webhook may lead to."""

import socket
import threading
from datetime import timedelta

import pytest

from functions.api import webhook_settings
from tests.functions.api.conftest import Api
from tests.functions.api.stored_webhooks import URL
from tests.functions.conftest import Cloud

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
