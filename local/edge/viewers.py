"""Who asked, and what CloudFront tells the origin about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from aiohttp import web

LOCAL_ADDRESS = "192.0.2.1"
"""Whom a viewer on this machine seems to be: an address for documentation. With its own, whoever sends mail
from this machine and opens it here would be taken for the sender."""

LOCAL_CALLER = "192.0.2.2"
"""Whom a caller of the API seems to be: somebody else, for the same reason."""

LOCAL_NETWORK = {
    "CloudFront-Viewer-ASN": "64496",
    "CloudFront-Viewer-Country": "ZZ",
    "CloudFront-Viewer-City": "Localhost",
}
"""Where a viewer on this machine seems to be: a network number for documentation, a country that is none."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The client of one request. A client may play another one by sending CloudFront's own headers."""

    address: str
    port: str
    known: Mapping[str, str]
    """What CloudFront knows about the viewer, as the headers in which it would tell the origin."""

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Find out about the client of a request."""
        port = request.transport.get_extra_info("peername")[1] if request.transport else 0
        local = LOCAL_ADDRESS if request.method in {"GET", "HEAD"} else LOCAL_CALLER
        address = request.headers.get("CloudFront-Viewer-Address", f"{local}:{port}")
        known = LOCAL_NETWORK | {
            "CloudFront-Viewer-Address": address,
            "CloudFront-Viewer-Http-Version": f"{request.version.major}.{request.version.minor}",
            "CloudFront-Forwarded-Proto": request.scheme,
        }
        host, _, port = address.rpartition(":")
        return cls(
            host.strip("[]"), port, {name: request.headers.get(name, value) for name, value in known.items()}
        )
