import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient
from standardwebhooks import Webhook

from local import sink

type Client = TestClient[web.Request, web.Application]
type Open = Callable[[], Awaitable[Client]]

SECRET = "whsec_" + b64encode(b"k" * 32).decode()
OTHER_SECRET = "whsec_" + b64encode(b"o" * 32).decode()
JSON = json.dumps({"event": "open", "rcpt": "ann@example.net", "read-secs": "15"})
FORM = urlencode({"event": "delivered", "rcpt": "ann@example.net", "subject": "Grüße & more"})


@pytest.fixture
def open_sink(aiohttp_client: AiohttpClient, tmp_path: Path) -> Open:
    async def open_sink() -> Client:
        return await aiohttp_client(sink.application(tmp_path / "sink"))

    return open_sink


def signed(body: str, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }


async def register(client: Client, *secrets: str) -> None:
    for secret in secrets:
        assert (await client.put("/api/secret", json={"secret": secret})).status == 204


async def received(client: Client) -> list[dict[str, object]]:
    hooks: list[dict[str, object]] = await (await client.get("/api/hooks")).json()
    return hooks


@pytest.mark.parametrize("body", [JSON, FORM])
async def test_a_webhook_that_a_registered_secret_signed_is_verified(open_sink: Open, body: str) -> None:
    client = await open_sink()
    await register(client, OTHER_SECRET, SECRET)

    answer = await client.post("/hook", data=body, headers=signed(body))

    assert answer.status == 204
    assert [hook["verified"] for hook in await received(client)] == [True]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(JSON, OTHER_SECRET),
        signed(JSON + " "),
        signed(JSON, at=datetime.now(UTC) - timedelta(minutes=6)),
        signed(JSON) | {"webhook-signature": "nonsense"},
        signed(JSON) | {"webhook-signature": "v1,***"},
        signed(JSON) | {"webhook-timestamp": "yesterday"},
    ],
)
async def test_a_webhook_that_nobody_known_signed_is_kept_as_not_verified(
    open_sink: Open, headers: dict[str, str]
) -> None:
    client = await open_sink()
    await register(client, SECRET)

    answer = await client.post("/hook", data=JSON, headers=headers)

    assert answer.status == 204
    assert [hook["verified"] for hook in await received(client)] == [False]


async def test_a_webhook_is_kept_with_its_path_headers_body_and_fields(open_sink: Open) -> None:
    client = await open_sink()

    await client.post("/hook/team/a?key=1", data=FORM, headers={"X-Custom": "c"})

    (hook,) = await received(client)
    assert hook["number"] == 1
    assert hook["path"] == "/hook/team/a?key=1"
    assert hook["body"] == FORM
    assert hook["fields"] == {"event": "delivered", "rcpt": "ann@example.net", "subject": "Grüße & more"}
    assert hook["headers"]["x-custom"] == "c"  # type: ignore[index]


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[1, 2]", b"", b"plain"])
async def test_a_webhook_of_any_other_form_is_kept_too(open_sink: Open, body: bytes) -> None:
    client = await open_sink()
    await register(client, SECRET)

    await client.post("/hook", data=body, headers=signed(JSON))

    (hook,) = await received(client)
    assert (hook["fields"], hook["verified"]) == ({}, False)
    assert (await client.get("/")).status == 200


async def test_webhooks_and_secrets_survive_a_restart(open_sink: Open) -> None:
    before = await open_sink()
    await register(before, SECRET)
    await before.post("/hook", data=JSON)
    kept = await received(before)
    await before.close()

    after = await open_sink()
    await after.post("/hook", data=JSON, headers=signed(JSON))

    newest, *rest = await received(after)
    assert rest == kept
    assert (newest["number"], newest["verified"]) == (2, True)


async def test_all_webhooks_can_be_forgotten(open_sink: Open) -> None:
    client = await open_sink()
    await client.post("/hook", data=JSON)

    answer = await client.delete("/api/hooks")
    await client.close()

    assert answer.status == 204
    assert await received(await open_sink()) == []


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"secret": 1}', '{"secret": "x"}', '{"secret": "whsec_"}'])
async def test_what_is_not_a_secret_is_refused(open_sink: Open, body: str) -> None:
    client = await open_sink()

    answer = await client.put("/api/secret", data=body, headers={"Content-Type": "application/json"})

    assert answer.status == 400


async def test_the_page_shows_webhooks_newest_first_with_their_fields(open_sink: Open) -> None:
    client = await open_sink()
    await register(client, SECRET)
    await client.post("/hook", data=JSON, headers=signed(JSON))
    await client.post("/hook", data=FORM)

    page = await (await client.get("/")).text()

    assert page.index("delivered") < page.index("open")
    assert "<dt>read-secs</dt><dd>15</dd>" in page
    assert "Grüße &amp; more" in page
    assert page.index("not verified") < page.index('<span class="badge good">verified</span>')


async def test_an_empty_sink_says_so(open_sink: Open) -> None:
    assert "No webhook yet" in await (await (await open_sink()).get("/")).text()


async def test_what_a_webhook_says_cannot_become_markup_of_the_page(open_sink: Open) -> None:
    client = await open_sink()
    await client.post("/hook", data=json.dumps({"event": "<script>x</script>", "<b>": "<i>"}))

    page = await (await client.get("/")).text()

    assert not {"<script>x", "<b>", "<i>"} & {*page.split()}
    assert "&lt;script&gt;x" in page
