"""The gateway on two free ports, in front of moto."""

import asyncio
import contextlib
import os
import smtplib
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
import pytest
from moto import mock_aws

from gateway import server
from gateway.configuration import Configuration
from gateway.door import Door
from gateway.server import Ports
from local import certificate
from local.certificate import Certificate
from tracking.mail import envelopes, passwords
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.envelopes import Envelope
from tracking.storage.outbox import Messages, Outbox
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

USER = "newsletter@example.com"
PASSWORD = "correct horse battery staple"
HOSTNAME = "mail.example.com"
REGION: Final = "eu-central-1"


@dataclass(frozen=True, slots=True)
class Cloud:
    """What lies behind the gateway."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"
    sqs: "SQSClient"
    table: str
    bucket: str
    queue: str

    @property
    def settings(self) -> Settings:
        return Settings(self.dynamodb, self.table)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.s3, self.sqs, self.bucket, self.queue)

    def message(self, email_id: str) -> bytes:
        return Messages(self.s3, self.bucket).get(email_id)

    def stored(self) -> int:
        return self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"]

    def queued(self) -> list[Envelope]:
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [envelopes.decode(message["Body"]) for message in received.get("Messages", [])]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway, and clients for it."""

    ports: Ports
    trusted: ssl.SSLContext

    def plain(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.ports.starttls, "client.example", timeout=20)

    def starttls(self) -> smtplib.SMTP:
        client = self.plain()
        client.starttls(context=self.trusted)
        return client

    def tls(self) -> smtplib.SMTP:
        return smtplib.SMTP_SSL(
            "127.0.0.1", self.ports.tls, "client.example", timeout=20, context=self.trusted
        )

    def logged_in(self) -> smtplib.SMTP:
        client = self.tls()
        client.login(USER, PASSWORD)
        return client


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate.ensure(tmp_path_factory.mktemp("certificate"), datetime.now(UTC))


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD, os.urandom(passwords.SALT_BYTES))


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple["DynamoDBClient", "S3Client", "SQSClient"]]:
    with mock_aws():
        yield boto3.client("dynamodb", REGION), boto3.client("s3", REGION), boto3.client("sqs", REGION)


@pytest.fixture
def cloud(clients: tuple["DynamoDBClient", "S3Client", "SQSClient"]) -> Cloud:
    dynamodb, s3, sqs = clients
    name = f"test-{uuid.uuid4()}"
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    return Cloud(dynamodb, s3, sqs, name, name, queue)


@pytest.fixture
def user(cloud: Cloud, password_hash: str) -> Credential:
    credential = Credential(
        CredentialKind.SMTP_USER, USER, datetime(2026, 1, 1, tzinfo=UTC), secret_hash=password_hash
    )
    cloud.settings.add(credential)
    return credential


@pytest.fixture
def block(cloud: Cloud) -> Callable[[Credential], None]:
    return lambda credential: cloud.settings.replace(replace(credential, status=CredentialStatus.BLOCKED))


@pytest.fixture
def trust_loopback(cloud: Cloud) -> Credential:
    credential = Credential(CredentialKind.IP_ADDRESS, "127.0.0.0/8", datetime(2026, 1, 1, tzinfo=UTC))
    cloud.settings.add(credential)
    return credential


@pytest.fixture
def serve(pem: Certificate) -> Iterator[Callable[[Cloud], Gateway]]:
    """Start a gateway in front of a cloud; it stops after the test."""
    trusted = ssl.create_default_context(cafile=pem.certificate)
    with contextlib.ExitStack() as running:
        yield lambda cloud: Gateway(running.enter_context(_running(pem, cloud)), trusted)


@pytest.fixture
def gateway(serve: Callable[[Cloud], Gateway], cloud: Cloud) -> Gateway:
    return serve(cloud)


@contextlib.contextmanager
def _running(pem: Certificate, cloud: Cloud) -> Iterator[Ports]:
    listening: Future[Ports] = Future()
    stopping: Future[None] = Future()

    async def run() -> None:
        async with server.listening(_configuration(pem), Door(cloud.settings, cloud.outbox)) as ports:
            listening.set_result(ports)
            await asyncio.wrap_future(stopping)

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    try:
        yield listening.result(timeout=20)
    finally:
        stopping.set_result(None)
        thread.join()


def _configuration(pem: Certificate) -> Configuration:
    return Configuration(
        host="127.0.0.1",
        port=0,
        tls_port=0,
        hostname=HOSTNAME,
        certificate=Path(pem.certificate),
        private_key=Path(pem.private_key),
        settings_table="",
        outbox_bucket="",
        outbox_queue="",
    )
