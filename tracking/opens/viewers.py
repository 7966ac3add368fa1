"""Who asked CloudFront, as it tells its origins."""

import ipaddress


def address(text: str) -> str | None:
    """An IP address in its one spelling; None if it is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def viewer_address(text: str) -> str | None:
    """The IP address in the header CloudFront-Viewer-Address; None if there is none in it.

    Args:
        text: `address:port`, for IPv6 with or without brackets; empty for a request without the header.
    """
    return address(text.rpartition(":")[0].strip("[]"))
