"""The adapters of the functions that send mail and record what SES says of it, each built once."""

import os
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from tracking.storage.activity import Activity
from tracking.storage.outbox import Envelopes, Messages
from tracking.storage.secrets import PixelKeys
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

SES_TIMEOUT = timedelta(seconds=30)
"""How long SES is waited for, first to take the bytes (a mail of 40 MB takes its time), then to answer."""

_SES_CONFIG = Config(
    connect_timeout=SES_TIMEOUT.total_seconds(),
    read_timeout=SES_TIMEOUT.total_seconds(),
    # SES may have taken a mail though it did not answer: asking again blindly would send it twice.
    retries={"total_max_attempts": 1},
)


@cache
def activity() -> Activity:
    """The Activity table."""
    return Activity(boto3.client("dynamodb"), os.environ["ACTIVITY_TABLE"])


@cache
def settings() -> Settings:
    """The Settings table."""
    return Settings(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def messages() -> Messages:
    """The outbox's raw messages."""
    return Messages(boto3.client("s3"), os.environ["OUTBOX_BUCKET"])


@cache
def envelopes() -> Envelopes:
    """The outbox's queue."""
    return Envelopes(boto3.client("sqs"), os.environ["OUTBOX_QUEUE"])


@cache
def pixel_keys() -> PixelKeys:
    """The keys that sign the pixel's URLs."""
    return PixelKeys(boto3.client("secretsmanager"), os.environ["PIXEL_KEYS_SECRET"])


@cache
def ses() -> "SESV2Client":
    """SES."""
    return boto3.client("sesv2", config=_SES_CONFIG)
