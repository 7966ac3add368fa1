"""A batch of the table's stream as Lambda hands it over."""

from typing import Any

from tracking.mail.deliveries import Delivery, Event
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
