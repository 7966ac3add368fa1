"""The tracking domain: CloudFront before pixel and hops, with a static pixel for when a function fails."""

from pathlib import Path

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.access_logs import PIXEL_PREFIX
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
    "Referer",
    "Sec-Fetch-Dest",
    "Sec-Purpose",
    "User-Agent",
)
"""The request's headers that the function sees: what tells kinds of clients apart. CloudFront allows ten."""

CONNECTION_TIMEOUT = Duration.seconds(2)
RESPONSE_TIMEOUT = Duration.seconds(3)
"""After this the mail client gets the static pixel."""

HOP_RESPONSE_TIMEOUT = Duration.seconds(10)
"""The same for a hop, which answers after five seconds."""


class Pixel(Construct):
    """The distribution that the images in sent mail point to."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: Function,
        hold: Function | None,
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
        behaviors = {"/o/*": self._pixel(function)}
        if hold:
            behaviors["/h/*"] = self._hops(hold)
        self.distribution = Distribution(
            self,
            "Distribution",
            comment="OpenTracking: the pixel",
            domain=domain,
            default_behavior=_uncached(static.origin()),
            additional_behaviors=behaviors,
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
            log_file_prefix=PIXEL_PREFIX,
        )

    def _pixel(self, function: Function) -> cloudfront.BehaviorOptions:
        return _uncached(
            origins.FunctionUrlOrigin.with_origin_access_control(
                function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM),
                connection_attempts=1,
                connection_timeout=CONNECTION_TIMEOUT,
                read_timeout=RESPONSE_TIMEOUT,
            ),
            cloudfront.OriginRequestPolicy(
                self,
                "SeenHeaders",
                header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(*SEEN_HEADERS),
                query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.none(),
                cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
            ),
        )

    def _hops(self, hold: Function) -> cloudfront.BehaviorOptions:
        """Hops by way of an HTTP API.

        At its limit a function URL answers 429, which CloudFront hands to the mail client; an HTTP API
        answers 503, which becomes the static pixel.
        """
        api = apigateway.HttpApi(self, "Hops")
        api.add_routes(
            path="/h/{proxy+}",
            methods=[apigateway.HttpMethod.GET],
            integration=integrations.HttpLambdaIntegration("Function", hold),
        )
        return _uncached(
            origins.HttpOrigin(
                f"{api.api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}",
                connection_attempts=1,
                connection_timeout=CONNECTION_TIMEOUT,
                read_timeout=HOP_RESPONSE_TIMEOUT,
            )
        )


def _uncached(
    origin: cloudfront.IOrigin, origin_request_policy: cloudfront.IOriginRequestPolicy | None = None
) -> cloudfront.BehaviorOptions:
    return cloudfront.BehaviorOptions(
        origin=origin,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        origin_request_policy=origin_request_policy,
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    )
