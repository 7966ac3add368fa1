"""The doors of SMTP users at SES Mail Manager. Where the SMTP gateway is the door, there is nothing to do."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from aws_lambda_powertools import Logger

from functions.api import adapters, former_doors
from functions.api.answers import invalid
from functions.api.edits import until_done
from tracking.errors import DoorBusy, DoorQuotaReached, MailManagerSilent, TrackingError
from tracking.mail import doors
from tracking.mail.credentials import Credential, CredentialChanges, CredentialKind, CredentialStatus
from tracking.mail.doors import CLOSED, UPDATING, Door
from tracking.storage.user_doors import UserDoors

LOGGER = Logger()

_PASSWORD: Final = re.compile(r"[A-Za-z0-9!@#$%^&*()_+\-=\[\]{}|.,?]{8,64}")
"""Source: Mail Manager API reference, "IngressPointConfiguration"."""


def check(password: str | None, changes: CredentialChanges) -> None:
    """See whether Mail Manager can do what is asked for.

    Raises:
        Refusal: It cannot.
    """
    if adapters.user_doors() is None:
        return
    if password and not _PASSWORD.fullmatch(password):
        raise invalid(
            "email_password",
            "SES Mail Manager takes 8 to 64 characters: letters, digits, !@#$%^&*()_+-=[]{}|.,?",
        )
    if changes.get("sending_limit"):
        raise invalid("custom_ratelimit", "SES Mail Manager knows no limit for each SMTP user")


def open_new(user: Credential, password: str) -> Door | None:
    """Make the door of a user who was just added: CreateAlias, CreateRuleSet, CreateIngressPoint.

    If that fails, the user is removed again; but not if the endpoint may be there, which costs money.

    Returns:
        The door; None for a user who is blocked, who needs none.

    Raises:
        Refusal: There is no room for another door, or the user was removed meanwhile.
        MailManagerSilent: What was begun may be there, and the user is.
        MailManagerUnavailable: There is no such user.
    """
    user_doors = adapters.user_doors()
    if user_doors is None or user.status is CredentialStatus.BLOCKED:
        return None
    with _refused():
        try:
            door = _open(user_doors, user, password)
        except (DoorBusy, MailManagerSilent):
            raise
        except TrackingError:
            adapters.settings().remove(user, datetime.now(UTC))
            clear_away()
            raise
    _stored(user)
    return door


def follow(user: Credential, password: str | None) -> Door | None:
    """Make the door of a user who was edited as the user now is: UpdateIngressPoint, or as `open_new` does.

    Args:
        user: As stored.
        password: The new password. With one, a user gets the door that they do not have.

    Returns:
        The door; None if there is none.

    Raises:
        Refusal: The door cannot be changed at the moment, or the user was removed meanwhile.
        MailManagerUnavailable: It may be changed.
    """
    user_doors = adapters.user_doors()
    if user_doors is None:
        return None

    def attempt() -> tuple[Door | None] | None:
        seen = _stored(user)
        door = _as_wanted(user_doors, seen, password)
        return (door,) if _stored(user).status is seen.status else None

    with _refused():
        (door,) = until_done(attempt)
    return door


def remove(user: Credential) -> None:
    """Remove the endpoint of a user who is about to be removed: DeleteIngressPoint.

    Raises:
        Refusal: It cannot be removed at the moment.
        MailManagerUnavailable: It may be removed.
    """
    user_doors = adapters.user_doors()
    door = of_users().get(doors.slug(user))
    if user_doors and door:
        with _refused():
            user_doors.remove(door)


def clear_away() -> None:
    """Remove what is left of doors whose users are gone. What cannot be removed yet is, the next time."""
    user_doors = adapters.user_doors()
    if user_doors is None:
        return
    with _next_time():
        # In this order: a user is stored before anything is made.
        points, rule_sets = user_doors.all(), user_doors.rule_sets()
        users = adapters.settings().credentials(CredentialKind.SMTP_USER, as_of_now=True)
        known = {doors.slug(user) for user in users}
        for slug in points.keys() - known:
            with _next_time():
                user_doors.remove(points[slug])
        for slug in rule_sets.keys() - points.keys() - known:
            with _next_time():
                user_doors.remove_rule_set(rule_sets[slug])
        former_doors.forget(CredentialKind.SMTP_USER, {*points, *rule_sets})


def of_users() -> Mapping[str, Door]:
    """The doors that there are, by their slugs.

    Raises:
        MailManagerUnavailable: Mail Manager does not tell.
    """
    user_doors = adapters.user_doors()
    return user_doors.all() if user_doors else {}


def _as_wanted(user_doors: UserDoors, user: Credential, password: str | None) -> Door | None:
    door = user_doors.all().get(doors.slug(user))
    is_open = user.status is not CredentialStatus.BLOCKED
    if door is None:
        return _open(user_doors, user, password) if password and is_open else None
    # Of one that is being changed nobody knows what it will be.
    is_turned = door.status == UPDATING or is_open is (door.status == CLOSED)
    if not password and not is_turned:
        return door
    user_doors.change(door, password=password, is_open=is_open if is_turned else None)
    return replace(door, status=UPDATING)


def _open(user_doors: UserDoors, user: Credential, password: str) -> Door:
    clear_away()
    # Before the door: nothing may be there that nobody is known to own.
    adapters.door_owners().put(user)
    return user_doors.open(doors.slug(user), password)


def _stored(user: Credential) -> Credential:
    """The user as it is now. What was made for one who is gone is removed, or will be.

    Raises:
        Refusal: It is gone.
    """
    found = adapters.settings().credential(CredentialKind.SMTP_USER, user.id)
    if found is None or doors.slug(found) != doors.slug(user):
        clear_away()
        raise invalid("username", f"{user.id} was removed meanwhile")
    return found


@contextmanager
def _next_time() -> Iterator[None]:
    """Clear away inside; if it fails, that is not the client's matter."""
    try:
        yield
    except TrackingError as error:
        LOGGER.warning("door not cleared away", reason=type(error).__name__, error=str(error))


@contextmanager
def _refused() -> Iterator[None]:
    """Tell the client why there is no door, or why it stays as it is."""
    try:
        yield
    except DoorQuotaReached as error:
        raise invalid(
            "username",
            "SES Mail Manager makes no more doors. An account has 50 endpoints with a login and 40 rule sets "
            f"in a region, and a user takes one of each: {error}",
        ) from error
    except DoorBusy as error:
        raise invalid(
            "username",
            "the user is stored, but SES Mail Manager is at work on its door, which stays as it is. Look at "
            "it, and edit or remove the user when it is active or closed. Mail of a user who is blocked is "
            f"not sent meanwhile. AWS says: {error}",
        ) from error
