"""Webhooks: how soon they arrive, how many a worker delivers, and what they ask of AWS.

How soon is measured on the local system. Its emulator has one thread that feeds the functions: it has one
batch of a stream in work, and takes one from each queue between two of those. Lambda has ten of each shard in
work, and polls queues by themselves. So what the emulator takes under load is not what AWS takes.
"""

import asyncio
import json
import logging
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter_ns, process_time_ns
from typing import TYPE_CHECKING, Any, Self, cast
from unittest.mock import patch

import boto3
import time_machine
import trustme
from aiohttp import ClientError, ClientSession, TCPConnector
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws

from bench.report import Row
from functions.pixel.images import RECORDED
from functions.webhooks import adapters, attempts, deliver, egress, fan_out, payloads
from tests import tables
from tracking.mail import email_ids, notifications
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, Message, TrackingMode, fetched
from tracking.mail.endpoints import AuthScheme, Endpoint, OutputFormat, WebhookEvent
from tracking.mail.notifications import Notification
from tracking.opens.fetches import Fetch
from tracking.storage import activity_items, aws
from tracking.storage.activity import Activity
from tracking.storage.attempts import Attempts
from tracking.storage.healths import Healths
from tracking.storage.notifications import Notifications
from tracking.storage.settings import Settings
from tracking.storage.webhook_queue import WebhookQueue

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient

IDLE_OPENS = 30
IDLE_PAUSE = timedelta(seconds=1)

LOADS = ((10, timedelta(seconds=15)), (50, timedelta(seconds=20)))
"""Opens a second, and for how long: what the emulator keeps up with, and what the project is meant for."""

READERS = 200
"""Whose mails are opened under load, over and over, from another address each time."""

WARM = 12
"""So many fetches at once, so that as many workers of the pixel run before anything is measured. One that
starts under load takes so much time from the others, on a small machine, that more and more have to start."""

SETTLES_FOR = timedelta(seconds=5)

STARTS_WITHIN = timedelta(seconds=120)
COMES_TO_REST_WITHIN = timedelta(seconds=120)
ARRIVES_WITHIN = timedelta(seconds=60)
"""How long after the last fetch of a measurement its webhooks are waited for."""

BATCH = 10
"""What Lambda gives a worker at once."""

STREAM_BATCH = 100
"""What it gives the function that reads the table's stream."""

BATCHES = 30
AWS_SECONDS = 0.005
"""How long DynamoDB takes for an item, as a rule."""

_SCRIPT = "curl/8.14.1"
"""A reader who is timed is announced when the reading has ended; a script is not timed."""

_RECIPIENTS_AT_ONCE = 100

_REPOSITORY = Path(__file__).parent.parent
_HOST = "127.0.0.1"
_PORTS = ("cloud", "app", "pixel", "smtp", "smtp-tls", "mailbox", "sink")
"""Of the local system, as its options have them."""

_AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
_REGION = "eu-central-1"

# An endpoint that answers with the status and after the milliseconds that its URL names: /204/100.
_RECEIVER = """
import asyncio, ssl, sys

async def answer(reader, writer):
    head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
    _, status, milliseconds = head.split()[1].split(b"/")
    await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
    await asyncio.sleep(int(milliseconds) / 1000)
    writer.write(b"HTTP/1.1 %b x\\r\\nConnection: close\\r\\n\\r\\n" % status)
    writer.close()

async def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[1])
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def measure() -> Iterator[Row]:
    """Measure a worker and count requests without AWS; then measure all of it together on this machine."""
    yield from worker(BATCHES)
    yield from requests(STREAM_BATCH)
    yield from asyncio.run(_latency())


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When fetches were sent and when their webhooks arrived, in seconds of one clock.

    Each has its recipient and address. What did not arrive is missing. `unrecorded` counts the fetches that
    got another image than the pixel's: CloudFront's own, because the function took too long. Those are found
    in the access log, a minute later or more.
    """

    sent: Mapping[tuple[str, str], float]
    arrived: Mapping[tuple[str, str], float]
    unrecorded: int = 0

    def rows(self, when: str) -> Iterator[Row]:
        """How long that took."""
        took = sorted(at - self.sent[opened] for opened, at in self.arrived.items() if opened in self.sent)
        if len(took) > 1:
            yield Row(f"from fetch to webhook, {when}: median", median(took) * 1000, "ms")
            last = quantiles(took, n=100, method="inclusive")[-1]
            yield Row(f"from fetch to webhook, {when}: 99th percentile", last * 1000, "ms")
        yield Row(f"webhooks that arrived, {when}", len(took), f"of {len(self.sent):,}")
        yield Row(f"fetches among them that only the access log knew, {when}", self.unrecorded, "")

    def sent_per_second(self) -> float:
        """How many fetches were sent in a second."""
        return (len(self.sent) - 1) / (max(self.sent.values()) - min(self.sent.values()))


