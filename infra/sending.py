"""Sending through SES, and the way back of what SES says became of it: SES -> SNS -> SQS."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.queues import Queue

MAX_TRIES = 20
"""How often an event is tried to be recorded before it becomes a dead letter."""

PUBLISHED_EVENTS = [
    ses.EmailSendingEvent.SEND,
    ses.EmailSendingEvent.REJECT,
    ses.EmailSendingEvent.BOUNCE,
    ses.EmailSendingEvent.COMPLAINT,
    ses.EmailSendingEvent.DELIVERY,
    ses.EmailSendingEvent.RENDERING_FAILURE,
    ses.EmailSendingEvent.DELIVERY_DELAY,
    ses.EmailSendingEvent.SUBSCRIPTION,
]
"""All but OPEN and CLICK: asking for these makes SES put its own pixel and links into the mail."""


class Sending(Construct):
    """The configuration set that `inject` sends with, and its events."""

    def __init__(self, scope: Construct, construct_id: str, *, consumer_timeout: Duration) -> None:
        super().__init__(scope, construct_id)
        self.configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        self.configuration_set_arn = Stack.of(self).format_arn(
            service="ses",
            resource="configuration-set",
            resource_name=self.configuration_set.configuration_set_name,
        )
        self.topic = sns.Topic(self, "EventsTopic", enforce_ssl=True)
        self.events = Queue(self, "Events", consumer_timeout=consumer_timeout, max_receives=MAX_TRIES)
        self.configuration_set.add_event_destination(
            "Events",
            destination=ses.EventDestination.sns_topic(self.topic),
            events=PUBLISHED_EVENTS,
        )
        self.topic.add_subscription(
            subscriptions.SqsSubscription(self.events.queue, raw_message_delivery=True)
        )
