"""The functions as they are deployed, in front of moto."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws

from functions.api import adapters
from functions.inject import adapters as inject_adapters
from functions.mail_manager import adapters as mail_manager_adapters
from functions.pixel import handler as pixel
from functions.pixel import hold, overflow, recover
from functions.webhooks import adapters as webhook_adapters
from tests import tables
from tracking.storage.activity import Activity
from tracking.storage.attempts import Attempts
from tracking.storage.healths import Healths
from tracking.storage.notifications import Notifications
from tracking.storage.outbox import Messages
from tracking.storage.secrets import PixelKeys
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

REGION: Final = "eu-central-1"
SIGNING_ROOT = "the root of all webhooks' secrets"

_CACHED = (
    adapters.activity,
    adapters.aliases,
    adapters.attempts,
    adapters.counters,
    adapters.door_owners,
    adapters.feeds,
    adapters.healths,
    adapters.ip_door,
    adapters.messages,
    adapters.notifications,
    adapters.quotas,
    adapters.authorizations,
    adapters.outbox,
    adapters.rate_limits,
    adapters.settings,
    adapters.uploads,
    adapters.user_doors,
    adapters.webhook_queue,
    adapters.webhook_signing_root,
    webhook_adapters._notifications_table,
    webhook_adapters.activity,
    webhook_adapters.attempts,
    webhook_adapters.authorization,
    webhook_adapters.healths,
    webhook_adapters.notifications,
    webhook_adapters.secretsmanager,
    webhook_adapters.settings,
    webhook_adapters.signing_root,
    webhook_adapters.sqs,
    webhook_adapters.webhook_queue,
    inject_adapters.activity,
    inject_adapters.envelopes,
    inject_adapters.messages,
    inject_adapters.pixel_keys,
    inject_adapters.ses,
    inject_adapters.settings,
    mail_manager_adapters.door_owners,
    mail_manager_adapters.incoming,
    mail_manager_adapters.outbox,
    mail_manager_adapters.waiting,
    hold._activity,
    hold._keys,
    overflow._recorder,
    pixel._keys,
    pixel._overflow,
    pixel._recorder,
    pixel._times_readers,
    recover._access_logs,
    recover._recorder,
)


@dataclass(frozen=True, slots=True)
class Cloud:
    """What lies behind the functions."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"
    sqs: "SQSClient"
    activity: Activity
    settings: Settings
    notifications: Notifications
    attempts: Attempts
    healths: Healths
    keys: PixelKeys
    messages: Messages
    bucket: str
    log_bucket: str
    queue: str
    readings_queue: str

    def stored_events(self) -> list[str]:
        """The sort keys of all events, whatever delivery they belong to."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName="Activity", ProjectionExpression="sk")
        keys = [item["sk"]["S"] for page in pages for item in page["Items"]]
        return sorted(key for key in keys if key.count("#") > 1)

    def stored_messages(self) -> int:
        return self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"]

    def queued(self) -> list[str]:
        """The bodies of what is in the queue; they are gone from it afterwards."""
        bodies = []
        while received := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            bodies += [message["Body"] for message in received]
        return bodies


@pytest.fixture
def context() -> LambdaContext:
    made = LambdaContext()
    made._aws_request_id = "request-1"
    made._function_name = "function"
    made._memory_limit_in_mb = 512
    made.get_remaining_time_in_millis = lambda: 120_000  # type: ignore[method-assign]
    made._invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    return made


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for cached in _CACHED:
        cached.cache_clear()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "POWERTOOLS_SERVICE_NAME": "test",
        "SETTINGS_TABLE": "Settings",
        "ACTIVITY_TABLE": "Activity",
        "NOTIFICATIONS_TABLE": "Notifications",
        "WEBHOOK_PORTS": "8443",
        "OUTBOX_BUCKET": "outbox",
        "LOG_BUCKET": "access-logs",
        "READ_TIME": "on",
        "PIXEL_URL": "https://t.example.com",
        "CONFIGURATION_SET": "Sending",
        "WEBHOOK_AUTH_PREFIX": "Stack/webhooks/",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        dynamodb, s3, sqs = boto3.client("dynamodb"), boto3.client("s3"), boto3.client("sqs")
        secrets = boto3.client("secretsmanager")
        tables.create_settings(dynamodb, "Settings")
        tables.create_activity(dynamodb, "Activity")
        tables.create_notifications(dynamodb, "Notifications")
        for bucket in ("outbox", "access-logs"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        queue = sqs.create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"]
        readings_queue = sqs.create_queue(QueueName=f"readings-{uuid.uuid4()}")["QueueUrl"]
        monkeypatch.setenv("READINGS_QUEUE", readings_queue)
        monkeypatch.setenv("OUTBOX_QUEUE", queue)
        monkeypatch.setenv("WEBHOOK_QUEUE", queue)
        monkeypatch.setenv("OVERFLOW_QUEUE", queue)
        pixel_keys = secrets.create_secret(Name="pixel", SecretString=json.dumps({"1": "a" * 64}))["ARN"]
        monkeypatch.setenv("PIXEL_KEYS_SECRET", pixel_keys)
        signing = secrets.create_secret(Name="webhooks", SecretString=SIGNING_ROOT)["ARN"]
        monkeypatch.setenv("WEBHOOK_SIGNING_SECRET", signing)
        yield Cloud(
            dynamodb,
            s3,
            sqs,
            Activity(dynamodb, "Activity"),
            Settings(dynamodb, "Settings"),
            Notifications(dynamodb, "Notifications"),
            Attempts(dynamodb, "Notifications"),
            Healths(dynamodb, "Notifications"),
            PixelKeys(secrets, pixel_keys),
            Messages(s3, "outbox"),
            "outbox",
            "access-logs",
            queue,
            readings_queue,
        )


@pytest.fixture
def nothing_is_queued(cloud: Cloud) -> Iterator[None]:
    """Whatever the test does, no mail comes of it."""
    yield
    assert cloud.queued() == []
    assert cloud.stored_messages() == 0
