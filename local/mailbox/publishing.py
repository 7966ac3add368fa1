"""Publishing SES's events to the topics that a configuration set names."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.mailbox.events import FOLLOWING, Event, Sent
from local.mailbox.scenarios import scenario

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sns import SNSClient

LOGGER = logging.getLogger(__name__)

SUBJECT = "Amazon SES Email Event Notification"


async def publish(sent: Sent, sesv2: "SESV2Client", sns: "SNSClient") -> None:
    """Publish what follows from a mail, for each of its recipients. What cannot be published is logged."""
    for recipient in sent.recipients:
        for event in FOLLOWING[scenario(recipient)]:
            try:
                await asyncio.to_thread(_publish, event(sent, recipient, datetime.now(UTC)), sent, sesv2, sns)
            except (ClientError, BotoCoreError) as error:
                LOGGER.warning("event about %s not published: %s", sent.message_id, error)


def _publish(event: Event, sent: Sent, sesv2: "SESV2Client", sns: "SNSClient") -> None:
    if not sent.configuration_set:
        return
    described = sesv2.get_configuration_set_event_destinations(ConfigurationSetName=sent.configuration_set)
    for destination in described["EventDestinations"]:
        topic = destination.get("SnsDestination")
        if (
            topic
            and destination.get("Enabled")
            and event["eventType"].upper() in destination["MatchingEventTypes"]
        ):
            sns.publish(TopicArn=topic["TopicArn"], Subject=SUBJECT, Message=json.dumps(event))
