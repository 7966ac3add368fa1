"""An SMTP client that sends any bytes at all."""

import re
import socket
import ssl
from typing import Self

from tests.gateway.conftest import Gateway

_REPLY = re.compile(rb"([2-5][0-9]{2})([ -])([\x20-\x7e]*)\r\n")


class Closed(Exception):
    """The server has hung up."""


class Wire:
    """A connection, byte by byte."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._read = b""

    @classmethod
    def to(cls, gateway: Gateway, *, source: str = "127.0.0.1", timeout: float = 20) -> Self:
        """The port without TLS."""
        address = "127.0.0.1", gateway.ports.starttls
        return cls(socket.create_connection(address, timeout=timeout, source_address=(source, 0)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def say(self, wire: bytes) -> None:
        self.connection.sendall(wire)

    def reply(self) -> tuple[int, str]:
        """The next answer, all its lines; what is none as RFC 5321 has it fails."""
        lines = []
        while True:
            found = _REPLY.fullmatch(self._line())
            assert found
            lines.append(found[3].decode())
            if found[2] == b" ":
                return int(found[1]), "\n".join(lines)

    def code(self) -> int:
        return self.reply()[0]

    def codes(self, count: int) -> list[int]:
        return [self.code() for _ in range(count)]

    def rest(self) -> list[int]:
        """The codes of all answers until the server hangs up."""
        codes = []
        while True:
            try:
                codes.append(self.code())
            except Closed:
                return codes

    def greeted(self) -> Self:
        assert self.code() == 220
        self.say(b"EHLO client.example\r\n")
        assert self.code() == 250
        return self

    def secured(self, gateway: Gateway) -> Self:
        """Speak TLS from here on."""
        self.connection = gateway.trusted.wrap_socket(self.connection, server_hostname="127.0.0.1")
        return self

    def _line(self) -> bytes:
        while b"\n" not in self._read:
            try:
                more = self.connection.recv(65536)
            except (ConnectionError, ssl.SSLError):
                more = b""
            if not more:
                raise Closed
            self._read += more
        line, newline, self._read = self._read.partition(b"\n")
        return line + newline
