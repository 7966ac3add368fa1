"""The sink as an aiohttp application.

| request | answer |
|---|---|
| `POST /hook`, and anything below it | takes a webhook |
| `POST /status/<status>` | takes a webhook, and answers with that status; `?retry_after=` adds the header |
| `PUT /api/secret` | `{"secret": "whsec_..."}`: one more secret to verify with |
| `GET /` | the list |
| `GET /api/hooks` | the list as JSON, newest first |
| `DELETE /api/hooks` | forgets all |
"""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from local import pages
from local.sink.hooks import Hook, Hooks
from local.sink.secrets import Secrets


def application(directory: Path) -> web.Application:
    """Take webhooks and show them.

    Args:
        directory: Where the webhooks and the secrets are kept.
    """
    sink = _Sink(Hooks(directory / "hooks.jsonl"), Secrets(directory / "secrets"))
    served = web.Application()
    served.add_routes(
        [
            web.post("/hook", sink.receive),
            web.post("/hook/{path:.*}", sink.receive),
            web.post(r"/status/{status:[2-5]\d\d}", sink.receive),
            web.put("/api/secret", sink.register),
            web.get("/", sink.index),
            web.get("/api/hooks", sink.list_json),
            web.delete("/api/hooks", sink.clear),
        ]
    )
    return served


class _Sink:
    def __init__(self, hooks: Hooks, secrets: Secrets) -> None:
        self._hooks = hooks
        self._secrets = secrets

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._hooks.add(
            Hook(
                self._hooks.next_number(),
                datetime.now(UTC),
                request.path_qs,
                headers,
                body.decode("utf-8", "replace"),
                self._secrets.verify(body, headers),
            )
        )
        asked = request.query.get("retry_after")
        return web.Response(
            status=int(request.match_info.get("status", HTTPStatus.NO_CONTENT)),
            headers={"Retry-After": asked} if asked else None,
        )

    async def register(self, request: web.Request) -> web.Response:
        try:
            self._secrets.add((await request.json())["secret"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise web.HTTPBadRequest(text=f"not a secret: {error}\n") from error
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def index(self, _: web.Request) -> web.Response:
        return pages.page("sink/list.html", hooks=self._hooks.newest_first())

    async def list_json(self, _: web.Request) -> web.Response:
        return web.json_response([hook.encoded() for hook in self._hooks.newest_first()])

    async def clear(self, _: web.Request) -> web.Response:
        self._hooks.clear()
        return web.Response(status=HTTPStatus.NO_CONTENT)
