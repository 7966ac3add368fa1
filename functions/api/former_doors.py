"""Doors at SES Mail Manager whose credentials are gone: what is kept of them, and for how long."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.api import adapters
from tracking.mail import doors
from tracking.mail.credentials import CredentialKind

KEPT_FOR: Final = timedelta(days=2)
"""Longer than Mail Manager tries to hand over what it took; without the alias it would not be heard of."""


def forget(kind: CredentialKind, named: Collection[str] = ()) -> None:
    """Note which doors are nobody's now, and take the function's aliases away that have been for long.

    Args:
        kind: Of the credentials that the doors were of.
        named: The doors whose aliases a rule may still name; they stay.

    Raises:
        MailManagerUnavailable: Some of them may be there.
        SettingsUnavailable: The table does not answer.
    """
    now = datetime.now(UTC)
    # In this order: a credential is stored before its door is noted.
    noted = adapters.door_owners().all(kind)
    known = {doors.slug(found) for found in adapters.settings().credentials(kind, as_of_now=True)}
    for slug in noted.keys() - known:
        left_at = noted[slug]
        if left_at is None:
            adapters.door_owners().leave(slug, now)
        elif slug not in named and left_at + KEPT_FOR < now:
            adapters.aliases().remove(slug)
            adapters.door_owners().remove(slug)
