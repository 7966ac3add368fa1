"""What becomes of conversations when the gateway stops."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from ssl import create_default_context

import pytest

from gateway.limits import Limits
from local.certificate import Certificate
from tests.gateway.conftest import Gateway, listening, running
from tests.gateway.memory import Memory
from tests.gateway.wire import Wire

TRANSACTION = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
MESSAGE = b"Subject: x\r\n\r\nx\r\n"


@dataclass
class SlowMemory(Memory):
    """S3 takes as long as it is told to."""

    begun: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)

    def put_object(self, *, Key: str, Body: bytes, **_: object) -> None:  # noqa: N803 - As boto3 has it.
        self.begun.set()
        self.may_end.wait(20)
        super().put_object(Key=Key, Body=Body)


class Running:
    """A gateway that a test stops when it likes."""

    def __init__(self, pem: Certificate, memory: Memory) -> None:
        self._stack = ExitStack()
        ports = self._stack.enter_context(running(pem, memory.settings, memory.outbox, Limits()))
        self.gateway = Gateway(ports, create_default_context(cafile=pem.certificate))
        self._stopping = threading.Thread(target=self._stack.close)

    def stop(self) -> None:
        """Begin to stop."""
        self._stopping.start()

    def stopped(self) -> None:
        if self._stopping.ident is None:
            self.stop()
        self._stopping.join()


@pytest.fixture
def memory() -> SlowMemory:
    return SlowMemory()


@pytest.fixture
def started(pem: Certificate, memory: SlowMemory) -> Iterator[Running]:
    found = Running(pem, memory)
    yield found
    memory.may_end.set()
    found.stopped()


def test_who_waits_between_commands_is_told_at_once(started: Running) -> None:
    with Wire.to(started.gateway) as fresh, Wire.to(started.gateway) as wire:
        assert fresh.code() == 220
        wire.greeted().say(b"MAIL FROM:<a@example.com>\r\n")
        assert wire.code() == 250

        started.stop()

        assert fresh.rest() == [421]
        assert wire.reply() == (421, "4.3.2 The gateway is stopping, please try again later")
        assert wire.rest() == []


def test_who_has_not_begun_to_speak_tls_is_not_waited_for(started: Running) -> None:
    with Wire.to(started.gateway) as wire:
        wire.greeted().say(b"STARTTLS\r\n")
        assert wire.code() == 220

        started.stop()

        wire.connection.settimeout(8)
        assert wire.rest() == []


def test_a_message_that_is_being_stored_is_answered_first(started: Running, memory: SlowMemory) -> None:
    with Wire.to(started.gateway) as wire:
        wire.greeted().say(TRANSACTION + MESSAGE + b".\r\n" + TRANSACTION)
        assert wire.codes(3) == [250, 250, 354]
        assert memory.begun.wait(20)

        started.stop()
        memory.may_end.set()

        assert wire.rest() == [250, 421]
    assert [*memory.messages.values()] == [MESSAGE]


def test_a_message_that_is_being_sent_is_taken_to_its_end(started: Running, memory: SlowMemory) -> None:
    memory.may_end.set()
    with Wire.to(started.gateway) as wire, Wire.to(started.gateway) as idle:
        assert idle.code() == 220
        wire.greeted().say(TRANSACTION)
        assert wire.codes(3) == [250, 250, 354]

        started.stop()
        assert idle.rest() == [421]
        wire.say(MESSAGE + b".\r\n")

        assert wire.rest() == [250, 421]
    assert [*memory.messages.values()] == [MESSAGE]


def test_a_message_that_takes_too_long_is_given_up(
    started: Running, memory: SlowMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.server.GRACE", timedelta(seconds=0.2))
    with Wire.to(started.gateway) as wire:
        wire.greeted().say(TRANSACTION)
        assert wire.codes(3) == [250, 250, 354]
        wire.say(MESSAGE)

        started.stop()

        assert wire.rest() == [421]
    assert memory.messages == {}


def test_a_message_that_is_stored_too_late_is_not_answered_and_no_mistake(
    started: Running, memory: SlowMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.server.GRACE", timedelta(seconds=0.2))
    monkeypatch.setattr("gateway.server.LETS_GO_WITHIN", timedelta(seconds=4))
    with Wire.to(started.gateway) as wire:
        wire.greeted().say(TRANSACTION + MESSAGE + b".\r\n")
        assert wire.codes(3) == [250, 250, 354]
        assert memory.begun.wait(20)

        started.stop()
        assert wire.code() == 421
        memory.may_end.set()

        assert wire.rest() == []
    started.stopped()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_who_disappears_at_that_moment_keeps_nobody_else_from_being_told(
    pem: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connection.LINGERS_FOR", timedelta(seconds=1))

    async def told() -> bytes:
        loop, memory = asyncio.get_running_loop(), Memory()
        async with listening(pem, memory.settings, memory.outbox, Limits()) as ports:
            address = "127.0.0.1", ports.starttls
            gone, there = socket.create_connection(address), socket.create_connection(address)
            for each in (gone, there):
                each.setblocking(False)
                await loop.sock_recv(each, 1000)
            # Nobody else has a turn between this and the gateway's stopping.
            gone.close()
        with there:
            return await loop.sock_recv(there, 1000)

    assert asyncio.run(told()).startswith(b"421 ")


def test_what_takes_us_long_is_not_the_clients_fault(pem: Certificate, memory: SlowMemory) -> None:
    limits = Limits(command=timedelta(seconds=1))
    with running(pem, memory.settings, memory.outbox, limits) as ports:
        gateway = Gateway(ports, create_default_context(cafile=pem.certificate))
        with Wire.to(gateway) as wire:
            wire.greeted().say(TRANSACTION + MESSAGE + b".\r\n")
            assert wire.codes(3) == [250, 250, 354]
            assert memory.begun.wait(20)

            time.sleep(2)
            memory.may_end.set()

            assert wire.code() == 250
    assert [*memory.messages.values()] == [MESSAGE]
