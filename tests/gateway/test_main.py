"""The gateway as a process."""

import contextlib
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.certificate import Certificate

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(pem: Certificate) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "GATEWAY_PORT": "0",
        "GATEWAY_TLS_PORT": "0",
        "GATEWAY_CERTIFICATE": str(pem.certificate),
        "GATEWAY_PRIVATE_KEY": str(pem.private_key),
        "SETTINGS_TABLE": "settings",
        "OUTBOX_BUCKET": "outbox",
        "OUTBOX_QUEUE": "https://sqs.eu-central-1.amazonaws.com/123456789012/outbox",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }


@contextlib.contextmanager
def started(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "gateway"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(environment: dict[str, str]) -> tuple[int, str]:
    with started(environment) as process:
        _, errors = process.communicate(timeout=30)
    return process.returncode, errors


def test_it_says_where_it_listens_and_ends_at_a_signal(environment: dict[str, str]) -> None:
    with started(environment) as process:
        assert process.stderr
        listening = json.loads(process.stderr.readline())
        with smtplib.SMTP("127.0.0.1", listening["starttls"], timeout=20) as client:
            greeted = client.noop()[0]
        process.terminate()
        _, errors = process.communicate(timeout=20)

    assert (listening["message"], greeted, process.returncode) == ("listening", 250, 0)
    assert json.loads(errors)["message"] == "stopped"


def test_a_client_that_lingers_does_not_keep_it(environment: dict[str, str]) -> None:
    with started(environment) as process:
        assert process.stderr
        port = json.loads(process.stderr.readline())["starttls"]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as lingering:
            lingering.recv(1024)
            process.terminate()
            process.communicate(timeout=20)

    assert process.returncode == 0


def test_it_reads_its_certificate_again_at_sighup(environment: dict[str, str]) -> None:
    with started(environment) as process:
        assert process.stderr
        process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        reloaded = json.loads(process.stderr.readline())
        process.terminate()
        process.communicate(timeout=20)

    assert (reloaded["message"], process.returncode) == ("certificate reloaded", 0)


def test_its_lines_name_nobody(environment: dict[str, str]) -> None:
    with started(environment) as process:
        assert process.stderr
        port = json.loads(process.stderr.readline())["starttls"]
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.ehlo()
            assert client.mail("somebody@example.com")[0] == 451
        process.terminate()
        _, errors = process.communicate(timeout=20)

    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["message"] for line in lines] == ["unavailable", "stopped"]
    assert "somebody" not in errors


def test_what_is_missing_from_the_environment_is_said(environment: dict[str, str]) -> None:
    del environment["OUTBOX_BUCKET"]

    assert said(environment) == (1, "gateway: missing from the environment: OUTBOX_BUCKET\n")


def test_a_missing_region_is_said(environment: dict[str, str]) -> None:
    del environment["AWS_DEFAULT_REGION"]

    assert said(environment) == (1, "gateway: You must specify a region.\n")


def test_a_missing_certificate_is_named(environment: dict[str, str]) -> None:
    environment["GATEWAY_CERTIFICATE"] = "missing.pem"

    code, errors = said(environment)

    assert code == 1
    assert "no certificate with its key in missing.pem" in errors


def test_a_port_in_use_is_named(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, errors = said(environment | {"GATEWAY_TLS_PORT": str(port)})

    assert code == 1
    assert f"{port}" in errors
    assert "in use" in errors
