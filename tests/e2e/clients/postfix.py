"""Postfix as a relay: it takes mail from programs on its machine, and hands all of it to the gateway.

It runs from a configuration, a queue and a log of its own, and leaves the system's alone.
"""

import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e import conversation
from tests.e2e.clients.submission import HOST, PATIENCE, Mail, Security, Way

HOSTNAME = "relay.example.com"
RECEIVED = re.compile(rb"Received: from .*\r\n(?:\t.*\r\n)*")
"""What it puts before a mail."""

_STARTS_WITHIN_SECONDS = 30
_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def with_postfix(way: Way, mail: Mail) -> None:
    """Let Postfix take a mail, and wait until it has handed it on for every recipient."""
    relay(way, mail)


def relay(way: Way, mail: Mail, **settings: str) -> str:
    """Do the same with more settings; what Postfix logged."""
    # Its processes run as a user who cannot get into pytest's directories.
    with TemporaryDirectory(prefix="postfix-") as directory:
        home = Path(directory)
        home.chmod(0o755)
        with _running(home, way, settings) as port:
            with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE.total_seconds()) as client:
                client.sendmail(mail.sender, mail.recipients, mail.message, ["BODY=8BITMIME"])
            states = conversation.until(
                lambda: re.findall(r"status=(sent|bounced)", _log(home)),
                lambda states: len(states) >= len(mail.recipients),
                PATIENCE.total_seconds(),
            )
            assert states == ["sent"] * len(mail.recipients), _log(home)
            return _log(home)


@contextmanager
def _running(home: Path, way: Way, more: dict[str, str]) -> Iterator[int]:
    """The port on which it takes mail until the context ends."""
    port = _free_port()
    _configure(home, way, port, more)
    program = shutil.which("postfix", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "Postfix is not installed: scripts/mail-clients says how to get it"
    with (home / "log").open("wb") as log:
        # Its daemon outlives whoever stops the script that started it, so it is asked itself.
        script = subprocess.Popen([program, "-c", home / "etc", "start-fg"], stdout=log, stderr=log)
    try:
        conversation.until(
            lambda: _is_listening(port) or script.poll() is not None, bool, _STARTS_WITHIN_SECONDS
        )
        assert script.poll() is None, _log(home)
        yield port
    finally:
        master = home / "queue" / "pid" / "master.pid"
        if script.poll() is None:
            os.kill(int(master.read_text()) if master.exists() else script.pid, signal.SIGTERM)
        script.wait(_STARTS_WITHIN_SECONDS)


def _configure(home: Path, way: Way, port: int, more: dict[str, str]) -> None:
    for name in ("etc", "queue", "data"):
        (home / name).mkdir()
    shutil.chown(home / "data", "postfix")
    gateway = f"[{HOST}]:{way.port}"
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": home / "queue",
        "data_directory": home / "data",
        "maillog_file": "/dev/stdout",
        "myhostname": HOSTNAME,
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "alias_maps": "",
        "local_recipient_maps": "",
        "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "message_size_limit": "0",
        "smtp_host_lookup": "native",
        "relayhost": gateway,
        "smtp_tls_security_level": "none" if way.security is Security.NONE else "secure",
        "smtp_tls_wrappermode": "yes" if way.security is Security.TLS else "no",
        "smtp_tls_CAfile": way.authority,
        "smtp_bind_address": way.source or "",
        # Sooner it may meet the process that has just tried, and then leaves the mail alone for minutes.
        "queue_run_delay": "3s",
        "minimal_backoff_time": "3s",
        "maximal_backoff_time": "4s",
    }
    if way.login:
        passwords = home / "etc" / "passwords"
        passwords.write_text(f"{gateway} {':'.join(way.login)}\n")
        settings |= {
            "smtp_sasl_auth_enable": "yes",
            "smtp_sasl_password_maps": f"texthash:{passwords}",
            "smtp_sasl_security_options": "noanonymous",
        }
    lines = [f"{name} = {value}\n" for name, value in (settings | more).items()]
    (home / "etc" / "main.cf").write_text("".join(lines))
    (home / "etc" / "master.cf").write_text(_SERVICES.format(port=port))


def _log(home: Path) -> str:
    return (home / "log").read_text(errors="replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
