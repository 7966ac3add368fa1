"""A certificate that this machine signs for itself, so that SMTP speaks TLS here too."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_FOR = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
"""How long before its end a certificate is replaced."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files; a client that trusts the first trusts whoever has the second."""

    certificate: Path
    private_key: Path


def ensure(directory: Path, now: datetime) -> Certificate:
    """The certificate for localhost and 127.0.0.1 in a directory, made if there is none that lasts.

    Args:
        directory: Created if need be.
        now: Aware.
    """
    found = Certificate(directory / "certificate.pem", directory / "private-key.pem")
    if not _lasts(found, now):
        directory.mkdir(parents=True, exist_ok=True)
        _make(found, now)
    return found


def _lasts(found: Certificate, now: datetime) -> bool:
    if not (found.certificate.exists() and found.private_key.exists()):
        return False
    ends_at = x509.load_pem_x509_certificate(found.certificate.read_bytes()).not_valid_after_utc
    return now + RENEWED_BEFORE < ends_at


def _make(wanted: Certificate, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    wanted.private_key.unlink(missing_ok=True)
    wanted.private_key.touch(mode=0o600)
    wanted.private_key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    wanted.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
