"""The two ports, from opening to closing."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from gateway.configuration import Configuration, InvalidConfiguration
from gateway.conversation import Conversation
from gateway.door import Door

GRACE = timedelta(seconds=3)
"""How long conversations may go on after the gateway was told to stop."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the gateway listens."""

    starttls: int
    tls: int


@contextlib.asynccontextmanager
async def listening(configuration: Configuration, door: Door) -> AsyncIterator[Ports]:
    """Take mail on both ports until the context ends.

    Raises:
        InvalidConfiguration: The certificate or its key cannot be used.
        OSError: A port cannot be listened on.
    """
    context = _tls_context(configuration)
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []
    try:
        servers.append(
            await loop.create_server(
                lambda: Conversation(door, configuration.hostname, context),
                configuration.host,
                configuration.port,
            )
        )
        servers.append(
            await loop.create_server(
                lambda: Conversation(door, configuration.hostname),
                configuration.host,
                configuration.tls_port,
                ssl=context,
            )
        )
        yield Ports(*map(_port, servers))
    finally:
        await _close(servers)


def _tls_context(configuration: Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(configuration.certificate, configuration.private_key)
    except OSError as error:
        files = f"{configuration.certificate} and {configuration.private_key}"
        raise InvalidConfiguration(f"no certificate with its key in {files}: {error}") from error
    return context


async def _close(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE.total_seconds()):
            for server in servers:
                await server.wait_closed()
    for server in servers:
        server.close_clients()


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