async def _latency() -> list[Row]:
    """Open mails on a local system of its own: one after the other, and then many at once."""
    with _system() as found:
        async with _User(found) as user:
            pixels = await user.send(READERS)
            await user.warm_up(WARM)
            todo = visits(pixels)
            rows = [*(await user.open(islice(todo, IDLE_OPENS), IDLE_PAUSE)).rows("idle")]
            for rate, duration in LOADS:
                count = rate * int(duration.total_seconds())
                loaded = await user.open(islice(todo, count), timedelta(seconds=1) / rate)
                rows += loaded.rows(f"at {loaded.sent_per_second():.0f} opens a second")
    return rows


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at an address who opens a mail."""

    recipient: str
    pixel: str
    address: str


def visits(pixels: Sequence[tuple[str, str]]) -> Iterator[Visit]:
    """Open each mail in turn, from another network in each round: from the same one, it would be no open.

    Source:
        Addresses for benchmarks: RFC 2544, appendix C.2.2.
    """
    for number in range(256):
        for recipient, pixel in pixels:
            yield Visit(recipient, pixel, f"198.18.{number}.7")


class _User:
    """Sends mail, opens it, and looks into the sink."""

    def __init__(self, found: Mapping[str, str]) -> None:
        self._found = found
        self._http = ClientSession(connector=TCPConnector(limit=0))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def send(self, count: int) -> list[tuple[str, str]]:
        """Send a mail to so many; each recipient and their pixel's URL, when the last webhook has come."""
        found = self._found
        recipients = [f"reader-{number}@example.org" for number in range(count)]
        for start in range(0, count, _RECIPIENTS_AT_ONCE):
            mail = {
                "sender": "Shop <news@shop.example.com>",
                "to": recipients[start : start + _RECIPIENTS_AT_ONCE],
                "subject": "Your order is on its way",
                "html_body": "<html><body><p>Your <b>order</b> is on its way.</p></body></html>",
            }
            await self._post(f"{found['api_url']}/email/send", mail)
        # Each is processed and delivered.
        hooks = await self._hooks(2 * count, COMES_TO_REST_WITHIN)
        if len(hooks) < 2 * count:
            raise TimeoutError(f"{len(hooks)} of {2 * count} webhooks came before anything was opened")
        mails = await self._get(f"{found['mailbox_api_url']}/mails")
        return [await self._pixel(mail) for mail in mails]

    async def warm_up(self, count: int) -> None:
        """Ask for the pixel so many times at once, in nobody's name, until nothing starts any more."""
        pixel = f"{self._found['pixel_url']}/o/{'A' * 34}.gif"
        for _ in range(3):
            await asyncio.gather(*(self._fetch(Visit("", pixel, "198.19.0.7")) for _ in range(count)))
        await asyncio.sleep(SETTLES_FOR.total_seconds())

    async def open(self, visits: Iterable[Visit], pause: timedelta) -> Arrivals:
        """Make visits, each a pause after the one before, whether that was answered or not."""
        # The list is long otherwise, and writing it takes from the time of the system that is measured.
        await self._http.delete(f"{self._found['webhook_sink_url']}/api/hooks")
        sent: dict[tuple[str, str], float] = {}
        fetches: list[asyncio.Task[bool]] = []
        started = time.monotonic()
        async with asyncio.TaskGroup() as answers:
            for number, visit in enumerate(visits):
                due = started + number * pause.total_seconds()
                await asyncio.sleep(max(0, due - time.monotonic()))
                sent[visit.recipient, visit.address] = time.time()
                fetches.append(answers.create_task(self._fetch(visit)))
        hooks = await self._hooks(len(sent), ARRIVES_WITHIN)
        # Oldest last, so that of what comes twice the first counts.
        arrived = {
            (hook["fields"]["rcpt"], hook["fields"]["srchost"]): datetime.fromisoformat(
                hook["received_at"]
            ).timestamp()
            for hook in hooks
            if hook["fields"]["event"] == "open"
        }
        return Arrivals(sent, arrived, sum(not fetch.result() for fetch in fetches))

    async def _pixel(self, mail: Mapping[str, Any]) -> tuple[str, str]:
        whole = await self._get(f"{self._found['mailbox_api_url']}/mails/{mail['number']}")
        pixel = re.search(re.escape(self._found["pixel_url"]) + r"/o/[\w-]+\.gif", whole["html"])
        if pixel is None:
            raise LookupError("there is no pixel in a mail")
        return mail["recipients"][0], pixel[0]

    async def _fetch(self, visit: Visit) -> bool:
        """Whether the answer was the pixel's own."""
        headers = {
            "User-Agent": _SCRIPT,
            "CloudFront-Viewer-Address": f"{visit.address}:50512",
            "CloudFront-Viewer-ASN": "64496",
            "CloudFront-Viewer-Country": "DE",
        }
        try:
            async with self._http.get(visit.pixel, headers=headers, allow_redirects=False) as answer:
                return await answer.read() == RECORDED
        except (ClientError, TimeoutError):
            return False

    async def _hooks(self, count: int, patience: timedelta) -> list[dict[str, Any]]:
        """What the sink has, newest first, once there are so many or the time is up."""
        give_up_at = time.monotonic() + patience.total_seconds()
        while True:
            hooks: list[dict[str, Any]] = await self._get(f"{self._found['webhook_sink_url']}/api/hooks")
            if len(hooks) >= count or time.monotonic() > give_up_at:
                return hooks
            await asyncio.sleep(2)

    async def _get(self, url: str) -> Any:  # noqa: ANN401 - Whatever the page answers.
        async with self._http.get(url) as answer:
            return await answer.json()

    async def _post(self, url: str, fields: Mapping[str, object]) -> None:
        headers = {"X-Smtp2go-Api-Key": self._found["api_key"]}
        async with self._http.post(url, json=fields, headers=headers) as answer:
            answer.raise_for_status()


