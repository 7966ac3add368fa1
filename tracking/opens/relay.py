"""Apple's list of the addresses where its iCloud Private Relay comes out.

Apple publishes it as lines `prefix,country,region,city,`; what is asked at run time is a compiled file,
`relay.ranges` beside this module. Its numbers are unsigned and big-endian, so that an address can be compared
with it byte by byte, in place: nothing is read ahead of the first question.

| bytes | hold |
|---|---|
| 8 | `RELAYIP` and the format's version, 1 |
| 4 | how many ranges of IPv4 there are, n |
| 4 | how many of IPv6, m |
| 4 n | the first address of each IPv4 range, ascending |
| 4 n | the last one of each, in the same order |
| 16 m | the first address of each IPv6 range, ascending |
| 16 m | the last one of each |

The file is not part of the source: `python -m tracking.opens.relay egress-ip-ranges.csv` writes it.

Source: https://mask-api.icloud.com/egress-ip-ranges.csv
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Self

SHIPPED = Path(__file__).with_suffix(".ranges")
"""Where the compiled list is, if one was compiled before the deployment."""

_MAGIC = b"RELAYIP\x01"
_COUNT_BYTES = 4
_HEADER_BYTES = len(_MAGIC) + 2 * _COUNT_BYTES
_WIDTHS = {4: 4, 6: 16}
"""Bytes of an address by the version of IP."""


def compile_ranges(lines: Iterable[str]) -> bytes:
    """Turn Apple's list into the compiled form.

    Args:
        lines: The list's lines. Only the prefix before the first comma is read; empty lines are left out.

    Returns:
        What `Ranges.of` reads. Prefixes that touch or overlap have become one range.

    Raises:
        ValueError: A line does not begin with a prefix, or there is none; it says which line.
    """
    found: dict[int, list[tuple[int, int]]] = {version: [] for version in _WIDTHS}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        try:
            prefix = ip_network(text.partition(",")[0])
        except ValueError as error:
            raise ValueError(f"line {number} does not begin with an IP prefix: {error}") from error
        found[prefix.version].append((int(prefix.network_address), int(prefix.broadcast_address)))
    if not any(found.values()):
        raise ValueError("there is no IP prefix in it")

    merged = {version: _merged(ranges) for version, ranges in found.items()}
    counts = [len(ranges).to_bytes(_COUNT_BYTES) for ranges in merged.values()]
    addresses = [
        _column(ends, width) for version, width in _WIDTHS.items() for ends in _ends(merged[version])
    ]
    return b"".join([_MAGIC, *counts, *addresses])


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _ends(ranges: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [first for first, _ in ranges], [last for _, last in ranges]


def _column(addresses: Iterable[int], width: int) -> bytes:
    return b"".join(address.to_bytes(width) for address in addresses)


@dataclass(frozen=True, slots=True)
class _Section:
    """The ranges of one version of IP: firsts from `start` on in `compiled`, the lasts after them."""

    compiled: bytes
    start: int
    count: int
    width: int

    def first(self, index: int) -> bytes:
        return self._address(index)

    def last(self, index: int) -> bytes:
        return self._address(self.count + index)

    def _address(self, index: int) -> bytes:
        begin = self.start + index * self.width
        return self.compiled[begin : begin + self.width]

    def contains(self, address: bytes) -> bool:
        index = bisect_right(range(self.count), address, key=self.first) - 1
        return index >= 0 and address <= self.last(index)

    def addresses(self) -> int:
        return sum(
            int.from_bytes(self.last(index)) - int.from_bytes(self.first(index)) + 1
            for index in range(self.count)
        )


@dataclass(frozen=True, slots=True)
class Ranges:
    """A compiled list."""

    _ipv4: _Section
    _ipv6: _Section

    @classmethod
    def of(cls, compiled: bytes) -> Self:
        """The ranges that `compile_ranges` returned.

        Raises:
            ValueError: These bytes are something else, another version's, or not all of it.
        """
        name = _MAGIC[:-1]
        if not compiled.startswith(name):
            raise ValueError("this is not a compiled list of Apple's relay ranges")
        if not compiled.startswith(_MAGIC):
            raise ValueError(
                "the list of Apple's relay ranges was compiled by another version: compile it again"
            )
        ipv4_count = int.from_bytes(compiled[len(_MAGIC) : len(_MAGIC) + _COUNT_BYTES])
        ipv6_count = int.from_bytes(compiled[len(_MAGIC) + _COUNT_BYTES : _HEADER_BYTES])
        ipv6_start = _HEADER_BYTES + 2 * _WIDTHS[4] * ipv4_count
        if len(compiled) != max(ipv6_start + 2 * _WIDTHS[6] * ipv6_count, _HEADER_BYTES):
            raise ValueError("the compiled list of Apple's relay ranges is damaged: compile it again")
        return cls(
            _Section(compiled, _HEADER_BYTES, ipv4_count, _WIDTHS[4]),
            _Section(compiled, ipv6_start, ipv6_count, _WIDTHS[6]),
        )

    def contains(self, address: str) -> bool:
        """Whether the relay comes out at an address; never for what is no address.

        Args:
            address: IPv4 or IPv6 as text. One of IPv4 that is written as IPv6, such as `::ffff:192.0.2.1`,
                counts as IPv4.
        """
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address):
            if parsed.ipv4_mapped is None:
                return self._ipv6.contains(parsed.packed)
            parsed = parsed.ipv4_mapped
        return self._ipv4.contains(parsed.packed)

    def __str__(self) -> str:
        return (
            f"{self._ipv4.addresses():,} IPv4 addresses in {self._ipv4.count:,} ranges, "
            f"{self._ipv6.addresses():.3g} IPv6 addresses in {self._ipv6.count:,} ranges"
        )


def is_relay(address: str | None) -> bool | None:
    """Whether Apple lists an address as one where its relay comes out.

    Returns:
        None if that cannot be said: the address is not known, or no list was compiled before the deployment.

    Raises:
        ValueError: The compiled list is damaged, or of another version.
    """
    ranges = _loaded(SHIPPED)
    return None if ranges is None or address is None else ranges.contains(address)


@cache
def _loaded(file: Path) -> Ranges | None:
    return Ranges.of(file.read_bytes()) if file.exists() else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Compile the list that Apple publishes.

    Args:
        arguments: The command line without the program's name; None for the process's own.
    """
    # Only this command needs them; a function asks and does not compile.
    import argparse
    import sys

    parser = argparse.ArgumentParser(
        "python -m tracking.opens.relay",
        description="Compile Apple's list of relay addresses for the next deployment.",
    )
    parser.add_argument("csv", type=Path, help="the file, as downloaded from Apple")
    source: Path = parser.parse_args(arguments).csv
    try:
        with source.open(encoding="utf-8", errors="replace") as lines:
            compiled = compile_ranges(lines)
    except OSError as error:
        sys.exit(f"{source} cannot be read: {error.strerror}")
    except ValueError as error:
        sys.exit(f"{source} is not Apple's list: {error}")
    # Written beside it and renamed: a deployment never finds half of it.
    draft = SHIPPED.with_name(f"{SHIPPED.name}.new")
    draft.write_bytes(compiled)
    draft.replace(SHIPPED)
    sys.stdout.write(f"{SHIPPED}: {Ranges.of(compiled)}\n")


if __name__ == "__main__":
    main()
