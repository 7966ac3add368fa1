"""Guessing passwords leads nowhere, and is in nobody's way."""

import base64
import contextlib
import select
import time

import pytest

from gateway.limits import FAILED_LOGINS_COUNT_FOR, MAX_REMEMBERED, Limits
from gateway.logins import FailedLogins
from tests.gateway.conftest import PASSWORD, USER, Cloud, Gateway, Serve
from tests.gateway.wire import Wire

ELSEWHERE = "127.0.0.2"
WRONG = base64.b64encode(f"\0{USER}\0wrong".encode())
RIGHT = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())

pytestmark = pytest.mark.usefixtures("user")


def login(gateway: Gateway, response: bytes, source: str = "127.0.0.1") -> tuple[int, bytes]:
    """The answer to a login in a connection of its own."""
    with gateway.tls(source) as client:
        client.ehlo()
        return client.docmd("AUTH", f"PLAIN {response.decode()}")


def test_an_address_that_failed_too_often_is_not_listened_to_for_a_while() -> None:
    times = iter([0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 2.0, FAILED_LOGINS_COUNT_FOR.total_seconds()])
    failed = FailedLogins(3, lambda: next(times))
    for _ in range(3):
        assert not failed.are_too_many("192.0.2.1")
        failed.note("192.0.2.1")

    assert failed.are_too_many("192.0.2.1")
    assert not failed.are_too_many("192.0.2.1")


def test_one_address_answers_not_for_another() -> None:
    failed = FailedLogins(1, lambda: 0.0)

    failed.note("192.0.2.1")

    assert failed.are_too_many("192.0.2.1")
    assert not failed.are_too_many("192.0.2.2")


def test_of_too_many_addresses_those_that_failed_longest_ago_are_forgotten() -> None:
    failed = FailedLogins(1, lambda: 0.0)

    for number in range(MAX_REMEMBERED + 10):
        failed.note(str(number))

    assert len(failed) == MAX_REMEMBERED
    assert not failed.are_too_many("9")
    assert failed.are_too_many("10")


def test_failed_logins_add_up_over_the_connections_of_an_address(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(failed_logins=3))

    codes = [login(gateway, WRONG)[0] for _ in range(4)]

    assert codes == [535, 535, 535, 454]
    assert login(gateway, RIGHT) == (454, b"4.7.0 Too many failed logins, please try again later")
    assert login(gateway, RIGHT, ELSEWHERE)[0] == 235


def test_failed_logins_count_also_when_nobody_waits_for_the_answer(
    serve: Serve, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = serve(cloud, Limits(failed_logins=3))
    for _ in range(3):
        client = gateway.tls()
        client.ehlo()
        client.putcmd("AUTH", f"PLAIN {WRONG.decode()}")
        client.close()

    give_up_at = time.monotonic() + 20
    while login(gateway, RIGHT)[0] == 235 and time.monotonic() < give_up_at:
        time.sleep(0.1)

    assert login(gateway, RIGHT)[0] == 454
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_right_logins_do_not_count(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(failed_logins=2))

    assert [login(gateway, RIGHT)[0] for _ in range(4)] == [235] * 4


def test_a_user_elsewhere_logs_in_soon_while_passwords_are_guessed(gateway: Gateway) -> None:
    with contextlib.ExitStack() as stack:
        guessers = [secured(stack, gateway) for _ in range(30)]
        user = secured(stack, gateway, ELSEWHERE)
        for guesser in guessers:
            guesser.say(b"AUTH PLAIN " + WRONG + b"\r\n")

        user.say(b"AUTH PLAIN " + RIGHT + b"\r\n")
        assert user.code() == 235
        answered, _, _ = select.select([guesser.connection for guesser in guessers], [], [], 0)

    # One place in the line is all that they have; with one for each guess all would be answered before.
    assert len(answered) < 15


def test_so_many_logins_wait_and_no_more(serve: Serve, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.logins.MAX_WAITING_LOGINS", 1)
    gateway = serve(cloud)
    with contextlib.ExitStack() as stack:
        wires = [secured(stack, gateway) for _ in range(5)]

        for wire in wires:
            wire.say(b"AUTH PLAIN " + RIGHT + b"\r\n")
        answers = [wire.reply() for wire in wires]

    assert (235, "2.7.0 Authentication successful") in answers
    assert (454, "4.7.0 Too many logins at once, please try again later") in answers


def secured(stack: contextlib.ExitStack, gateway: Gateway, source: str = "127.0.0.1") -> Wire:
    """A connection that may log in."""
    wire = stack.enter_context(Wire.to(gateway, source=source)).greeted()
    wire.say(b"STARTTLS\r\n")
    assert wire.code() == 220
    wire.secured(gateway).say(b"EHLO client.example\r\n")
    assert wire.code() == 250
    return wire
