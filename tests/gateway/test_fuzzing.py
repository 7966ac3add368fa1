"""Whatever a client sends: the answers are answers, and what is stored is what was sent.

What was sent is said by `reference`, a second reading of the bytes that knows neither streams nor chunks.
`FUZZ_EXAMPLES=5000 make test T=tests/gateway/test_fuzzing.py` tries more.
"""

import logging
import os
import re
import socket
import ssl
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gateway.limits import Limits
from local.certificate import Certificate
from tests.gateway.conftest import Gateway, running
from tests.gateway.memory import Memory
from tests.gateway.wire import Closed, Wire

EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
bounded = settings(
    max_examples=int(EXAMPLES or 100),
    derandomize=EXAMPLES is None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
QUEUED = re.compile(r"2\.0\.0 queued as ([0-9a-v]{20})")

_MAIL = re.compile(rb"MAIL FROM:<(a@example\.com)?>( SIZE=[0-9]+| BODY=8BITMIME)*", re.IGNORECASE)
_RCPT = re.compile(rb"RCPT TO:<[bc]@example\.com>", re.IGNORECASE)
_HELLO = re.compile(rb"(EHLO|HELO) +[!-~]", re.IGNORECASE)

LONG = b"<long>"
"""Stands for a line that is longer than what is read at once; written out, an example would be unreadable."""

COMMANDS = st.sampled_from(
    [
        b"EHLO client.example",
        b"HELO client.example",
        b"MAIL FROM:<a@example.com>",
        b"mail from:<a@example.com> BODY=8BITMIME",
        b"MAIL FROM:<> SIZE=100",
        b"RCPT TO:<b@example.com>",
        b"RCPT TO:<c@example.com>",
        b"RCPT TO:<nobody>",
        b"DATA",
        b"DATA now",
        b"RSET",
        b"NOOP x",
        b"VRFY x",
        b"HELP DATA",
        b"AUTH PLAIN AGEAYg==",
        b"STARTTLS now",
        b".",
        b"",
    ]
)
LINES = st.one_of(
    COMMANDS,
    st.sampled_from([b"..", b".x", b"Subject: x", b"x" * 998, b"x" * 999, b"x" * 2000, LONG]),
    st.binary(max_size=30),
)
ENDS = st.sampled_from([b"\r\n"] * 30 + [b"\n", b"\r", b"\n\r", b"\r\r\n"])
MESSAGES = st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=6).map(b"".join)
STOPS = st.sampled_from(
    [b".\r\n"] * 20 + [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b".\r\n.\r\n", b"\r\n.\r"]
)
TRANSACTIONS = st.builds(
    lambda end, message, stop: (
        b"EHLO client.example\r\nMAIL FROM:<a@example.com>"
        + end
        + b"RCPT TO:<b@example.com>\r\nDATA\r\n"
        + message
        + stop
    ),
    st.sampled_from([b"\r\n"] * 9 + [b"\n"]),
    MESSAGES,
    STOPS,
)
CONVERSATIONS = st.lists(
    st.one_of(TRANSACTIONS, st.tuples(COMMANDS, ENDS).map(b"".join), st.tuples(LINES, ENDS).map(b"".join)),
    max_size=8,
).map(b"".join)


def reference(wire: bytes) -> list[bytes]:
    """The messages that a client's bytes hold, to a server that never gives up."""
    messages: list[bytes] = []
    is_greeted = has_sender = has_recipient = False
    while True:
        line, newline, wire = wire.partition(b"\n")
        command = line.removesuffix(b"\r").upper()
        if not (newline and line.endswith(b"\r")) or (command + b" ").startswith(b"QUIT "):
            return messages
        if len(line) + 1 > 1024 or not all(32 <= byte < 127 for byte in command):
            continue
        if _HELLO.match(command):
            is_greeted, has_sender, has_recipient = True, False, False
        elif command == b"RSET":
            has_sender, has_recipient = False, False
        elif _MAIL.fullmatch(command):
            has_sender = has_sender or is_greeted
        elif _RCPT.fullmatch(command):
            has_recipient = has_recipient or has_sender
        elif command.strip() == b"DATA" and has_recipient:
            body, _, wire = (b"\r\n" + wire).partition(b"\r\n.\r\n")
            messages += message(body)
            has_sender, has_recipient = False, False


