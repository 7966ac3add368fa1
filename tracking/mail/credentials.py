"""Who hands mail in: an SMTP user, an authenticated IP address, or an API key."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypedDict

from tracking.mail.sending_limits import SendingLimit


class CredentialKind(StrEnum):
    """The three kinds of credential, each with its own switch for open tracking."""

    SMTP_USER = "smtp_user"
    """A user name and a password, for SMTP."""

    IP_ADDRESS = "ip_address"
    """An address or CIDR range that may hand in mail by SMTP without a login."""

    API_KEY = "api_key"
    """A key for the HTTPS API."""


class CredentialStatus(StrEnum):
    """What a credential may do."""

    ALLOWED = "allowed"
    """It may send."""

    BLOCKED = "blocked"
    """It is refused at every front door."""

    SANDBOX = "sandbox"
    """Its mail is accepted and goes nowhere."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential and its settings.

    `id` is what people call it: the SMTP user's name, the address or range, or the key's first 16 characters.
    `secret_hash` is the password's argon2 hash or the key's SHA-256; addresses have none.
    `permissions` are the calls that an API key may make, with `*` as wildcard. `sending_limit` is None where
    there is no limit.
    """

    kind: CredentialKind
    id: str
    created_at: datetime
    secret_hash: str | None = None
    status: CredentialStatus = CredentialStatus.ALLOWED
    open_tracking_enabled: bool = False
    description: str = ""
    permissions: tuple[str, ...] = ()
    sending_limit: SendingLimit | None = None


class CredentialChanges(TypedDict, total=False):
    """What changes of a credential; what is not named stays."""

    secret_hash: str
    status: CredentialStatus
    open_tracking_enabled: bool
    description: str
    permissions: tuple[str, ...]
    sending_limit: SendingLimit | None


_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_API_KEY = re.compile(r"api-[a-zA-Z0-9]{32}", re.ASCII)
_API_KEY_ID_LENGTH = 16

API_KEY_RANDOM_BYTES = 32
"""Bytes of chance that `new_api_key` wants; its 32 characters hold 190 bits of them."""


def new_api_key(random: bytes) -> str:
    """Write a new API key from 32 bytes of a cryptographic source."""
    number, characters = int.from_bytes(random), []
    for _ in range(32):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    return "api-" + "".join(characters)


def is_api_key(text: str) -> bool:
    """Whether the text has a key's shape; SMTP2GO's own clients check the same."""
    return _API_KEY.fullmatch(text) is not None


def api_key_id(key: str) -> str:
    """The part of a key by which it is known: its first 16 characters."""
    return key[:_API_KEY_ID_LENGTH]


def hash_api_key(key: str) -> str:
    """What is stored of a key. A key has 190 random bits, so a plain digest cannot be guessed from."""
    return hashlib.sha256(key.encode()).hexdigest()


def holds_api_key(credential: Credential, key: str) -> bool:
    """Whether the credential is this very key, compared in constant time."""
    return hmac.compare_digest(credential.secret_hash or "", hash_api_key(key))


def may_call(credential: Credential, endpoint: str) -> bool:
    """Whether the key's permissions cover an endpoint, such as `/email/send`."""
    return any(fnmatchcase(endpoint, pattern) for pattern in credential.permissions)


def beyond(credential: Credential, permissions: Iterable[str]) -> list[str]:
    """Those of some permissions that the key does not have itself, and so may not give to another.

    A `*` is matched by nothing but a `*`. So a permission that matches as it is written also does with
    whatever its own wildcards stand for.
    """
    return [permission for permission in permissions if not may_call(credential, permission)]


def matching(address: str, credentials: Iterable[Credential]) -> Credential | None:
    """The IP credential that covers an address, the narrowest range first; None if none does.

    Args:
        address: IPv4 or IPv6 as text; an IPv4-mapped IPv6 address counts as the IPv4 address.
        credentials: Credentials of the kind `ip_address`.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    ranges = ((ipaddress.ip_network(credential.id), credential) for credential in credentials)
    covering = [(network.prefixlen, credential) for network, credential in ranges if ip in network]
    return max(covering, key=lambda pair: pair[0])[1] if covering else None
