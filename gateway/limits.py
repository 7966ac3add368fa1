"""How much a client may ask of the gateway, as data.

What an operator may want to change is a field of `Limits`, and has a variable in `gateway.configuration`.
"""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta

MAX_RECIPIENTS = 100
"""Recipients of one message.

Source:
    RFC 5321, section 4.5.3.1.8: a server takes 100 at least.
"""

MAX_COMMAND_BYTES = 1024
"""A command with its CRLF: the 512 of every command, and what AUTH, BODY and SIZE may add to MAIL.

Source:
    RFC 5321, section 4.5.3.1.4; RFC 4954, section 3; RFC 6152, section 2; RFC 1870, section 3.
"""

MAX_LOGIN_BYTES = 12288
"""A line of a login with its CRLF. Source: RFC 4954, section 4."""

MAX_LINE_BYTES = 1000
"""A line of a message with its CRLF. Source: RFC 5321, section 4.5.3.1.6."""

MAX_LOGINS_PER_CONNECTION = 5
"""AUTH commands in one connection."""

MAX_REFUSALS = 20
"""Refused commands with no message accepted between them; the next ends the connection."""

FAILED_LOGINS_COUNT_FOR = timedelta(minutes=10)
"""How long a failed login counts against its address."""

MAX_WAITING_LOGINS = 200
"""Logins that are checked or wait for that, of all addresses; one has as many as it has connections."""

MAX_REMEMBERED = 10_000
"""Addresses whose failed logins are remembered, and credentials whose recipients are counted."""

MAX_REFUSED_CONNECTIONS = 100
"""Connections that are told at once that they are too many; others are closed without a word."""

MAX_NAME_BYTES = 1024
"""A name that may be looked up. Source: Amazon DynamoDB's limits, "Sort key length"."""

BUFFER_BYTES = 32 * 1024
"""What is read of a connection at once. Whoever sends less than that in `Limits.block` is too slow."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator may change."""

    connections: int = 1000
    """At once, in all."""

    connections_per_address: int = 50
    """At once, of one `network`. A mail server has 20 to one host at work, and keeps others open a while.

    Source:
        Postfix's `smtpd_client_connection_count_limit` and `default_destination_concurrency_limit`.
    """

    failed_logins: int = 20
    """Of one `network` in `FAILED_LOGINS_COUNT_FOR`; until fewer are left, it cannot log in."""

    login_threads: int = 2
    """Passwords that are checked at once; each takes 64 MB and as many as four cores."""

    messages: int = 1000
    """In one connection."""

    megabytes: int = 512
    """Of messages that are being read or stored, in all connections together."""

    command: timedelta = timedelta(minutes=5)
    """From one answer to the end of the next command. Source: RFC 5321, section 4.5.3.2.7."""

    block: timedelta = timedelta(minutes=3)
    """For each `BUFFER_BYTES` of a message. Source: RFC 5321, section 4.5.3.2.5."""

    message: timedelta = timedelta(minutes=30)
    """For a whole message."""

    handshake: timedelta = timedelta(seconds=30)
    """Until TLS has begun."""


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 host can choose its own from."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip.packed, 64), strict=False).network_address)
    return str(ip)
