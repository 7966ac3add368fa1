"""Which addresses a webhook may go to."""

import ipaddress
import socket
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.webhooks import egress
from functions.webhooks.egress import Forbidden


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - it is refused.
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "fc00::1",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Forbidden, match="not a public address"):
        egress._checked_address(address, 443)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111"])
def test_a_public_address_is_the_one_that_is_connected_to(address: str) -> None:
    assert egress._checked_address(address, 443) == address


@given(st.ip_addresses())
def test_what_is_let_out_is_always_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    try:
        checked = egress._checked_address(str(address), 443)
    except Forbidden:
        return

    assert ipaddress.ip_address(checked).is_global or str(checked).startswith("::ffff:")


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(Forbidden):
        egress._checked_address("hooks.example.com", 443)


def test_the_connection_goes_to_the_checked_address_under_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 8443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with egress._pool(urlsplit("https://hooks.example.com:8443/x"), ()) as pool:
        assert (pool.host, pool.port) == ("1.1.1.1", 8443)
        assert pool.conn_kw["server_hostname"] == "hooks.example.com"


def test_plain_http_is_refused() -> None:
    with pytest.raises(Forbidden, match="https"):
        egress.post("http://1.1.1.1/", "", {})
