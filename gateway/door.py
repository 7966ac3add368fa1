"""Who may hand in mail, and what becomes of it: the answers to SMTP's commands."""

import asyncio
import os
import secrets
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, LoginPassword, Session

from gateway.logs import LOGGER
from tracking.errors import OutboxUnavailable, StorageUnavailable
from tracking.mail import addresses, credentials, email_ids, envelopes, passwords
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.storage.outbox import Outbox
from tracking.storage.settings import Settings

TRY_AGAIN = "451 4.3.0 Nothing was stored, please try again later"
"""The answer where the fault is ours, so that the client keeps the mail."""

_NULL_SENDER = "<>"


class Transaction(Envelope):
    """One message on its way in; `credential`, set by MAIL, is whose it is."""

    credential: Credential


class Door:
    """aiosmtpd's hooks. What blocks (AWS, argon2) runs in a thread, so that no client waits for another."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self._hash_of_nobody = passwords.hash_password(
            secrets.token_urlsafe(), os.urandom(passwords.SALT_BYTES)
        )

    async def user(self, login: LoginPassword) -> str | None:
        """The id of the SMTP user whose name and password these are.

        None if either is wrong. Which of them it was shows neither in the answer nor in the time it takes.

        Raises:
            SettingsUnavailable: The user cannot be looked up.
        """
        return await asyncio.to_thread(self._user, login)

    async def handle_MAIL(
        self, _server: SMTP, session: Session, transaction: Transaction, address: str, options: list[str]
    ) -> str:
        """Let in whoever may send."""
        credential = await asyncio.to_thread(self._credential, session)
        if credential is None:
            LOGGER.info("refused", extra={"facts": {"reason": "not authenticated"}})
            return "530 5.7.0 Authentication required"
        if credential.status is CredentialStatus.BLOCKED:
            LOGGER.info("refused", extra={"facts": {"reason": "blocked", "kind": credential.kind}})
            return "550 5.7.1 This credential is blocked"
        if address != _NULL_SENDER and not addresses.is_valid(address):
            return "553 5.1.7 Not an address that mail can come from"
        transaction.credential = credential
        transaction.mail_from = address
        transaction.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, transaction: Transaction, address: str, _options: list[str]
    ) -> str:
        """Note a recipient, once."""
        if not addresses.is_valid(address):
            return "553 5.1.3 Not an address that mail can go to"
        if address not in transaction.rcpt_tos:
            if len(transaction.rcpt_tos) == envelopes.MAX_RECIPIENTS:
                return f"452 4.5.3 No more than {envelopes.MAX_RECIPIENTS} recipients at once"
            transaction.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, transaction: Transaction) -> str:
        """Take the message; the answer is 250 only when it is stored and queued."""
        message = transaction.original_content or b""
        if not _ends_lines_with_crlf(message):
            return "554 5.6.0 A line ends with CR and LF; one of them alone is not accepted"
        # A client that goes away does not end the thread: what was taken on is stored whole.
        return await asyncio.to_thread(self._store, session, transaction, message)

    async def handle_exception(self, error: Exception) -> str:
        """What a client hears when a command failed through no fault of its own."""
        if isinstance(error, StorageUnavailable):
            LOGGER.error("unavailable", extra={"facts": {"reason": str(error)}})
        else:
            LOGGER.error("failed", exc_info=error)
        return TRY_AGAIN

    def _user(self, login: LoginPassword) -> str | None:
        try:
            name, password = login.login.decode(), login.password.decode()
        except UnicodeDecodeError:
            return None
        found = self._settings.credential(CredentialKind.SMTP_USER, name) if name else None
        hashed = found.secret_hash if found and found.secret_hash else self._hash_of_nobody
        right = passwords.matches(password, hashed)
        return found.id if found and right else None

    def _credential(self, session: Session) -> Credential | None:
        # Looked up for each message: one that was blocked since its login sends no more.
        if session.authenticated:
            return self._settings.credential(CredentialKind.SMTP_USER, str(session.auth_data))
        return credentials.matching(
            _source_ip(session), self._settings.credentials(CredentialKind.IP_ADDRESS)
        )

    def _store(self, session: Session, transaction: Transaction, message: bytes) -> str:
        envelope = envelopes.new(
            transaction.credential,
            (transaction.mail_from or "").removeprefix(_NULL_SENDER),
            transaction.rcpt_tos,
            received_at=datetime.now(UTC),
            random=os.urandom(email_ids.RANDOM_BYTES),
            size=len(message),
            source_ip=_source_ip(session),
        )
        facts = {
            "email_id": envelope.email_id,
            "kind": envelope.kind,
            "recipients": len(envelope.recipients),
            "size": envelope.size,
        }
        try:
            self._outbox.put(envelope, message)
        except OutboxUnavailable as error:
            LOGGER.error("not stored", extra={"facts": {**facts, "reason": str(error)}})
            return TRY_AGAIN
        LOGGER.info("queued", extra={"facts": facts})
        return f"250 2.0.0 queued as {envelope.email_id}"


def _source_ip(session: Session) -> str:
    peer: Any = session.peer  # The socket's address, whatever aiosmtpd declares.
    return str(peer[0])


def _ends_lines_with_crlf(message: bytes) -> bool:
    """Whether no CR or LF stands alone. Where a lone one counts as a line's end, mail can be smuggled in.

    Source:
        RFC 5321, section 2.3.8; "SMTP Smuggling", SEC Consult, 2023.
    """
    return message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r")
