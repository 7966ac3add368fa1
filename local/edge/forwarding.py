"""A viewer's request as the origin gets it."""

from aiohttp import web
from multidict import CIMultiDict

from local.edge.policies import Forwarding
from local.edge.viewers import Viewer

USER_AGENT = "Amazon CloudFront"
"""What the origin sees where the viewer's user agent is not forwarded."""

ALWAYS_FORWARDED = frozenset(
    {
        "content-md5",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
    }
)
"""Source: CloudFront developer guide, "HTTP request headers and CloudFront behavior"."""

NEVER_FORWARDED = frozenset(
    {
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amz-cf-id",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
"""Dropped, or given another value, whatever a policy says. Source: the same."""


def forwarded_headers(request: web.Request, forwarding: Forwarding, viewer: Viewer) -> CIMultiDict[str]:
    """The headers that reach the origin, without those that are the same for every viewer.

    Args:
        request: The viewer's.
        forwarding: What the behaviour lets through.
        viewer: What CloudFront may tell about it.
    """
    headers = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if name.lower() not in NEVER_FORWARDED
        and (name.lower() in ALWAYS_FORWARDED or forwarding.includes_header(name))
    )
    for name, value in viewer.known.items():
        if forwarding.adds_header(name):
            headers[name] = value
    if not forwarding.includes_header("User-Agent"):
        headers["User-Agent"] = USER_AGENT
    elif agent := request.headers.get("User-Agent"):
        headers["User-Agent"] = agent
    if cookies := forwarding.cookies(request.headers.get("Cookie", "")):
        headers["Cookie"] = cookies
    forwarded_for = request.headers.get("X-Forwarded-For")
    headers["X-Forwarded-For"] = f"{forwarded_for}, {viewer.address}" if forwarded_for else viewer.address
    return headers
