"""Out to the customer's URL, and no way inside.

A URL is https, its name is resolved once, every address that is not global is refused, and the connection
goes to the very address that was checked, with the name for TLS.
"""

import ipaddress
import socket
from collections.abc import Collection, Mapping
from urllib.parse import SplitResult, urlsplit

import urllib3

TIMEOUT = urllib3.Timeout(total=10.0)
"""Seconds until the response's headers must be there, as SMTP2GO has it."""

_HTTPS_PORT = 443


class Forbidden(Exception):
    """The URL leads somewhere that a webhook must not reach."""


def post(url: str, body: str, headers: Mapping[str, str], exempt_hosts: Collection[str] = ()) -> int:
    """Send a POST and return the answer's status. Redirects are not followed.

    Args:
        url: The customer's.
        body: As it was signed.
        headers: With the content type and the signature.
        exempt_hosts: `host:port`s that may be reached whatever they are; the local system's own receiver.

    Raises:
        Forbidden: The URL is not https, or its name leads to an address that is not global.
        urllib3.exceptions.HTTPError: There was no answer.
        OSError: The name cannot be resolved.
    """
    parts = urlsplit(url)
    with _pool(parts, exempt_hosts) as pool:
        answer = pool.request(
            "POST",
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            body=body.encode(),
            headers={**headers, "Host": parts.netloc.rpartition("@")[2]},
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            return answer.status
        finally:
            answer.close()


def _pool(parts: SplitResult, exempt_hosts: Collection[str]) -> urllib3.HTTPConnectionPool:
    host = parts.hostname or ""
    if parts.netloc in exempt_hosts:
        return urllib3.HTTPConnectionPool(host, parts.port, timeout=TIMEOUT)
    if parts.scheme != "https":
        raise Forbidden("a webhook's URL is https")
    port = parts.port or _HTTPS_PORT
    return urllib3.HTTPSConnectionPool(
        _checked_address(host, port), port, timeout=TIMEOUT, server_hostname=host, assert_hostname=host
    )


def _checked_address(host: str, port: int) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        ip = ipaddress.ip_address(address)
        mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
        if not (mapped or ip).is_global or ip.is_multicast:
            raise Forbidden(f"{host} leads to {address}, which is not a public address")
    return found[0]
