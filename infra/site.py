"""Static files in a bucket that only CloudFront reads."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

_FOREVER: Final = Duration.days(365)


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
        immutable: str | None = None,
    ) -> None:
        """Make the bucket, and fill it.

        Args:
            scope: Where it is.
            construct_id: Its name there.
            sources: The files.
            cache_control: How long browsers and CloudFront keep them.
            log: Where the deployment's function writes.
            immutable: A pattern of files whose names change with their content. They are kept for good, by
                browsers and in the bucket: a page that was loaded before a deployment still asks for them.
        """
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        changing = deployment.BucketDeployment(
            self,
            "Deployment",
            sources=sources,
            exclude=[immutable] if immutable else None,
            destination_bucket=self.bucket,
            cache_control=cache_control,
            # A bucket has to be empty to go with the stack.
            retain_on_delete=False,
            log_group=log,
        )
        if immutable:
            kept = deployment.BucketDeployment(
                self,
                "ImmutableDeployment",
                sources=sources,
                exclude=["*"],
                include=[immutable],
                prune=False,
                destination_bucket=self.bucket,
                cache_control=[
                    deployment.CacheControl.max_age(_FOREVER),
                    deployment.CacheControl.immutable(),
                ],
                retain_on_delete=False,
                log_group=log,
            )
            # The page names them, so they are there first.
            changing.node.add_dependency(kept)

    def origin(self) -> cloudfront.IOrigin:
        """The bucket as CloudFront sees it."""
        return origins.S3BucketOrigin.with_origin_access_control(self.bucket)
