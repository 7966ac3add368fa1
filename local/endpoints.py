"""Where the running system is to be found, and the credentials it was seeded with: `endpoints.json`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "endpoints.json"


@dataclass(frozen=True, slots=True)
class Smtp:
    """The SMTP gateway and a user of it; `port` has STARTTLS, `tls_port` TLS from the start."""

    host: str
    port: int
    tls_port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses and credentials of a local system."""

    pixel_url: str
    api_url: str
    dashboard_url: str
    dashboard_user: str
    dashboard_password: str
    smtp: Smtp
    api_key: str
    mailbox_url: str
    mailbox_api_url: str
    webhook_sink_url: str
    stack: str


def write(endpoints: Endpoints, directory: Path) -> None:
    """Store them under a directory, for its owner alone: they hold passwords."""
    file = directory / FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(endpoints), indent=2) + "\n")


def read(directory: Path) -> Endpoints | None:
    """What `write` stored; None if it never did."""
    file = directory / FILE
    if not file.exists():
        return None
    fields = json.loads(file.read_text())
    return Endpoints(**(fields | {"smtp": Smtp(**fields["smtp"])}))