@contextmanager
def _system() -> Iterator[dict[str, str]]:
    """Run the local system on ports of its own, and leave nothing of it; where it is to be found."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        log = directory / "run.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "local", "run", "--directory", name, *free_ports()]
            with subprocess.Popen(command, cwd=_REPOSITORY, stdout=output, stderr=output) as process:  # noqa: S603
                try:
                    _await_running(process, log)
                    found: dict[str, str] = json.loads((directory / "endpoints.json").read_text())
                    yield found
                finally:
                    process.terminate()


def _await_running(process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up_at = time.monotonic() + STARTS_WITHIN.total_seconds()
    while "Running until" not in log.read_text():
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError(f"the local system does not start:\n{log.read_text()}")
        time.sleep(0.2)


def free_ports() -> list[str]:
    """Options for the local system: ports where nobody listens now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in _PORTS]
        for probe in probes:
            probe.bind((_HOST, 0))
        numbers = [str(probe.getsockname()[1]) for probe in probes]
    return [text for name, number in zip(_PORTS, numbers, strict=True) for text in (f"--{name}", number)]


def worker(batches: int) -> Iterator[Row]:
    """Have one worker deliver full batches to an endpoint over TLS, as Lambda has it: one after the other.

    Args:
        batches: How many, in each row, after one to warm up.
    """
    nanoseconds: list[float] = []
    with _receiving() as url, _unlogged():
        for pause in (0, 100):
            for seconds in (0, AWS_SECONDS):
                stub = _Stub(seconds)
                with _adapted(stub):
                    rate, cpu = _delivered(_endpoint(f"{url}/{HTTPStatus.NO_CONTENT}/{pause}"), batches)
                nanoseconds.append(cpu)
                answers = (
                    f"the endpoint answers after {pause} ms" if pause else "the endpoint answers at once"
                )
                asked = f"AWS after {seconds * 1000:g} ms" if seconds else "AWS at once"
                yield Row(f"deliveries a second per worker: {answers}, {asked}", rate, "")
    yield Row("CPU of a delivery, TLS included", min(nanoseconds) / 1e6, "ms")


