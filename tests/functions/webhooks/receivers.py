"""The customer's server on a loopback address, in good shape and in bad; and an internet that leads to it."""

import asyncio
import http.client
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message as Headers
from functools import partial
from itertools import chain, repeat
from time import sleep
from typing import Any, Literal

import pytest

OK = b"HTTP/1.1 200 OK\r\n"
GIGABYTE = 2**30


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is sent once a request was read, with a pause after each piece, and how the connection ends.

    One that is `deaf` reads no request; one that stays waits until the other side closes the connection.
    """

    pieces: Callable[[], Iterable[bytes]]
    pause: float = 0
    then: Literal["close", "reset", "stay"] = "close"
    deaf: bool = False


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    lines = [f"{name}: {value}" for name, value in {"Content-Length": len(body), **(headers or {})}.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} {http.client.responses[status]}", *lines, "", ""])
    return send(head.encode() + body)


def send(*pieces: bytes) -> Behaviour:
    return Behaviour(lambda: pieces)


def close() -> Behaviour:
    return send()


def hang(*pieces: bytes) -> Behaviour:
    return Behaviour(lambda: pieces, then="stay")


def reset() -> Behaviour:
    return Behaviour(tuple, then="reset")


def drip(start: bytes = b"", drop: bytes = b"x", pause: float = 0.02) -> Behaviour:
    """Send a start at once, and then a drop after each pause without end."""
    return Behaviour(lambda: chain([start], repeat(drop)), pause)


def drip_header(pause: float = 0.02) -> Behaviour:
    return Behaviour(lambda: (bytes([byte]) for byte in OK + b"X-Slow: " + b"x" * 10_000), pause)


def send_gigabyte() -> Behaviour:
    head = OK + f"Content-Length: {GIGABYTE}\r\n\r\n".encode()
    return Behaviour(lambda: chain([head], repeat(b"x" * 65_536, GIGABYTE // 65_536)))


def send_endless_header() -> Behaviour:
    return Behaviour(lambda: chain([OK], repeat(b"X-Long: " + b"x" * 1000 + b"\r\n")))


@dataclass
class Receiver:
    """What a server was asked, and how many bytes it could send."""

    port: int
    requests: list[Request] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)
    sent: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def receiving(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a server in threads of its own.

    Args:
        behaviours: One for each request; the last one also for all that follow.
        tls: With the server's certificate; without, it is plain http.
    """
    to_come = list(behaviours)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # What is wrong with the connection is the client's to notice.
            with suppress(OSError), ExitStack() as closing:
                connection: socket.socket = self.request
                connection.settimeout(5)
                if tls:
                    connection = closing.enter_context(tls.wrap_socket(connection, server_side=True))
                behaviour = to_come.pop(0) if len(to_come) > 1 else to_come[0]
                if not behaviour.deaf:
                    receiver.requests.append(_read(connection))
                _behave(connection, behaviour, receiver)

    with _Server(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_address[1])
        if tls:
            tls.sni_callback = lambda _, name, __: receiver.server_names.append(name)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    request_queue_size = 100


def _read(connection: socket.socket) -> Request:
    with connection.makefile("rb") as lines:
        _, path, _ = lines.readline().decode().split(" ")
        headers = http.client.parse_headers(lines)
        return Request(path, headers, lines.read(int(headers["Content-Length"])))


def _behave(connection: socket.socket, behaviour: Behaviour, receiver: Receiver) -> None:
    for piece in behaviour.pieces():
        connection.sendall(piece)
        receiver.sent += len(piece)
        sleep(behaviour.pause)
    if behaviour.then == "stay":
        while connection.recv(65_536):
            pass
    elif behaviour.then == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


class Internet:
    """Names and public addresses; what connects to such an address reaches a receiver.

    There are no other names: what the machine's own name server knows is nothing to a test.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        """The names that were resolved, once for each time."""
        self.connected: list[str] = []
        """The addresses that were connected to, those of this machine too."""
        self._answers: dict[str, list[list[str]]] = {}
        self._receivers: dict[str, Receiver] = {}
        # The class of the running loop cannot be known yet; all that run here are of this one.
        loop = asyncio.SelectorEventLoop
        monkeypatch.setattr(socket, "getaddrinfo", partial(self._resolve, socket.getaddrinfo))
        monkeypatch.setattr(loop, "sock_connect", self._connecting(loop.sock_connect))

    def name(self, host: str, *answers: list[str]) -> None:
        """Let a name lead to some addresses when it is asked first, to others then; the last ones stay."""
        self._answers[host] = list(answers)

    def place(self, address: str, receiver: Receiver) -> None:
        """Let an address lead to a receiver, whatever the port."""
        self._receivers[address] = receiver

    def _resolve(self, really: Callable[..., Any], host: str, port: int, **options: Any) -> Any:  # noqa: ANN401 - as the socket module has it.
        self.asked.append(host)
        answers = self._answers.get(host, [[host]])
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        look_up = partial(really, port=port, **{**options, "flags": socket.AI_NUMERICHOST})
        return list(chain.from_iterable(map(look_up, addresses)))

    def _connecting(self, really: Callable[..., Any]) -> Callable[..., Any]:
        async def sock_connect(loop: object, sock: socket.socket, address: tuple[str, int]) -> None:
            self.connected.append(address[0])
            receiver = self._receivers.get(address[0])
            await really(loop, sock, ("127.0.0.1", receiver.port) if receiver else address)

        return sock_connect
