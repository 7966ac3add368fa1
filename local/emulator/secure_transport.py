"""`aws:SecureTransport` is true: nothing leaves this machine; ministack says false of plain HTTP.

Bucket and queue policies that ask for TLS, as CDK's `enforce_ssl` writes them, would refuse everybody.
"""

from ministack import app


def close() -> None:
    """Let every request count as one over TLS."""
    pin = app.pin_request_origin

    def pin_as_secure(source_ip: str, _is_secure: bool) -> None:
        pin(source_ip, secure_transport=True)

    app.pin_request_origin = pin_as_secure
