"""The tracking domain."""

import pytest

from functions.pixel.handler import GIF
from infra.pixel import STATIC_PIXEL
from tests.infra.templates import CACHING_DISABLED, Properties, Template, behaviors, distribution, spelled


@pytest.fixture
def pixel_distribution(template: Template) -> Properties:
    return distribution(template, "Tracking")


def test_only_the_pixels_distribution_may_call_its_function(template: Template) -> None:
    (url,) = template.of_type("AWS::Lambda::Url").values()
    permissions = [
        permission
        for permission in template.of_type("AWS::Lambda::Permission").values()
        if permission["Principal"] == "cloudfront.amazonaws.com"
    ]

    assert url["AuthType"] == "AWS_IAM"
    assert {permission["Action"] for permission in permissions} == {
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
    }
    for permission in permissions:
        assert spelled(permission["SourceArn"]).endswith(":distribution/TrackingDistribution")


def test_the_pixel_is_never_cached_and_gives_up_quickly(pixel_distribution: Properties) -> None:
    behavior = behaviors(pixel_distribution)["/o/*"]
    (origin,) = (o for o in pixel_distribution["Origins"] if o["Id"] == behavior["TargetOriginId"])

    assert behavior["CachePolicyId"] == CACHING_DISABLED
    assert origin["OriginAccessControlId"]
    assert (origin["ConnectionAttempts"], origin["ConnectionTimeout"]) == (1, 2)
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] == 3


def test_the_function_sees_what_tells_clients_apart_but_no_query_and_no_cookies(template: Template) -> None:
    (policy,) = template.of_type("AWS::CloudFront::OriginRequestPolicy").values()
    config = policy["OriginRequestPolicyConfig"]

    assert set(config["HeadersConfig"]["Headers"]) == {
        "User-Agent",
        "Accept",
        "Accept-Language",
        "Referer",
        "Sec-Fetch-Dest",
        "CloudFront-Viewer-Address",
        "CloudFront-Viewer-ASN",
        "CloudFront-Viewer-Country",
        "CloudFront-Viewer-City",
        "CloudFront-Viewer-Http-Version",
    }
    assert config["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert config["CookiesConfig"] == {"CookieBehavior": "none"}


@pytest.mark.parametrize("status", [403, 404, 500, 502, 503, 504])
def test_an_error_becomes_the_static_pixel(pixel_distribution: Properties, status: int) -> None:
    assert {
        "ErrorCode": status,
        "ResponseCode": 200,
        "ResponsePagePath": f"/{next(STATIC_PIXEL.iterdir()).name}",
        "ErrorCachingMinTTL": 0,
    } in pixel_distribution["CustomErrorResponses"]


def test_the_static_pixel_is_not_cached_by_mail_clients(template: Template) -> None:
    deployment = template.of_type("Custom::CDKBucketDeployment")["TrackingStaticDeploymentCustomResource"]

    assert deployment["SystemMetadata"] == {"cache-control": "no-store, private"}


def test_the_static_pixel_is_a_transparent_image_of_one_pixel() -> None:
    (file,) = STATIC_PIXEL.iterdir()
    gif = file.read_bytes()
    header, palette, rest = gif[:13], gif[13:19], gif[19:]
    control, comment, image = rest[:8], rest[8:18], rest[18:]

    assert header == b"GIF89a\x01\x00\x01\x00\x80\x00\x00"
    assert len(palette) == 2 * 3
    assert control == b"\x21\xf9\x04\x01\x00\x00\x00\x00"  # Colour 0 is transparent.
    assert comment == b"\x21\xfe\x06static\x00"
    assert image[:10] == b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00"
    assert image[10:] == b"\x02\x02\x44\x01\x00\x3b"  # LZW codes: clear, colour 0, end.


def test_the_access_log_tells_the_static_pixel_from_the_functions() -> None:
    (file,) = STATIC_PIXEL.iterdir()

    assert file.stat().st_size == 53
    assert len(GIF) == 43
