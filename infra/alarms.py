"""What somebody should hear of: alarms, and the topic that they go to."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

PERIOD = Duration.minutes(5)


class Alarms(Construct):
    """The alarms' topic."""

    def __init__(self, scope: Construct, construct_id: str, *, email: str | None) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", enforce_ssl=True)
        # A topic with a policy of its own lets nobody publish that it does not name.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def on(self, construct_id: str, metric: cloudwatch.IMetric, *, above: float, because: str) -> None:
        """Raise an alarm when a metric is above a threshold for one period.

        Args:
            construct_id: The alarm's id, a short noun.
            metric: What is watched.
            above: The highest value that is still fine.
            because: What has happened, for whoever gets the alarm.
        """
        cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=because,
        ).add_alarm_action(actions.SnsAction(self.topic))

    def on_any_in(self, construct_id: str, queue: sqs.IQueue, *, because: str) -> None:
        """Raise an alarm when a queue holds a message."""
        metric = queue.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum")
        self.on(construct_id, metric, above=0, because=because)
