"""What both distributions have in common."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.configuration import Domain


class Distribution(cloudfront.Distribution):
    """A distribution with access logs, at a host name of one's own or at CloudFront's."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        comment: str,
        domain: Domain | None,
        default_behavior: cloudfront.BehaviorOptions,
        additional_behaviors: Mapping[str, cloudfront.BehaviorOptions],
        log_bucket: s3.IBucket,
        log_file_prefix: str,
        default_root_object: str | None = None,
        error_responses: Sequence[cloudfront.ErrorResponse] = (),
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            comment=comment,
            domain_names=[domain.name] if domain else None,
            certificate=(
                acm.Certificate.from_certificate_arn(
                    scope, f"{construct_id}Certificate", domain.certificate_arn
                )
                if domain
                else None
            ),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=default_behavior,
            additional_behaviors=additional_behaviors,
            default_root_object=default_root_object,
            error_responses=[*error_responses],
            log_bucket=log_bucket,
            log_file_prefix=log_file_prefix,
        )
        self.url = f"https://{domain.name if domain else self.distribution_domain_name}"
