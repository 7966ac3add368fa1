"""The adapters of those functions that announce events, each built once."""

import os
from functools import cache
from typing import TYPE_CHECKING

import boto3

from tracking.storage.activity import Activity
from tracking.storage.settings import Settings

if TYPE_CHECKING:
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
def sqs() -> "SQSClient":
    """The queues of webhooks and of readings."""
    return boto3.client("sqs")
