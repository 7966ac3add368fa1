"""Webhooks: the table's stream -> fan out -> queue -> deliver."""

import json

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.function import Function
from infra.queues import Queue

MAX_RECEIVES = 300
"""How often a message is received before it goes to the dead letters, three minutes apart: fifteen hours.
Each attempt at a webhook is a message of its own; only what nothing could be decided about comes again."""

STREAM_RETRIES = 5
"""A record that fails as often is put aside, because it holds up all that follow it in its shard."""

STREAM_BATCH = 100
STREAM_PARALLELISM = 10
"""Batches of one shard at the same time. What happened to one mail stays in order."""

PUT_ASIDE_RETENTION = Duration.days(90)


class Webhooks(Construct):
    """The queue of webhooks to deliver, and the bucket of stream records that could not become one."""

    def __init__(self, scope: Construct, construct_id: str, *, consumer_timeout: Duration) -> None:
        super().__init__(scope, construct_id)
        self.deliveries = Queue(
            self, "Deliveries", consumer_timeout=consumer_timeout, max_receives=MAX_RECEIVES
        )
        self.put_aside = s3.Bucket(
            self,
            "PutAside",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=PUT_ASIDE_RETENTION)],
        )

    def requeue_with(self, function: Function) -> None:
        """Have the function put back into the queue what has waited in the table, once a minute."""
        events.Rule(
            self,
            "EachMinute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )

    def feed_from(self, table: dynamodb.TableV2, function: Function) -> lambda_.CfnEventSourceMapping:
        """Have Lambda read the table's stream for the function, which answers with the records it failed at.

        Returns:
            The mapping, whose id is a dimension of its metrics.
        """
        stream = table.table_stream_arn
        if stream is None:
            raise ValueError(f"{table.node.path} has no stream.")
        for action in ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"):
            function.may(action, on=stream)
        # IAM knows no narrower resource for it, and Lambda does not accept a stream without it.
        function.may("dynamodb:ListStreams", on="*")
        function.may("s3:PutObject", on=self.put_aside.arn_for_objects("*"))
        function.may("s3:ListBucket", on=self.put_aside.bucket_arn)
        # The L2 construct would let the function also read and delete what is put aside.
        return lambda_.CfnEventSourceMapping(
            self,
            "Stream",
            function_name=function.function_name,
            event_source_arn=stream,
            starting_position="TRIM_HORIZON",
            batch_size=STREAM_BATCH,
            parallelization_factor=STREAM_PARALLELISM,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=STREAM_RETRIES,
            function_response_types=["ReportBatchItemFailures"],
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(
                    destination=self.put_aside.bucket_arn
                )
            ),
            # Events are only ever added: the rest is summaries being rewritten and old items expiring.
            filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
                filters=[
                    lambda_.CfnEventSourceMapping.FilterProperty(
                        pattern=json.dumps({"eventName": ["INSERT"]})
                    )
                ]
            ),
            metrics_config=lambda_.CfnEventSourceMapping.MetricsConfigProperty(metrics=["EventCount"]),
        )
