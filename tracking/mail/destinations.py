"""Where a webhook may go: out to public addresses, and nowhere inside.

A URL is read here once for each attempt: what is checked is what is connected to. Whatever two parsers
might read in two ways is refused. A name may lead anywhere, and elsewhere the next time: whenever it is
resolved, each of its addresses is checked too.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from tracking.errors import ForbiddenDestination

HTTPS_PORT = 443
"""The port that is open to webhooks without being named."""

_DEFAULT_PORTS = {"https": HTTPS_PORT, "http": 80}

_LONGEST_HOST = 253

_NO_HOST = (
    "the URL's host must be a name of letters, digits, hyphens and dots, or an address (IPv6 in brackets)"
)

_VISIBLE = re.compile("[!-~]+")
_URL = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile("[a-z0-9_-]{1,63}")
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")

_IPV6_UNICAST = ip_network("2000::/3")
"""All that was ever given out of IPv6; outside are the private, the local, and IPv4 addresses in disguise."""

_NEVER_PUBLIC = (
    ip_network("192.0.0.0/24"),
    ip_network("192.88.99.0/24"),
    ip_network("2001::/23"),
    ip_network("2002::/16"),
    ip_network("3fff::/20"),
)
"""Python calls some of these global: protocols' own addresses, relays and tunnels to any IPv4 address (6to4,
Teredo), and examples in documents."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a webhook goes.

    `host` is what a certificate must be for: a name, or an address without brackets. `target` is the path and
    the query. An exempt one may be reached without TLS, and may have any address.
    """

    scheme: str
    host: str
    port: int
    target: str
    is_exempt: bool

    @property
    def authority(self) -> str:
        """What the Host header says.

        Source:
            RFC 9110, section 7.2.
        """
        host = _bracketed(self.host)
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def ports(text: str) -> frozenset[int]:
    """Port numbers with commas between; empty if there are none."""
    return frozenset(map(int, filter(None, text.split(","))))


def hosts(text: str) -> list[str]:
    """`host:port`s with commas between; empty if there are none."""
    return list(filter(None, text.split(",")))


def destination(url: str, ports: Collection[int], exempt_hosts: Collection[str] = ()) -> Destination:
    """Where a URL leads, if a webhook may go there.

    A name may still lead to an address where none may go; see `check_addresses`.

    Args:
        url: What the customer gave.
        ports: Those that are open to webhooks beside 443.
        exempt_hosts: `host:port`s that may be reached whatever they are, in lower case.

    Raises:
        ForbiddenDestination: The URL is not https, or names no host, a user, another port or an address that
            is not public; or parsers may not agree on what it says. The message says what to do.

    Source:
        RFC 3986, appendix B. Names that end in a number: WHATWG's URL Standard, section 3.5.
    """
    if not _VISIBLE.fullmatch(url):
        raise ForbiddenDestination("write the URL in ASCII and without blanks, all else percent-encoded")
    parts = _URL.fullmatch(url)
    if parts is None or parts["scheme"].lower() not in _DEFAULT_PORTS:
        raise ForbiddenDestination("the URL must begin with https://")
    if not parts["authority"]:
        raise ForbiddenDestination("the URL must name a host")
    scheme = parts["scheme"].lower()
    host, port = _split_authority(parts["authority"], scheme)
    is_exempt = f"{_bracketed(host)}:{port}" in exempt_hosts
    if not is_exempt:
        _check(scheme, host, port, ports)
    return Destination(scheme, host, port, (parts["path"] or "/") + (parts["query"] or ""), is_exempt)


def _split_authority(authority: str, scheme: str) -> tuple[str, int]:
    """The host in lower case and without brackets, and the port."""
    if "@" in authority:
        raise ForbiddenDestination("the URL must have no user name and password before its host")
    found = _AUTHORITY.fullmatch(authority.lower())
    if found is None:
        raise ForbiddenDestination(_NO_HOST)
    host = found["host"]
    if host.startswith("["):
        host = _ipv6(host[1:-1])
    elif len(host) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, host.split("."))):
        raise ForbiddenDestination(
            f"the URL's host may have {_LONGEST_HOST} characters, and needs 1 to 63 before and after each dot"
        )
    return host, int(found["port"] or _DEFAULT_PORTS[scheme])


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError as error:
        raise ForbiddenDestination(_NO_HOST) from error


def _check(scheme: str, host: str, port: int, ports: Collection[int]) -> None:
    if scheme != "https":
        raise ForbiddenDestination("the URL must begin with https://")
    if port != HTTPS_PORT and port not in ports:
        allowed = ", ".join(map(str, sorted({HTTPS_PORT, *ports})))
        raise ForbiddenDestination(f"port {port} is not open to webhooks; these are: {allowed}")
    if _is_address(host):
        if not is_public(host):
            raise ForbiddenDestination(f"{host} is not a public address")
    elif _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise ForbiddenDestination(f"{host} is no name; an IPv4 address is four decimal numbers")
    elif "." not in host:
        raise ForbiddenDestination(f"{host} is no public name, which has a dot")


def check_addresses(host: str, addresses: Sequence[str]) -> str:
    """Check what a name led to just now.

    Args:
        host: The name.
        addresses: All that it leads to, at least one.

    Returns:
        The address to connect to. Resolving the name again may lead to another.

    Raises:
        ForbiddenDestination: One of them is not public, even if others are.
    """
    for address in addresses:
        if not is_public(address):
            raise ForbiddenDestination(f"{host} leads to {address}, which is not a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's, for one host, and no way to another address.

    Args:
        address: As the resolver writes it; what is none is not public.

    Source:
        IANA's IPv4 and IPv6 special-purpose address registries (RFC 6890); RFC 4291, section 2.4 and IANA's
        IPv6 address space for 2000::/3; RFC 7526 for 192.88.99.0/24; RFC 4380 for Teredo; RFC 3056 for 6to4.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and (found.scope_id is not None or found not in _IPV6_UNICAST):
        return False
    if any(found in network for network in _NEVER_PUBLIC):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