def message(body: bytes) -> list[bytes]:
    """The message whose lines are these; none if they are no lines."""
    lines = [line.removeprefix(b".") for line in body.split(b"\r\n")[1:]]
    if any(b"\r" in line or b"\n" in line or len(line) > 998 for line in lines):
        return []
    return [b"".join(line + b"\r\n" for line in lines)]


@pytest.fixture(scope="module")
def memory() -> Memory:
    return Memory()


@pytest.fixture(scope="module")
def fuzzed(pem: Certificate, memory: Memory) -> Iterator[Gateway]:
    with running(pem, memory.settings, memory.outbox, Limits(connections_per_address=1000)) as ports:
        yield Gateway(ports, ssl.create_default_context(cafile=pem.certificate))


@bounded
@given(CONVERSATIONS, st.lists(st.integers(0, 200_000), max_size=6))
def test_what_is_stored_is_what_was_sent_and_nothing_else(
    fuzzed: Gateway, memory: Memory, caplog: pytest.LogCaptureFixture, conversation: bytes, cuts: list[int]
) -> None:
    # Ends a message if there is one, and then the conversation.
    wire = conversation.replace(LONG, b"x" * 40_000) + b"\r\n.\r\nQUIT\r\n"
    memory.messages.clear()
    memory.envelopes.clear()

    replies = conversed(fuzzed, wire, cuts)

    accepted = [found[1] for _, text in replies if (found := QUEUED.fullmatch(text))]
    sent = reference(wire)
    stored = [memory.messages[email_id] for email_id in accepted]
    event(f"{len(stored)} messages")
    assert [envelope.email_id for envelope in memory.envelopes] == accepted == [*memory.messages]
    assert stored == sent[: len(stored)]
    last = replies[-1][0]
    event(f"ended with {last}")
    assert last in {221, 421, 521}
    assert last == 421 or stored == sent
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert still_takes_mail(fuzzed)


@bounded
@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=6))
def test_bytes_that_mean_nothing_are_answered(
    fuzzed: Gateway, memory: Memory, caplog: pytest.LogCaptureFixture, noise: bytes, cuts: list[int]
) -> None:
    memory.messages.clear()

    replies = conversed(fuzzed, noise + b"\r\nQUIT\r\n", cuts)

    assert replies[-1][0] in {221, 421, 521}
    assert memory.messages == {}
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    "stop", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r\r\n", b"\n\n.\n\n"]
)
@pytest.mark.parametrize("behind", [b"", b"\r\n", b"\n"])
def test_what_stands_behind_a_false_end_is_no_message(
    fuzzed: Gateway, memory: Memory, stop: bytes, behind: bytes
) -> None:
    smuggled = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"
    wire = (
        b"EHLO client.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: x"
        + stop
        + behind
        + smuggled
        + b"\r\n.\r\nQUIT\r\n"
    )
    memory.messages.clear()

    replies = conversed(fuzzed, wire, [])

    assert [code for code, _ in replies] == [220, 250, 250, 250, 354, 554, 221]
    assert memory.messages == {}


def conversed(gateway: Gateway, wire: bytes, cuts: list[int]) -> list[tuple[int, str]]:
    """Send bytes in chunks; all answers until the server hangs up."""
    with Wire.to(gateway) as client:
        client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        places = sorted({0, *(cut % (len(wire) + 1) for cut in cuts), len(wire)})
        replies = []
        try:
            for start, end in pairwise(places):
                client.say(wire[start:end])
        except ConnectionError:
            pass  # It has hung up already.
        while True:
            try:
                replies.append(client.reply())
            except Closed:
                return replies


def still_takes_mail(gateway: Gateway) -> bool:
    with Wire.to(gateway) as client:
        client.greeted().say(b"MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: x\r\n\r\n.\r\n")
        return client.codes(4) == [250, 250, 354, 250]
