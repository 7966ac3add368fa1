"""The doors of SES Mail Manager: what each credential's is called, and whom the one for addresses lets in."""

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from tracking.mail.credentials import Credential, CredentialStatus

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SLUG_FORM = r"u-[0-9a-f]{24}"
"""A slug, as a pattern. All have the same length, so that none begins with another."""

NOBODY = f"u-{'0' * 24}"
"""The slug of mail that no rule knows: no credential's is likely to be it."""

PROVISIONING = "provisioning"
DEPROVISIONING = "deprovisioning"
UPDATING = "updating"
ACTIVE = "active"
CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Door:
    """An SMTP user's own ingress endpoint, as Mail Manager tells.

    `endpoint_id` is also the name that the user logs in with. `host` is None until there is one. `status` is
    Mail Manager's, in lower case: one of those above, or one that nothing is done about, such as `failed`.
    """

    slug: str
    endpoint_id: str
    host: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses that one credential speaks for: those of `network` but not of `narrower` ones."""

    credential: Credential
    network: Network
    narrower: tuple[Network, ...]


def slug(credential: Credential) -> str:
    """What a credential's alias and prefix are called, and its endpoint and rule set after the stack's name.

    A credential that is removed and added again has another one: what is left of the old door is not the new
    one's. It is no secret.
    """
    made_of = f"{credential.kind}\n{credential.id}\n{credential.created_at.isoformat()}"
    return f"u-{hashlib.sha256(made_of.encode()).hexdigest()[:24]}"


def ranges(credentials: Iterable[Credential]) -> list[Range]:
    """Which addresses each credential speaks for, narrow ranges first.

    Args:
        credentials: Credentials of the kind `ip_address`, whatever their status.
    """
    networks = [(ipaddress.ip_network(credential.id), credential) for credential in credentials]
    networks.sort(key=lambda pair: (-pair[0].prefixlen, pair[0].version, pair[0]))
    return [
        Range(credential, network, tuple(other for other, _ in networks if _is_within(other, network)))
        for network, credential in networks
    ]


def admitted(ranges: Iterable[Range]) -> list[Network]:
    """The addresses that may hand in mail, as few networks as there can be.

    They are those whose narrowest range is not blocked, which is what `credentials.matching` finds.

    Args:
        ranges: As `ranges` returns them.
    """
    found: list[Network] = []
    for wide in sorted(ranges, key=lambda each: each.network.prefixlen):
        if wide.credential.status is CredentialStatus.BLOCKED:
            found = [rest for network in found for rest in _without(network, wide.network)]
        else:
            found.append(wide.network)
    fours = [network for network in found if isinstance(network, ipaddress.IPv4Network)]
    sixes = [network for network in found if isinstance(network, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(fours), *ipaddress.collapse_addresses(sixes)]


def cidr(network: Network) -> str:
    """A network as Mail Manager reads it. IPv6 is written out: its pattern knows not all short forms."""
    return network.exploded


def _is_within(network: Network, wide: Network) -> bool:
    return network != wide and _covers(wide, network)


def _covers(wide: Network, network: Network) -> bool:
    if isinstance(wide, ipaddress.IPv4Network) and isinstance(network, ipaddress.IPv4Network):
        return network.subnet_of(wide)
    if isinstance(wide, ipaddress.IPv6Network) and isinstance(network, ipaddress.IPv6Network):
        return network.subnet_of(wide)
    return False


def _without(network: Network, gone: Network) -> list[Network]:
    """What is left of a network without those of its addresses that are in another."""
    if _covers(gone, network):
        return []
    if isinstance(network, ipaddress.IPv4Network) and isinstance(gone, ipaddress.IPv4Network):
        return [*network.address_exclude(gone)] if gone.subnet_of(network) else [network]
    if isinstance(network, ipaddress.IPv6Network) and isinstance(gone, ipaddress.IPv6Network):
        return [*network.address_exclude(gone)] if gone.subnet_of(network) else [network]
    return [network]
