import pytest

from gateway import configuration
from gateway.configuration import REQUIRED, InvalidConfiguration

COMPLETE = dict.fromkeys(REQUIRED, "given")


def test_what_is_missing_is_said_all_at_once() -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        configuration.read({"SETTINGS_TABLE": "settings", "OUTBOX_QUEUE": ""})

    assert str(raised.value) == (
        "missing from the environment: GATEWAY_CERTIFICATE, GATEWAY_PRIVATE_KEY, OUTBOX_BUCKET, OUTBOX_QUEUE"
    )


def test_the_gateway_listens_on_the_loopback_unless_told_otherwise() -> None:
    configured = configuration.read(COMPLETE)

    assert (configured.host, configured.port, configured.tls_port) == ("127.0.0.1", 2525, 2465)
    assert configured.hostname


def test_every_variable_is_read() -> None:
    variables = {
        "GATEWAY_HOST": "0.0.0.0",  # noqa: S104 - only compared
        "GATEWAY_PORT": "587",
        "GATEWAY_TLS_PORT": "465",
        "GATEWAY_HOSTNAME": "mail.example.com",
        "GATEWAY_CERTIFICATE": "certificate.pem",
        "GATEWAY_PRIVATE_KEY": "key.pem",
        "SETTINGS_TABLE": "settings",
        "OUTBOX_BUCKET": "bucket",
        "OUTBOX_QUEUE": "queue",
    }

    configured = configuration.read(variables)

    assert [str(getattr(configured, name)) for name in configured.__slots__] == list(variables.values())


@pytest.mark.parametrize("port", ["smtp", "-1", "65536", "2.5", "٢٥"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"GATEWAY_TLS_PORT is not a port: {port}"):
        configuration.read(COMPLETE | {"GATEWAY_TLS_PORT": port})
