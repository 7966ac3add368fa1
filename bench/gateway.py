"""The SMTP gateway: many small messages over many connections, beside aiosmtpd's own sink.

Gateway, sink and client are processes of their own, on this machine. The sink throws away what it gets, but
reads commands and messages with aiosmtpd's own parsers. S3, SQS and DynamoDB are stand-ins in the gateway's
process that answer at once, without HTTP: what is measured is the gateway, threads for AWS included. The
client is let in by its address, speaks no TLS, and sends MAIL, RCPT and DATA in one packet.
"""

import asyncio
import json
import logging
import multiprocessing
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, cast

import trustme
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from bench.report import Row, Target
from bench.timing import median_ratio
from gateway import logs, server
from gateway.certificates import Certificates
from gateway.configuration import Configuration, Stores
from gateway.door import Door
from gateway.limits import Limits
from tracking.mail.credentials import CredentialKind
from tracking.storage.outbox import Outbox
from tracking.storage.settings import Settings

ROUNDS = 4
MESSAGES = 5_000
"""In each round, to each server."""

CONNECTIONS = 50

MAY_GROW_BY_MB = 10.0
"""What the gateway's process may have more after the last round than after the first. The allocator still
fills the arenas of its threads then; Python's own count of objects stays what it was after the first."""

_HOST = "127.0.0.1"
_NUMBER_OF_MESSAGE = re.compile(rb"X-Number: (\d+)")
_NUMBER_OF_RECIPIENT = re.compile(r"reader-(\d+)@")
_MOST = 1_000_000
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STARTS_WITHIN_SECONDS = 30
_PROCESSES = multiprocessing.get_context("spawn")


def measure() -> Iterator[Row]:
    """Send messages to both servers in turn, and look at what arrived and at the gateway's memory."""
    yield from rows(ROUNDS, MESSAGES, CONNECTIONS)


def rows(rounds: int, messages: int, connections: int) -> Iterator[Row]:
    """Measure with so many rounds of so many messages to each server."""
    gateway_seconds, sink_seconds, memory = [], [], []
    with _running(_gateway) as (gateway, gateway_port), _running(_sink) as (_, sink_port):
        for number in range(rounds):
            sink_seconds.append(_sent(sink_port, range(messages), connections))
            numbers = range(number * messages, (number + 1) * messages)
            gateway_seconds.append(_sent(gateway_port, numbers, connections))
            found = _found(gateway)
            memory.append(found["memory_mb"])
    total = rounds * messages
    facts = f"({total:,} of 1 KB, {connections} connections)"
    yield Row(
        f"messages a second through the gateway {facts}",
        messages / median(gateway_seconds),
        "/s",
        median_ratio(sink_seconds, gateway_seconds),
        "aiosmtpd's sink",
        Target("≥", 0.5, "×"),
    )
    yield Row("  through aiosmtpd's sink", messages / median(sink_seconds), "/s")
    yield Row("messages that were not in the outbox", total - found["stored"], "", target=Target("≤", 0, ""))
    yield Row("envelopes that were not in the queue", total - found["queued"], "", target=Target("≤", 0, ""))
    yield Row(f"the gateway's memory after {messages:,} messages", memory[0], "MB")
    yield Row(f"  after {total:,} messages", memory[-1], "MB")
    yield Row("  what it grew by", memory[-1] - memory[0], "MB", target=Target("≤", MAY_GROW_BY_MB, "MB"))


@dataclass
class Cloud:
    """Stands for S3, SQS and DynamoDB. It keeps which messages came, and nothing of them."""

    stored: bytearray = field(default_factory=lambda: bytearray(_MOST))
    queued: bytearray = field(default_factory=lambda: bytearray(_MOST))

    def put_object(self, *, Body: bytes, **_: object) -> None:  # noqa: N803 - As boto3 has it.
        """Note a message by its number."""
        _note(self.stored, _NUMBER_OF_MESSAGE.search(Body))

    def send_message(self, *, MessageBody: str, **_: object) -> None:  # noqa: N803 - As boto3 has it.
        """Note an envelope by its recipient's number."""
        (recipient,) = json.loads(MessageBody)["recipients"]
        _note(self.queued, _NUMBER_OF_RECIPIENT.match(recipient))

    def get_paginator(self, _operation: str) -> "Cloud":
        """Be a paginator too."""
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        """Have one credential: the loopback."""
        return [{"Items": [_CREDENTIAL]}]


_CREDENTIAL = {
    "kind": {"S": CredentialKind.IP_ADDRESS},
    "sk": {"S": "127.0.0.0/8"},
    "created_at": {"S": datetime(2026, 1, 1, tzinfo=UTC).isoformat()},
    "status": {"S": "allowed"},
    "open_tracking_enabled": {"BOOL": True},
    "description": {"S": ""},
    "permissions": {"L": []},
}


