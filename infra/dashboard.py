"""The app's domain: CloudFront in front of the dashboard's files and the HTTP API."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.api import HttpApi
from infra.configuration import Domain
from infra.dashboard_files import ASSETS, built_files
from infra.distribution import Distribution
from infra.sign_in import SignIn
from infra.site import Site

SUBMISSION_PORT, SUBMISSIONS_PORT = 587, 465
"""Where the gateway is reached: with STARTTLS, and with TLS. Source: RFC 8314, section 3."""

HSTS_AGE = Duration.days(365)

CALL_HEADERS = (
    "Accept",
    "CloudFront-Viewer-Address",
    "Content-Type",
    "User-Agent",
    "X-Smtp2go-Api-Key",
)
"""The headers of a program's call that the function sees. CloudFront tells who calls only in such a list."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self'",
        f"connect-src 'self' https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""The page talks to its own origin, and to Cognito for signing in. Component libraries style inline. Fonts
are the system's, and what is small is no `data:` URL (`assetsInlineLimit` in vite.config.ts)."""


class Dashboard(Construct):
    """The distribution for people and for API clients."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        http_api: HttpApi,
        sign_in: SignIn,
        domain: Domain | None,
        gateway_host: str | None,
        log_bucket: s3.IBucket,
        deployment_log: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        page = Site(
            self,
            "Page",
            sources=[
                deployment.Source.asset(str(built_files())),
                deployment.Source.json_data("config.json", _settings(sign_in, gateway_host)),
            ],
            cache_control=[deployment.CacheControl.no_cache()],
            immutable=ASSETS,
            log=deployment_log,
        )
        self.bucket = page.bucket
        api = origins.HttpOrigin(http_api.domain_name)
        self.distribution = Distribution(
            self,
            "Distribution",
            comment="OpenTracking: the dashboard and the API",
            domain=domain,
            default_behavior=cloudfront.BehaviorOptions(
                origin=page.origin(),
                response_headers_policy=self._security_headers(),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            additional_behaviors={
                "/v3/*": _calls(api, self._call_headers()),
                # A list could not have Authorization in it.
                "/console/*": _calls(api, cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER),
            },
            default_root_object="index.html",
            log_bucket=log_bucket,
            log_file_prefix="app/",
        )

    def _call_headers(self) -> cloudfront.OriginRequestPolicy:
        return cloudfront.OriginRequestPolicy(
            self,
            "CallHeaders",
            header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(*CALL_HEADERS),
            query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.none(),
            cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
        )

    def _security_headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "SecurityHeaders",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=CONTENT_SECURITY_POLICY, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=HSTS_AGE, override=True
                ),
            ),
        )


def _settings(sign_in: SignIn, gateway_host: str | None) -> dict[str, object]:
    """What the page has to know of the deployment."""
    settings: dict[str, object] = {
        "userPoolId": sign_in.user_pool.user_pool_id,
        "userPoolClientId": sign_in.client.user_pool_client_id,
    }
    if gateway_host:
        settings["smtp"] = {"host": gateway_host, "port": SUBMISSION_PORT, "tlsPort": SUBMISSIONS_PORT}
    return settings


def _calls(
    api: cloudfront.IOrigin, origin_request_policy: cloudfront.IOriginRequestPolicy
) -> cloudfront.BehaviorOptions:
    return cloudfront.BehaviorOptions(
        origin=api,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        origin_request_policy=origin_request_policy,
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
    )
