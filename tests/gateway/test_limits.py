"""How much one client may ask for."""

import asyncio
import contextlib
import socket
import ssl
import time
from datetime import timedelta

import pytest

from gateway import limits
from gateway.limits import MAX_REFUSED_CONNECTIONS, Limits
from gateway.open_connections import Crowd, OpenConnections
from local.certificate import Certificate
from tests.gateway.conftest import Cloud, Gateway, Serve, listening
from tests.gateway.memory import Memory
from tests.gateway.wire import Wire

MESSAGE = b"Subject: x\r\n\r\nx\r\n.\r\n"
TRANSACTION = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
ELSEWHERE = "127.0.0.2"

pytestmark = pytest.mark.usefixtures("trust_loopback")


class Stub:
    """A connection that is counted."""

    def stop(self) -> None: ...

    def give_up(self) -> None: ...


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_an_ipv6_host_counts_by_its_network(address: str, network: str) -> None:
    assert limits.network(address) == network


def test_connections_are_counted_out_as_they_were_counted_in() -> None:
    connections = OpenConnections(Limits(connections=3, connections_per_address=2))
    first, second, third, fourth, fifth = (Stub() for _ in range(5))

    crowds = [connections.enter(each, "192.0.2.1") for each in (first, second, third)]
    crowds += [connections.enter(each, "192.0.2.2") for each in (fourth, fifth)]

    assert crowds == [None, None, Crowd.OF_ADDRESS, None, Crowd.IN_ALL]
    for each in (first, first, third, fourth, fifth):
        connections.leave(each)
    assert len(connections) == 1
    assert connections.enter(first, "192.0.2.1") is None


def test_a_connection_that_comes_while_the_others_are_ended_is_ended_too() -> None:
    connections = OpenConnections(Limits())
    stopped: list[str] = []

    class Late(Stub):
        def stop(self) -> None:
            stopped.append("late")

    asyncio.run(connections.stop(timedelta(seconds=1)))
    connections.enter(Late(), "192.0.2.1")

    assert stopped == ["late"]


def test_so_many_connections_are_told_that_they_are_too_many_and_no_more() -> None:
    connections = OpenConnections(Limits(connections_per_address=1))
    connections.enter(Stub(), "192.0.2.1")
    refused = [Stub() for _ in range(MAX_REFUSED_CONNECTIONS)]
    assert {connections.enter(each, "192.0.2.1") for each in refused} == {Crowd.OF_ADDRESS}

    assert connections.enter(Stub(), "192.0.2.1") is Crowd.OF_REFUSED
    assert connections.enter(Stub(), "192.0.2.2") is None
    connections.leave(refused[0])
    assert connections.enter(Stub(), "192.0.2.1") is Crowd.OF_ADDRESS


def test_one_address_has_fifty_connections_and_another_is_not_hindered(gateway: Gateway) -> None:
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire.to(gateway)) for _ in range(51)]
        other = stack.enter_context(Wire.to(gateway, source=ELSEWHERE))

        answers = [wire.reply() for wire in wires]

        assert [code for code, _ in answers] == [220] * 50 + [421]
        assert answers[-1] == (421, "4.7.0 Too many connections, please try again later")
        assert wires[-1].rest() == []
        assert other.code() == 220


@pytest.mark.parametrize("port", ["starttls", "tls"])
def test_connections_that_one_address_may_not_have_take_no_place(
    serve: Serve, cloud: Cloud, port: str
) -> None:
    gateway = serve(cloud, Limits(connections=6, connections_per_address=5))
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            address = "127.0.0.1", getattr(gateway.ports, port)
            stack.enter_context(socket.create_connection(address, timeout=20))

        # They were connected first, so the gateway knew of all of them first.
        with Wire.to(gateway, source=ELSEWHERE) as other:
            assert other.code() == 220


