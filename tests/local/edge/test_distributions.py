from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.edge import deployed
from local.edge.distributions import Behavior, Distribution, Origin
from local.edge.policies import Forwarding
from tests.local.edge.recorded import APP, PIXEL, recording

if TYPE_CHECKING:
    from types_boto3_cloudfront import CloudFrontClient

NOWHERE = Origin("origin.test")


def behavior(pattern: str) -> Behavior:
    return Behavior(pattern, NOWHERE, Forwarding(()))


class RecordedCloudFront:
    """Answers what was recorded."""

    def __init__(self, name: str) -> None:
        self._recorded = recording(name)

    def get_distribution(self, Id: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        assert self._recorded["Distribution"]["Id"] == Id
        return {"Distribution": self._recorded["Distribution"]}

    def get_cache_policy_config(self, Id: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        return {"CachePolicyConfig": self._recorded["CachePolicies"][Id]}

    def get_origin_request_policy_config(self, Id: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        return {"OriginRequestPolicyConfig": self._recorded["OriginRequestPolicies"][Id]}

    def get_response_headers_policy_config(self, Id: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        return {"ResponseHeadersPolicyConfig": self._recorded["ResponseHeadersPolicies"][Id]}


@pytest.mark.parametrize(("name", "expected"), [("pixel", PIXEL), ("app", APP)])
def test_a_deployed_distribution_is_read_with_its_policies(name: str, expected: Distribution) -> None:
    cloudfront = cast("CloudFrontClient", RecordedCloudFront(name))

    assert deployed(cloudfront, expected.id) == expected


def test_the_first_behavior_that_fits_is_taken() -> None:
    first, second, default = behavior("/o/*"), behavior("/o/a*"), behavior("*")
    distribution = Distribution("E1", "d.test", (first, second, default), {}, "", None)

    assert distribution.behavior("/o/abc") is first
    assert distribution.behavior("/x") is default


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/o/*", "/o/a/b.gif", True),
        ("/o/*", "/o/", True),
        ("/o/*", "/o", False),
        ("/o/*", "/O/a", False),
        ("o/*", "/o/a", True),
        ("/a?c", "/abc", True),
        ("/a?c", "/ac", False),
        ("*.gif", "/a/b.gif", True),
        ("/a.gif", "/abgif", False),
        ("*", "/", True),
    ],
)
def test_a_path_pattern_covers_paths_as_cloudfront_says(pattern: str, path: str, *, fits: bool) -> None:
    assert behavior(pattern).fits(path) is fits


@given(st.text())
def test_the_last_behavior_fits_every_path(path: str) -> None:
    assert PIXEL.behavior("/" + path) in PIXEL.behaviors


def test_timeouts_are_the_origins_own_or_cloudfronts() -> None:
    function, bucket = PIXEL.behaviors[0].origin, PIXEL.behaviors[1].origin

    assert (function.connection_attempts, function.connection_timeout, function.read_timeout) == (
        1,
        timedelta(seconds=2),
        timedelta(seconds=3),
    )
    assert (bucket.connection_attempts, bucket.connection_timeout, bucket.read_timeout) == (
        3,
        timedelta(seconds=10),
        timedelta(seconds=30),
    )


def test_a_log_prefix_gets_its_slash() -> None:
    described = recording("pixel")["Distribution"]
    config = described["DistributionConfig"]
    config["Logging"] |= {"Prefix": "logs", "IncludeCookies": True}
    del config["DefaultCacheBehavior"]["CachePolicyId"]
    config["CacheBehaviors"] = {"Quantity": 0}

    logging = Distribution.of(described, {}, {}).logging

    assert logging is not None
    assert (logging.bucket, logging.prefix, logging.with_cookies) == (
        "opentracking-accesslogs8b620eca-3b4d4b80364ec",
        "logs/",
        True,
    )


def test_a_distribution_that_does_not_log_has_no_logging() -> None:
    described = recording("pixel")["Distribution"]
    config = described["DistributionConfig"]
    config["Logging"] = {"Enabled": False, "Bucket": "", "Prefix": "", "IncludeCookies": False}
    del config["DefaultCacheBehavior"]["CachePolicyId"]
    config["CacheBehaviors"] = {"Quantity": 0}

    assert Distribution.of(described, {}, {}).logging is None


def test_an_origin_may_speak_plain_http_on_a_port_of_its_own() -> None:
    origin = Origin.of(
        {
            "Id": "o",
            "DomainName": "origin.test",
            "OriginPath": "/base",
            "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "X-A", "HeaderValue": "b"}]},
            "CustomOriginConfig": {"OriginProtocolPolicy": "http-only", "HTTPPort": 8080, "HTTPSPort": 443},
        }
    )

    assert (origin.scheme, origin.port, origin.path) == ("http", 8080, "/base")
    assert origin.headers == (("X-A", "b"),)
    assert origin.bucket is None
