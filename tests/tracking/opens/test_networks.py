"""Whose networks the table knows."""

import csv
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from tracking.opens import networks
from tracking.opens.networks import Kind, network

TABLE = Path(networks.__file__).with_suffix(".csv")
COLUMNS = ["asn", "owner", "kind", "source", "date"]
MAX_ASN = 2**32 - 1
"""Source: RFC 6793, section 3."""

PRIVATE_ASNS = range(64512, 65536)
"""Source: RFC 6996, section 5."""


@pytest.fixture(scope="module")
def rows() -> list[Mapping[str, str]]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_table_has_the_columns_that_it_says(rows: list[Mapping[str, str]]) -> None:
    assert all(list(row) == COLUMNS for row in rows)


def test_every_row_is_complete_and_without_space_around_a_field(rows: list[Mapping[str, str]]) -> None:
    assert all(row[column] and row[column] == row[column].strip() for row in rows for column in COLUMNS)


def test_no_field_needs_quoting() -> None:
    text = TABLE.read_text(encoding="utf-8")

    assert '"' not in text
    assert all(line.count(",") == len(COLUMNS) - 1 for line in text.splitlines())


def test_the_numbers_are_public_ones_each_once_and_in_order(rows: list[Mapping[str, str]]) -> None:
    asns = [int(row["asn"]) for row in rows]

    assert asns == sorted(set(asns))
    assert all(0 < asn < MAX_ASN and asn not in PRIVATE_ASNS for asn in asns)


def test_every_kind_is_known_and_every_known_kind_is_there(rows: list[Mapping[str, str]]) -> None:
    assert {row["kind"] for row in rows} == set(Kind)


def test_every_row_says_when_it_was_checked(rows: list[Mapping[str, str]]) -> None:
    assert all(date.fromisoformat(row["date"]).isoformat() == row["date"] for row in rows)


def test_every_row_is_found_by_its_number(rows: list[Mapping[str, str]]) -> None:
    for row in rows:
        found = network(int(row["asn"]))

        assert found is not None
        assert (str(found.asn), found.owner, found.kind) == (row["asn"], row["owner"], row["kind"])


@pytest.mark.parametrize(
    ("asn", "owner", "kind"),
    [
        (36183, "Akamai", Kind.RELAY),
        (13335, "Cloudflare", Kind.RELAY),
        (714, "Apple", Kind.APPLE),
        (15169, "Google", Kind.MAIL_PROVIDER),
        (396982, "Google Cloud", Kind.HOSTING),
        (8075, "Microsoft", Kind.MAIL_PROVIDER),
        (36647, "Yahoo", Kind.MAIL_PROVIDER),
        (11403, "NYI", Kind.MAIL_PROVIDER),
        (30031, "Mimecast", Kind.SECURITY),
        (22616, "Zscaler", Kind.CORPORATE_PROXY),
        (16509, "Amazon Web Services", Kind.HOSTING),
    ],
)
def test_a_network_has_its_owner_and_kind(asn: int, owner: str, kind: Kind) -> None:
    found = network(asn)

    assert found == networks.Network(asn, owner, kind)


@pytest.mark.parametrize("asn", [None, 0, -1, 64512, 3320])
def test_a_network_that_is_not_in_the_table_is_none(asn: int | None) -> None:
    assert network(asn) is None


def test_the_file_is_not_read_before_it_is_asked_for() -> None:
    program = "from tracking.opens import networks; print(networks._table.cache_info().currsize)"

    said = subprocess.run(  # noqa: S603 -- this Python, with a program from this test
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert said.stdout == "0\n"
