"""Programs that hand in mail by SMTP, unmodified: each is told a way to the gateway, and a mail."""

import json
import smtplib
import ssl
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local.cloud import REPOSITORY

NODEMAILER = Path(__file__).with_name("nodemailer.cjs")
HOST = "localhost"
PATIENCE = timedelta(minutes=2)
"""How long handing in a mail may take; a large one is stored before it is answered for."""


class Security(StrEnum):
    """How a connection is encrypted; where it is, the client checks the gateway's certificate."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Way:
    """How a client gets in."""

    port: int
    security: Security
    authority: Path
    """The certificate to trust, and no other."""
    login: tuple[str, str] | None = None
    """A user's name and password."""
    source: str | None = None
    """The address of this machine to come from."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What a client hands in."""

    sender: str
    recipients: list[str]
    message: bytes


type HandIn = Callable[[Way, Mail], None]
"""Hand in a mail; an exception says that the gateway did not take it for everybody."""


def with_smtplib(way: Way, mail: Mail) -> None:
    """Use Python's smtplib."""
    context = ssl.create_default_context(cafile=way.authority)
    options: dict[str, Any] = {"timeout": PATIENCE.total_seconds()}
    if way.source:
        options["source_address"] = (way.source, 0)
    with ExitStack() as stack:
        client = stack.enter_context(
            smtplib.SMTP_SSL(HOST, way.port, context=context, **options)
            if way.security is Security.TLS
            else smtplib.SMTP(HOST, way.port, **options)
        )
        if way.security is Security.STARTTLS:
            client.starttls(context=context)
        if way.login:
            client.login(*way.login)
        assert client.sendmail(mail.sender, mail.recipients, mail.message, ["BODY=8BITMIME"]) == {}


def with_swaks(way: Way, mail: Mail) -> None:
    """Use swaks. It sends eight bits without saying so, for it has no option to."""
    options = ["--server", HOST, "--port", str(way.port), "--timeout", str(PATIENCE.seconds)]
    if way.security is not Security.NONE:
        options.append("--tls" if way.security is Security.STARTTLS else "--tls-on-connect")
        options += ["--tls-verify", "--tls-ca-path", str(way.authority)]
    if way.login:
        user, password = way.login
        options += ["--auth", "LOGIN", "--auth-user", user, "--auth-password", password]
    if way.source:
        options += ["--local-interface", way.source]
    options += ["--from", mail.sender, "--to", ",".join(mail.recipients)]
    with TemporaryDirectory() as directory:
        file = Path(directory, "mail.eml")
        # The closing dot may be there. Where it is missing, swaks puts an empty line before its own.
        file.write_bytes(mail.message + b".\r\n")
        _run(["swaks", *options, "--data", f"@{file}", "--silent", "2"])


def with_nodemailer(way: Way, mail: Mail) -> None:
    """Use Nodemailer, from npm."""
    transport: dict[str, object] = {
        "host": HOST,
        "port": way.port,
        "secure": way.security is Security.TLS,
        "requireTLS": way.security is Security.STARTTLS,
        "ignoreTLS": way.security is Security.NONE,
        "tls": {"ca": way.authority.read_text()},
    }
    if way.login:
        user, password = way.login
        transport["auth"] = {"user": user, "pass": password}
    if way.source:
        transport["localAddress"] = way.source
    envelope = {"from": mail.sender, "to": mail.recipients, "use8BitMime": True, "size": len(mail.message)}
    told = json.dumps({"transport": transport, "envelope": envelope})
    answer = json.loads(_run(["node", str(NODEMAILER), told], mail.message))
    assert answer == {"accepted": mail.recipients, "rejected": []}


def _run(command: list[str], stdin: bytes = b"") -> bytes:
    ended = subprocess.run(
        command,
        cwd=REPOSITORY,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE.total_seconds(),
        check=False,
    )
    assert ended.returncode == 0, ended.stdout.decode(errors="replace")
    return ended.stdout
