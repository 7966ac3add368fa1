"""Messages on their way in: the bytes behind DATA, up to the line that is a dot.

Only CR LF . CR LF ends a message. Where a server takes less for its end, what stands behind is a message that
somebody else wrote. So a message with a CR or LF that stands alone is read to its end, and refused.

Source:
    RFC 5321, sections 2.3.8 and 4.1.1.4; "SMTP Smuggling", SEC Consult, 2023.
"""

from asyncio import LimitOverrunError, StreamReader
from collections.abc import Callable
from threading import Lock

from gateway.errors import Refused
from gateway.limits import MAX_LINE_BYTES
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

_LINE_END = b"\r\n"
_END = b"\r\n.\r\n"


class Room:
    """Memory for the messages of all connections."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = Lock()

    def take(self, size: int) -> bool:
        """Take that many bytes, if there are as many."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        """Let others have that many bytes."""
        with self._lock:
            self._left += size


class IncomingMessage:
    """The bytes of one message; whoever has read it gives its room back."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._blocks: list[bytes] = []
        self._taken = 0
        self._refusal = ""

    async def read(self, reader: StreamReader, before_block: Callable[[], None]) -> None:
        """Read to the end, whatever it is, so that nothing of a refused message is taken for a command.

        Args:
            reader: Behind the line of the DATA command.
            before_block: Called again and again; what is between two calls is no more than the reader's
                buffer.
        """
        # The end of the DATA line may be the first half of the message's end. The reader has no other way to
        # see it once more.
        reader._buffer[:0] = _LINE_END  # type: ignore[attr-defined] # noqa: SLF001
        is_ended = False
        while not is_ended:
            before_block()
            try:
                block = await reader.readuntil(_END)
                is_ended = True
            except LimitOverrunError as error:
                block = await reader.readexactly(error.consumed)
            self._keep(block)

    def message(self) -> bytes:
        """What was sent, without the dots that were doubled on the way.

        Raises:
            Refused: It is too large, or its lines do not end or are too long.
        """
        if self._refusal:
            raise Refused(self._refusal)
        sent = b"".join(self._blocks)
        self._blocks.clear()
        # The dot of its end goes as the doubled ones do, and leaves a line end, as there is one before it.
        sent = sent.replace(b"\r\n.", _LINE_END)
        message = sent[len(_LINE_END) : -len(_LINE_END)]
        del sent
        if not message.count(_LINE_END) == message.count(b"\n") == message.count(b"\r"):
            raise Refused("554 5.6.0 A line ends with CR and LF; one of them alone is not accepted")
        if _has_long_line(message):
            raise Refused(f"500 5.5.2 A line of a message has no more than {MAX_LINE_BYTES} bytes")
        return message

    def give_back(self) -> None:
        """Free the room that the message took."""
        self._room.give_back(self._taken)
        self._taken = 0
        self._blocks.clear()

    def _keep(self, block: bytes) -> None:
        if self._refusal:
            return
        if self._taken + len(block) > MAX_MESSAGE_BYTES + len(_LINE_END + b".\r\n"):
            self._refuse(f"552 5.3.4 A message has no more than {MAX_MESSAGE_BYTES} bytes")
        elif not self._room.take(len(block)):
            self._refuse("452 4.3.1 Too many messages at once, please try again later")
        else:
            self._taken += len(block)
            self._blocks.append(block)

    def _refuse(self, answer: str) -> None:
        self._refusal = answer
        self.give_back()


def _has_long_line(message: bytes) -> bool:
    """Whether a line is too long. Jumps from line end to line end, as far as they may be apart."""
    start = 0
    while len(message) - start > MAX_LINE_BYTES:
        end = message.rfind(b"\n", start, start + MAX_LINE_BYTES)
        if end < 0:
            return True
        start = end + 1
    return False