def test_a_connection_too_many_among_many_is_closed_without_a_word(
    serve: Serve, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.open_connections.MAX_REFUSED_CONNECTIONS", 1)
    gateway = serve(cloud, Limits(connections_per_address=1))
    with Wire.to(gateway) as first, Wire.to(gateway) as told, Wire.to(gateway) as untold:
        assert (first.code(), told.code()) == (220, 421)

        assert untold.rest() == []


def test_a_place_is_free_again_when_a_client_has_left(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(connections_per_address=1))
    with Wire.to(gateway) as first:
        first.greeted()
        first.say(b"QUIT\r\n")
        assert first.rest() == [221]

    assert admitted(gateway)


def test_a_client_that_left_is_seen_to_whatever_it_sent_before(
    serve: Serve, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connection.LINGERS_FOR", timedelta(minutes=5))
    gateway = serve(cloud, Limits(connections_per_address=1))
    with Wire.to(gateway) as talkative:
        # The sender is looked up, and meanwhile the rest comes.
        talkative.greeted().say(b"MAIL FROM:<>\r\nQUIT\r\n" + b"x" * 300_000)
        assert talkative.rest() == [250, 221]

    assert admitted(gateway)


def test_in_all_there_are_no_more_connections_than_the_limit(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(connections=2))
    with Wire.to(gateway) as first, Wire.to(gateway) as second, Wire.to(gateway, source=ELSEWHERE) as third:
        assert [first.code(), second.code(), third.code()] == [220, 220, 421]
        assert third.rest() == []


def test_over_tls_too_the_client_is_told_that_it_has_too_many_connections(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(connections_per_address=1))
    with Wire.to(gateway) as first:
        first.greeted()
        with pytest.raises(OSError, match="Too many connections"):
            gateway.tls()


def test_over_tls_nobody_is_told_anything_when_the_gateway_is_full(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(connections=1))
    with Wire.to(gateway) as first:
        first.greeted()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            gateway.tls()


def test_a_handshake_that_does_not_begin_takes_a_place_for_a_while_only(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(connections_per_address=1, handshake=timedelta(seconds=3)))
    with Wire.to(gateway) as silent:
        silent.greeted()
        silent.say(b"STARTTLS\r\n")
        assert silent.code() == 220
        assert not admitted(gateway, within=0.2)

        assert silent.rest() == []
        assert admitted(gateway)


def test_a_client_that_sends_no_command_is_told_to_leave(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(command=timedelta(seconds=1)))
    with Wire.to(gateway) as idle:
        assert idle.code() == 220
        assert idle.reply() == (421, "4.4.2 That took too long")
        assert idle.rest() == []


def test_a_command_that_comes_byte_by_byte_is_not_waited_for(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(command=timedelta(seconds=1)))
    with Wire.to(gateway) as slow:
        slow.greeted()

        ended = dribble(slow)

        assert ended
        assert slow.rest() == [421]


@pytest.mark.parametrize(
    "allowed", [Limits(block=timedelta(seconds=0.5)), Limits(message=timedelta(seconds=0.5))]
)
def test_a_message_that_comes_byte_by_byte_is_not_waited_for(
    serve: Serve, cloud: Cloud, allowed: Limits
) -> None:
    gateway = serve(cloud, allowed)
    with Wire.to(gateway) as slow:
        slow.greeted().say(TRANSACTION)
        assert slow.codes(3) == [250, 250, 354]

        ended = dribble(slow)

        assert ended
        assert slow.rest() == [421]
        assert cloud.stored() == 0


def test_a_client_that_reads_no_answer_is_let_go(
    serve: Serve, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connection.LINGERS_FOR", timedelta(seconds=1))
    gateway = serve(cloud, Limits(connections_per_address=1, command=timedelta(seconds=0.5)))
    with Wire.to(gateway, timeout=1) as deaf:
        with contextlib.suppress(TimeoutError, ConnectionError):
            for _ in range(100):
                deaf.say(b"HELP\r\n" * 10_000)

        assert admitted(gateway)


def test_the_commands_of_a_patient_client_have_their_time_each(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(command=timedelta(seconds=2)))
    with Wire.to(gateway) as patient:
        patient.greeted()
        for _ in range(4):
            time.sleep(0.6)
            patient.say(b"NOOP\r\n")
            assert patient.code() == 250


def test_commands_that_come_all_at_once_let_others_have_their_turn(pem: Certificate) -> None:
    async def answers() -> tuple[bytes, bytes]:
        loop, memory = asyncio.get_running_loop(), Memory()
        async with listening(pem, memory.settings, memory.outbox, Limits()) as ports:
            with contextlib.ExitStack() as stack:
                hasty, other = (
                    stack.enter_context(socket.create_connection(("127.0.0.1", ports.starttls)))
                    for _ in range(2)
                )
                for each in (hasty, other):
                    each.setblocking(False)
                    await loop.sock_recv(each, 1000)
                hasty.sendall(b"NOOP\r\n" * 5000)
                other.sendall(b"NOOP\r\n")

                found = await loop.sock_recv(other, 1000), await loop.sock_recv(hasty, 1_000_000)
        return found

    of_other, of_hasty = asyncio.run(answers())

    assert of_other == b"250 OK\r\n"
    assert of_hasty.count(b"\r\n") < 500


def test_twenty_refused_commands_are_answered_and_one_more_ends_it(gateway: Gateway) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(b"NONSENSE\r\n" * 30)

        assert wire.rest() == [500] * 21 + [421]


def test_bad_addresses_among_many_do_not_end_it(gateway: Gateway) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(b"MAIL FROM:<a@example.com>\r\n" + b"RCPT TO:<nobody>\r\n" * 50 + b"QUIT\r\n")

        assert wire.rest() == [250] + [553] * 50 + [221]


def test_recipients_that_came_along_with_a_refused_sender_do_not_end_it(gateway: Gateway) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(b"MAIL FROM:<nobody>\r\n" + b"RCPT TO:<b@example.com>\r\n" * 50 + b"QUIT\r\n")

        assert wire.rest() == [553] + [503] * 50 + [221]


def test_an_accepted_message_makes_up_for_refused_commands(gateway: Gateway) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted()
        for _ in range(3):
            wire.say(b"NONSENSE\r\n" * 15 + TRANSACTION + MESSAGE)

            assert wire.codes(19) == [500] * 15 + [250, 250, 354, 250]


def test_a_connection_carries_so_many_messages_and_no_more(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(messages=2))
    with Wire.to(gateway) as wire:
        wire.greeted()
        for _ in range(2):
            wire.say(TRANSACTION + MESSAGE)
            assert wire.codes(4) == [250, 250, 354, 250]
        wire.say(TRANSACTION)

        assert wire.reply() == (421, "4.7.0 Enough messages for one connection, please connect again")
        assert wire.rest() == []
    assert cloud.stored() == 2


def test_a_client_that_asks_to_use_its_connection_again_is_told_before_its_next_message(
    serve: Serve, cloud: Cloud
) -> None:
    gateway = serve(cloud, Limits(messages=1))
    with Wire.to(gateway) as wire:
        wire.greeted().say(b"RSET\r\n" + TRANSACTION + MESSAGE)
        assert wire.codes(5) == [250, 250, 250, 354, 250]

        wire.say(b"RSET\r\n")

        assert wire.rest() == [421]


def admitted(gateway: Gateway, within: float = 20) -> bool:
    """Whether a client gets in before long."""
    give_up_at = time.monotonic() + within
    while time.monotonic() < give_up_at:
        with Wire.to(gateway) as wire:
            if wire.code() == 220:
                return True
        time.sleep(0.05)
    return False


def dribble(wire: Wire, seconds: float = 20) -> bool:
    """Send a byte every now and then; whether the server ended that."""
    wire.connection.settimeout(0.1)
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        try:
            wire.say(b"x")
            if wire.connection.recv(1, socket.MSG_PEEK):
                wire.connection.settimeout(20)
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False
