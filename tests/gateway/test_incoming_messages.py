"""Where a message ends, and what it then is."""

import asyncio
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.incoming_messages import IncomingMessage, Room
from gateway.limits import BUFFER_BYTES, MAX_LINE_BYTES
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

PIECES = st.lists(
    st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"x", b"\r\n.", b"QUIT", b"x" * 990, b"y" * BUFFER_BYTES]),
    max_size=30,
).map(b"".join)
LINES = st.lists(st.binary(max_size=90).filter(lambda line: b"\r" not in line and b"\n" not in line))

at_any_speed = settings(deadline=None)


def read(wire: bytes, cuts: list[int], room: Room) -> tuple[IncomingMessage, bytes]:
    """Feed bytes in chunks; what was read, and what was left over."""

    async def reading() -> tuple[IncomingMessage, bytes]:
        reader = asyncio.StreamReader(limit=BUFFER_BYTES)
        incoming = IncomingMessage(room)

        async def feed() -> None:
            places = sorted({0, *(cut % (len(wire) + 1) for cut in cuts), len(wire)})
            for start, end in pairwise(places):
                reader.feed_data(wire[start:end])
                await asyncio.sleep(0)
            reader.feed_eof()

        feeding = asyncio.create_task(feed())
        await incoming.read(reader, lambda: None)
        await feeding
        return incoming, await reader.read()

    return asyncio.run(reading())


def stuffed(lines: list[bytes]) -> bytes:
    """A message as a client sends it: RFC 5321, section 4.5.2."""
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


@at_any_speed
@given(LINES, st.lists(st.integers(0, 10_000)), st.binary(max_size=20))
def test_a_message_of_whole_lines_is_read_byte_for_byte(
    lines: list[bytes], cuts: list[int], behind: bytes
) -> None:
    incoming, left = read(stuffed(lines) + behind, cuts, Room(MAX_MESSAGE_BYTES))

    assert left == behind
    assert incoming.message() == b"".join(line + b"\r\n" for line in lines)


@at_any_speed
@given(PIECES, st.lists(st.integers(0, 200_000), max_size=5))
def test_nothing_but_a_dot_between_two_line_ends_ends_a_message(wire: bytes, cuts: list[int]) -> None:
    whole = wire + b"\r\n.\r\n"
    end = (b"\r\n" + whole).index(b"\r\n.\r\n") + 3

    incoming, left = read(whole, cuts, Room(MAX_MESSAGE_BYTES))

    assert left == whole[end:]
    lines = whole[: end - 3].split(b"\r\n")[:-1]
    fits = all(len(line.removeprefix(b".")) + 2 <= MAX_LINE_BYTES for line in lines)
    if fits and not any(b"\r" in line or b"\n" in line for line in lines):
        assert incoming.message() == b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)
    else:
        with pytest.raises(Refused, match=r"^(554 5\.6\.0|500 5\.5\.2) "):
            incoming.message()


def test_the_room_of_a_refused_message_is_free_at_once() -> None:
    room = Room(BUFFER_BYTES)

    incoming, _ = read(b"x\r\n" * BUFFER_BYTES + b".\r\n", [], room)

    with pytest.raises(Refused, match="452"):
        incoming.message()
    assert room.take(BUFFER_BYTES)


def test_at_its_end_a_message_takes_twice_its_size_and_no_more() -> None:
    wire = (b"x" * 998 + b"\r\n") * 5000 + b".\r\n"
    tracemalloc.start()
    incoming, _ = read(wire, [], Room(MAX_MESSAGE_BYTES))
    tracemalloc.reset_peak()

    incoming.message()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 2.2 * len(wire)


def test_the_largest_message_fits_and_one_byte_more_does_not() -> None:
    line = b"x" * 1022 + b"\r\n"
    lines = line.replace(b"x" * 512, b"x" * 510 + b"\r\n") * (MAX_MESSAGE_BYTES // 1024)
    fitting, _ = read(lines + b".\r\n", [], Room(2 * MAX_MESSAGE_BYTES))
    larger, _ = read(b"x" + lines + b".\r\n", [], Room(2 * MAX_MESSAGE_BYTES))

    assert len(fitting.message()) == MAX_MESSAGE_BYTES
    with pytest.raises(Refused, match="552"):
        larger.message()
