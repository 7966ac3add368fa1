"""Who is connected: how many in all, how many of each address, and how all of them end."""

import asyncio
from collections import Counter
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from gateway.limits import MAX_REFUSED_CONNECTIONS, Limits


class Stoppable(Protocol):
    """A connection, as far as it is counted."""

    def stop(self) -> None:
        """End as soon as no message is under way."""

    def give_up(self) -> None:
        """End now."""


class Crowd(StrEnum):
    """Why a connection is one too many."""

    OF_ADDRESS = "connections of one address"
    """As many as one address may have are open."""

    IN_ALL = "connections in all"
    """As many as the gateway has at once are open."""

    OF_REFUSED = "refused connections"
    """It is too many too, and so are as many others as are told why at once."""


class OpenConnections:
    """The open connections, until they have left.

    Those that are refused count apart. Otherwise one address could take the places of all others with
    connections that it may not have.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._networks: dict[Stoppable, str] = {}
        self._of_network: Counter[str] = Counter()
        self._refused: set[Stoppable] = set()
        self._is_stopping = False
        self._nobody = asyncio.Event()
        self._nobody.set()

    def __len__(self) -> int:
        return len(self._networks)

    def enter(self, connection: Stoppable, network: str) -> Crowd | None:
        """Count a connection in; None, or why it has to leave again."""
        crowd = self._crowd(network)
        if crowd is None:
            self._networks[connection] = network
            self._of_network[network] += 1
            self._nobody.clear()
            if self._is_stopping:
                connection.stop()  # It was accepted before the ports closed.
            return None
        if len(self._refused) >= MAX_REFUSED_CONNECTIONS:
            return Crowd.OF_REFUSED
        self._refused.add(connection)
        return crowd

    def leave(self, connection: Stoppable) -> None:
        """Count a connection out, if it is in."""
        self._refused.discard(connection)
        network = self._networks.pop(connection, None)
        if network is None:
            return
        self._of_network[network] -= 1
        if not self._of_network[network]:
            del self._of_network[network]
        if not self._networks:
            self._nobody.set()

    async def stop(self, grace: timedelta) -> None:
        """End all connections; messages that are under way have `grace` to be stored and answered."""
        self._is_stopping = True
        for connection in [*self._networks]:
            connection.stop()
        try:
            await asyncio.wait_for(self._nobody.wait(), grace.total_seconds())
        except TimeoutError:
            for connection in [*self._networks]:
                connection.give_up()

    def _crowd(self, network: str) -> Crowd | None:
        if len(self._networks) >= self._limits.connections:
            return Crowd.IN_ALL
        if self._of_network[network] >= self._limits.connections_per_address:
            return Crowd.OF_ADDRESS
        return None
