"""Out to the customer's URL, and no way inside.

The name is resolved once, every address that it leads to is checked, and the connection goes to the very
address that was checked, while TLS asks for a certificate of the name. Whatever the other side does, it takes
no longer than the limits here, and no more memory.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import cache, partial

import httpcore

from tracking.mail.destinations import Destination, check_addresses, destination

TIMEOUT_SECONDS = 10.0
"""Until the answer's header must be there, from resolving the name on.

Source:
    SMTP2GO's documentation of webhooks.
"""

BODY_SECONDS = 1.0
"""How long the answer's body is read after its header."""

KEPT_BYTES = 1024
"""How much of the answer's body is read and kept."""

USER_AGENT = "open-tracking-webhooks/1"

_LONGEST_REASON = 200

_FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)


class NoAnswer(Exception):
    """There was no answer; the message is a short clause that says why, with nothing of the request in it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the endpoint answered.

    `body` is its first bytes as they came, at most `KEPT_BYTES`, and fewer if the rest did not come in time.
    `retry_after` is the header as it is, None if there is none.
    """

    status: int
    body: bytes
    retry_after: str | None


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    ports: Collection[int],
    exempt_hosts: Collection[str] = (),
) -> Response:
    """Send a POST. The answer's header decides, whatever becomes of its body; redirects are not followed.

    Args:
        url: The customer's.
        body: As it was signed.
        headers: With the content type and the signature.
        ports: Those that are open to webhooks beside 443.
        exempt_hosts: `host:port`s that may be reached whatever they are; the local system's own receiver.

    Raises:
        ForbiddenDestination: The URL or an address that it leads to is one where no webhook may go.
        NoAnswer: There is no connection, or no answer in time.
    """
    place = destination(url, ports, exempt_hosts)
    request = _request(place, body, headers)
    async with AsyncExitStack() as connections:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                stream = await _connect(place, connections)
                connection = httpcore.AsyncHTTP11Connection(request.url.origin, stream)
                answer = await connection.handle_async_request(request)
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {TIMEOUT_SECONDS:g} s") from error
        except httpcore.LocalProtocolError:
            # What it says may quote a header, and one of them is a secret.
            raise NoAnswer("a header of the request has characters that none may have") from None
        except _FAILURES as error:
            raise NoAnswer(_reason(error)[:_LONGEST_REASON]) from error
        return Response(answer.status, await _first_bytes(answer), _retry_after(answer))


def _request(place: Destination, body: bytes, headers: Mapping[str, str]) -> httpcore.Request:
    ours = {
        "Host": place.authority,
        "User-Agent": USER_AGENT,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    return httpcore.Request(
        "POST",
        httpcore.URL(scheme=place.scheme, host=place.host, port=place.port, target=place.target),
        headers=[(name.encode(), value.encode()) for name, value in {**ours, **headers}.items()],
        content=body,
    )


async def _connect(place: Destination, connections: AsyncExitStack) -> httpcore.AsyncNetworkStream:
    """Connect, with TLS unless the URL is plain http; what was opened is closed with `connections`."""
    address = place.host
    if not place.is_exempt:
        address = check_addresses(place.host, await _resolve(place.host, place.port))
    stream = await httpcore.AnyIOBackend().connect_tcp(address, place.port)
    connections.push_async_callback(stream.aclose)
    if place.scheme == "https":
        return await stream.start_tls(_tls(), server_hostname=place.host)
    return stream


async def _resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, at least one."""
    # The event loop's own threads are few, and it waits for them when it ends: a customer's slow name server
    # would keep the others' webhooks waiting.
    thread = ThreadPoolExecutor(1)
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(thread, look_up)
    finally:
        thread.shutdown(wait=False)
    return [str(address[0]) for *_, address in found]


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are checked against the system's authorities and those of certifi."""
    context = httpcore.default_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _first_bytes(answer: httpcore.Response) -> bytes:
    kept = b""
    with suppress(*_FAILURES):
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in answer.aiter_stream():
                kept += piece
                if len(kept) >= KEPT_BYTES:
                    break
    return kept[:KEPT_BYTES]


def _retry_after(answer: httpcore.Response) -> str | None:
    found = (value.decode("latin-1") for name, value in answer.headers if name.lower() == b"retry-after")
    return next(found, None)


def _reason(error: Exception) -> str:
    """Say in a clause why there was no answer."""
    match _root(error):
        case socket.gaierror():
            return "the name cannot be resolved"
        case ssl.SSLCertVerificationError(verify_message=message):
            return f"the certificate is not valid: {message}"
        case ssl.SSLError(reason=reason):
            return f"TLS failed: {reason}"
        case OSError(errno=int(number)):
            return f"the connection failed: {os.strerror(number).lower()}"
    if isinstance(error, httpcore.RemoteProtocolError) and error.__cause__:
        return "the answer is not HTTP"
    return "the connection was closed before an answer came"


def _root(error: BaseException) -> BaseException:
    while error.__cause__:
        error = error.__cause__
    return error
