"""A batch of the table's stream as Lambda hands it over, and what is queued because of it."""

from typing import Any
from urllib.parse import parse_qsl

from tests.functions.conftest import Cloud
from tracking.mail import notifications
from tracking.mail.deliveries import Delivery, Event
from tracking.mail.notifications import Notification
from tracking.storage import activity_items, aws
from tracking.storage.aws import Item


def inserted(delivery: Delivery, event: Event) -> Item:
    """The item that an event is."""
    return activity_items.event_item(delivery, event)


def records(*items: Item, name: str = "INSERT") -> dict[str, Any]:
    """An event for what happened to these items; the first is `sequence-0`.

    Source: DynamoDB developer guide, "DynamoDB Streams and AWS Lambda triggers".
    """
    return {
        "Records": [
            {
                "eventID": str(number),
                "eventName": name,
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "SequenceNumber": f"sequence-{number}",
                    "StreamViewType": "NEW_IMAGE",
                    "NewImage": aws.to_attributes(item),
                },
            }
            for number, item in enumerate(items)
        ]
    }


def queued(cloud: Cloud) -> list[Notification]:
    """The notifications in the queue; they are gone from it afterwards."""
    return list(map(notifications.decode, cloud.queued()))


def told(cloud: Cloud) -> list[dict[str, str]]:
    """What they say; they are forms."""
    return [dict(parse_qsl(notification.body)) for notification in queued(cloud)]
