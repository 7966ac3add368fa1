"""The two ports, from opening to closing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from gateway.certificates import Certificates
from gateway.configuration import Configuration
from gateway.conversation import Conversation
from gateway.door import Door
from gateway.open_connections import OpenConnections

GRACE = timedelta(seconds=10)
"""How long messages under way may take after the gateway was told to stop."""

LETS_GO_WITHIN = timedelta(seconds=1)
"""How long last answers may take after that."""

BACKLOG = 1000
"""Connections that may wait to be let in."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the gateway listens."""

    starttls: int
    tls: int


@contextlib.asynccontextmanager
async def listening(
    configuration: Configuration, door: Door, certificates: Certificates
) -> AsyncIterator[Ports]:
    """Take mail on both ports until the context ends.

    Raises:
        OSError: A port cannot be listened on.
    """
    connections = OpenConnections(configuration.limits)
    loop = asyncio.get_running_loop()

    async def listen(port: int, *, is_tls_from_start: bool) -> asyncio.Server:
        return await loop.create_server(
            lambda: Conversation(
                door,
                connections,
                configuration.limits,
                hostname=configuration.hostname,
                tls=certificates.context,
                is_tls_from_start=is_tls_from_start,
            ),
            configuration.hosts,
            port,
            backlog=BACKLOG,
        )

    servers: list[asyncio.Server] = []
    watching = asyncio.create_task(certificates.watch())
    try:
        servers.append(await listen(configuration.port, is_tls_from_start=False))
        servers.append(await listen(configuration.tls_port, is_tls_from_start=True))
        yield Ports(*map(_port, servers))
    finally:
        watching.cancel()
        for server in servers:
            server.close()
        await connections.stop(GRACE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LETS_GO_WITHIN.total_seconds()):
                for server in servers:
                    await server.wait_closed()
        for server in servers:
            server.abort_clients()


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
