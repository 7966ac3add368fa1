"""The whole system, started as a person starts it, once for all of these tests."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from local import endpoints
from local.cloud import REGION, REPOSITORY, Access
from local.endpoints import Endpoints

PORTS = {
    "cloud": 14566,
    "app": 18080,
    "pixel": 18081,
    "smtp": 12525,
    "smtp-tls": 12465,
    "mailbox": 18025,
    "sink": 18026,
}
STARTS_WITHIN_SECONDS = 120

expect.set_options(timeout=30_000)


@dataclass(frozen=True, slots=True)
class LocalSystem:
    """A running local system."""

    directory: Path
    endpoints: Endpoints

    def run(self, command: str, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a command of `python -m local` against this system."""
        return subprocess.run(
            command_line(command, self.directory),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    @property
    def access(self) -> Access:
        """The administrator's."""
        return {
            "endpoint_url": f"http://127.0.0.1:{PORTS['cloud']}",
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    def decisions(self) -> list[dict[str, Any]]:
        """What IAM decided so far."""
        log = self.directory / "cloud-state" / "iam.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()]


def command_line(command: str, directory: Path) -> list[str]:
    ports = [text for name, port in PORTS.items() for text in (f"--{name}", str(port))]
    return [sys.executable, "-m", "local", command, "--directory", str(directory), *ports]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


def launched(playwright: Playwright) -> Browser:
    """Chromium, where `scripts/chromium` found it."""
    return playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
    )


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    directory = tmp_path_factory.mktemp("local")
    log = directory / "run.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command_line("run", directory), cwd=REPOSITORY, stdout=output, stderr=output
        )
    try:
        give_up_at = time.monotonic() + STARTS_WITHIN_SECONDS
        while "Running until" not in log.read_text():
            if process.poll() is not None or time.monotonic() > give_up_at:
                pytest.fail(f"the local system does not start:\n{log.read_text()}")
            time.sleep(0.2)
        found = endpoints.read(directory)
        assert found is not None
        yield LocalSystem(directory, found)
    finally:
        process.terminate()
        process.wait(60)
