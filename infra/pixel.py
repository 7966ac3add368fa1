"""The tracking domain: CloudFront in front of the pixel function, with a static pixel for when that fails."""

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.configuration import Domain
from infra.distribution import Distribution
from infra.function import Function
from infra.site import Site

STATIC_PIXEL = Path(__file__).parent / "static_pixel"
"""A transparent GIF of 53 bytes. The function's has 43: the access log tells which of them was served."""

ERRORS = (403, 404, 500, 502, 503, 504)
"""The statuses that become the static pixel. CloudFront cannot do that with 429."""

SEEN_HEADERS = (
    "Accept",
    "Accept-Language",
    "CloudFront-Viewer-Address",
    "CloudFront-Viewer-ASN",
    "CloudFront-Viewer-City",
    "CloudFront-Viewer-Country",
    "CloudFront-Viewer-Http-Version",
    "Referer",
    "Sec-Fetch-Dest",
    "User-Agent",
)
"""The request's headers that the function sees: what tells kinds of clients apart. CloudFront allows ten."""

CONNECTION_TIMEOUT = Duration.seconds(2)
RESPONSE_TIMEOUT = Duration.seconds(3)
"""After this the mail client gets the static pixel."""


class Pixel(Construct):
    """The distribution that the images in sent mail point to."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: Function,
        domain: Domain | None,
        log_bucket: s3.IBucket,
        deployment_log: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        static = Site(
            self,
            "Static",
            sources=[deployment.Source.asset(str(STATIC_PIXEL))],
            cache_control=[deployment.CacheControl.no_store(), deployment.CacheControl.set_private()],
            log=deployment_log,
        )
        self.distribution = Distribution(
            self,
            "Distribution",
            comment="OpenTracking: the pixel",
            domain=domain,
            default_behavior=cloudfront.BehaviorOptions(
                origin=static.origin(),
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            additional_behaviors={
                "/o/*": cloudfront.BehaviorOptions(
                    origin=origins.FunctionUrlOrigin.with_origin_access_control(
                        function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM),
                        connection_attempts=1,
                        connection_timeout=CONNECTION_TIMEOUT,
                        read_timeout=RESPONSE_TIMEOUT,
                    ),
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=cloudfront.OriginRequestPolicy(
                        self,
                        "SeenHeaders",
                        header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(*SEEN_HEADERS),
                        query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.none(),
                        cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
                    ),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                )
            },
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=status,
                    response_http_status=200,
                    response_page_path="/pixel.gif",
                    ttl=Duration.seconds(0),
                )
                for status in ERRORS
            ],
            log_bucket=log_bucket,
            log_file_prefix="pixel/",
        )
