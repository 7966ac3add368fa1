"""How often an API key may call, and to how many recipients it may send.

People who are signed in share the limit that API Gateway puts on everybody (`infra/api.py`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Final

from aws_lambda_powertools import Logger

from functions.api import adapters
from functions.api.answers import Refusal
from tracking.errors import SettingsUnavailable
from tracking.mail import sending_limits
from tracking.mail.credentials import Credential

LOGGER = Logger()


@dataclass(frozen=True, slots=True)
class Limit:
    """How many calls of a group a key may make in one minute of the clock."""

    group: str
    calls: int


OWN_LIMITS: Final = {
    "/activity/search": Limit("activity-search", 60),
    "/api_keys/add": Limit("api-keys-add", 5),
    "/stats/opens": Limit("stats-opens", 60),
}
"""The calls that are counted by themselves. A report of opens may read 100,000 items, and take a function for
seconds: 600 of them in a minute would leave none for anything else.

Source:
    SMTP2GO's API reference, the pages of the first two calls.
"""

OTHER_CALLS: Final = Limit("other", 600)
"""All the other calls of a key together: far more than a program needs, too few to wear a table out."""

UNLIMITED: Final = "/email/"
"""Sending: not its calls are limited but the recipients, by the key's own limit if it has one, and by SES's
sending rate; what is above that waits in the outbox."""

_WINDOW = timedelta(minutes=1)


def check(caller: Credential, endpoint: str, now: datetime) -> None:
    """Count a call, and refuse it if it is one too many.

    A call that cannot be counted is let through: it must not fail because its counter does.

    Args:
        caller: The API key.
        endpoint: The call, such as `/activity/search`.
        now: When it came.

    Raises:
        Refusal: The key has used up what it has in this minute.
    """
    if endpoint.startswith(UNLIMITED):
        return
    limit = OWN_LIMITS.get(endpoint, OTHER_CALLS)
    try:
        calls = adapters.rate_limits().count(caller.id, limit.group, now)
    except SettingsUnavailable as error:
        LOGGER.warning("call not counted", error=str(error))
        return
    if calls > limit.calls:
        seconds = _seconds_left(now)
        raise Refusal(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"API key ratelimit exceeded: {limit.calls} calls a minute. Try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )


def check_recipients(caller: Credential, recipients: int, now: datetime) -> None:
    """Count the recipients of a mail, and refuse it if they are too many for the key's own limit.

    What is refused is not counted.

    Args:
        caller: The API key.
        recipients: How many the mail has.
        now: When it came.

    Raises:
        Refusal: The mail has more recipients than are left in the key's period, or than it ever has.
        SettingsUnavailable: They cannot be counted. The mail must wait: a limit that does not hold is none.
    """
    limit = caller.sending_limit
    if limit is None or adapters.rate_limits().take(caller, recipients, now):
        return
    exceeded = (
        f"API key ratelimit exceeded: {limit.recipients} recipients in each period of "
        f"{sending_limits.format(limit.period)}."
    )
    if recipients > limit.recipients:
        raise Refusal(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"{exceeded} This mail has {recipients}; send it to fewer at a time.",
        )
    end = limit.window_end(now)
    seconds = ceil((end - now).total_seconds())
    raise Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"{exceeded} Try again in {seconds} s, at {end:%Y-%m-%d %H:%M:%S} UTC.",
        headers={"Retry-After": str(seconds)},
    )


def give_back(caller: Credential, recipients: int, now: datetime) -> None:
    """Take back what `check_recipients` counted of a mail that was not stored after all.

    Args:
        caller: The API key.
        recipients: How many the mail has.
        now: As `check_recipients` had it.
    """
    try:
        adapters.rate_limits().give_back(caller, recipients, now)
    except SettingsUnavailable as error:
        LOGGER.warning("recipients stay counted", error=str(error))


def _seconds_left(now: datetime) -> int:
    """Until the next minute, rounded up."""
    return ceil((now.replace(second=0, microsecond=0) + _WINDOW - now).total_seconds())
