"""How many recipients credentials have sent to in the periods of their limits.

Counted in the memory of this process: the gateway may read the settings and write nothing. A gateway that is
started anew counts from nothing, and two gateways count apart.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from gateway.limits import MAX_REMEMBERED
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.sending_limits import SendingLimit

type _Key = tuple[CredentialKind, str, timedelta]
"""Whose periods, and how long they are; those of another length count anew."""


def _now() -> datetime:
    return datetime.now(UTC)


class Quotas:
    """Recipients used in the current period; of too many credentials those used longest ago are forgotten."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._lock = Lock()
        # When the newest period began, and what was used in it.
        self._used: OrderedDict[_Key, tuple[datetime, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._used)

    def seconds_until(self, credential: Credential, recipients: int) -> int:
        """How long it is until a credential may send to that many more recipients; 0 if it may now."""
        limit, now = credential.sending_limit, self._clock()
        if limit is None:
            return 0
        with self._lock:
            used = self._used_in(_key(credential, limit), limit.window_start(now))
        if used + recipients <= limit.recipients:
            return 0
        return int((limit.window_end(now) - now).total_seconds()) + 1

    def take(self, credential: Credential, recipients: int) -> Callable[[], None] | None:
        """Use up recipients of the current period; what gives them back, or None if too few are left."""
        limit = credential.sending_limit
        if limit is None:
            return _nothing
        key, began = _key(credential, limit), limit.window_start(self._clock())
        with self._lock:
            used = self._used_in(key, began)
            if used + recipients > limit.recipients:
                return None
            self._used[key] = began, used + recipients
            self._used.move_to_end(key)
            if len(self._used) > MAX_REMEMBERED:
                self._used.popitem(last=False)
        return lambda: self._give_back(key, began, recipients)

    def _used_in(self, key: _Key, began: datetime) -> int:
        newest, used = self._used.get(key, (began, 0))
        return used if newest == began else 0

    def _give_back(self, key: _Key, began: datetime, recipients: int) -> None:
        with self._lock:
            if used := self._used_in(key, began):
                self._used[key] = began, used - recipients


def _key(credential: Credential, limit: SendingLimit) -> _Key:
    return credential.kind, credential.id, limit.period


def _nothing() -> None:
    """Give nothing back."""