def _note(numbers: bytearray, found: re.Match[Any] | None) -> None:
    """Mark a number. Threads do so at the same time, which a sum would not bear."""
    if found is None:
        raise LookupError("something without its number")
    numbers[int(found[1])] = 1


def _gateway(pipe: Connection) -> None:
    """Run the gateway, and say on demand what it got and how large it is."""
    cloud = Cloud()
    boto3_client = cast("Any", cloud)
    limits = Limits(connections_per_address=1000)
    door = Door(
        Settings(boto3_client, "Settings"), Outbox(boto3_client, boto3_client, "bucket", "queue"), limits
    )

    async def run(directory: Path) -> None:
        file = directory / "certificate.pem"
        trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(file))
        configuration = Configuration(
            hosts=(_HOST,),
            port=0,
            tls_port=0,
            hostname="localhost",
            certificate=file,
            private_key=file,
            limits=limits,
            stores=Stores("", "", ""),
        )
        certificates = Certificates(file, file)
        async with server.listening(configuration, door, certificates) as ports:
            await _answer(
                pipe, ports.starttls, lambda: {"stored": sum(cloud.stored), "queued": sum(cloud.queued)}
            )

    _unlogged()
    with TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))


def _sink(pipe: Connection) -> None:
    """Run aiosmtpd as it is."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: SMTP(Sink(), loop=loop), _HOST, 0, backlog=1000)
        async with listening:
            await _answer(pipe, listening.sockets[0].getsockname()[1], dict)

    logging.getLogger("mail.log").disabled = True
    asyncio.run(run())


async def _answer(pipe: Connection, port: int, found: Callable[[], dict[str, float]]) -> None:
    """Tell the port, and then what was found whenever it is asked for, until there is no more question."""
    pipe.send({"port": port})
    while await asyncio.to_thread(pipe.recv):
        pipe.send({"memory_mb": _resident_mb(), **found()})


def _unlogged() -> None:
    """Log to nowhere: what that costs is part of the work."""
    logs.start()
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - As long as the process.
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(nowhere)


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE / 1e6


@contextmanager
def _running(target: Callable[[Connection], None]) -> Iterator[tuple[Connection, int]]:
    """A server in a process of its own: the pipe to it, and its port."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=target, args=[theirs])
    process.start()
    try:
        if not ours.poll(_STARTS_WITHIN_SECONDS):
            raise TimeoutError("the server does not start")
        yield ours, ours.recv()["port"]
        ours.send(False)
        process.join(_STARTS_WITHIN_SECONDS)
    finally:
        process.kill()


def _found(pipe: Connection) -> dict[str, float]:
    pipe.send(True)
    found: dict[str, float] = pipe.recv()
    return found


def _sent(port: int, numbers: range, connections: int) -> float:
    """Have a client process send messages of these numbers; the seconds that it took."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_client, args=[theirs, port, numbers, connections])
    process.start()
    try:
        seconds: float = ours.recv()
    finally:
        theirs.close()
        process.join()
    return seconds


def _client(pipe: Connection, port: int, numbers: range, connections: int) -> None:
    pipe.send(asyncio.run(_timed(port, numbers, connections)))


async def _timed(port: int, numbers: range, connections: int) -> float:
    opened = [await _Client.connected(port) for _ in range(connections)]
    todo = iter(numbers)
    started = time.perf_counter()
    await asyncio.gather(*(client.send_all(todo) for client in opened))
    seconds = time.perf_counter() - started
    for client in opened:
        client.close()
    return seconds


class _Client:
    """One connection of the client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, port: int) -> "_Client":
        client = cls(*await asyncio.open_connection(_HOST, port))
        await client._expect(b"220")
        client._writer.write(b"EHLO client.example\r\n")
        await client._expect(b"250")
        return client

    async def send_all(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            self._writer.write(
                b"MAIL FROM:<news@example.com>\r\nRCPT TO:<reader-%d@example.org>\r\nDATA\r\n" % number
            )
            for code in (b"250", b"250", b"354"):
                await self._expect(code)
            self._writer.write(message(number) + b".\r\n")
            await self._expect(b"250")

    def close(self) -> None:
        self._writer.close()

    async def _expect(self, code: bytes) -> None:
        while True:
            line = await self._reader.readline()
            if not line.startswith(code):
                raise RuntimeError(f"the server said {line!r}")
            if line[3:4] == b" ":
                return


def message(number: int) -> bytes:
    """A small message, with its number in its header."""
    return (
        b"From: News <news@example.com>\r\nTo: <reader-%d@example.org>\r\nSubject: News\r\n"
        b"X-Number: %d\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" % (number, number)
    ) + b"<p>Something has happened, and this is what it was about, in so many words.</p>\r\n" * 10
