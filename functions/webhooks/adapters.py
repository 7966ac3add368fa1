"""The adapters of those functions that announce and deliver events, each built once."""

import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from tracking.mail import destinations
from tracking.storage.activity import Activity
from tracking.storage.attempts import Attempts
from tracking.storage.healths import Healths
from tracking.storage.notifications import Notifications
from tracking.storage.secrets import read_secret
from tracking.storage.settings import Settings
from tracking.storage.webhook_queue import WebhookQueue

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient

PATIENCE = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
"""How long AWS is waited for: deliver waits for it and for its endpoints at the same time."""


@cache
def activity() -> Activity:
    """The Activity table."""
    return Activity(boto3.client("dynamodb", config=PATIENCE), os.environ["ACTIVITY_TABLE"])


@cache
def settings() -> Settings:
    """The Settings table."""
    return Settings(boto3.client("dynamodb", config=PATIENCE), os.environ["SETTINGS_TABLE"])


@cache
def notifications() -> Notifications:
    """The Notifications table."""
    return Notifications(*_notifications_table())


@cache
def attempts() -> Attempts:
    """The last attempts, in the Notifications table."""
    return Attempts(*_notifications_table())


@cache
def healths() -> Healths:
    """How the endpoints are, in the Notifications table."""
    return Healths(*_notifications_table())


@cache
def _notifications_table() -> "tuple[DynamoDBClient, str]":
    """A client for all that is in the Notifications table, and its name. Making a client takes time."""
    return boto3.client("dynamodb", config=PATIENCE), os.environ["NOTIFICATIONS_TABLE"]


@cache
def webhook_queue() -> WebhookQueue:
    """Notifications on their way."""
    return WebhookQueue(sqs(), os.environ["WEBHOOK_QUEUE"])


@cache
def sqs() -> "SQSClient":
    """The queues of webhooks and of readings."""
    return boto3.client("sqs", config=PATIENCE)


@cache
def secretsmanager() -> "SecretsManagerClient":
    """Where the endpoints' secrets are."""
    return boto3.client("secretsmanager", config=PATIENCE)


@cache
def signing_root() -> str:
    """The secret that the endpoints' own are derived from."""
    return read_secret(secretsmanager(), os.environ["WEBHOOK_SIGNING_SECRET"])


@lru_cache(maxsize=100)
def authorization(name: str) -> str:
    """What an endpoint's Authorization header says. Its secret's name stands for one value, for ever."""
    return read_secret(secretsmanager(), name)


def ports() -> frozenset[int]:
    """The ports that a webhook may go to besides 443."""
    return destinations.ports(os.environ["WEBHOOK_PORTS"])


def exempt_hosts() -> list[str]:
    """Where webhooks may go whatever it is. Set by the local system: the template has no such variable."""
    return destinations.hosts(os.environ.get("WEBHOOK_EXEMPT_HOSTS", ""))
