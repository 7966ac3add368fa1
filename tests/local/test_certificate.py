import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from local import certificate

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_a_certificate_is_made_once_and_kept(tmp_path: Path) -> None:
    first = certificate.ensure(tmp_path / "certificate", NOW).certificate.read_bytes()

    again = certificate.ensure(tmp_path / "certificate", NOW + timedelta(days=300)).certificate.read_bytes()

    assert first == again


def test_a_certificate_that_is_about_to_expire_is_replaced(tmp_path: Path) -> None:
    certificate.ensure(tmp_path, NOW)

    later = certificate.ensure(tmp_path, NOW + timedelta(days=340))

    ends_at = x509.load_pem_x509_certificate(later.certificate.read_bytes()).not_valid_after_utc
    assert ends_at == NOW + timedelta(days=340 + 365)


def test_a_certificate_without_its_key_is_replaced(tmp_path: Path) -> None:
    certificate.ensure(tmp_path, NOW).private_key.unlink()

    found = certificate.ensure(tmp_path, NOW)

    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(found.certificate, found.private_key)


def test_only_its_owner_reads_the_key(tmp_path: Path) -> None:
    assert certificate.ensure(tmp_path, NOW).private_key.stat().st_mode & 0o777 == 0o600


def test_it_names_localhost_and_the_loopback(tmp_path: Path) -> None:
    found = x509.load_pem_x509_certificate(certificate.ensure(tmp_path, NOW).certificate.read_bytes())

    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
