"""Whose name and password these are: asked for by one address at a time, and not too often."""

import asyncio
import contextlib
import os
import secrets
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor

from aiosmtpd.smtp import LoginPassword

from gateway.errors import LoginPutOff, Refused
from gateway.limits import (
    FAILED_LOGINS_COUNT_FOR,
    MAX_NAME_BYTES,
    MAX_REMEMBERED,
    MAX_WAITING_LOGINS,
    Limits,
)
from gateway.logs import LOGGER
from tracking.mail import passwords
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.storage.settings import Settings


class FailedLogins:
    """How often addresses failed to log in lately; of too many addresses the oldest are forgotten."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._of_network: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._of_network)

    def are_too_many(self, network: str) -> bool:
        """Whether an address may not try again yet."""
        failed = self._of_network.get(network, ())
        since = self._clock() - FAILED_LOGINS_COUNT_FOR.total_seconds()
        return sum(at > since for at in failed) >= self._most

    def note(self, network: str) -> None:
        """Remember that an address failed."""
        self._of_network.setdefault(network, deque(maxlen=self._most)).append(self._clock())
        self._of_network.move_to_end(network)
        if len(self._of_network) > MAX_REMEMBERED:
            self._of_network.popitem(last=False)


class Logins:
    """Checks logins in threads of their own, so that guessing passwords holds up nothing else.

    An address has one login checked at a time. So whoever guesses from one address takes one place in the
    line, and a user at another is next.
    """

    def __init__(self, settings: Settings, limits: Limits, readers: Executor) -> None:
        self._settings = settings
        self._readers = readers
        self._checkers = ThreadPoolExecutor(limits.login_threads, "login")
        self._failed = FailedLogins(limits.failed_logins)
        self._most_of_address = limits.connections_per_address
        self._checking: set[asyncio.Task[str | None]] = set()
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()
        self._hash_of_nobody = passwords.hash_password(
            secrets.token_urlsafe(), os.urandom(passwords.SALT_BYTES)
        )

    async def user(self, login: LoginPassword, network: str) -> str | None:
        """The id of the SMTP user whose name and password these are.

        None if either is wrong. Which of them it was shows neither in the answer nor in the time it takes.

        Raises:
            LoginPutOff: Too many logins of this address failed, too many are waiting, or the password cannot
                be checked.
            Refused: They are right, and the user is blocked.
            SettingsUnavailable: The user cannot be looked up.
        """
        # A client that goes away ends nothing: its login counts, and keeps its turn while a thread is at it.
        checking = asyncio.create_task(self._checked_in_turn(login, network))
        self._checking.add(checking)
        checking.add_done_callback(self._checking.discard)
        return await asyncio.shield(checking)

    async def _checked_in_turn(self, login: LoginPassword, network: str) -> str | None:
        async with self._turn(network):
            if self._failed.are_too_many(network):
                raise LoginPutOff("Too many failed logins")
            user = await self._checked(login)
            if user is None:
                self._failed.note(network)
            return user

    @contextlib.asynccontextmanager
    async def _turn(self, network: str) -> AsyncIterator[None]:
        if self._failed.are_too_many(network):
            raise LoginPutOff("Too many failed logins")
        if self._waiting[network] >= self._most_of_address or self._waiting.total() >= MAX_WAITING_LOGINS:
            raise LoginPutOff("Too many logins at once")
        self._waiting[network] += 1
        try:
            async with self._turns.setdefault(network, asyncio.Lock()):
                yield
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network], self._turns[network]

    async def _checked(self, login: LoginPassword) -> str | None:
        try:
            name, password = login.login.decode(), login.password.decode()
        except UnicodeDecodeError:
            return None
        loop = asyncio.get_running_loop()
        is_name = 0 < len(login.login) <= MAX_NAME_BYTES
        found = await loop.run_in_executor(self._readers, self._found, name) if is_name else None
        hashed = found.secret_hash if found and found.secret_hash else self._hash_of_nobody
        try:
            right = await loop.run_in_executor(self._checkers, passwords.matches, password, hashed)
        except passwords.NotChecked as error:
            LOGGER.error("login not checked", extra={"facts": {"reason": str(error)}})
            raise LoginPutOff("Passwords cannot be checked now") from error
        if not (found and found.secret_hash and right):
            return None
        if found.status is CredentialStatus.BLOCKED:
            LOGGER.info("refused", extra={"facts": {"reason": "blocked", "kind": found.kind}})
            raise Refused("535 5.7.8 This credential is blocked")
        return found.id

    def _found(self, name: str) -> Credential | None:
        return self._settings.credential(CredentialKind.SMTP_USER, name)
