"""What the environment tells the gateway; it is read here and nowhere else, but for boto3's own `AWS_*`.

| variable | meaning | without it |
|---|---|---|
| `GATEWAY_HOST` | the addresses to listen on, with commas between: `0.0.0.0,::` is everywhere | 127.0.0.1 |
| `GATEWAY_PORT` | the port that offers STARTTLS | 2525 |
| `GATEWAY_TLS_PORT` | the port that speaks TLS from the start | 2465 |
| `GATEWAY_HOSTNAME` | the name in the greeting | the machine's own |
| `GATEWAY_CERTIFICATE` | PEM file: the certificate and its chain | required |
| `GATEWAY_PRIVATE_KEY` | PEM file: the certificate's key | required |
| `GATEWAY_MAX_CONNECTIONS` | connections at once, in all | 1000 |
| `GATEWAY_MAX_CONNECTIONS_PER_ADDRESS` | of one IPv4 address or IPv6 /64 | 50 |
| `GATEWAY_MAX_MESSAGES` | messages in one connection | 1000 |
| `GATEWAY_MAX_FAILED_LOGINS` | of one address in ten minutes, before it may not log in | 20 |
| `GATEWAY_LOGIN_THREADS` | passwords checked at once; each takes 64 MB | 2 |
| `GATEWAY_MAX_MEGABYTES` | of messages being read or stored, in all; below 41 not all messages fit | 512 |
| `GATEWAY_COMMAND_SECONDS` | how long a client may take for a command | 300 |
| `GATEWAY_MESSAGE_SECONDS` | how long it may take for a whole message | 1800 |
| `SETTINGS_TABLE` | the name of the Settings table | required |
| `OUTBOX_BUCKET` | the name of the outbox's bucket | required |
| `OUTBOX_QUEUE` | the URL of the outbox's queue | required |
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.errors import InvalidConfiguration
from gateway.limits import Limits

STORES = ("SETTINGS_TABLE", "OUTBOX_BUCKET", "OUTBOX_QUEUE")
"""The variables that say where mail goes and who may send; its rights depend on nothing else."""

REQUIRED = ("GATEWAY_CERTIFICATE", "GATEWAY_PRIVATE_KEY", *STORES)
"""The variables without which there is no gateway."""

_MAX_PORT = 65535
_MAX_NUMBER = 1_000_000


@dataclass(frozen=True, slots=True)
class Stores:
    """Where who may send is written, and where mail goes."""

    settings_table: str
    outbox_bucket: str
    outbox_queue: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where the gateway listens, as whom, and how much it takes. Port 0 is any free one."""

    hosts: tuple[str, ...]
    port: int
    tls_port: int
    hostname: str
    certificate: Path
    private_key: Path
    limits: Limits
    stores: Stores


def read(environment: Mapping[str, str]) -> Configuration:
    """The configuration that the variables above make. An empty variable is as good as none.

    Raises:
        InvalidConfiguration: A required variable is missing, or a number is none that can be used.
    """
    _require(environment, REQUIRED)
    return Configuration(
        hosts=tuple(host.strip() for host in (environment.get("GATEWAY_HOST") or "127.0.0.1").split(",")),
        port=_port(environment, "GATEWAY_PORT", 2525),
        tls_port=_port(environment, "GATEWAY_TLS_PORT", 2465),
        hostname=environment.get("GATEWAY_HOSTNAME") or socket.getfqdn(),
        certificate=Path(environment["GATEWAY_CERTIFICATE"]),
        private_key=Path(environment["GATEWAY_PRIVATE_KEY"]),
        limits=_limits(environment),
        stores=read_stores(environment),
    )


def read_stores(environment: Mapping[str, str]) -> Stores:
    """The part of the configuration that says where mail goes.

    Raises:
        InvalidConfiguration: A variable is missing.
    """
    _require(environment, STORES)
    return Stores(environment["SETTINGS_TABLE"], environment["OUTBOX_BUCKET"], environment["OUTBOX_QUEUE"])


def _limits(environment: Mapping[str, str]) -> Limits:
    usual = Limits()
    return Limits(
        connections=_number(environment, "GATEWAY_MAX_CONNECTIONS", usual.connections),
        connections_per_address=_number(
            environment, "GATEWAY_MAX_CONNECTIONS_PER_ADDRESS", usual.connections_per_address
        ),
        messages=_number(environment, "GATEWAY_MAX_MESSAGES", usual.messages),
        failed_logins=_number(environment, "GATEWAY_MAX_FAILED_LOGINS", usual.failed_logins),
        login_threads=_number(environment, "GATEWAY_LOGIN_THREADS", usual.login_threads),
        megabytes=_number(environment, "GATEWAY_MAX_MEGABYTES", usual.megabytes),
        command=_seconds(environment, "GATEWAY_COMMAND_SECONDS", usual.command),
        message=_seconds(environment, "GATEWAY_MESSAGE_SECONDS", usual.message),
    )


def _require(environment: Mapping[str, str], names: tuple[str, ...]) -> None:
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise InvalidConfiguration(f"missing from the environment: {', '.join(missing)}")


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text) <= _MAX_PORT):
        raise InvalidConfiguration(f"{name} is not a port: {text}")
    return int(text)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MAX_NUMBER):
        raise InvalidConfiguration(f"{name} is not a number from 1 to {_MAX_NUMBER}: {text}")
    return int(text)


def _seconds(environment: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    return timedelta(seconds=_number(environment, name, int(default.total_seconds())))
