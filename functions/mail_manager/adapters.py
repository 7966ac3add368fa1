"""The adapters of what Mail Manager invokes, each built once; its environment is read here."""

import os
from functools import cache

import boto3
from botocore.config import Config

from tracking.storage.door_owners import DoorOwners
from tracking.storage.incoming import Incoming, Waiting
from tracking.storage.outbox import Outbox

IMPATIENT = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2})
"""Where a service hangs there has to be time left to let the event wait, and for that to hang too."""


@cache
def door_owners() -> DoorOwners:
    """Whose door is whose, in the Settings table."""
    return DoorOwners(boto3.client("dynamodb", config=IMPATIENT), os.environ["SETTINGS_TABLE"])


@cache
def incoming() -> Incoming:
    """The mail that Mail Manager wrote."""
    return Incoming(boto3.client("s3", config=IMPATIENT), os.environ["OUTBOX_BUCKET"])


@cache
def outbox() -> Outbox:
    """Where mail goes in."""
    return Outbox(
        boto3.client("s3", config=IMPATIENT),
        boto3.client("sqs", config=IMPATIENT),
        os.environ["OUTBOX_BUCKET"],
        os.environ["OUTBOX_QUEUE"],
    )


@cache
def waiting() -> Waiting:
    """Events that nothing could be made of yet."""
    return Waiting(boto3.client("sqs", config=IMPATIENT), os.environ["ARRIVALS_QUEUE"])
