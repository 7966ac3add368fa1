"""What is said in a conversation: the commands of SMTP, and their answers."""

import binascii
from base64 import b64decode, b64encode
from ssl import SSLContext
from typing import Any, override

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session
from aiosmtpd.smtp import syntax as described

from gateway import syntax
from gateway.connection import Connection
from gateway.door import Door, Transaction
from gateway.errors import LoginPutOff, Refused
from gateway.incoming_messages import IncomingMessage
from gateway.limits import MAX_LOGIN_BYTES, MAX_LOGINS_PER_CONNECTION, Limits
from gateway.logs import LOGGER
from gateway.open_connections import OpenConnections
from tracking.errors import SettingsUnavailable
from tracking.mail.envelopes import MAX_MESSAGE_BYTES


class Conversation(Connection):
    """One client's conversation. A client logs in only over TLS.

    aiosmtpd reads the addresses of MAIL and RCPT as a header has them, and takes a message in which CR or LF
    stands alone. So these commands, and DATA, are our own.
    """

    # Some clients look for these very words; aiosmtpd's own end in a NUL.
    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    envelope: Transaction  # `_create_envelope` makes all of them.

    def __init__(
        self,
        door: Door,
        connections: OpenConnections,
        allowed: Limits,
        *,
        hostname: str,
        tls: SSLContext,
        is_tls_from_start: bool,
    ) -> None:
        super().__init__(
            connections,
            allowed,
            hostname=hostname,
            tls=tls,
            is_tls_from_start=is_tls_from_start,
            authenticator=_claim,
        )
        self._door = door
        self._logins = 0
        self._messages = 0

    @described("EHLO <name>")
    @override
    async def smtp_EHLO(self, hostname: str | None) -> None:
        if not hostname:
            await self.push("501 5.5.4 Syntax: EHLO <name>")
            return
        self.envelope = Transaction()
        self.session.extended_smtp = True
        self.session.host_name = hostname
        offers = [self.hostname, "PIPELINING", f"SIZE {MAX_MESSAGE_BYTES}", "8BITMIME"]
        offers.append("AUTH LOGIN PLAIN" if self.session.ssl else "STARTTLS")
        await self.push("".join(f"250-{offer}\r\n" for offer in offers) + "250 HELP")

    @described("STARTTLS")
    @override
    async def smtp_STARTTLS(self, arg: str | None) -> None:
        if arg:
            await self.push("501 5.5.4 Syntax: STARTTLS")
        elif self.session.ssl:
            await self.push("503 5.5.1 TLS is already active")
        else:
            await self.push("220 2.0.0 Ready to start TLS")
            await self._start_tls()

    @described("AUTH <mechanism>")
    @override
    async def smtp_AUTH(self, arg: str | None) -> None:
        self._logins += 1
        if self._logins > MAX_LOGINS_PER_CONNECTION:
            LOGGER.info("ended", extra={"facts": {"reason": "logins of one connection"}})
            self.end("421 4.7.0 Too many logins in one connection")
            return
        if self.envelope.mail_from is not None:
            await self.push("503 5.5.1 A login comes before MAIL")
            return
        mechanism, space, response = (arg or "").partition(" ")
        await super().smtp_AUTH(mechanism.upper() + space + response)

    @override
    async def auth_PLAIN(self, server: SMTP, args: list[str]) -> AuthResult:
        return await self._verified(await super().auth_PLAIN(server, args))

    @override
    async def auth_LOGIN(self, server: SMTP, args: list[str]) -> AuthResult:
        return await self._verified(await super().auth_LOGIN(server, args))

    @override
    async def challenge_auth(self, challenge: str | bytes, *args: Any, **options: Any) -> Any:
        asked = challenge.encode() if isinstance(challenge, str) else challenge
        await self.push(b"334 " + b64encode(asked))
        line = await self._line(MAX_LOGIN_BYTES)
        if line is None:
            await self.push("500 5.5.6 Authentication exchange line is too long")
        elif line.strip() == b"*":
            await self.push("501 5.7.0 The login is cancelled")
        else:
            try:
                return b64decode(line.strip(), validate=True)
            except binascii.Error:
                await self.push("501 5.5.2 That is not base64")
        return MISSING

    @described("MAIL FROM:<address>", extended=" [SP <mail-parameters>]")
    @override
    async def smtp_MAIL(self, arg: str | None) -> None:
        if self._ends_with_enough():
            return
        try:
            self._check_order(is_first=True)
            path = syntax.path("MAIL", "FROM", arg)
            syntax.check_mail(path.parameters)
            user = str(self.session.auth_data) if self.session.authenticated else None
            self.envelope.credential = await self._unhurried(
                self._door.sender(user, self.source_ip, path.address)
            )
        except Refused as refused:
            await self.push(str(refused))
            return
        self.envelope.mail_from = path.address
        await self.push("250 2.1.0 OK")

    @described("RCPT TO:<address>")
    @override
    async def smtp_RCPT(self, arg: str | None) -> None:
        try:
            self._check_order()
            path = syntax.path("RCPT", "TO", arg)
            syntax.check_rcpt(path.parameters)
            self._door.add_recipient(self.envelope, path.address)
        except Refused as refused:
            await self.push(str(refused))
            return
        await self.push("250 2.1.5 OK")

    @described("DATA")
    @override
    async def smtp_DATA(self, arg: str | None) -> None:
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 No recipient yet")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        transaction, self.envelope = self.envelope, Transaction()
        await self.push(await self._received(transaction))

    @described("RSET")
    @override
    async def smtp_RSET(self, arg: str | None) -> None:
        # Postfix asks so whether it may use a connection again; told only at MAIL, it puts that message off.
        if not self._ends_with_enough():
            await super().smtp_RSET(arg or "")

    @described("VRFY <address>")
    @override
    async def smtp_VRFY(self, arg: str | None) -> None:
        await self.push("252 2.1.5 Not verified, but mail is taken")

    @described("QUIT")
    @override
    async def smtp_QUIT(self, arg: str | None) -> None:
        self.end("221 2.0.0 Bye")

    @override
    def _create_envelope(self) -> Envelope:
        return Transaction()

    def _ends_with_enough(self) -> bool:
        """End a connection that has had its messages; whether it had."""
        if self._messages < self._allowed.messages:
            return False
        self.end("421 4.7.0 Enough messages for one connection, please connect again")
        return True

    def _check_order(self, *, is_first: bool = False) -> None:
        """Have EHLO before MAIL, and MAIL before what follows it, and each once.

        Raises:
            Refused: It is not the turn of the command.
        """
        if not self.session.host_name:
            raise Refused("503 5.5.1 EHLO comes first")
        if is_first and self.envelope.mail_from is not None:
            raise Refused("503 5.5.1 There is a sender already")
        if not is_first and self.envelope.mail_from is None:
            raise Refused("503 5.5.1 MAIL comes first")

    async def _received(self, transaction: Transaction) -> str:
        """Read a message to its end and store it; the answer."""
        incoming = IncomingMessage(self._door.room)
        gives_up_at = self.loop.time() + self._allowed.message.total_seconds()

        def keep_time() -> None:
            left = gives_up_at - self.loop.time()
            self._reset_timeout(max(0.001, min(left, self._allowed.block.total_seconds())))

        try:
            await incoming.read(self._reader, keep_time)
        except BaseException:
            incoming.give_back()
            raise
        try:
            answer = await self._unhurried(self._door.take(transaction, incoming, self.source_ip))
        except Refused as refused:
            return str(refused)
        self._messages += 1
        self._refusals = 0
        return answer

    async def _verified(self, claimed: AuthResult) -> AuthResult:
        """What a login comes to; aiosmtpd cannot wait for the answer itself."""
        if claimed.auth_data is None:
            return claimed
        try:
            user = await self._unhurried(self._door.logins.user(claimed.auth_data, self.network))
        except LoginPutOff as reason:
            LOGGER.warning("login put off", extra={"facts": {"reason": str(reason).lower()}})
            return AuthResult(
                success=False, handled=False, message=f"454 4.7.0 {reason}, please try again later"
            )
        except Refused as refused:
            return AuthResult(success=False, handled=False, message=str(refused))
        except SettingsUnavailable as error:
            LOGGER.error("unavailable", extra={"facts": {"reason": str(error)}})
            return AuthResult(
                success=False, handled=False, message="454 4.7.0 Temporary authentication failure"
            )
        if user is None:
            LOGGER.warning("login refused")
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=user)


def _claim(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
) -> AuthResult:
    """Note what is claimed, and grant nothing."""
    return AuthResult(success=False, handled=False, auth_data=login)
