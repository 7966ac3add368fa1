"""One distribution as an aiohttp application."""

import asyncio
import base64
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web
from botocore.credentials import Credentials
from multidict import CIMultiDict

from local import pages
from local.edge.access_logs import AccessLog
from local.edge.distributions import Behavior, Distribution, ErrorPage
from local.edge.exchanges import EDGE_LOCATION, Exchange
from local.edge.forwarding import USER_AGENT, forwarded_headers
from local.edge.origins import Answer, OriginFailed, Origins, Question
from local.edge.viewers import Viewer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FLUSH_EVERY = timedelta(seconds=3)

_REQUEST_ID_BYTES = 40
"""Which makes 56 characters."""


def application(
    distribution: Distribution,
    *,
    s3: "S3Client",
    cloud_url: str,
    credentials: Credentials,
    flush_every: timedelta = FLUSH_EVERY,
) -> web.Application:
    """Play one distribution.

    Args:
        distribution: What `deployed` read.
        s3: Reads the origins' buckets, writes the access log.
        cloud_url: Where function URLs and HTTP APIs are reached.
        credentials: Sign the requests to function URLs, as origin access control does.
        flush_every: How long a request may wait to be in the access log.

    Returns:
        To be run by `runner`.
    """
    log = AccessLog(s3, distribution.logging, distribution) if distribution.logging else None
    served = _Edge(distribution, Origins(s3, cloud_url, credentials), log)

    async def running(_: web.Application) -> AsyncIterator[None]:
        closing = asyncio.Event()
        flushing = asyncio.create_task(served.flush(flush_every, closing))
        yield
        # Not cancelled: what it is writing just then would be lost.
        closing.set()
        await flushing
        await served.close()

    edge = web.Application(client_max_size=0)
    edge.cleanup_ctx.append(running)
    edge.router.add_route("*", "/{path:.*}", served.serve)
    return edge


def runner(edge: web.Application) -> web.AppRunner:
    """A runner that tells the application when a viewer went away, so that the access log can say so."""
    return web.AppRunner(edge, handler_cancellation=True, access_log=None)


class _Edge:
    def __init__(self, distribution: Distribution, origins: Origins, log: AccessLog | None) -> None:
        self._distribution = distribution
        self._origins = origins
        self._log = log
        self._asking: set[asyncio.Task[Answer]] = set()
        self._via = f"1.1 {distribution.domain} (CloudFront)"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        started = time.monotonic()
        viewer = Viewer.of(request)
        request_id = base64.urlsafe_b64encode(secrets.token_bytes(_REQUEST_ID_BYTES)).decode()
        body = await request.read()
        asking = asyncio.create_task(self._answer(request, viewer, request_id, body))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        sent, first_byte = None, None
        try:
            # The origin does not notice that a viewer goes away: what it was asked, it answers.
            answer = await asyncio.shield(asking)
            response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
            first_byte = time.monotonic() - started
            await response.prepare(request)
            await response.write_eof()
            sent = answer
        finally:
            if self._log:
                taken = time.monotonic() - started
                self._log.add(
                    Exchange(
                        request,
                        viewer,
                        request_id,
                        len(body),
                        sent,
                        datetime.now(UTC),
                        taken,
                        taken if first_byte is None else first_byte,
                    )
                )
        return response

    async def flush(self, every: timedelta, closing: asyncio.Event) -> None:
        while self._log and not closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), every.total_seconds())
            await self._log.flush()

    async def close(self) -> None:
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._origins.close()
        if self._log:
            await self._log.flush()

    async def _answer(self, request: web.Request, viewer: Viewer, request_id: str, body: bytes) -> Answer:
        path, _, query = request.raw_path.partition("?")
        if path == "/":
            path += self._distribution.default_root_object
        behavior = self._distribution.behavior(path)
        if request.method in behavior.methods:
            headers = forwarded_headers(request, behavior.forwarding, viewer)
            question = Question(request.method, path, behavior.forwarding.query(query), headers, body)
            answer = await self._ask(behavior, question, request_id)
        else:
            answer = _refusal(HTTPStatus.FORBIDDEN, "InvalidRequestMethod", request_id)
        if page := self._distribution.error_pages.get(answer.status):
            answer = await self._error_page(page, answer, request_id)
        behavior.response.apply(answer.headers)
        answer.headers.setdefault("Server", "CloudFront")
        answer.headers["Via"] = self._via
        answer.headers["X-Cache"] = "Error from cloudfront" if answer.error else "Miss from cloudfront"
        answer.headers["X-Amz-Cf-Pop"] = EDGE_LOCATION
        answer.headers["X-Amz-Cf-Id"] = request_id
        return answer

    async def _error_page(self, page: ErrorPage, failed: Answer, request_id: str) -> Answer:
        """A custom error page; if there is none to be had, the viewer gets what became of asking for it."""
        question = Question("GET", page.path, "", CIMultiDict({"User-Agent": USER_AGENT}))
        found = await self._ask(self._distribution.behavior(page.path), question, request_id)
        return found if found.error else replace(found, status=page.status, error=failed.error)

    async def _ask(self, behavior: Behavior, question: Question, request_id: str) -> Answer:
        question.headers["Via"] = self._via
        question.headers["X-Amz-Cf-Id"] = request_id
        try:
            answer = await self._origins.ask(behavior.origin, question)
        except OriginFailed as failure:
            return _refusal(failure.status, failure.error, request_id)
        return replace(answer, error="Error") if answer.status >= HTTPStatus.BAD_REQUEST else answer


def _refusal(status: int, error: str, request_id: str) -> Answer:
    """What CloudFront answers in place of an origin."""
    page = pages.text("cloudfront_error.html", status=HTTPStatus(status), request_id=request_id)
    return Answer(status, CIMultiDict({"Content-Type": "text/html"}), page.encode(), error)
