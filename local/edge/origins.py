"""Asking an origin: a bucket or what speaks HTTP, which on this machine the cloud plays."""

import asyncio
import contextlib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from multidict import CIMultiDict
from yarl import URL

from local.edge.distributions import CACHED_METHODS, Origin

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FUNCTION_URL = re.compile(r"[a-z0-9-]+\.lambda-url\.(?P<region>[a-z0-9-]+)\.on\.aws")
HTTP_API = re.compile(r"(?P<id>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")

_AUTOMATIC_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_HOP_BY_HOP = ("Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Trailer")


@dataclass(frozen=True, slots=True)
class Question:
    """A request to an origin."""

    method: str
    path: str
    """As the viewer wrote it, without the query."""
    query: str
    headers: CIMultiDict[str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an origin, or CloudFront in its place, answers."""

    status: int
    headers: CIMultiDict[str]
    body: bytes
    error: str | None = None
    """The access log's detailed type of what went wrong."""


class OriginFailed(Exception):
    """There is no answer from the origin.

    Attributes:
        status: What CloudFront makes of it.
        error: The access log's detailed type.
    """

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class OriginUnreachable(OriginFailed):
    """No connection, or one that broke."""

    def __init__(self, error: str) -> None:
        super().__init__(502, error)


class OriginTimedOut(OriginFailed):
    """No answer in time."""

    def __init__(self) -> None:
        super().__init__(504, "OriginCommError")


class Origins:
    """The way to all origins."""

    def __init__(self, s3: "S3Client", cloud_url: str, credentials: Credentials) -> None:
        self._s3 = s3
        self._cloud = URL(cloud_url)
        self._credentials = credentials
        self._open_session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._open_session:
            await self._open_session.close()

    async def ask(self, origin: Origin, question: Question) -> Answer:
        """Get an origin's answer.

        Raises:
            OriginUnreachable: There is no connection.
            OriginTimedOut: There was no connection, or no answer, within the origin's limits.
        """
        attempts = origin.connection_attempts if question.method in CACHED_METHODS else 1
        for _ in range(attempts - 1):
            with contextlib.suppress(OriginFailed):
                return await self._ask_once(origin, question)
        return await self._ask_once(origin, question)

    async def _ask_once(self, origin: Origin, question: Question) -> Answer:
        if origin.bucket:
            return await asyncio.to_thread(self._object, origin.bucket, origin.path, question)
        return await self._answer(origin, question)

    def _object(self, bucket: str, path: str, question: Question) -> Answer:
        key = URL(path + question.path, encoded=True).path.removeprefix("/")
        if question.method not in CACHED_METHODS or not key:
            return _access_denied()
        try:
            found = self._s3.get_object(Bucket=bucket, Key=key)
            body = found["Body"].read()
        except ClientError as error:
            # Who may not list a bucket does not learn which objects it lacks: origin access control.
            if error.response["Error"]["Code"] in {"NoSuchKey", "AccessDenied", "404", "403"}:
                return _access_denied()
            return Answer(error.response["ResponseMetadata"]["HTTPStatusCode"], CIMultiDict(), b"")
        except BotoCoreError as error:
            raise OriginUnreachable("OriginConnectError") from error
        return Answer(200, _end_to_end(CIMultiDict(found["ResponseMetadata"]["HTTPHeaders"])), body)

    async def _answer(self, origin: Origin, question: Question) -> Answer:
        url, host = self._address(origin)
        path = origin.path + question.path + (f"?{question.query}" if question.query else "")
        headers = question.headers.copy()
        headers["Host"] = host
        for name, value in origin.headers:
            headers[name] = value
        if origin.is_signed and (function_url := FUNCTION_URL.fullmatch(origin.domain)):
            self._sign(question, f"https://{host}{path}", headers, function_url["region"])
        try:
            async with self._session.request(
                question.method,
                URL(str(url) + path, encoded=True),
                headers=headers,
                data=io.BytesIO(question.body) if question.body else None,
                allow_redirects=False,
                skip_auto_headers=_AUTOMATIC_HEADERS,
                timeout=aiohttp.ClientTimeout(
                    sock_connect=origin.connection_timeout.total_seconds(),
                    sock_read=origin.read_timeout.total_seconds(),
                ),
            ) as response:
                return Answer(
                    response.status, _end_to_end(CIMultiDict(response.headers)), await response.read()
                )
        except TimeoutError as error:
            raise OriginTimedOut from error
        except aiohttp.ClientConnectorError as error:
            raise OriginUnreachable("OriginConnectError") from error
        except aiohttp.ClientError as error:
            raise OriginUnreachable("OriginCommError") from error

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            # It belongs to the event loop that it is made in, so it is not made before there is one.
            self._open_session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._open_session

    def _address(self, origin: Origin) -> tuple[URL, str]:
        """Where to connect, and the Host to ask for. What AWS plays is in the cloud of this machine."""
        if FUNCTION_URL.fullmatch(origin.domain):
            return self._cloud.origin(), origin.domain
        if http_api := HTTP_API.fullmatch(origin.domain):
            return self._cloud.origin(), f"{http_api['id']}.execute-api.localhost:{self._cloud.port}"
        return URL.build(scheme=origin.scheme, host=origin.domain, port=origin.port), origin.domain

    def _sign(self, question: Question, url: str, headers: CIMultiDict[str], region: str) -> None:
        request = AWSRequest(question.method, url, {"Host": headers["Host"]}, question.body)
        SigV4Auth(self._credentials, "lambda", region).add_auth(request)
        headers.update(dict(request.headers.items()))


def _access_denied() -> Answer:
    body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    return Answer(403, CIMultiDict({"Content-Type": "application/xml"}), body)


def _end_to_end(headers: CIMultiDict[str]) -> CIMultiDict[str]:
    for name in _HOP_BY_HOP:
        headers.popall(name, None)
    return headers
