"""The client's address, where Amazon says it."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.mail_manager import arrivals
from tests.functions.mail_manager.conftest import FUNCTION
from tracking.errors import InvalidArrival

BY = "by mail-manager-smtp.eu-central-1.amazonaws.com with ESMTPSA; Tue, 24 Nov 2026 11:00:02 +0000"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"Received: from x.example ([203.0.113.1]) {BY}", "203.0.113.1"),
        (f"Received: from x.example [203.0.113.1]) {BY}", "203.0.113.1"),
        (f"RECEIVED: from x.example ([IPv6:2001:db8::1])\r\n\t{BY}", "2001:db8::1"),
        (f"received: from x.example ([2001:DB8::1])\n {BY}", "2001:db8::1"),
        (f"Return-Path: <a@example.com>\r\nReceived: from x ([203.0.113.1]) {BY}", "203.0.113.1"),
        ("Received: from x.example ([203.0.113.1]) by inbound.amazonses.com with SMTP", "203.0.113.1"),
        ("Received: from x.example ([203.0.113.1]) by mx.example.com with SMTP", None),
        ("Received: from x ([203.0.113.1]) by ec2-192-0-2-1.compute.amazonaws.com with SMTP", None),
        ("Received: from x ([203.0.113.1]) by mail-manager.example.com with SMTP", None),
        (f"Received: from x ([192.0.2.1]) by mx.example.com\r\nReceived: from y ([203.0.113.1]) {BY}", None),
        (f"Received: from x.example ([203.0.113.999]) {BY}", None),
        (f"Received: from x.example {BY}", None),
        (f"X-Received: from x.example ([203.0.113.1]) {BY}", None),
        (f"Subject: Hello\r\n\r\nReceived: from x.example ([203.0.113.1]) {BY}", None),
        ("", None),
    ],
)
def test_the_topmost_received_field_tells_the_clients_address_if_it_is_amazons(
    header: str, expected: str | None
) -> None:
    assert arrivals.source_ip(header.encode() + b"\r\nSubject: x\r\n\r\nbody") == expected


@given(st.binary())
def test_any_bytes_tell_an_address_or_none(message: bytes) -> None:
    found = arrivals.source_ip(message)

    assert found is None or ipaddress.ip_address(found)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
parts = st.fixed_dictionaries(
    {
        "messageId": anything,
        "source": anything,
        "timestamp": anything | st.just("2026-11-24T11:00:02.028Z"),
        "recipients": anything | st.just(["anna@example.org"]),
        "action": anything | st.fixed_dictionaries({"functionArn": anything, "objectKey": anything}),
    }
)


@given(
    st.one_of(anything, parts.map(lambda fields: {"Records": [{"ses": {"mail": fields, "receipt": fields}}]}))
)
def test_any_event_is_understood_or_refused(event: Any) -> None:  # noqa: ANN401
    try:
        found = arrivals.read(event, f"{FUNCTION}:u-{'0' * 24}")
    except InvalidArrival:
        return
    assert all(arrival.recipients and arrival.message_id for arrival in found)
