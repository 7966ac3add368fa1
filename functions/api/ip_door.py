"""The door for addresses at SES Mail Manager. Where the SMTP gateway is the door, there is nothing to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from aws_lambda_powertools import Logger

from functions.api import adapters, former_doors
from functions.api.answers import Refusal, invalid
from functions.api.edits import until_done
from tracking.errors import DoorBusy, DoorQuotaReached, TrackingError
from tracking.mail import doors
from tracking.mail.credentials import Credential, CredentialChanges, CredentialKind
from tracking.storage.ip_door import MAX_RANGES, IpDoor

LOGGER = Logger()


def check(changes: CredentialChanges) -> None:
    """See whether Mail Manager can do what is asked for.

    Raises:
        Refusal: It cannot.
    """
    if adapters.ip_door() and changes.get("sending_limit"):
        raise invalid("custom_ratelimit", "SES Mail Manager knows no limit for each address")


def let_in(address: Credential) -> None:
    """Let in an address that was just added, as `follow` does. If that fails, it is removed again.

    Raises:
        Refusal: There is no room for it.
        MailManagerUnavailable: It may be let in; its mail is not sent then.
    """
    try:
        follow()
    except (Refusal, TrackingError):
        adapters.settings().remove(address, datetime.now(UTC))
        raise


def follow() -> None:
    """Let in the addresses that are stored and not blocked, and no others.

    AWS is asked for CreateAlias where one is missing, UpdateRuleSet, and UpdateTrafficPolicy.

    Raises:
        Refusal: The door cannot be changed at the moment, or there is no room.
        MailManagerUnavailable: It may be changed.
    """
    door = adapters.ip_door()
    if door:
        with _refused():
            _write(door)


def turn_away(address: Credential) -> None:
    """Let in an address that is about to be removed no more: as `follow`, and UpdateRuleSet once more.

    Raises:
        Refusal: The door cannot be changed at the moment.
        MailManagerUnavailable: It may be changed.
    """
    door = adapters.ip_door()
    # There may be more from before. None is let in then, until enough of them are removed.
    if door and len(_addresses()) <= MAX_RANGES:
        with _refused():
            _write(door, but=address.id)


def forget() -> None:
    """Have nothing left of an address that was removed, whatever others wrote beside its removal."""
    door = adapters.ip_door()
    if door:
        try:
            _write(door)
            # Only now: no rule names their aliases.
            former_doors.forget(CredentialKind.IP_ADDRESS)
        except TrackingError as error:
            # It is removed: its mail is kept back. The next change writes the door anew.
            LOGGER.warning("door not written again", reason=type(error).__name__, error=str(error))


def _write(door: IpDoor, *, but: str | None = None) -> None:
    """Write all addresses that there are but one, until they are those that were written."""
    until_done(lambda: _attempt(door, but))


def _attempt(door: IpDoor, but: str | None) -> bool | None:
    seen = _addresses()
    told, admitted = doors.ranges(seen), doors.ranges(each for each in seen if each.id != but)
    door.check(admitted)
    _name(seen)
    # What is let in must have a rule already, or still.
    door.tell_apart(told)
    door.admit(admitted)
    if but:
        door.tell_apart(admitted)
    return _addresses() == seen or None


def _addresses() -> list[Credential]:
    return adapters.settings().credentials(CredentialKind.IP_ADDRESS, as_of_now=True)


def _name(addresses: list[Credential]) -> None:
    """Give the function an alias for each address for which it has none."""
    noted = adapters.door_owners().all(CredentialKind.IP_ADDRESS)
    for address in addresses:
        slug = doors.slug(address)
        if slug not in noted:
            adapters.aliases().add(slug)
            adapters.door_owners().put(address)


@contextmanager
def _refused() -> Iterator[None]:
    """Tell the client why the door stays as it is."""
    try:
        yield
    except DoorQuotaReached as error:
        raise invalid("ip_address", f"SES Mail Manager's door for addresses is full: {error}") from error
    except DoorBusy as error:
        raise invalid(
            "ip_address", "SES Mail Manager is at work on the door for addresses; try again in a minute"
        ) from error
