"""The mailbox as an aiohttp application.

| request | answer |
|---|---|
| `POST /deliver` | takes a mail as JSON, with its bytes in base64 |
| `GET /` | the list |
| `GET /mail/<number>` | a mail; below it `/html`, `/part/<index>` and `/raw` |
| `GET /api/mails` | the list as JSON, newest first; `recipient` and `email_id` choose |
| `GET /api/mails/<number>` | a mail as JSON |
| `DELETE /api/mails` | removes all |
"""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local import pages
from local.mailbox.contents import Content, Part
from local.mailbox.events import Sent
from local.mailbox.mails import Mail, Mails
from local.mailbox.publishing import publish
from local.mailbox.scenarios import scenario

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sns import SNSClient

MAX_DELIVERY_BYTES = 60 * 1024 * 1024
"""SES's largest message in base64, and what is said about it."""

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
"""What a mail may do in a browser: open its links in a new window. No script runs."""

FOREIGN = {
    "Content-Security-Policy": f"sandbox {SANDBOX}; default-src 'none'; img-src * data:; media-src *;"
    " style-src * 'unsafe-inline'; font-src * data:",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with everything that others wrote: it shows as in a web mailer, and can do as little."""


def application(directory: Path, sesv2: "SESV2Client", sns: "SNSClient") -> web.Application:
    """Take mail and show it.

    Args:
        directory: Where the mails are kept.
        sesv2: Tells where a configuration set publishes.
        sns: Publishes there.
    """
    mailbox = _Mailbox(Mails(directory), sesv2, sns)
    served = web.Application(client_max_size=MAX_DELIVERY_BYTES)
    served.cleanup_ctx.append(mailbox.running)
    served.add_routes(
        [
            web.post("/deliver", mailbox.deliver),
            web.get("/", mailbox.index),
            web.get(r"/mail/{number:\d+}", mailbox.show),
            web.get(r"/mail/{number:\d+}/html", mailbox.html),
            web.get(r"/mail/{number:\d+}/part/{index:\d+}", mailbox.part),
            web.get(r"/mail/{number:\d+}/raw", mailbox.raw),
            web.get("/api/mails", mailbox.list_json),
            web.delete("/api/mails", mailbox.clear),
            web.get(r"/api/mails/{number:\d+}", mailbox.show_json),
        ]
    )
    return served


class _Mailbox:
    def __init__(self, mails: Mails, sesv2: "SESV2Client", sns: "SNSClient") -> None:
        self._mails = mails
        self._sesv2 = sesv2
        self._sns = sns
        self._publishing: set[asyncio.Task[None]] = set()

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        yield
        await asyncio.gather(*self._publishing)

    async def deliver(self, request: web.Request) -> web.Response:
        try:
            delivered = await request.json()
            raw = b64decode(delivered["raw"], validate=True)
            sent = _sent(delivered, raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise web.HTTPBadRequest(text=f"not a delivery: {error!r}\n") from error
        accepting = tuple(address for address in sent.recipients if scenario(address).is_delivered)
        mail = self._mail(sent, accepting) if accepting else None
        if mail:
            self._mails.add(mail, raw)
        # SES says what became of a mail after it accepted it, so the sender does not wait for that.
        task = asyncio.create_task(publish(sent, self._sesv2, self._sns))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)
        return web.json_response({"number": mail and mail.number})

    def _mail(self, sent: Sent, recipients: tuple[str, ...]) -> Mail:
        return Mail(
            self._mails.next_number(),
            sent.accepted_at,
            sent.message_id,
            sent.mail_from,
            recipients,
            sent.configuration_set,
            sent.tags,
            sent.content.header("From"),
            sent.content.header("Subject"),
        )

    async def index(self, _: web.Request) -> web.Response:
        return pages.page("mailbox/list.html", mails=self._mails.newest_first())

    async def show(self, request: web.Request) -> web.Response:
        mail, content = self._opened(request)
        return pages.page("mailbox/mail.html", mail=mail, content=content, sandbox=SANDBOX)

    async def html(self, request: web.Request) -> web.Response:
        mail, content = self._opened(request)
        html = content.linked_html(lambda index: f"/mail/{mail.number}/part/{index}")
        if html is None:
            raise web.HTTPNotFound(text="the mail has no HTML\n")
        return web.Response(text=html, content_type="text/html", headers=FOREIGN)

    async def part(self, request: web.Request) -> web.Response:
        _, content = self._opened(request)
        part = _at(content.parts, int(request.match_info["index"]))
        return web.Response(body=part.body, content_type=part.content_type, headers=FOREIGN)

    async def raw(self, request: web.Request) -> web.Response:
        raw = self._mails.raw(self._found(request))
        return web.Response(body=raw, content_type="text/plain", charset="utf-8", headers=FOREIGN)

    async def list_json(self, request: web.Request) -> web.Response:
        recipient, email_id = request.query.get("recipient"), request.query.get("email_id")
        return web.json_response(
            [
                mail.encoded()
                for mail in self._mails.newest_first()
                if recipient in {None, *mail.recipients} and email_id in {None, mail.email_id}
            ]
        )

    async def show_json(self, request: web.Request) -> web.Response:
        mail, content = self._opened(request)
        return web.json_response(
            mail.encoded()
            | {
                "headers": content.headers,
                "text": content.text,
                "html": content.html,
                "raw_url": f"/mail/{mail.number}/raw",
            }
        )

    async def clear(self, _: web.Request) -> web.Response:
        self._mails.clear()
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _opened(self, request: web.Request) -> tuple[Mail, Content]:
        mail = self._found(request)
        return mail, Content.of(self._mails.raw(mail))

    def _found(self, request: web.Request) -> Mail:
        mail = self._mails.get(int(request.match_info["number"]))
        if mail is None:
            raise web.HTTPNotFound(text="there is no such mail\n")
        return mail


def _sent(delivered: Mapping[str, Any], raw: bytes) -> Sent:
    return Sent(
        delivered["message_id"],
        delivered["mail_from"],
        tuple(delivered["recipients"]),
        delivered["configuration_set"],
        dict(delivered["tags"]),
        datetime.now(UTC),
        Content.of(raw),
    )


def _at(parts: tuple[Part, ...], index: int) -> Part:
    try:
        return parts[index]
    except IndexError as error:
        raise web.HTTPNotFound(text="there is no such part\n") from error
