"""The adapters of the API's function, each built once; its environment is read here and nowhere else."""

import os
from functools import cache

import boto3
from botocore.config import Config

from tracking.mail import destinations
from tracking.storage.activity import Activity
from tracking.storage.attempts import Attempts
from tracking.storage.counters import Counters
from tracking.storage.door_owners import DoorOwners
from tracking.storage.feeds import Feeds
from tracking.storage.healths import Healths
from tracking.storage.ip_door import IpDoor
from tracking.storage.mail_manager import Aliases, HandOver
from tracking.storage.notifications import Notifications
from tracking.storage.outbox import Messages, Outbox, Uploads
from tracking.storage.quotas import Quotas
from tracking.storage.rate_limits import RateLimits
from tracking.storage.secrets import Authorizations, read_secret
from tracking.storage.settings import Settings
from tracking.storage.user_doors import UserDoors
from tracking.storage.webhook_queue import WebhookQueue

_IMPATIENT = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
"""A call of the API makes several to Mail Manager and Lambda, and has to answer within half a minute."""


@cache
def settings() -> Settings:
    """The Settings table."""
    return Settings(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def rate_limits() -> RateLimits:
    """The counters of calls, in the Settings table."""
    return RateLimits(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def activity() -> Activity:
    """The Activity table."""
    return Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def feeds() -> Feeds:
    """The Activity table's events by time."""
    return Feeds(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def counters() -> Counters:
    """What is counted in the Activity table."""
    return Counters(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def quotas() -> Quotas:
    """How much the account may send."""
    return Quotas(boto3.client("ses"))


@cache
def messages() -> Messages:
    """The raw messages, as long as they are kept."""
    return Messages(boto3.client("s3"), os.environ["OUTBOX_BUCKET"])


@cache
def outbox() -> Outbox:
    """Where mail goes in."""
    return Outbox(
        boto3.client("s3"), boto3.client("sqs"), os.environ["OUTBOX_BUCKET"], os.environ["OUTBOX_QUEUE"]
    )


@cache
def uploads() -> Uploads:
    """Where mail waits that is larger than a request. The URLs name the bucket's own region."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return Uploads(boto3.client("s3", config=config), os.environ["OUTBOX_BUCKET"])


@cache
def door_owners() -> DoorOwners:
    """Whose door at Mail Manager is whose, in the Settings table."""
    return DoorOwners(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def aliases() -> Aliases:
    """The names of the function that Mail Manager invokes."""
    return Aliases(boto3.client("lambda", config=_IMPATIENT), os.environ["MAIL_MANAGER_FUNCTION"])


@cache
def user_doors() -> UserDoors | None:
    """The doors of SMTP users at Mail Manager; None where the SMTP gateway is the door."""
    if "MAIL_MANAGER_FUNCTION" not in os.environ:
        return None
    return UserDoors(
        boto3.client("mailmanager", config=_IMPATIENT),
        aliases(),
        _hand_over(),
        stack=os.environ["MAIL_MANAGER_STACK"],
        traffic_policy=os.environ["MAIL_MANAGER_USER_POLICY"],
    )


@cache
def ip_door() -> IpDoor | None:
    """The door for addresses at Mail Manager; None where the SMTP gateway is the door."""
    if "MAIL_MANAGER_FUNCTION" not in os.environ:
        return None
    return IpDoor(
        boto3.client("mailmanager", config=_IMPATIENT),
        _hand_over(),
        traffic_policy=os.environ["MAIL_MANAGER_IP_POLICY"],
        rule_set=os.environ["MAIL_MANAGER_IP_RULE_SET"],
    )


def _hand_over() -> HandOver:
    return HandOver(
        function=os.environ["MAIL_MANAGER_FUNCTION"],
        role=os.environ["MAIL_MANAGER_ROLE"],
        bucket=os.environ["OUTBOX_BUCKET"],
    )


@cache
def webhook_signing_root() -> str:
    """The secret that the endpoints' own are derived from."""
    return read_secret(boto3.client("secretsmanager"), os.environ["WEBHOOK_SIGNING_SECRET"])


@cache
def authorizations() -> Authorizations:
    """What the endpoints' Authorization headers say."""
    return Authorizations(boto3.client("secretsmanager"), os.environ["WEBHOOK_AUTH_PREFIX"])


@cache
def notifications() -> Notifications:
    """The Notifications table."""
    return Notifications(boto3.client("dynamodb"), os.environ["NOTIFICATIONS_TABLE"])


@cache
def attempts() -> Attempts:
    """The last attempts at webhooks, in the Notifications table."""
    return Attempts(boto3.client("dynamodb"), os.environ["NOTIFICATIONS_TABLE"])


@cache
def healths() -> Healths:
    """How the endpoints are, in the Notifications table."""
    return Healths(boto3.client("dynamodb"), os.environ["NOTIFICATIONS_TABLE"])


@cache
def webhook_queue() -> WebhookQueue:
    """Notifications on their way."""
    return WebhookQueue(boto3.client("sqs"), os.environ["WEBHOOK_QUEUE"])


def webhook_ports() -> frozenset[int]:
    """The ports that webhooks may go to besides 443."""
    return destinations.ports(os.environ["WEBHOOK_PORTS"])


def webhook_exempt_hosts() -> list[str]:
    """Where webhooks may go whatever it is. Set by the local system: the template has no such variable."""
    return destinations.hosts(os.environ.get("WEBHOOK_EXEMPT_HOSTS", ""))
