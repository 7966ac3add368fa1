"""The adapters of the API's function, each built once; its environment is read here and nowhere else."""

import os
from functools import cache

import boto3

from tracking.storage.activity import Activity
from tracking.storage.outbox import Outbox
from tracking.storage.secrets import read_secret
from tracking.storage.settings import Settings


@cache
def settings() -> Settings:
    """The Settings table."""
    return Settings(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def activity() -> Activity:
    """The Activity table."""
    return Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def outbox() -> Outbox:
    """Where mail goes in."""
    return Outbox(
        boto3.client("s3"), boto3.client("sqs"), os.environ["OUTBOX_BUCKET"], os.environ["OUTBOX_QUEUE"]
    )


@cache
def webhook_signing_root() -> str:
    """The secret that the endpoints' own are derived from."""
    return read_secret(boto3.client("secretsmanager"), os.environ["WEBHOOK_SIGNING_SECRET"])
