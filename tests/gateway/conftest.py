"""The gateway on two free ports, in front of moto."""

import asyncio
import contextlib
import os
import smtplib
import ssl
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import boto3
import pytest
from moto import mock_aws

from gateway import server
from gateway.certificates import Certificates
from gateway.configuration import Configuration, Stores
from gateway.door import Door
from gateway.limits import Limits
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
    """A running gateway, and clients for it; `source` is which loopback address they come from."""

    ports: Ports
    trusted: ssl.SSLContext

    def plain(self, source: str = "127.0.0.1") -> smtplib.SMTP:
        return smtplib.SMTP(
            "127.0.0.1", self.ports.starttls, "client.example", timeout=20, source_address=(source, 0)
        )

    def starttls(self) -> smtplib.SMTP:
        client = self.plain()
        client.starttls(context=self.trusted)
        return client

    def tls(self, source: str = "127.0.0.1") -> smtplib.SMTP:
        return smtplib.SMTP_SSL(
            "127.0.0.1",
            self.ports.tls,
            "client.example",
            timeout=20,
            source_address=(source, 0),
            context=self.trusted,
        )

    def logged_in(self, source: str = "127.0.0.1") -> smtplib.SMTP:
        client = self.tls(source)
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


class Serve(Protocol):
    """Starts a gateway in front of a cloud; it stops after the test."""

    def __call__(self, cloud: Cloud, limits: Limits = ...) -> Gateway: ...


@pytest.fixture
def serve(pem: Certificate) -> Iterator[Serve]:
    trusted = ssl.create_default_context(cafile=pem.certificate)
    with contextlib.ExitStack() as stack:

        def start(cloud: Cloud, limits: Limits = Limits()) -> Gateway:  # noqa: B008 - It is frozen.
            return Gateway(stack.enter_context(running(pem, cloud.settings, cloud.outbox, limits)), trusted)

        yield start


@pytest.fixture
def gateway(serve: Serve, cloud: Cloud) -> Gateway:
    return serve(cloud)


@contextlib.contextmanager
def running(pem: Certificate, settings: Settings, outbox: Outbox, limits: Limits) -> Iterator[Ports]:
    """A gateway in a thread of its own."""
    started: Future[Ports] = Future()
    stopping: Future[None] = Future()

    async def run() -> None:
        async with listening(pem, settings, outbox, limits) as ports:
            started.set_result(ports)
            await asyncio.wrap_future(stopping)

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    try:
        yield started.result(timeout=20)
    finally:
        stopping.set_result(None)
        thread.join()


@contextlib.asynccontextmanager
async def listening(
    pem: Certificate, settings: Settings, outbox: Outbox, limits: Limits
) -> AsyncIterator[Ports]:
    """A gateway in the test's own event loop: it does nothing that the test does not wait for."""
    certificates = Certificates(pem.certificate, pem.private_key, timedelta(seconds=0.05))
    configuration = Configuration(
        hosts=("127.0.0.1",),
        port=0,
        tls_port=0,
        hostname=HOSTNAME,
        certificate=Path(pem.certificate),
        private_key=Path(pem.private_key),
        limits=limits,
        stores=Stores("", "", ""),
    )
    async with server.listening(configuration, Door(settings, outbox, limits), certificates) as ports:
        yield ports
