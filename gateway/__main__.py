"""`python -m gateway`: run until SIGTERM or SIGINT."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from gateway import configuration, logs, server
from gateway.configuration import Configuration, InvalidConfiguration
from gateway.door import Door
from gateway.logs import LOGGER
from tracking.storage.outbox import Outbox
from tracking.storage.settings import Settings

AWS_TIMEOUT = timedelta(seconds=20)
"""How long one attempt to reach AWS may take; a client waits ten minutes for an answer to its message."""

_AWS = Config(
    connect_timeout=AWS_TIMEOUT.total_seconds(),
    read_timeout=AWS_TIMEOUT.total_seconds(),
    retries={"mode": "standard", "total_max_attempts": 3},
)


def main() -> None:
    """Run the gateway as the environment says, or say what is wrong with that."""
    logs.start()
    try:
        configured = configuration.read(os.environ)
        asyncio.run(_serve(configured, _door(configured)))
    except (InvalidConfiguration, BotoCoreError, OSError) as error:
        sys.exit(f"gateway: {error}")


def _door(configured: Configuration) -> Door:
    return Door(
        Settings(boto3.client("dynamodb", config=_AWS), configured.settings_table),
        Outbox(
            boto3.client("s3", config=_AWS),
            boto3.client("sqs", config=_AWS),
            configured.outbox_bucket,
            configured.outbox_queue,
        ),
    )


async def _serve(configured: Configuration, door: Door) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server.listening(configured, door) as ports:
        LOGGER.info("listening", extra={"facts": {"starttls": ports.starttls, "tls": ports.tls}})
        await stopped.wait()
    LOGGER.info("stopped")


if __name__ == "__main__":
    main()
