"""A connection: whether it is let in, how TLS begins, how long it may take, and how it ends."""

import asyncio
from asyncio.sslproto import SSLProtocol
from collections.abc import Awaitable
from datetime import timedelta
from ssl import SSLContext
from typing import Any, AnyStr, override

from aiosmtpd.smtp import SMTP, Session

from gateway import limits
from gateway.errors import TRY_AGAIN, BareLineEnd, TlsFailed
from gateway.limits import BUFFER_BYTES, MAX_COMMAND_BYTES, MAX_LOGIN_BYTES, MAX_REFUSALS, Limits
from gateway.logs import LOGGER
from gateway.open_connections import Crowd, OpenConnections
from tracking.errors import StorageUnavailable

LINGERS_FOR = timedelta(seconds=5)
"""How long a client may take to read a last answer."""

_IS_ADDRESSED = frozenset({"MAIL", "RCPT"})

_IS_NO_REFUSAL = frozenset({"503", "553"})
"""Answers that cost nothing, and that a mail server gets for each of many recipients: 503 is that to all of
them where it did not wait to hear that their sender was refused.
"""


class _Tls(SSLProtocol):
    """asyncio's TLS; its own buffer has eight times the size, for each connection."""

    max_size = BUFFER_BYTES


class Connection(SMTP):
    """aiosmtpd's protocol with a loop of its own.

    aiosmtpd answers commands that end with LF, closes without a word, counts only some mistakes, and on the
    TLS port knows a client only after the handshake. Streams, sessions, timers, HELO, HELP, NOOP, RSET and
    the exchange of AUTH are aiosmtpd's.
    """

    # aiosmtpd makes its reader's buffer as large.
    line_length_limit = BUFFER_BYTES

    session: Session  # There is one from `connection_made` on.
    transport: asyncio.Transport | None  # Only these are given.
    tls_context: SSLContext  # It is always given.

    def __init__(
        self,
        connections: OpenConnections,
        allowed: Limits,
        *,
        hostname: str,
        tls: SSLContext,
        is_tls_from_start: bool,
        **options: Any,  # noqa: ANN401 - aiosmtpd's.
    ) -> None:
        super().__init__(
            None,
            hostname=hostname,
            tls_context=tls,
            timeout=allowed.command.total_seconds(),
            loop=asyncio.get_running_loop(),
            **options,
        )
        self._connections = connections
        self._allowed = allowed
        self._is_tls_from_start = is_tls_from_start
        self._crowd: Crowd | None = None
        self._code = ""
        self._refusals = 0
        self._is_idle = False
        self._is_shaking_hands = False
        self._is_stopping = False
        self._has_ended = False
        self._lingering: asyncio.TimerHandle | None = None
        self._wire: asyncio.Transport | None = None
        self.source_ip = ""
        self.network = ""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is None:
            peer = transport.get_extra_info("peername")
            # A client that has gone already has no address.
            self.source_ip = str(peer[0]) if peer else "0.0.0.0"  # noqa: S104 - Nothing listens there.
            self.network = limits.network(self.source_ip)
            self._crowd = self._connections.enter(self, self.network)
        super().connection_made(transport)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        self._connections.leave(self)
        if self._lingering:
            self._lingering.cancel()
        super().connection_lost(error)

    @override
    def data_received(self, data: bytes) -> None:
        if not self._has_ended:
            super().data_received(data)

    @override
    def eof_received(self) -> bool | None:
        super().eof_received()
        return False

    @override
    async def push(self, status: AnyStr) -> None:
        if self._has_ended:
            return  # The last answer was given while this one was found.
        self._code = status[:3] if isinstance(status, str) else status[:3].decode("ascii")
        await super().push(status)

    def stop(self) -> None:
        """End as soon as no message is under way."""
        self._is_stopping = True
        if self._is_idle or self._is_shaking_hands:
            self._end_stopped()

    def give_up(self) -> None:
        """End now."""
        self._end_stopped()

    def end(self, answer: str) -> None:
        """Say why, and hang up; a client that does not read it is not waited for."""
        if self._has_ended:
            return
        self._has_ended = True
        if self.transport is not None and not self._is_shaking_hands:
            self._writer.write(answer.encode("ascii") + b"\r\n")
        self._hang_up()

    def _end_stopped(self) -> None:
        self.end("421 4.3.2 The gateway is stopping, please try again later")

    @override
    def _timeout_cb(self) -> None:
        LOGGER.info("ended", extra={"facts": {"reason": "slow"}})
        self.end("421 4.4.2 That took too long")

    def _hang_up(self) -> None:
        if self.transport is None or self._lingering:
            return
        wire = self._wire or self.transport
        if self._is_shaking_hands:
            wire.abort()
        elif self._has_ended and self.transport.can_write_eof():
            # What else comes is thrown away, and that the client leaves is seen.
            self.transport.resume_reading()
            # A socket that is closed with bytes unread is reset, and the client may not see the last answer.
            try:
                self.transport.write_eof()
            except OSError:
                wire.abort()  # The client has gone, and we have not been told yet.
        else:
            self.transport.close()
        self._lingering = self.loop.call_later(LINGERS_FOR.total_seconds(), wire.abort)

    @override
    async def _handle_client(self) -> None:
        try:
            await self._converse()
        except TlsFailed:
            LOGGER.info("ended", extra={"facts": {"reason": "no TLS"}})
            # asyncio tells a protocol of its connection's end only when TLS had begun.
            self.connection_lost(None)
        except (OSError, EOFError):
            pass  # The client has gone.
        finally:
            self._hang_up()

    async def _converse(self) -> None:
        if self._crowd is Crowd.OF_REFUSED:
            return
        if self._crowd:
            LOGGER.info("refused", extra={"facts": {"reason": self._crowd}})
        if self._is_tls_from_start:
            if self._crowd is Crowd.IN_ALL:
                return  # A handshake for each would be work without end.
            await self._start_tls()
        if self._crowd:
            self.end("421 4.7.0 Too many connections, please try again later")
            return
        await self.push(f"220 {self.hostname} ESMTP")
        while not self._has_ended:
            await self._take_command()

    async def _take_command(self) -> None:
        if self._is_stopping:
            self._end_stopped()
            return
        self._reset_timeout()
        try:
            self._is_idle = True
            line = await self._line()
            self._is_idle = False
            if self._has_ended:
                return
            await self._answer(line)
            # A line that is there already is not waited for, so all of them would come before other clients.
            await asyncio.sleep(0)
        except BareLineEnd:
            self.end("521 5.5.2 A line ends with CR and LF")
        if self._code.startswith("5") and self._code not in _IS_NO_REFUSAL and not self._has_ended:
            self._refusals += 1
            if self._refusals > MAX_REFUSALS:
                LOGGER.info("ended", extra={"facts": {"reason": "refused commands"}})
                self.end("421 4.7.0 Too many refused commands")

    async def _unhurried[T](self, work: Awaitable[T]) -> T:
        """Wait for work of ours. The client is not to blame for how long that takes."""
        if self._timeout_handle:
            self._timeout_handle.cancel()
        try:
            return await work
        finally:
            if self.transport is not None:
                self._reset_timeout()

    async def _answer(self, line: bytes | None) -> None:
        word, _, rest = (line or b"").partition(b" ")
        command = word.decode("ascii", "replace").upper()
        most = MAX_LOGIN_BYTES if command == "AUTH" else MAX_COMMAND_BYTES
        if line is None or len(line) + len(b"\r\n") > most:
            await self.push("500 5.5.2 The line is too long")
            return
        method = self._smtp_methods.get(command)
        if method is None:
            await self.push("500 5.5.1 There is no such command")
            return
        try:
            argument = rest.decode("ascii").strip()
        except UnicodeDecodeError:
            if command in _IS_ADDRESSED:
                await self.push("553 5.6.7 Internationalized addresses are not supported")
            else:
                await self.push("501 5.5.2 A command has ASCII alone")
            return
        if argument and not argument.isprintable():
            await self.push("501 5.5.2 A command has no control characters")
            return
        try:
            await method(argument or None)
        except StorageUnavailable as error:
            LOGGER.error("unavailable", extra={"facts": {"reason": str(error)}})
            await self.push(TRY_AGAIN)
        except (BareLineEnd, TlsFailed, ConnectionError, EOFError):
            raise
        except Exception as error:  # noqa: BLE001 - A mistake of ours ends nobody's connection.
            LOGGER.error("failed", exc_info=error)
            await self.push(TRY_AGAIN)

    async def _line(self, most: int = BUFFER_BYTES) -> bytes | None:
        """The next line without its end; None if it is longer than `most` with it.

        Raises:
            BareLineEnd: It ends with LF alone.
            asyncio.IncompleteReadError: The client has gone.
        """
        discarded = b""
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
                break
            except asyncio.LimitOverrunError as error:
                discarded = await self._reader.readexactly(error.consumed)
        if not (discarded[-1:] + line).endswith(b"\r\n"):
            raise BareLineEnd
        return None if discarded or len(line) > most else line[:-2]

    async def _start_tls(self) -> None:
        """Speak TLS from here on; what came in clear and was not read is forgotten (RFC 3207, section 4.2).

        Raises:
            TlsFailed: The client does not speak TLS, or none that we do.
        """
        if self.transport is None:
            raise TlsFailed
        wire = self._wire = self._original_transport = self.transport
        handshake: asyncio.Future[None] = self.loop.create_future()
        self._tls_protocol = _Tls(
            self.loop,
            self,
            self.tls_context,
            handshake,
            server_side=True,
            ssl_handshake_timeout=int(self._allowed.handshake.total_seconds()),
            ssl_shutdown_timeout=int(LINGERS_FOR.total_seconds()),
        )
        # `connection_made` is called again, and takes that there are two transports for STARTTLS.
        self.transport = self._tls_protocol._get_app_transport()  # type: ignore[attr-defined] # noqa: SLF001
        wire.set_protocol(self._tls_protocol)
        self._tls_protocol.connection_made(wire)
        self._is_shaking_hands = True
        try:
            await handshake
        except OSError as error:
            raise TlsFailed from error
        self._is_shaking_hands = False
        if self.session.ssl is None:
            raise TlsFailed
