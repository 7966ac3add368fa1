import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from moto import mock_aws
from pytest_aiohttp import AiohttpClient

from local import mailbox

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

type Client = TestClient[web.Request, web.Application]
type Open = Callable[[], Awaitable[Client]]
type Published = Callable[[], list[dict[str, Any]]]

CONFIGURATION_SET = "Sending"
SESSION = boto3.Session("test", "test", region_name="us-east-1")


@dataclass
class ConfigurationSets:
    """SES as far as the mailbox asks it; moto has no event destinations."""

    topic: str = ""
    is_enabled: bool = True
    types: list[str] = field(default_factory=lambda: ["BOUNCE", "COMPLAINT", "DELIVERY"])

    def get_configuration_set_event_destinations(
        self,
        ConfigurationSetName: str,  # noqa: N803 - as boto3 has it
    ) -> dict[str, Any]:
        assert ConfigurationSetName == CONFIGURATION_SET
        return {
            "EventDestinations": [
                {
                    "Name": "Events",
                    "Enabled": self.is_enabled,
                    "MatchingEventTypes": self.types,
                    "SnsDestination": {"TopicArn": self.topic},
                },
                {"Name": "Metrics", "Enabled": True, "MatchingEventTypes": ["DELIVERY"]},
            ]
        }


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def configuration_sets() -> ConfigurationSets:
    return ConfigurationSets()


@pytest.fixture
def published(configuration_sets: ConfigurationSets) -> Published:
    """What comes out of a queue that is subscribed to the topic, oldest first."""
    sns, sqs = SESSION.client("sns"), SESSION.client("sqs")
    configuration_sets.topic = sns.create_topic(Name="events")["TopicArn"]
    queue = sqs.create_queue(QueueName="events")["QueueUrl"]
    sns.subscribe(
        TopicArn=configuration_sets.topic,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:123456789012:events",
        Attributes={"RawMessageDelivery": "true"},
    )

    def published() -> list[dict[str, Any]]:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in received]

    return published


@pytest.fixture
def open_mailbox(
    aiohttp_client: AiohttpClient, configuration_sets: ConfigurationSets, tmp_path: Path
) -> Open:
    async def open_mailbox() -> Client:
        return await aiohttp_client(
            mailbox.application(
                tmp_path / "mails",
                cast("SESV2Client", configuration_sets),
                SESSION.client("sns"),
            )
        )

    return open_mailbox


def newsletter() -> EmailMessage:
    """HTML with an inline logo, text and an attachment."""
    message = EmailMessage()
    message["Message-ID"] = "<0100-1@email.amazonses.com>"
    message["From"] = "Müller & Söhne <shop@example.com>"
    message["To"] = "Ann <ann@example.net>"
    message["Subject"] = "Grüße №1"
    message.set_content("Guten Tag, 42 €\n")
    message.add_alternative(
        '<p>Guten Tag, 42 €<img src="cid:logo%40shop"><img src="cid:unknown"></p>', subtype="html"
    )
    parts = message.get_payload()
    assert isinstance(parts, list)
    cast("EmailMessage", parts[1]).add_related(b"logo", "image", "png", cid="<logo@shop>")
    message.add_attachment(b"%PDF", "application", "pdf", filename="Rechnung.pdf")
    return message


def delivery(*recipients: str, raw: bytes | None = None, **changes: object) -> dict[str, object]:
    return {
        "message_id": "0100-1@email.amazonses.com",
        "mail_from": "bounces@example.com",
        "recipients": recipients or ("ann@example.net",),
        "configuration_set": CONFIGURATION_SET,
        "tags": {"email_id": "1abcdefghijklmnopqrs", "recipient": "001"},
        "raw": b64encode(newsletter().as_bytes() if raw is None else raw).decode(),
    } | changes
