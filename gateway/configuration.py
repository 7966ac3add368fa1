"""What the environment tells the gateway; it is read here and nowhere else, but for boto3's own `AWS_*`.

| variable | meaning | without it |
|---|---|---|
| `GATEWAY_HOST` | the address to listen on | 127.0.0.1 |
| `GATEWAY_PORT` | the port that offers STARTTLS | 2525 |
| `GATEWAY_TLS_PORT` | the port that speaks TLS from the start | 2465 |
| `GATEWAY_HOSTNAME` | the name in the greeting | the machine's own |
| `GATEWAY_CERTIFICATE` | PEM file: the certificate and its chain | required |
| `GATEWAY_PRIVATE_KEY` | PEM file: the certificate's key | required |
| `SETTINGS_TABLE` | the name of the Settings table | required |
| `OUTBOX_BUCKET` | the name of the outbox's bucket | required |
| `OUTBOX_QUEUE` | the URL of the outbox's queue | required |
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REQUIRED = ("GATEWAY_CERTIFICATE", "GATEWAY_PRIVATE_KEY", "SETTINGS_TABLE", "OUTBOX_BUCKET", "OUTBOX_QUEUE")
"""The variables without which there is no gateway."""

_MAX_PORT = 65535


class InvalidConfiguration(Exception):
    """The environment lacks something, or holds something of no use; the message names it."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where the gateway listens, as whom, and where its mail goes. Port 0 is any free one."""

    host: str
    port: int
    tls_port: int
    hostname: str
    certificate: Path
    private_key: Path
    settings_table: str
    outbox_bucket: str
    outbox_queue: str


def read(environment: Mapping[str, str]) -> Configuration:
    """The configuration that the variables above make. An empty variable is as good as none.

    Raises:
        InvalidConfiguration: A required variable is missing, or a port is not one.
    """
    missing = [name for name in REQUIRED if not environment.get(name)]
    if missing:
        raise InvalidConfiguration(f"missing from the environment: {', '.join(missing)}")
    return Configuration(
        host=environment.get("GATEWAY_HOST") or "127.0.0.1",
        port=_port(environment, "GATEWAY_PORT", 2525),
        tls_port=_port(environment, "GATEWAY_TLS_PORT", 2465),
        hostname=environment.get("GATEWAY_HOSTNAME") or socket.getfqdn(),
        certificate=Path(environment["GATEWAY_CERTIFICATE"]),
        private_key=Path(environment["GATEWAY_PRIVATE_KEY"]),
        settings_table=environment["SETTINGS_TABLE"],
        outbox_bucket=environment["OUTBOX_BUCKET"],
        outbox_queue=environment["OUTBOX_QUEUE"],
    )


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text) <= _MAX_PORT):
        raise InvalidConfiguration(f"{name} is not a port: {text}")
    return int(text)
