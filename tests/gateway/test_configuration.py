import re
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import configuration
from gateway.configuration import REQUIRED, Configuration, Stores
from gateway.errors import InvalidConfiguration
from gateway.limits import Limits

COMPLETE = dict.fromkeys(REQUIRED, "given")


def test_what_is_missing_is_said_all_at_once() -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        configuration.read({"SETTINGS_TABLE": "settings", "OUTBOX_QUEUE": ""})

    assert str(raised.value) == (
        "missing from the environment: GATEWAY_CERTIFICATE, GATEWAY_PRIVATE_KEY, OUTBOX_BUCKET, OUTBOX_QUEUE"
    )


def test_the_gateway_listens_on_the_loopback_unless_told_otherwise() -> None:
    configured = configuration.read(COMPLETE)

    assert (configured.hosts, configured.port, configured.tls_port) == (("127.0.0.1",), 2525, 2465)
    assert configured.hostname


def test_every_variable_is_read() -> None:
    variables = {
        "GATEWAY_HOST": "0.0.0.0, ::",
        "GATEWAY_PORT": "587",
        "GATEWAY_TLS_PORT": "465",
        "GATEWAY_HOSTNAME": "mail.example.com",
        "GATEWAY_CERTIFICATE": "certificate.pem",
        "GATEWAY_PRIVATE_KEY": "key.pem",
        "GATEWAY_MAX_CONNECTIONS": "1",
        "GATEWAY_MAX_CONNECTIONS_PER_ADDRESS": "2",
        "GATEWAY_MAX_MESSAGES": "3",
        "GATEWAY_MAX_FAILED_LOGINS": "4",
        "GATEWAY_LOGIN_THREADS": "5",
        "GATEWAY_MAX_MEGABYTES": "6",
        "GATEWAY_COMMAND_SECONDS": "7",
        "GATEWAY_MESSAGE_SECONDS": "8",
        "SETTINGS_TABLE": "settings",
        "OUTBOX_BUCKET": "bucket",
        "OUTBOX_QUEUE": "queue",
    }

    assert configuration.read(variables) == Configuration(
        hosts=("0.0.0.0", "::"),  # noqa: S104 - only compared
        port=587,
        tls_port=465,
        hostname="mail.example.com",
        certificate=Path("certificate.pem"),
        private_key=Path("key.pem"),
        limits=Limits(
            connections=1,
            connections_per_address=2,
            messages=3,
            failed_logins=4,
            login_threads=5,
            megabytes=6,
            command=timedelta(seconds=7),
            message=timedelta(seconds=8),
        ),
        stores=Stores("settings", "bucket", "queue"),
    )
    assert set(variables) == set(re.findall(r"^\| `([A-Z_]+)` \|", str(configuration.__doc__), re.MULTILINE))


def test_the_limits_are_those_of_the_table_unless_told_otherwise() -> None:
    told = re.findall(r"^\| `GATEWAY_[A-Z_]+` \|.*\| (\d+) \|$", str(configuration.__doc__), re.MULTILINE)
    usual = configuration.read(COMPLETE).limits

    assert usual == Limits()
    assert told[2:] == [
        str(usual.connections),
        str(usual.connections_per_address),
        str(usual.messages),
        str(usual.failed_logins),
        str(usual.login_threads),
        str(usual.megabytes),
        str(int(usual.command.total_seconds())),
        str(int(usual.message.total_seconds())),
    ]


@pytest.mark.parametrize("number", ["many", "0", "-1", "1000001", "2.5", "٢"])
def test_a_limit_that_is_none_is_named(number: str) -> None:
    with pytest.raises(InvalidConfiguration, match="GATEWAY_MAX_MESSAGES is not a number from 1 to 1000000"):
        configuration.read(COMPLETE | {"GATEWAY_MAX_MESSAGES": number})


@pytest.mark.parametrize("port", ["smtp", "-1", "65536", "2.5", "٢٥"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"GATEWAY_TLS_PORT is not a port: {port}"):
        configuration.read(COMPLETE | {"GATEWAY_TLS_PORT": port})
