"""A queue with its dead letters, and the function that it feeds."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.function import Function

RETENTION = Duration.days(14)
"""How long a message waits at most, its time among the dead letters included. SQS has no longer one."""

VISIBILITY_PER_TIMEOUT = 6
"""How many of its consumer's timeouts a message stays hidden once received.

Source:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""


class Queue(Construct):
    """A queue for one function. What the function fails at again and again ends among the dead letters."""

    def __init__(
        self, scope: Construct, construct_id: str, *, consumer_timeout: Duration, max_receives: int
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            retention_period=RETENTION,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(VISIBILITY_PER_TIMEOUT * consumer_timeout.to_seconds()),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=max_receives),
        )

    def feed(self, function: Function, *, batch_size: int, max_concurrency: int | None = None) -> None:
        """Have Lambda receive for the function, which answers with the messages that it failed at."""
        for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
            function.may(action, on=self.queue.queue_arn)
        lambda_.EventSourceMapping(
            self,
            "Feed",
            target=function,
            event_source_arn=self.queue.queue_arn,
            batch_size=batch_size,
            max_concurrency=max_concurrency,
            report_batch_item_failures=True,
        )
