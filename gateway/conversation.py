"""aiosmtpd's side of a conversation, with what it leaves open closed."""

import asyncio
from datetime import timedelta
from ssl import SSLContext
from sys import maxsize
from typing import Any, override

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

from gateway.door import Door, Transaction
from gateway.logs import LOGGER
from tracking.errors import SettingsUnavailable
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

TIMEOUT = timedelta(minutes=10)
"""How long a command may take; for aiosmtpd a whole message is one, however slow the line."""

MAX_LOGIN_ATTEMPTS = 5
"""AUTH commands in one connection."""


class Conversation(SMTP):
    """One client's connection.

    It logs in only over TLS: `starttls` is the context that STARTTLS is offered with; without one, the
    connection must be TLS from the start.
    """

    # Some clients look for these very words; aiosmtpd's own end in a NUL.
    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, door: Door, hostname: str, starttls: SSLContext | None = None) -> None:
        super().__init__(
            door,
            data_size_limit=MAX_MESSAGE_BYTES,
            hostname=hostname,
            ident="ESMTP",
            tls_context=starttls,
            # aiosmtpd counts only STARTTLS as TLS.
            auth_require_tls=starttls is not None,
            authenticator=_claim,
            command_call_limit={"AUTH": MAX_LOGIN_ATTEMPTS, "*": maxsize},
            timeout=TIMEOUT.total_seconds(),
            loop=asyncio.get_running_loop(),
        )
        self._door = door

    @syntax("STARTTLS", when="tls_context")
    @override
    async def smtp_STARTTLS(self, arg: str) -> None:
        if self.session and self.session.ssl:
            await self.push("503 5.5.1 TLS is already active")
        else:
            await super().smtp_STARTTLS(arg)

    @syntax("AUTH <mechanism>")
    @override
    async def smtp_AUTH(self, arg: str | None) -> None:
        mechanism, space, response = (arg or "").partition(" ")
        await super().smtp_AUTH(mechanism.upper() + space + response)

    @override
    async def auth_PLAIN(self, server: SMTP, args: list[str]) -> AuthResult:
        return await self._verified(await super().auth_PLAIN(server, args))

    @override
    async def auth_LOGIN(self, server: SMTP, args: list[str]) -> AuthResult:
        return await self._verified(await super().auth_LOGIN(server, args))

    @override
    async def challenge_auth(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().challenge_auth(*args, **options)
        except ValueError:
            await self.push("500 5.5.6 Authentication exchange line is too long")
            return MISSING

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    @override
    async def smtp_MAIL(self, arg: str | None) -> None:
        await super().smtp_MAIL(_without_auth_parameter(arg) if arg else arg)

    @override
    def _create_envelope(self) -> Envelope:
        return Transaction()

    async def _verified(self, claimed: AuthResult) -> AuthResult:
        """What a login comes to; aiosmtpd cannot wait for the answer itself."""
        if claimed.auth_data is None:
            return claimed
        try:
            user = await self._door.user(claimed.auth_data)
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


def _without_auth_parameter(arg: str) -> str:
    """MAIL's argument without `AUTH=`, which every server with AUTH must take and may ignore.

    aiosmtpd does not know it; Postfix sends it.

    Source:
        RFC 4954, section 5.
    """
    address, bracket, parameters = arg.partition(">")
    kept = [text for text in parameters.split() if not text.upper().startswith("AUTH=")]
    return " ".join([address + bracket, *kept])
