"""Who may hand in mail, and what becomes of it."""

import asyncio
import os
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from aiosmtpd.smtp import Envelope

from gateway.errors import TRY_AGAIN, Refused
from gateway.incoming_messages import IncomingMessage, Room
from gateway.limits import MAX_RECIPIENTS, Limits
from gateway.logins import Logins
from gateway.logs import LOGGER
from gateway.quotas import Quotas
from gateway.syntax import NULL_SENDER
from tracking.errors import OutboxUnavailable
from tracking.mail import addresses, credentials, email_ids, envelopes
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.storage.outbox import Outbox
from tracking.storage.settings import Settings

AWS_THREADS = 32
"""Requests to AWS at once."""


class Transaction(Envelope):
    """One message on its way in; `credential`, set by MAIL, is whose it is."""

    credential: Credential


class Door:
    """Decides, and stores. What blocks runs in threads, so that no client waits for another."""

    def __init__(self, settings: Settings, outbox: Outbox, allowed: Limits) -> None:
        self._settings = settings
        self._outbox = outbox
        self._threads = ThreadPoolExecutor(AWS_THREADS, "aws")
        self._quotas = Quotas()
        self.logins = Logins(settings, allowed, self._threads)
        self.room = Room(allowed.megabytes * 1024 * 1024)

    async def sender(self, user: str | None, source_ip: str, address: str) -> Credential:
        """Whose message it is.

        Args:
            user: The id of the SMTP user who logged in; None if nobody did.
            source_ip: The client's.
            address: Where the mail says that it comes from.

        Raises:
            Refused: It is nobody's who may send now, or the address is none.
            SettingsUnavailable: The credential cannot be looked up.
        """
        if address != NULL_SENDER and not addresses.is_valid(address):
            raise Refused("553 5.1.7 Not an address that mail can come from")
        # Looked up for each message: one that was blocked since its login sends no more.
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._credential, user, source_ip
        )
        if found is None:
            LOGGER.info("refused", extra={"facts": {"reason": "not authenticated"}})
            raise Refused("530 5.7.0 Authentication required")
        if found.status is CredentialStatus.BLOCKED:
            LOGGER.info("refused", extra={"facts": {"reason": "blocked", "kind": found.kind}})
            raise Refused("550 5.7.1 This credential is blocked")
        self._check_quota(found, 1)
        return found

    def add_recipient(self, transaction: Transaction, address: str) -> None:
        """Note a recipient, once.

        Raises:
            Refused: It is no address, or one too many.
        """
        if not addresses.is_valid(address):
            raise Refused("553 5.1.3 Not an address that mail can go to")
        if address in transaction.rcpt_tos:
            return
        if len(transaction.rcpt_tos) == MAX_RECIPIENTS:
            raise Refused(f"452 4.5.3 No more than {MAX_RECIPIENTS} recipients at once")
        self._check_quota(transaction.credential, len(transaction.rcpt_tos) + 1)
        transaction.rcpt_tos.append(address)

    async def take(self, transaction: Transaction, incoming: IncomingMessage, source_ip: str) -> str:
        """Store a message; the answer is there only when it is stored and queued.

        A client that goes away ends nothing that was begun: the message is then stored whole.

        Raises:
            Refused: Nothing was stored.
        """
        recipients = len(transaction.rcpt_tos)
        return_quota = self._quotas.take(transaction.credential, recipients)
        if return_quota is None:
            incoming.give_back()
            self._check_quota(transaction.credential, recipients)
            raise Refused(TRY_AGAIN)  # A new period has begun in between.

        def settle(work: Future[str]) -> None:
            incoming.give_back()
            if work.cancelled() or work.exception():
                return_quota()

        work = self._threads.submit(self._store, transaction, incoming, source_ip)
        work.add_done_callback(settle)
        return await asyncio.wrap_future(work)

    def _check_quota(self, credential: Credential, recipients: int) -> None:
        seconds = self._quotas.seconds_until(credential, recipients)
        if seconds:
            LOGGER.info("refused", extra={"facts": {"reason": "sending limit", "kind": credential.kind}})
            raise Refused(f"451 4.7.1 The sending limit is reached, please try again in {seconds} seconds")

    def _credential(self, user: str | None, source_ip: str) -> Credential | None:
        if user is not None:
            return self._settings.credential(CredentialKind.SMTP_USER, user)
        return credentials.matching(source_ip, self._settings.credentials(CredentialKind.IP_ADDRESS))

    def _store(self, transaction: Transaction, incoming: IncomingMessage, source_ip: str) -> str:
        message = incoming.message()
        envelope = envelopes.new(
            transaction.credential,
            (transaction.mail_from or "").removeprefix(NULL_SENDER),
            transaction.rcpt_tos,
            received_at=datetime.now(UTC),
            random=os.urandom(email_ids.RANDOM_BYTES),
            size=len(message),
            source_ip=source_ip,
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
            raise Refused(TRY_AGAIN) from error
        LOGGER.info("queued", extra={"facts": facts})
        return f"250 2.0.0 queued as {envelope.email_id}"