def requests(stream_batch: int) -> Iterator[Row]:
    """Count what is asked of AWS, by ourselves and by Lambda, which feeds us.

    Args:
        stream_batch: How many opens come from the table's stream at once, where it is not one.
    """
    with _receiving() as url, _unlogged(), mock_aws():
        cloud = _Cloud.made()
        ok, failing = f"{url}/{HTTPStatus.NO_CONTENT}/0", f"{url}/{HTTPStatus.SERVICE_UNAVAILABLE}/0"
        with _adapted(cloud.dynamodb, cloud):
            endpoint = _endpoint(ok)
            counted = cloud.counted(lambda: _deliver(_event(endpoint, BATCH)))
            yield _of_deliveries("ten in a batch to one endpoint", counted, BATCH, 1)
            counted = cloud.counted(lambda: _deliver(_event(endpoint, 1)))
            yield _of_deliveries("alone in its batch", counted, 1, 1)
            secret = cloud.secretsmanager.create_secret(Name="authorization", SecretString="Bearer x")["ARN"]
            authorized = _endpoint(ok, auth_scheme=AuthScheme.BEARER, auth_secret=secret)
            counted = cloud.counted(lambda: _deliver(_event(authorized, 1)))
            yield _of_deliveries("the same, with an Authorization header", counted, 1, 1)
            event = _event(_endpoint(failing), 1)
            counted = cloud.counted(lambda: _deliver(event))
            _endpoint(ok)
            with time_machine.travel(datetime.now(UTC) + 2 * notifications.RETRIES[0]):
                counted += cloud.counted(lambda: _deliver(_tried(event)))
            yield _of_deliveries("alone, taken at the second attempt", counted, 1, 2)
            for opens in (1, stream_batch):
                stream = _stream(opens)
                counted = cloud.counted(lambda: _fan_out(stream))  # noqa: B023 - It is called at once.
                yield Row(
                    f"AWS requests of queueing an open for one endpoint, {opens} in a batch "
                    f"({_parts(counted, opens)})",
                    counted.total() / opens,
                    "",
                )


@dataclass
class _Stub:
    """DynamoDB with one endpoint, which has never failed; it answers after so many seconds."""

    seconds: float
    endpoint: Mapping[str, Any] | None = None

    def get_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        time.sleep(self.seconds)
        return {"Item": self.endpoint} if request["TableName"] == "Settings" else {}

    def put_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        time.sleep(self.seconds)
        if request["TableName"] == "Settings":
            self.endpoint = request["Item"]
        return {}


