"""The whole system as one thing that starts and stops.

| under the given directory | what |
|---|---|
| `endpoints.json` | addresses and credentials of the system that runs, or ran last |
| `cdk.out/` | the cloud assembly |
| `cloud-state/` | see `local.cloud` |
| `mailbox/`, `sink/` | what was received |
| `certificate/` | the gateway's |
| `gateway.log` | what the gateway says |
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from aiohttp import web
from botocore.credentials import Credentials

from local import assembly, certificate, cloud, dashboard, deploy, edge, mailbox, seed, sink
from local.cloud import REPOSITORY, Cloud, PortInUse
from local.endpoints import Endpoints

HOST = "127.0.0.1"
GATEWAY_STARTS_WITHIN = timedelta(seconds=20)


class SystemUnavailable(Exception):
    """A part of the system does not start; the message says which, and where to look."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens, on 127.0.0.1."""

    cloud: int = 4566
    app: int = 8080
    pixel: int = 8081
    smtp: int = 2525
    smtp_tls: int = 2465
    mailbox: int = 8025
    sink: int = 8026

    def check(self) -> None:
        """Make sure that all are free.

        Raises:
            PortInUse: One is not.
        """
        for name in self.__dataclass_fields__:
            port: int = getattr(self, name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError as error:
                    raise PortInUse(
                        f"port {port} ({name}) of {HOST} is in use: stop what listens there"
                    ) from error


@asynccontextmanager
async def running(directory: Path, ports: Ports, say: Callable[[str], None]) -> AsyncIterator[Endpoints]:
    """Start everything, and stop it at the end.

    Args:
        directory: For all that the system keeps.
        ports: Where it listens.
        say: Is told what is being done.

    Raises:
        CloudUnavailable: The cloud does not start, or a port is in use.
        SynthFailed: The CDK application failed.
        DeploymentFailed: The stack cannot be deployed.
        SystemUnavailable: The gateway does not start.
    """
    # What listens here is reached directly, whatever proxy the machine uses for the world outside.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = f"{HOST},localhost"
    ports.check()
    async with AsyncExitStack() as stack:
        say("synthesizing the CDK application")
        cdk_out = await asyncio.to_thread(assembly.synthesize, directory / "cdk.out")
        say("starting the cloud")
        python = await asyncio.to_thread(cloud.install, REPOSITORY / ".local" / "cloud")
        mailbox_url = f"http://{HOST}:{ports.mailbox}"
        ministack = await asyncio.to_thread(
            cloud.start, python, ports.cloud, directory / "cloud-state", mailbox_url
        )
        stack.callback(ministack.stop)
        sesv2, sns = boto3.client("sesv2", **ministack.access), boto3.client("sns", **ministack.access)
        await _serve(
            stack,
            web.AppRunner(mailbox.application(directory / "mailbox", sesv2, sns), access_log=None),
            ports.mailbox,
        )
        await _serve(stack, web.AppRunner(sink.application(directory / "sink"), access_log=None), ports.sink)
        say("deploying the stack")
        outputs = await asyncio.to_thread(
            deploy.deploy,
            cdk_out,
            ministack.access,
            {
                "InjectFunctionName": {"PIXEL_URL": f"http://{HOST}:{ports.pixel}"},
                "ApiFunctionName": {"WEBHOOK_EXEMPT_HOSTS": f"{HOST}:{ports.sink}"},
                "DeliverFunctionName": {"WEBHOOK_EXEMPT_HOSTS": f"{HOST}:{ports.sink}"},
            },
        )
        await _serve(
            stack, _edge(ministack, _distribution(ministack, outputs["PixelDistributionId"])), ports.pixel
        )
        app, app_url = _distribution(ministack, outputs["AppDistributionId"]), f"http://{HOST}:{ports.app}/"
        smtp = (HOST, ports.smtp, ports.smtp_tls)
        dashboard.tell(boto3.client("s3", **ministack.access), app, app_url, smtp)
        app = dashboard.with_user_pool(app, ministack.access["endpoint_url"])
        await _serve(stack, _edge(ministack, app), ports.app)
        say("starting the SMTP gateway")
        await asyncio.to_thread(stack.enter_context, _gateway(directory, ports, ministack, outputs))
        addresses = {
            "pixel_url": f"http://{HOST}:{ports.pixel}",
            "api_url": f"{app_url}v3",
            "dashboard_url": app_url,
            "mailbox_url": f"{mailbox_url}/",
            "mailbox_api_url": f"{mailbox_url}/api",
            "webhook_sink_url": f"http://{HOST}:{ports.sink}",
        }
        endpoints = await asyncio.to_thread(seed.plant, ministack.access, outputs, addresses, smtp, directory)
        yield endpoints


def _distribution(ministack: Cloud, distribution_id: str) -> edge.Distribution:
    return edge.deployed(boto3.client("cloudfront", **ministack.access), distribution_id)


def _edge(ministack: Cloud, distribution: edge.Distribution) -> web.AppRunner:
    access = ministack.access
    return edge.runner(
        edge.application(
            distribution,
            s3=boto3.client("s3", **access),
            cloud_url=access["endpoint_url"],
            credentials=Credentials(access["aws_access_key_id"], access["aws_secret_access_key"]),
        )
    )


async def _serve(stack: AsyncExitStack, runner: web.AppRunner, port: int) -> None:
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port).start()


@contextmanager
def _gateway(directory: Path, ports: Ports, ministack: Cloud, outputs: dict[str, str]) -> Iterator[None]:
    """The gateway as its own process, with the rights that the stack's policy for it gives and no others."""
    files = certificate.ensure(directory / "certificate", datetime.now(UTC))
    access_key, secret_key = seed.gateway_user(ministack.access, outputs["GatewayPolicyArn"])
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": ministack.access["endpoint_url"],
        "AWS_REGION": ministack.access["region_name"],
        "AWS_DEFAULT_REGION": ministack.access["region_name"],
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "GATEWAY_HOST": HOST,
        "GATEWAY_PORT": str(ports.smtp),
        "GATEWAY_TLS_PORT": str(ports.smtp_tls),
        "GATEWAY_HOSTNAME": "localhost",
        "GATEWAY_CERTIFICATE": str(files.certificate),
        "GATEWAY_PRIVATE_KEY": str(files.private_key),
        "SETTINGS_TABLE": outputs["SettingsTableName"],
        "OUTBOX_BUCKET": outputs["OutboxBucketName"],
        "OUTBOX_QUEUE": outputs["OutboxQueueUrl"],
    }
    log = directory / "gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway"], cwd=REPOSITORY, env=environment, stdout=output, stderr=output
        )
    try:
        _await_listening(process, ports.smtp_tls, log)
        yield
    finally:
        process.terminate()
        process.wait()


def _await_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + GATEWAY_STARTS_WITHIN.total_seconds()
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=0.1).close()
        except OSError:
            time.sleep(0.05)
            continue
        return
    raise SystemUnavailable(f"the SMTP gateway does not start; {log} says why")
