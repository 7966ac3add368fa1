"""The tracking domain."""

import pytest

from functions.pixel.images import RECORDED
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
    policy = template.of_type("AWS::CloudFront::OriginRequestPolicy")["TrackingSeenHeaders"]
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
        "Sec-Purpose",
    }
    assert config["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert config["CookiesConfig"] == {"CookieBehavior": "none"}


def test_hops_go_to_an_http_api_whose_errors_become_the_static_pixel_and_that_may_take_a_step(
    template: Template, pixel_distribution: Properties
) -> None:
    behavior = behaviors(pixel_distribution)["/h/*"]
    (origin,) = (o for o in pixel_distribution["Origins"] if o["Id"] == behavior["TargetOriginId"])
    (route,) = (
        route
        for route in template.of_type("AWS::ApiGatewayV2::Route").values()
        if spelled(route["ApiId"]) == "TrackingHops"
    )

    assert behavior["CachePolicyId"] == CACHING_DISABLED
    assert "OriginRequestPolicyId" not in behavior
    assert spelled(origin["DomainName"]) == "TrackingHops.execute-api.AWS::Region.AWS::URLSuffix"
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] == 10
    assert (origin["ConnectionAttempts"], origin["ConnectionTimeout"]) == (1, 2)
    assert route["RouteKey"] == "GET /h/{proxy+}"


def test_waiting_has_a_limit_of_its_own_and_recording_has_none(template: Template) -> None:
    functions = template.of_type("AWS::Lambda::Function")

    assert functions["Hold"]["ReservedConcurrentExecutions"] == 50
    assert "ReservedConcurrentExecutions" not in functions["Pixel"]
    assert functions["Pixel"]["Environment"]["Variables"]["READ_TIME"] == "on"


def test_without_reading_time_there_is_nothing_to_hold(template_with_domains: Template) -> None:
    functions = template_with_domains.of_type("AWS::Lambda::Function")

    assert functions["Pixel"]["Environment"]["Variables"]["READ_TIME"] == "off"
    assert "Hold" not in functions
    assert "/h/*" not in behaviors(distribution(template_with_domains, "Tracking"))


def test_s3_tells_a_queue_of_each_log_of_the_pixel_and_of_no_other(template: Template) -> None:
    bucket = template.of_type("AWS::S3::Bucket")["AccessLogsBucket"]
    (told,) = bucket["NotificationConfiguration"]["QueueConfigurations"]
    policy = template.of_type("AWS::SQS::QueuePolicy")["AccessLogsWrittenQueuePolicy"]
    (allowed,) = (s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow")

    assert spelled(told["Queue"]) == "AccessLogsWrittenQueue"
    assert told["Event"] == "s3:ObjectCreated:*"
    assert told["Filter"] == {"S3Key": {"Rules": [{"Name": "prefix", "Value": "pixel/"}]}}
    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert "AccessLogsWrittenQueuePolicy" in template.dependencies_of("AccessLogsBucket")


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
    assert len(RECORDED) == 43
