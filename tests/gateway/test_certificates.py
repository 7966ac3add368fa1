"""A new certificate is taken while the gateway runs."""

import logging
import shutil
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from gateway.certificates import Certificates
from gateway.errors import InvalidConfiguration
from gateway.limits import Limits
from local import certificate
from local.certificate import Certificate
from tests.gateway.conftest import Gateway, running
from tests.gateway.memory import Memory
from tests.gateway.wire import Wire


@pytest.fixture
def installed(pem: Certificate, tmp_path: Path) -> Certificate:
    """Files that a test may replace."""
    return Certificate(
        Path(shutil.copy(pem.certificate, tmp_path)), Path(shutil.copy(pem.private_key, tmp_path))
    )


@pytest.fixture
def renewed(tmp_path: Path) -> Certificate:
    return certificate.ensure(tmp_path / "renewed", datetime.now(UTC))


@pytest.fixture
def gateway(installed: Certificate, renewed: Certificate, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with those files; its clients trust both certificates."""
    both = tmp_path / "both.pem"
    both.write_text(installed.certificate.read_text() + renewed.certificate.read_text())
    memory = Memory()
    with running(installed, memory.settings, memory.outbox, Limits()) as ports:
        yield Gateway(ports, ssl.create_default_context(cafile=both))


@pytest.mark.parametrize("port", ["starttls", "tls"])
def test_a_new_certificate_is_shown_and_conversations_go_on(
    gateway: Gateway, installed: Certificate, renewed: Certificate, port: str
) -> None:
    before = certificate_of(gateway.tls())
    with getattr(gateway, port)() as open_before, Wire.to(gateway) as begun:
        begun.greeted()
        install(renewed, installed)

        assert is_soon(lambda: certificate_of(getattr(gateway, port)()) == der(renewed))
        assert before != der(renewed)
        assert open_before.noop()[0] == 250
        begun.say(b"STARTTLS\r\n")
        assert begun.code() == 220
        begun.secured(gateway).say(b"EHLO client.example\r\n")
        assert begun.code() == 250


@pytest.mark.parametrize("broken", ["certificate", "private_key"])
def test_a_broken_file_is_told_of_once_and_the_old_certificate_stays(
    gateway: Gateway,
    installed: Certificate,
    renewed: Certificate,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    before = certificate_of(gateway.tls())
    damaged = installed.certificate.with_name("damaged.pem")
    damaged.write_text("not PEM")
    damaged.replace(getattr(installed, broken))

    assert is_soon(lambda: told(caplog) == ["certificate not reloaded"])
    time.sleep(0.3)
    assert told(caplog) == ["certificate not reloaded"]
    assert certificate_of(gateway.tls()) == before
    install(renewed, installed)
    assert is_soon(lambda: certificate_of(gateway.tls()) == der(renewed))


@pytest.mark.usefixtures("gateway")
def test_a_file_that_becomes_readable_is_read(
    installed: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway")

    installed.private_key.chmod(0o640)

    assert is_soon(lambda: "certificate reloaded" in {record.message for record in caplog.records})


def test_a_certificate_without_its_key_is_not_taken(
    gateway: Gateway, installed: Certificate, renewed: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    before = certificate_of(gateway.tls())
    shutil.copy(renewed.certificate, installed.certificate)

    assert is_soon(lambda: "certificate not reloaded" in told(caplog))
    assert certificate_of(gateway.tls()) == before


def test_a_missing_file_is_told_of_and_the_old_certificate_stays(
    gateway: Gateway, installed: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    installed.private_key.unlink()

    assert is_soon(lambda: told(caplog) == ["certificate not reloaded"])
    assert certificate_of(gateway.tls())


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(installed: Certificate) -> None:
    key = serialization.load_pem_private_key(installed.private_key.read_bytes(), None)
    installed.private_key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )

    with pytest.raises(InvalidConfiguration, match="no certificate with its key in"):
        Certificates(installed.certificate, installed.private_key)


def install(new: Certificate, installed: Certificate) -> None:
    """Put files in the place of others, each in one step."""
    for source, target in (
        (new.certificate, installed.certificate),
        (new.private_key, installed.private_key),
    ):
        Path(shutil.copy(source, target.with_suffix(".new"))).replace(target)


def certificate_of(client: smtplib.SMTP) -> bytes | None:
    """What a client was shown."""
    with client:
        assert isinstance(client.sock, ssl.SSLSocket)
        return client.sock.getpeercert(binary_form=True)


def der(found: Certificate) -> bytes:
    return ssl.PEM_cert_to_DER_cert(found.certificate.read_text())


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelname == "ERROR"]


def is_soon(condition: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.05)
    return False
