"""SMTP passwords, as argon2id hashes."""

import argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

SALT_BYTES = 16
"""Bytes of salt that `hash_password` wants."""


class NotChecked(Exception):
    """Nobody can tell now whether a password is right; the message says why."""


_HASHER = argon2.PasswordHasher()


def hash_password(password: str, salt: bytes) -> str:
    """Hash a password for storage.

    Args:
        password: Any text.
        salt: 16 bytes from a cryptographic source.

    Returns:
        The hash with its parameters, in the PHC string format.

    Source:
        Parameters: RFC 9106, section 4, the second recommended option.
    """
    return _HASHER.hash(password, salt=salt)


def matches(password: str, hashed: str) -> bool:
    """Whether the password is the one that was hashed.

    Raises:
        NotChecked: There is no memory for it now, or the hash is damaged.
    """
    try:
        return _HASHER.verify(hashed, password)
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError) as error:
        raise NotChecked(str(error)) from error
