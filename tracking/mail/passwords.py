"""SMTP passwords, as argon2id hashes."""

import argon2

SALT_BYTES = 16
"""Bytes of salt that `hash_password` wants."""

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
    """Whether the password is the one that was hashed. A damaged hash matches nothing."""
    try:
        return _HASHER.verify(hashed, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
