"""The cloud: ministack in a virtual environment of its own, as a process.

| under the given directory | what |
|---|---|
| `state/`, `s3/` | what survives a stop; written when the process ends |
| `log` | what it says; what the functions say is in CloudWatch Logs |
| `iam.jsonl` | every decision about an IAM principal, see `local.emulator.evaluations` |
| `tmp/` | unpacked functions; emptied at each start |
"""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self, TypedDict

REPOSITORY = Path(__file__).parent.parent
REQUIREMENTS = Path(__file__).with_name("cloud-requirements.txt")

ACCOUNT = "000000000000"
REGION = "us-east-1"

STARTS_WITHIN = timedelta(seconds=30)
STOPS_WITHIN = timedelta(seconds=40)
"""Large mail in its buckets, and a busy machine, make it slow to store its state."""


class CloudUnavailable(Exception):
    """The cloud cannot be installed or started; the message says why."""


class PortInUse(CloudUnavailable):
    """Another process listens where the cloud should."""


class Access(TypedDict):
    """What a boto3 client needs to be the administrator of the cloud."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running cloud. As a context manager it stops at the end."""

    port: int
    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def access(self) -> Access:
        """Keyword arguments for `boto3.client`: everything is allowed."""
        return {
            "endpoint_url": f"http://127.0.0.1:{self.port}",
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    @property
    def iam_log(self) -> Path:
        """Where the decisions about IAM principals are."""
        return self.directory / "iam.jsonl"

    def stop(self) -> None:
        """End the process; it stores its state first. Stopping twice is once."""
        self.process.terminate()
        try:
            self.process.wait(STOPS_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            # With the functions, which it can end no more; they are of the group that `start` made.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def install(directory: Path) -> Path:
    """Create the cloud's virtual environment, unless it is there already.

    Args:
        directory: Of the environment; it is replaced when `cloud-requirements.txt` or Python changed.

    Returns:
        The environment's interpreter.

    Raises:
        CloudUnavailable: There is no uv, or it failed.
    """
    python = directory / "bin" / "python"
    installed = directory / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if not installed.exists() or installed.read_text() != wanted:
        uv = _uv()
        _run(*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(directory))
        _run(*uv, "pip", "install", "--quiet", "--python", str(python), "--requirements", str(REQUIREMENTS))
        installed.write_text(wanted)
    return python


def start(
    python: Path, port: int, directory: Path, mailbox_url: str | None = None, program: str = "local.emulator"
) -> Cloud:
    """Start the cloud and wait until it answers.

    Args:
        python: What `install` returned.
        port: On 127.0.0.1.
        directory: For what it keeps; created if need be.
        mailbox_url: See `local.emulator`; None if mail goes nowhere.
        program: The module to run: `ministack` is the emulator without our patches.

    Raises:
        PortInUse: Somebody else listens there.
        CloudUnavailable: It ended, or did not answer in time.
    """
    if _is_listening(port):
        raise PortInUse(
            f"port {port} of 127.0.0.1 is in use, perhaps by another local system: stop that first"
        )
    scratch = directory / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(
            [python, "-m", program],
            cwd=REPOSITORY,
            env=_environment(port, directory.absolute(), mailbox_url),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us alone: we stop it in our own order.
        )
    cloud = Cloud(port, directory, process)
    deadline = time.monotonic() + STARTS_WITHIN.total_seconds()
    while not _is_healthy(port):
        if process.poll() is not None or time.monotonic() > deadline:
            cloud.stop()
            raise CloudUnavailable(f"the cloud did not start, {directory / 'log'} says why")
        time.sleep(0.05)
    return cloud


def _environment(port: int, directory: Path, mailbox_url: str | None) -> dict[str, str]:
    # The functions inherit it, so nothing of the user's gets in: no AWS profile, no proxy.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory / "tmp"),
        "TMPDIR": str(directory / "tmp"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(directory / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(directory / "s3"),
        "IAM_LOG": str(directory / "iam.jsonl"),
    }
    return environment | ({"MAILBOX_URL": mailbox_url} if mailbox_url else {})


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_healthy(port: int) -> bool:
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == 200  # noqa: PLR2004 - OK
        except (OSError, HTTPException):
            return False


def _uv() -> list[str]:
    candidates = [[os.environ.get("UV", "uv")], ["uv"], [sys.executable, "-m", "uv"]]
    for candidate in candidates:
        with contextlib.suppress(OSError):
            if subprocess.run([*candidate, "--version"], capture_output=True, check=False).returncode == 0:
                return candidate
    raise CloudUnavailable("uv is missing: `python -m pip install uv`, or see https://docs.astral.sh/uv/")


def _run(*command: str) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise CloudUnavailable(f"{' '.join(command)} failed:\n{finished.stderr}")
