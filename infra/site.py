"""Static files in a bucket that only CloudFront reads."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct


class Site(Construct):
    """A bucket filled at deployment, as the origin of a distribution."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        sources: Sequence[deployment.ISource],
        cache_control: Sequence[deployment.CacheControl],
        log: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        deployment.BucketDeployment(
            self,
            "Deployment",
            sources=sources,
            destination_bucket=self.bucket,
            cache_control=cache_control,
            # A bucket has to be empty to go with the stack.
            retain_on_delete=False,
            log_group=log,
        )

    def origin(self) -> cloudfront.IOrigin:
        """The bucket as CloudFront sees it."""
        return origins.S3BucketOrigin.with_origin_access_control(self.bucket)