@dataclass(frozen=True, slots=True)
class _Cloud:
    """moto's tables, queue and secrets, which count."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    secretsmanager: "SecretsManagerClient"
    queue: str
    count: Counter[str]

    @classmethod
    def made(cls) -> Self:
        dynamodb = boto3.client("dynamodb", _REGION)
        sqs, secretsmanager = boto3.client("sqs", _REGION), boto3.client("secretsmanager", _REGION)
        tables.create_settings(dynamodb, "Settings")
        tables.create_activity(dynamodb, "Activity")
        tables.create_notifications(dynamodb, "Notifications")
        count: Counter[str] = Counter()

        def add(operation_name: str, **_: object) -> None:
            count[operation_name] += 1

        for client in (dynamodb, sqs, secretsmanager):
            client.meta.events.register("request-created", add)
        return cls(dynamodb, sqs, secretsmanager, sqs.create_queue(QueueName="webhooks")["QueueUrl"], count)

    def counted(self, call: Callable[[], object]) -> Counter[str]:
        """The requests of a call, by their names."""
        self.count.clear()
        call()
        return Counter(self.count)


@contextmanager
def _adapted(dynamodb: Any, cloud: _Cloud | None = None) -> Iterator[None]:  # noqa: ANN401 - A client, or a stub.
    """Have the functions find their tables, queues and secrets there; all but the tables only in a cloud."""
    made: dict[str, object] = {
        "activity": Activity(dynamodb, "Activity"),
        "settings": Settings(dynamodb, "Settings"),
        "notifications": Notifications(dynamodb, "Notifications"),
        "attempts": Attempts(dynamodb, "Notifications"),
        "healths": Healths(dynamodb, "Notifications"),
        "signing_root": "the root of all webhooks' secrets",
    }
    if cloud:
        made["webhook_queue"] = WebhookQueue(cloud.sqs, cloud.queue)
        made["secretsmanager"] = cloud.secretsmanager
    with ExitStack() as stack:
        for name, adapter in made.items():
            stack.enter_context(patch.object(adapters, name, _always(adapter)))
        yield


def _always[T](value: T) -> Callable[[], T]:
    return lambda: value


@contextmanager
def _receiving() -> Iterator[str]:
    """Run an endpoint in a process of its own, and let our side trust it; its URL without a path."""
    with TemporaryDirectory() as directory:
        authority, file = trustme.CA(), Path(directory, "certificate.pem")
        authority.issue_cert(_HOST).private_key_and_cert_chain_pem.write_to_path(str(file))
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        command = [sys.executable, "-c", _RECEIVER, str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - Our own.
            try:
                host = f"{_HOST}:{cast('Any', process.stdout).readline().strip()}"
                with (
                    patch.object(egress, "_tls", lambda: trusting),
                    patch.object(adapters, "ports", frozenset),
                    patch.object(adapters, "exempt_hosts", lambda: [host]),
                ):
                    yield f"https://{host}"
            finally:
                process.kill()


@contextmanager
def _unlogged() -> Iterator[None]:
    """Let the functions log to nowhere: what that costs is part of their work."""
    handlers = {handler for module in (attempts, deliver, fan_out) for handler in module.LOGGER.handlers}
    streams = [handler for handler in handlers if isinstance(handler, logging.StreamHandler)]
    with Path(os.devnull).open("w") as nowhere:
        replaced = [(handler, handler.setStream(nowhere)) for handler in streams]
        try:
            yield
        finally:
            for handler, stream in replaced:
                handler.setStream(stream or sys.stdout)


def _endpoint(url: str, **options: Any) -> Endpoint:  # noqa: ANN401 - An endpoint's.
    endpoint = Endpoint(
        1, url, _AT, frozenset({WebhookEvent.OPEN}), output_format=OutputFormat.JSON, **options
    )
    adapters.settings().put_endpoint(endpoint)
    return endpoint


def _event(endpoint: Endpoint, count: int) -> dict[str, Any]:
    """A batch of opens as Lambda hands it over.

    Source:
        AWS Lambda developer guide, "Using Lambda with Amazon SQS".
    """
    body = payloads.sample(endpoint, WebhookEvent.OPEN, _AT)
    if body is None:
        raise LookupError("there is no sample of an open")
    told = Notification(
        id="",
        endpoint_id=endpoint.id,
        event=WebhookEvent.OPEN,
        email_id="06h0r9co15h30phg2640",
        recipient="olga@example.org",
        event_at=_AT,
        body=body.text,
        content_type=body.content_type,
    )
    return {"Records": [_record(replace(told, id=f"msg_{number:032x}")) for number in range(count)]}


def _record(notification: Notification) -> dict[str, Any]:
    return {
        "messageId": notification.id,
        "body": notifications.encode(notification),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }


def _tried(event: Mapping[str, Any]) -> dict[str, Any]:
    """The batch as it comes again after its notifications have failed."""
    told = (notifications.decode(record["body"]) for record in event["Records"])
    return {"Records": [_record(replace(notification, is_tried=True)) for notification in told]}


def _deliver(event: dict[str, Any]) -> None:
    _check(deliver.handle(event, LambdaContext()))


def _fan_out(event: dict[str, Any]) -> None:
    _check(fan_out.handle(event, LambdaContext()))


def _check(answer: Mapping[str, Any]) -> None:
    if answer["batchItemFailures"]:
        raise RuntimeError("what is measured does not work")


def _delivered(endpoint: Endpoint, batches: int) -> tuple[float, float]:
    """How many are delivered in a second, and the nanoseconds of CPU for each."""
    event, took, cpu = _event(endpoint, BATCH), [], []
    for _ in range(1 + batches):
        started, worked = perf_counter_ns(), process_time_ns()
        _deliver(event)
        cpu.append((process_time_ns() - worked) / BATCH)
        took.append((perf_counter_ns() - started) / 1e9)
    return BATCH / median(took[1:]), median(cpu[1:])


def _stream(opens: int) -> dict[str, Any]:
    """Store opens of as many new mails, and hand them over as the table's stream does."""
    records = []
    for number in range(opens):
        email_id = email_ids.new(_AT, os.urandom(email_ids.RANDOM_BYTES))
        message = Message(email_id, CredentialKind.SMTP_USER, "newsletter", "news@example.com", _AT, 20_000)
        delivery = Delivery(email_id, 1, "olga@example.org", "newsletter", TrackingMode.FULL, _AT)
        opened = fetched(Fetch("x" * 56, _AT + timedelta(minutes=9), user_agent=_SCRIPT))
        adapters.activity().put_message(message)
        adapters.activity().start(delivery)
        adapters.activity().append(delivery, opened)
        image = aws.to_attributes(activity_items.event_item(delivery, opened))
        records.append(
            {
                "eventName": "INSERT",
                "eventSource": "aws:dynamodb",
                "dynamodb": {"SequenceNumber": str(number), "NewImage": image},
            }
        )
    return {"Records": records}


def _of_deliveries(what: str, counted: Counter[str], deliveries: int, batches: int) -> Row:
    """Lambda receives each batch and deletes its messages: requests of its own, which are stated."""
    lambdas = Counter(ReceiveMessage=batches, DeleteMessageBatch=batches)
    return Row(
        f"AWS requests of a delivery, {what} ({_parts(counted, deliveries)}; Lambda's own: "
        f"{_parts(lambdas, deliveries)})",
        (counted + lambdas).total() / deliveries,
        "",
    )


def _parts(counted: Counter[str], times: int) -> str:
    return ", ".join(f"{name} {count / times:g}" for name, count in counted.items())
