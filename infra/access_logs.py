"""Where CloudFront writes who asked for what, and the queue that hears of each log of the pixel's."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.queues import Queue

PIXEL_PREFIX = "pixel/"
"""What the keys of the pixel's logs begin with."""

MAX_TRIES = 10
"""How often a log is tried to be read, half an hour apart, before it becomes a dead letter."""


class AccessLogs(Construct):
    """The bucket of both distributions' standard access logs."""

    def __init__(
        self, scope: Construct, construct_id: str, *, retention_days: int, consumer_timeout: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        self.written = Queue(self, "Written", consumer_timeout=consumer_timeout, max_receives=MAX_TRIES)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # CloudFront delivers standard logs by ACL, which a new bucket does not accept.
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(retention_days))],
        )
        self._tell()

    def _tell(self) -> None:
        """Have S3 tell the queue of each log.

        CDK's own way brings a function that may change every bucket's notifications. The price of this one
        is a policy that names the account's buckets, since the bucket cannot be there before its queue.
        """
        told = self.written.queue.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                resources=[self.written.queue.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        bucket = self.bucket.node.default_child
        if not isinstance(bucket, s3.CfnBucket) or told.policy_dependable is None:
            raise TypeError("a bucket is a CfnBucket, and a queue takes a policy")
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(
                    event="s3:ObjectCreated:*",
                    queue=self.written.queue.queue_arn,
                    filter=s3.CfnBucket.NotificationFilterProperty(
                        s3_key=s3.CfnBucket.S3KeyFilterProperty(
                            rules=[s3.CfnBucket.FilterRuleProperty(name="prefix", value=PIXEL_PREFIX)]
                        )
                    ),
                )
            ]
        )
        bucket.node.add_dependency(told.policy_dependable)
