"""`python -m gateway`: run until SIGTERM or SIGINT; `python -m gateway policy`: print the rights it needs."""

import argparse
import asyncio
import json
import os
import signal
import sys
from datetime import timedelta

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from gateway import configuration, logs, policy, server
from gateway.certificates import Certificates
from gateway.configuration import Configuration
from gateway.door import AWS_THREADS, Door
from gateway.errors import InvalidConfiguration
from gateway.logs import LOGGER
from tracking.storage.outbox import Outbox
from tracking.storage.settings import Settings

AWS_TIMEOUT = timedelta(seconds=20)
"""How long one attempt to reach AWS may take; a client waits ten minutes for an answer to its message."""

_AWS = Config(
    connect_timeout=AWS_TIMEOUT.total_seconds(),
    read_timeout=AWS_TIMEOUT.total_seconds(),
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=AWS_THREADS,
)


def main() -> None:
    """Do as the command line and the environment say, or say what is wrong with them."""
    arguments = _parser().parse_args()
    try:
        if arguments.command == "policy":
            stores = configuration.read_stores(os.environ)
            written = policy.document(stores, region=arguments.region, account=arguments.account)
            sys.stdout.write(json.dumps(written, indent=2) + "\n")
        else:
            logs.start()
            configured = configuration.read(os.environ)
            certificates = Certificates(configured.certificate, configured.private_key)
            asyncio.run(_serve(configured, _door(configured), certificates))
    except (InvalidConfiguration, BotoCoreError, OSError) as error:
        sys.exit(f"gateway: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway",
        description="The SMTP gateway; the environment says where, see docs/smtp.md.",
    )
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="take mail until SIGTERM (this is also what happens without a command)")
    rights = commands.add_parser("policy", help="print the IAM policy that the gateway needs, as JSON")
    rights.add_argument("--region", help="of the table and the queue, if the queue's URL does not say it")
    rights.add_argument("--account", help="of the table and the queue, likewise")
    return parser


def _door(configured: Configuration) -> Door:
    stores = configured.stores
    return Door(
        Settings(boto3.client("dynamodb", config=_AWS), stores.settings_table),
        Outbox(
            boto3.client("s3", config=_AWS),
            boto3.client("sqs", config=_AWS),
            stores.outbox_bucket,
            stores.outbox_queue,
        ),
        configured.limits,
    )


async def _serve(configured: Configuration, door: Door, certificates: Certificates) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, certificates.reload)
    async with server.listening(configured, door, certificates) as ports:
        LOGGER.info("listening", extra={"facts": {"starttls": ports.starttls, "tls": ports.tls}})
        await stopped.wait()
    LOGGER.info("stopped")


if __name__ == "__main__":
    main()
