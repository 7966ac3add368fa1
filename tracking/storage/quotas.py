"""How much the account may send, as SES says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracking.errors import SesUnavailable
from tracking.storage.aws import raising

if TYPE_CHECKING:
    from types_boto3_ses import SESClient

PERIOD = timedelta(hours=24)
"""What SES's quota is for: always the last 24 hours."""

KEPT_FOR = timedelta(minutes=1)
"""How long an answer is good for: SES answers this question once a second."""

UNLIMITED = -1
"""What SES says where there is no quota."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many recipients the account may send to within `PERIOD`, and how many it did until `at`."""

    at: datetime
    limit: int
    used: int

    @property
    def remaining(self) -> int:
        """How many are left; `UNLIMITED` where there is no quota."""
        return UNLIMITED if self.limit == UNLIMITED else max(0, self.limit - self.used)


class Quotas:
    """The account's quota in this region."""

    def __init__(self, ses: "SESClient") -> None:
        self._ses = ses
        self._known: Quota | None = None

    def current(self, now: datetime) -> Quota:
        """The quota as it is, or was within the last minute.

        Raises:
            SesUnavailable: SES does not answer.

        Source:
            SES API reference, "GetSendQuota".
        """
        if self._known is None or now - self._known.at > KEPT_FOR:
            with raising(SesUnavailable):
                answer = self._ses.get_send_quota()
            self._known = Quota(now, int(answer["Max24HourSend"]), int(answer["SentLast24Hours"]))
        return self._known
