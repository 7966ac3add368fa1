"""A distribution as CloudFront's API describes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from local.edge.policies import UNCHANGED, Forwarding, RequestPolicy, ResponsePolicy

if TYPE_CHECKING:
    from types_boto3_cloudfront import CloudFrontClient

# Source: CloudFront API reference, Origin and CustomOriginConfig, the values where none is given.
CONNECTION_ATTEMPTS = 3
CONNECTION_TIMEOUT = timedelta(seconds=10)
READ_TIMEOUT = timedelta(seconds=30)

CACHED_METHODS = ("HEAD", "GET")
"""The methods that a behaviour allows where none are given."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where answers come from."""

    domain: str
    path: str = ""
    """Put before the path of each request."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with each request."""
    bucket: str | None = None
    """The bucket's name, if the origin is S3."""
    is_signed: bool = False
    """Whether CloudFront signs its requests: origin access control."""
    scheme: str = "https"
    port: int = 443
    connection_attempts: int = CONNECTION_ATTEMPTS
    connection_timeout: timedelta = CONNECTION_TIMEOUT
    read_timeout: timedelta = READ_TIMEOUT

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Read an Origin."""
        domain, custom = config["DomainName"], config.get("CustomOriginConfig", {})
        scheme = "http" if custom.get("OriginProtocolPolicy") in {"http-only", "match-viewer"} else "https"
        return cls(
            domain,
            config.get("OriginPath", ""),
            tuple(
                (header["HeaderName"], header["HeaderValue"])
                for header in config.get("CustomHeaders", {}).get("Items", [])
            ),
            _bucket(domain) if "S3OriginConfig" in config else None,
            bool(config.get("OriginAccessControlId")),
            scheme,
            custom.get("HTTPPort", 80) if scheme == "http" else custom.get("HTTPSPort", 443),
            config.get("ConnectionAttempts", CONNECTION_ATTEMPTS),
            _seconds(config, "ConnectionTimeout", CONNECTION_TIMEOUT),
            _seconds(custom, "OriginReadTimeout", READ_TIMEOUT),
        )


@dataclass(frozen=True, slots=True)
class Behavior:
    """What happens to requests whose path fits a pattern."""

    pattern: str
    origin: Origin
    forwarding: Forwarding
    methods: frozenset[str] = frozenset(CACHED_METHODS)
    response: ResponsePolicy = UNCHANGED

    def fits(self, path: str) -> bool:
        """Whether the pattern covers a path. `*` stands for any characters, `?` for one; case matters."""
        pattern = "/" + self.pattern.removeprefix("/")
        expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
        return re.fullmatch(expression, path, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What a viewer gets in place of an error."""

    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Logging:
    """Where access logs go."""

    bucket: str
    prefix: str
    """Empty, or ending with a slash."""
    with_cookies: bool


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution."""

    id: str
    domain: str
    behaviors: tuple[Behavior, ...]
    """In the order in which they are tried; the last one fits everything."""
    error_pages: Mapping[int, ErrorPage]
    default_root_object: str
    logging: Logging | None

    @classmethod
    def of(
        cls,
        described: Mapping[str, Any],
        request_policies: Mapping[str, RequestPolicy],
        response_policies: Mapping[str, ResponsePolicy],
    ) -> Self:
        """Read what GetDistribution answers as `Distribution`.

        Args:
            described: May lack what has a default value.
            request_policies: The cache policies and origin request policies that it names, by id.
            response_policies: The response headers policies that it names, by id.
        """
        config = described["DistributionConfig"]
        origins = {item["Id"]: Origin.of(item) for item in config["Origins"]["Items"]}
        return cls(
            described["Id"],
            described["DomainName"],
            tuple(
                Behavior(
                    item.get("PathPattern", "*"),
                    origins[item["TargetOriginId"]],
                    Forwarding(tuple(request_policies[id_] for id_ in _request_policy_ids(item))),
                    frozenset(item.get("AllowedMethods", {}).get("Items", CACHED_METHODS)),
                    response_policies.get(item.get("ResponseHeadersPolicyId", ""), UNCHANGED),
                )
                for item in _behaviors(config)
            ),
            {
                item["ErrorCode"]: ErrorPage(item["ResponsePagePath"], int(item["ResponseCode"]))
                for item in config.get("CustomErrorResponses", {}).get("Items", [])
                if item.get("ResponsePagePath")
            },
            config.get("DefaultRootObject", ""),
            _logging(config.get("Logging", {})),
        )

    def behavior(self, path: str) -> Behavior:
        """The first behaviour that covers a path."""
        return next(behavior for behavior in self.behaviors if behavior.fits(path))


def deployed(cloudfront: "CloudFrontClient", distribution_id: str) -> Distribution:
    """Read a distribution and the policies that it names, CloudFront's managed ones included."""
    described: Mapping[str, Any] = cloudfront.get_distribution(Id=distribution_id)["Distribution"]
    behaviors = _behaviors(described["DistributionConfig"])
    cached = {
        id_: cloudfront.get_cache_policy_config(Id=id_)["CachePolicyConfig"][
            "ParametersInCacheKeyAndForwardedToOrigin"
        ]
        for id_ in _ids(behaviors, "CachePolicyId")
    }
    requested = {
        id_: cloudfront.get_origin_request_policy_config(Id=id_)["OriginRequestPolicyConfig"]
        for id_ in _ids(behaviors, "OriginRequestPolicyId")
    }
    answered = {
        id_: cloudfront.get_response_headers_policy_config(Id=id_)["ResponseHeadersPolicyConfig"]
        for id_ in _ids(behaviors, "ResponseHeadersPolicyId")
    }
    return Distribution.of(
        described,
        {id_: RequestPolicy.of(config) for id_, config in (cached | requested).items()},
        {id_: ResponsePolicy.of(config) for id_, config in answered.items()},
    )


def _behaviors(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*config.get("CacheBehaviors", {}).get("Items", []), config["DefaultCacheBehavior"]]


def _request_policy_ids(behavior: Mapping[str, Any]) -> list[str]:
    return [behavior[key] for key in ("CachePolicyId", "OriginRequestPolicyId") if behavior.get(key)]


def _ids(behaviors: list[Mapping[str, Any]], key: str) -> list[str]:
    return sorted({behavior[key] for behavior in behaviors if behavior.get(key)})


def _logging(config: Mapping[str, Any]) -> Logging | None:
    if not config.get("Enabled"):
        return None
    prefix = config.get("Prefix", "")
    return Logging(
        _bucket(config["Bucket"]),
        prefix if not prefix or prefix.endswith("/") else f"{prefix}/",
        config.get("IncludeCookies", False),
    )


def _bucket(domain: str) -> str:
    """The bucket's name out of `<bucket>.s3.<region>.amazonaws.com`; it may have dots itself."""
    return re.split(r"\.s3[.-]", domain)[0]


def _seconds(config: Mapping[str, Any], key: str, default: timedelta) -> timedelta:
    return timedelta(seconds=config[key]) if key in config else default
