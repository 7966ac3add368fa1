"""What a behaviour's policies let through: of a request to the origin, and of an answer to the viewer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from urllib.parse import unquote_plus

from multidict import CIMultiDict


class Kind(StrEnum):
    """How a policy chooses among names."""

    NONE = "none"
    LISTED = "whitelist"
    ALL_BUT_LISTED = "allExcept"
    ALL = "all"
    ALL_VIEWER = "allViewer"
    ALL_VIEWER_AND_LISTED = "allViewerAndWhitelistCloudFront"
    """Whatever the viewer sent, and those of CloudFront's own headers that are listed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which headers, cookies or query parameters reach the origin."""

    kind: Kind
    names: frozenset[str] = frozenset()

    def includes(self, name: str) -> bool:
        """Whether what the viewer sent by that name reaches the origin."""
        match self.kind:
            case Kind.NONE:
                return False
            case Kind.LISTED:
                return name in self.names
            case Kind.ALL_BUT_LISTED:
                return name not in self.names
            case Kind.ALL | Kind.ALL_VIEWER | Kind.ALL_VIEWER_AND_LISTED:
                return True

    def adds(self, name: str) -> bool:
        """Whether CloudFront adds its own header of that name."""
        return self.kind in {Kind.LISTED, Kind.ALL_VIEWER_AND_LISTED} and name in self.names


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """An origin request policy, or the part of a cache policy that says the same."""

    headers: Selection
    """Names in lower case."""
    cookies: Selection
    queries: Selection

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Read an OriginRequestPolicyConfig, or a cache policy's ParametersInCacheKeyAndForwardedToOrigin."""
        headers, cookies, queries = (
            config["HeadersConfig"],
            config["CookiesConfig"],
            config["QueryStringsConfig"],
        )
        return cls(
            Selection(
                Kind(headers["HeaderBehavior"]),
                frozenset(name.lower() for name in _items(headers.get("Headers"))),
            ),
            Selection(Kind(cookies["CookieBehavior"]), frozenset(_items(cookies.get("Cookies")))),
            Selection(Kind(queries["QueryStringBehavior"]), frozenset(_items(queries.get("QueryStrings")))),
        )


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What reaches the origin: everything that one of the policies includes."""

    policies: tuple[RequestPolicy, ...]

    def includes_header(self, name: str) -> bool:
        """Whether the viewer's header reaches the origin."""
        return any(policy.headers.includes(name.lower()) for policy in self.policies)

    def adds_header(self, name: str) -> bool:
        """Whether CloudFront's own header reaches the origin."""
        return any(policy.headers.adds(name.lower()) for policy in self.policies)

    def cookies(self, header: str) -> str:
        """The part of a Cookie header that reaches the origin."""
        return "; ".join(
            pair
            for pair in (part.strip() for part in header.split(";"))
            if any(policy.cookies.includes(pair.partition("=")[0]) for policy in self.policies)
        )

    def query(self, text: str) -> str:
        """The part of a query string that reaches the origin, as the viewer wrote it."""
        return "&".join(
            pair
            for pair in text.split("&")
            if any(policy.queries.includes(unquote_plus(pair.partition("=")[0])) for policy in self.policies)
        )


@dataclass(frozen=True, slots=True)
class AddedHeader:
    """A header that CloudFront puts into an answer."""

    name: str
    value: str
    overrides: bool


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """The security, custom and removed headers of a response headers policy."""

    added: tuple[AddedHeader, ...] = ()
    removed: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Read a ResponseHeadersPolicyConfig."""
        return cls(
            (
                *_security_headers(config.get("SecurityHeadersConfig", {})),
                *(
                    AddedHeader(item["Header"], item["Value"], item["Override"])
                    for item in _items(config.get("CustomHeadersConfig"))
                ),
            ),
            tuple(item["Header"] for item in _items(config.get("RemoveHeadersConfig"))),
        )

    def apply(self, headers: CIMultiDict[str]) -> None:
        """Change an answer's headers to those that the viewer gets."""
        for name in self.removed:
            headers.popall(name, None)
        for header in self.added:
            if header.overrides or header.name not in headers:
                headers[header.name] = header.value


UNCHANGED = ResponsePolicy()
"""The answer as it came."""


def _security_headers(config: Mapping[str, Any]) -> Iterable[AddedHeader]:
    if xss := config.get("XSSProtection"):
        value = "1" if xss["Protection"] else "0"
        value += "; mode=block" if xss.get("ModeBlock") else ""
        value += f"; report={xss['ReportUri']}" if xss.get("ReportUri") else ""
        yield AddedHeader("X-XSS-Protection", value, xss["Override"])
    if frame := config.get("FrameOptions"):
        yield AddedHeader("X-Frame-Options", frame["FrameOption"], frame["Override"])
    if referrer := config.get("ReferrerPolicy"):
        yield AddedHeader("Referrer-Policy", referrer["ReferrerPolicy"], referrer["Override"])
    if content := config.get("ContentSecurityPolicy"):
        yield AddedHeader("Content-Security-Policy", content["ContentSecurityPolicy"], content["Override"])
    if options := config.get("ContentTypeOptions"):
        yield AddedHeader("X-Content-Type-Options", "nosniff", options["Override"])
    if transport := config.get("StrictTransportSecurity"):
        value = f"max-age={transport['AccessControlMaxAgeSec']}"
        value += "; includeSubDomains" if transport.get("IncludeSubdomains") else ""
        value += "; preload" if transport.get("Preload") else ""
        yield AddedHeader("Strict-Transport-Security", value, transport["Override"])


def _items(listed: Mapping[str, Any] | None) -> list[Any]:
    return list((listed or {}).get("Items", []))
