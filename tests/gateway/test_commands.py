"""Commands, byte by byte."""

import time

import pytest

from gateway.limits import Limits
from tests.gateway.conftest import Cloud, Gateway, Serve
from tests.gateway.wire import Closed, Wire

MESSAGE = b"Subject: x\r\n\r\nx\r\n"
MAIL = b"MAIL FROM:<a@example.com>\r\n"
RCPT = b"RCPT TO:<b@example.com>\r\n"
LINES = (b"x" * 998 + b"\r\n") * 900

pytestmark = pytest.mark.usefixtures("trust_loopback")


def test_the_extensions_are_those_that_work(gateway: Gateway) -> None:
    with Wire.to(gateway) as wire:
        wire.code()
        wire.say(b"EHLO client.example\r\n")

        code, lines = wire.reply()

        assert code == 250
        assert lines.split("\n")[1:] == ["PIPELINING", "SIZE 41943040", "8BITMIME", "STARTTLS", "HELP"]


def test_commands_may_come_in_one_packet(gateway: Gateway, cloud: Cloud) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say((MAIL + RCPT + b"DATA\r\n" + MESSAGE + b".\r\n") * 3 + b"QUIT\r\n")

        assert wire.rest() == [250, 250, 354, 250] * 3 + [221]
    assert [cloud.message(envelope.email_id) for envelope in cloud.queued()] == [MESSAGE] * 3


def test_commands_may_come_byte_by_byte(gateway: Gateway, cloud: Cloud) -> None:
    with Wire.to(gateway) as wire:
        for byte in b"EHLO client.example\r\n" + MAIL + RCPT + b"DATA\r\n" + MESSAGE + b".\r\nQUIT\r\n":
            wire.say(bytes([byte]))
            time.sleep(0.001)

        assert wire.rest() == [220, 250, 250, 250, 354, 250, 221]
    assert [cloud.message(envelope.email_id) for envelope in cloud.queued()] == [MESSAGE]


def test_data_behind_a_refused_command_is_not_read_as_a_message(gateway: Gateway, cloud: Cloud) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(MAIL + b"RCPT TO:<nobody>\r\nDATA\r\nQUIT\r\n")

        assert wire.rest() == [250, 553, 503, 221]
    assert cloud.stored() == 0


def test_what_came_in_clear_behind_starttls_is_forgotten(gateway: Gateway, cloud: Cloud) -> None:
    injected = b"EHLO client.example\r\n" + MAIL + RCPT + b"DATA\r\n" + MESSAGE + b".\r\n"
    with Wire.to(gateway) as wire:
        wire.greeted().say(b"STARTTLS\r\n" + injected)
        assert wire.code() == 220
        wire.secured(gateway).say(MAIL + b"EHLO client.example\r\nQUIT\r\n")

        assert wire.rest() == [503, 250, 221]
    assert cloud.stored() == 0


def test_a_client_that_speaks_no_tls_after_starttls_is_let_go_without_an_error(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(b"STARTTLS\r\n")
        assert wire.code() == 220
        wire.say(b"EHLO client.example\r\n")

        with pytest.raises((Closed, AssertionError)):
            wire.reply()
    with Wire.to(gateway) as another:
        another.greeted()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"MAIL FROM:<a@example.com> SMTPUTF8", (555, "5.6.7 SMTPUTF8 is not supported")),
        (
            "MAIL FROM:<jürgen@example.com>".encode(),
            (553, "5.6.7 Internationalized addresses are not supported"),
        ),
        (
            "MAIL FROM:<a@bücher.example> SMTPUTF8".encode(),
            (553, "5.6.7 Internationalized addresses are not supported"),
        ),
        (b"MAIL FROM:<\xff@example.com>", (553, "5.6.7 Internationalized addresses are not supported")),
        (b"N\xffOOP", (500, "5.5.1 There is no such command")),
        (b"EHLO b\xc3\xbccher.example", (501, "5.5.2 A command has ASCII alone")),
        (b"AUTH PLAIN \xff", (501, "5.5.2 A command has ASCII alone")),
        (b"\xff\xfe", (500, "5.5.1 There is no such command")),
        (b"NOOP \x00", (501, "5.5.2 A command has no control characters")),
        (b"MAIL FROM:<a@example.com>\rRCPT TO:<b@example.com>", None),
        (b"", (500, "5.5.1 There is no such command")),
    ],
)
def test_what_is_not_ascii_is_answered(gateway: Gateway, line: bytes, answer: tuple[int, str] | None) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(line + b"\r\n")

        found = wire.reply()

        assert found == (answer or (501, "5.5.2 A command has no control characters"))
        wire.say(b"NOOP\r\n")
        assert wire.code() == 250


