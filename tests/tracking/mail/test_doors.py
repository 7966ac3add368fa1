"""What doors are called, and whom the one for addresses lets in."""

import ipaddress
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import times
from tracking.mail import credentials, doors
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.doors import SLUG_FORM

CREATED_AT = datetime(2026, 11, 24, tzinfo=UTC)
ALICE = Credential(CredentialKind.SMTP_USER, "alice", CREATED_AT)


def address(
    network: str, status: CredentialStatus = CredentialStatus.ALLOWED, at: datetime = CREATED_AT
) -> Credential:
    return Credential(CredentialKind.IP_ADDRESS, network, at, status=status)


# Few addresses and long prefixes, so that ranges lie within each other.
networks = st.one_of(
    st.tuples(st.integers(0, 15), st.integers(26, 32)).map(
        lambda pair: ipaddress.ip_network((0xC6336400 + pair[0], pair[1]), strict=False)
    ),
    st.tuples(st.integers(0, 15), st.integers(122, 128)).map(
        lambda pair: ipaddress.ip_network((0x20010DB8 << 96 | pair[0], pair[1]), strict=False)
    ),
)
addresses = st.lists(
    st.builds(
        lambda network, status: address(str(network), status), networks, st.sampled_from(CredentialStatus)
    ),
    max_size=8,
    unique_by=lambda credential: ipaddress.ip_network(credential.id),
)
clients = st.one_of(
    st.integers(0, 20).map(lambda number: str(ipaddress.IPv4Address(0xC6336400 + number))),
    st.integers(0, 20).map(lambda number: str(ipaddress.IPv6Address((0x20010DB8 << 96) + number))),
)


def is_in(client: str, *found: doors.Network) -> bool:
    return any(ipaddress.ip_address(client) in network for network in found)


@given(st.sampled_from(CredentialKind), st.text(min_size=1, max_size=100), times)
def test_a_slug_has_its_form_whatever_the_credential(kind: CredentialKind, name: str, at: datetime) -> None:
    assert re.fullmatch(SLUG_FORM, doors.slug(Credential(kind, name, at)))


def test_a_slug_stays_when_the_credential_is_edited() -> None:
    edited = replace(ALICE, status=CredentialStatus.BLOCKED, secret_hash="another", description="New")

    assert doors.slug(edited) == doors.slug(ALICE)


@pytest.mark.parametrize(
    "other",
    [
        replace(ALICE, id="alicf"),
        replace(ALICE, kind=CredentialKind.IP_ADDRESS),
        replace(ALICE, created_at=CREATED_AT + timedelta(microseconds=1)),
    ],
)
def test_another_credential_or_one_that_was_added_anew_has_another_slug(other: Credential) -> None:
    assert doors.slug(other) != doors.slug(ALICE)


@given(addresses, clients)
def test_each_address_is_spoken_for_by_the_narrowest_range_and_no_other(
    known: list[Credential], client: str
) -> None:
    speaking = [
        each.credential
        for each in doors.ranges(known)
        if is_in(client, each.network) and not is_in(client, *each.narrower)
    ]

    expected = credentials.matching(client, known)
    assert speaking == ([expected] if expected else [])


@given(addresses, clients)
def test_exactly_those_are_admitted_whose_range_is_not_blocked(known: list[Credential], client: str) -> None:
    expected = credentials.matching(client, known)

    is_admitted = is_in(client, *doors.admitted(doors.ranges(known)))

    assert is_admitted is (expected is not None and expected.status is not CredentialStatus.BLOCKED)


def test_networks_side_by_side_are_admitted_as_one() -> None:
    known = [address("198.51.100.0/25"), address("198.51.100.128/25"), address("2001:db8::/32")]

    admitted = doors.admitted(doors.ranges(known))

    assert [str(network) for network in admitted] == ["198.51.100.0/24", "2001:db8::/32"]


def test_an_address_alone_is_a_network_of_one() -> None:
    (alone,) = doors.ranges([address("192.0.2.1")])

    assert doors.cidr(alone.network) == "192.0.2.1/32"


@pytest.mark.parametrize(
    ("network", "written"),
    [
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("2001:db8::/32", "2001:0db8:0000:0000:0000:0000:0000:0000/32"),
        ("::ffff:1.2.3.4/128", "0000:0000:0000:0000:0000:ffff:0102:0304/128"),
    ],
)
def test_a_network_is_written_as_mail_manager_reads_it(network: str, written: str) -> None:
    assert doors.cidr(ipaddress.ip_network(network)) == written
