"""The adapters of those functions that announce and deliver events, each built once."""

import os
from functools import cache
from typing import TYPE_CHECKING

import boto3

from tracking.storage.activity import Activity
from tracking.storage.healths import Healths
from tracking.storage.notifications import Notifications
from tracking.storage.secrets import read_secret
from tracking.storage.settings import Settings
from tracking.storage.webhook_queue import WebhookQueue

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient


@cache
def activity() -> Activity:
    """The Activity table."""
    return Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def settings() -> Settings:
    """The Settings table."""
    return Settings(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def notifications() -> Notifications:
    """The Notifications table."""
    return Notifications(boto3.client("dynamodb"), os.environ["NOTIFICATIONS_TABLE"])


@cache
def healths() -> Healths:
    """How the endpoints are, in the Notifications table."""
    return Healths(boto3.client("dynamodb"), os.environ["NOTIFICATIONS_TABLE"])


@cache
def webhook_queue() -> WebhookQueue:
    """Notifications on their way."""
    return WebhookQueue(sqs(), os.environ["WEBHOOK_QUEUE"])


@cache
def sqs() -> "SQSClient":
    """The queues of webhooks and of readings."""
    return boto3.client("sqs")


@cache
def secretsmanager() -> "SecretsManagerClient":
    """Where the endpoints' secrets are."""
    return boto3.client("secretsmanager")


@cache
def signing_root() -> str:
    """The secret that the endpoints' own are derived from."""
    return read_secret(secretsmanager(), os.environ["WEBHOOK_SIGNING_SECRET"])


def ports() -> frozenset[int]:
    """The ports that a webhook may go to."""
    return frozenset(map(int, os.environ["WEBHOOK_PORTS"].split(",")))


def exempt_hosts() -> list[str]:
    """Where webhooks may go whatever it is. Set by the local system: the template has no such variable."""
    return list(filter(None, os.environ.get("WEBHOOK_EXEMPT_HOSTS", "").split(",")))