def test_a_recipient_outside_ascii_is_refused(gateway: Gateway) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(MAIL + "RCPT TO:<jürgen@example.com>\r\n".encode())

        assert wire.codes(2) == [250, 553]


def test_a_command_that_ends_with_lf_alone_ends_the_conversation(gateway: Gateway, cloud: Cloud) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(b"MAIL FROM:<a@example.com>\n" + RCPT + b"DATA\r\n" + MESSAGE + b".\r\n")

        assert wire.rest() == [521]
    assert cloud.stored() == 0


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (b"MAIL FROM:<a@example.com>\r\n", [503]),
        (b"EHLO\r\nHELO\r\n", [501, 501]),
        (b"HELO client.example\r\n" + MAIL + RCPT, [250, 250, 250]),
        (b"EHLO client.example\r\n" + MAIL + MAIL, [250, 250, 503]),
        (b"EHLO client.example\r\n" + RCPT, [250, 503]),
        (b"EHLO client.example\r\n" + MAIL + b"RSET\r\n" + RCPT, [250, 250, 250, 503]),
        (b"EHLO client.example\r\n" + MAIL + b"EHLO client.example\r\n" + RCPT, [250, 250, 250, 503]),
        (b"EHLO client.example\r\n" + MAIL + RCPT + b"DATA now\r\n", [250, 250, 250, 501]),
        (b"VRFY <a@example.com>\r\nEXPN list\r\nHELP\r\nNOOP x\r\n", [252, 502, 250, 250]),
        (b"STARTTLS now\r\nAUTH PLAIN\r\n", [501, 503]),
    ],
)
def test_commands_have_their_order(gateway: Gateway, lines: bytes, codes: list[int]) -> None:
    with Wire.to(gateway) as wire:
        wire.say(lines + b"QUIT\r\n")

        assert wire.rest() == [220, *codes, 221]


@pytest.mark.parametrize(
    "behind",
    [b"", b"half a line", b"whole lines\r\n" * 10, b"\r\n.", b"x" * 100_000],
    ids=["nothing", "half a line", "lines", "almost the end", "much"],
)
def test_a_client_that_disappears_within_a_message_leaves_nothing(
    gateway: Gateway, cloud: Cloud, caplog: pytest.LogCaptureFixture, behind: bytes
) -> None:
    with Wire.to(gateway) as wire:
        wire.greeted().say(MAIL + RCPT + b"DATA\r\n")
        assert wire.codes(3) == [250, 250, 354]
        wire.say(behind)

    with Wire.to(gateway) as another:
        another.greeted()
    assert (cloud.stored(), cloud.queued()) == (0, [])
    assert [record for record in caplog.records if record.levelno > 20] == []


def test_a_client_that_disappears_within_a_message_over_tls_leaves_nothing(
    gateway: Gateway, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    client = gateway.tls()
    client.ehlo()
    client.mail("a@example.com")
    client.rcpt("b@example.com")
    client.docmd("DATA")
    client.send(MESSAGE)
    client.close()

    with Wire.to(gateway) as another:
        another.greeted()
    assert (cloud.stored(), cloud.queued()) == (0, [])
    assert [record for record in caplog.records if record.levelno > 20] == []


def test_too_many_bytes_at_once_are_put_off(serve: Serve, cloud: Cloud) -> None:
    gateway = serve(cloud, Limits(megabytes=1))
    with Wire.to(gateway) as holding, Wire.to(gateway) as wire:
        holding.greeted().say(MAIL + RCPT + b"DATA\r\n" + LINES)
        assert holding.codes(3) == [250, 250, 354]
        time.sleep(1)
        wire.greeted().say(MAIL + RCPT + b"DATA\r\n" + LINES + b".\r\n")
        assert wire.codes(3) == [250, 250, 354]
        assert wire.reply() == (452, "4.3.1 Too many messages at once, please try again later")

        holding.say(b".\r\n")

        assert holding.code() == 250
        wire.say(MAIL + RCPT + b"DATA\r\n" + LINES + b".\r\n")
        assert wire.codes(4) == [250, 250, 354, 250]
