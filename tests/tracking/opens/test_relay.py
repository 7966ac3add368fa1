"""Which addresses are Apple's relay."""

import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tracking.opens import relay
from tracking.opens.relay import Ranges, compile_ranges, is_relay

APPLES = (
    "172.224.226.0/31,GB,GB-EN,London,",
    "172.224.226.2/31,GB,GB-SCT,Glasgow,",
    "104.28.129.23/32,DE,DE-BE,Berlin,",
    "2a02:26f7:b3c0:4000::/64,AT,AT-9,Vienna,",
    "2a04:4e41:0064:0011::/64,FR,,,",
)
"""Lines as Apple writes them."""


def networks(addresses: SearchStrategy[int], bits: int) -> SearchStrategy[IPv4Network | IPv6Network]:
    kind = IPv4Network if bits == 32 else IPv6Network
    return st.builds(
        lambda address, length: kind((address >> (bits - length) << (bits - length), length)),
        addresses,
        st.integers(bits - 10, bits),
    )


# Close together, so that prefixes touch and overlap and addresses fall into them.
ipv4_numbers = st.integers(2**31 - 1500, 2**31 + 1500)
ipv6_numbers = st.integers(2**125 - 1500, 2**125 + 1500)
prefixes = st.lists(networks(ipv4_numbers, 32) | networks(ipv6_numbers, 128), min_size=1, max_size=30)
addresses = (ipv4_numbers | ipv6_numbers).map(ip_address) | st.ip_addresses()


@given(prefixes, st.lists(addresses, max_size=30))
def test_an_address_is_contained_exactly_if_a_prefix_has_it(
    prefixes: list[IPv4Network | IPv6Network], addresses: list[IPv4Address | IPv6Address]
) -> None:
    ranges = Ranges.of(compile_ranges(f"{prefix},DE,DE-BE,Berlin," for prefix in prefixes))

    for address in addresses:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        assert ranges.contains(str(address)) == any((mapped or address) in prefix for prefix in prefixes)


@given(prefixes)
def test_the_first_and_the_last_address_of_a_prefix_are_contained(
    prefixes: list[IPv4Network | IPv6Network],
) -> None:
    ranges = Ranges.of(compile_ranges(map(str, prefixes)))

    assert all(ranges.contains(str(prefix[0])) and ranges.contains(str(prefix[-1])) for prefix in prefixes)


@given(prefixes, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_lines_matters(
    prefixes: list[IPv4Network | IPv6Network], random: Random
) -> None:
    lines = [str(prefix) for prefix in prefixes]
    shuffled = lines * 2
    random.shuffle(shuffled)

    assert compile_ranges(shuffled) == compile_ranges(lines)


@given(st.text())
def test_what_is_no_address_is_not_contained(text: str) -> None:
    everything = Ranges.of(compile_ranges(["0.0.0.0/0", "::/0"]))

    try:
        ip_address(text)
    except ValueError:
        assert not everything.contains(text)


@pytest.mark.parametrize(
    ("address", "contained"),
    [
        ("172.224.225.255", False),
        ("172.224.226.0", True),
        ("172.224.226.3", True),
        ("172.224.226.4", False),
        ("104.28.129.23", True),
        ("::ffff:104.28.129.23", True),
        ("::ffff:104.28.129.24", False),
        ("2a02:26f7:b3c0:4000::", True),
        ("2a02:26F7:B3C0:4000:FFFF:FFFF:FFFF:FFFF", True),
        ("2a02:26f7:b3c0:4001::", False),
        ("::", False),
        ("255.255.255.255", False),
        ("", False),
        ("104.28.129.23 ", False),
        ("104.28.129.23:443", False),
        ("104.28.129.023", False),
        ("mail.example.org", False),
        ("\0", False),
    ],
)
def test_an_address_is_contained_or_not(address: str, contained: bool) -> None:
    assert Ranges.of(compile_ranges(APPLES)).contains(address) is contained


def test_prefixes_that_touch_become_one_range() -> None:
    apart = compile_ranges(["192.0.2.0/25", "192.0.2.128/26", "192.0.2.192/26", "198.51.100.0/24"])
    together = compile_ranges(["192.0.2.0/24", "198.51.100.0/24"])

    assert apart == together


def test_a_list_of_one_version_of_ip_is_a_list() -> None:
    ranges = Ranges.of(compile_ranges(["2001:db8::/64"]))

    assert ranges.contains("2001:db8::1")
    assert not ranges.contains("192.0.2.1")


@pytest.mark.parametrize(
    "line",
    [
        "prefix,country",
        "<!DOCTYPE html>",
        "192.0.2.1/24,GB",
        "192.0.2.0/33,GB",
        ",GB,GB-EN,London,",
        "\ufffd",
    ],
)
def test_a_bad_line_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match="line 3 does not begin with an IP prefix"):
        compile_ranges([APPLES[0], "", line, APPLES[1]])


@pytest.mark.parametrize("lines", [[], ["", "\n"]])
def test_an_empty_list_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="no IP prefix"):
        compile_ranges(lines)


@pytest.mark.parametrize(
    ("compiled", "reason"),
    [
        (b"", "not a compiled list"),
        (b"172.224.226.0/31,GB,GB-EN,London,\n", "not a compiled list"),
        (b"RELAYIP\x02" + bytes(8), "another version"),
        (b"RELAYIP\x01", "damaged"),
        (b"RELAYIP\x01" + bytes(7), "damaged"),
        (compile_ranges(APPLES)[:-1], "damaged"),
        (compile_ranges(APPLES) + b"\0", "damaged"),
    ],
)
def test_another_file_is_refused(compiled: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Ranges.of(compiled)


@given(st.binary(max_size=100))
def test_bytes_are_a_list_or_refused_for_a_reason(compiled: bytes) -> None:
    for candidate in (compiled, b"RELAYIP\x01" + compiled):
        try:
            ranges = Ranges.of(candidate)
        except ValueError:
            continue

        assert ranges.contains("192.0.2.1") in {True, False}


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(relay, "SHIPPED", tmp_path / "relay.ranges")
    relay._loaded.cache_clear()
    yield relay.SHIPPED
    relay._loaded.cache_clear()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    file = tmp_path / "egress-ip-ranges.csv"
    file.write_text("".join(f"{line}\n" for line in APPLES), encoding="utf-8")
    return file


@pytest.mark.usefixtures("shipped")
def test_without_a_list_nothing_is_said_of_an_address() -> None:
    assert is_relay("104.28.129.23") is None


@pytest.mark.parametrize(("address", "said"), [("104.28.129.23", True), ("192.0.2.1", False), (None, None)])
def test_with_a_list_an_address_is_the_relays_or_not(
    shipped: Path, address: str | None, said: bool | None
) -> None:
    shipped.write_bytes(compile_ranges(APPLES))

    assert is_relay(address) is said


def test_the_list_is_beside_the_module_so_that_a_zip_holds_it() -> None:
    assert Path(relay.__file__).with_suffix(".ranges") == relay.SHIPPED


def test_the_command_writes_the_list_and_says_how_much_it_holds(
    shipped: Path, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.main([str(published)])

    assert is_relay("172.224.226.1")
    assert sorted(file.name for file in shipped.parent.iterdir()) == [published.name, shipped.name]
    assert "5 IPv4 addresses in 2 ranges, 3.69e+19 IPv6 addresses in 2 ranges" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b"<!DOCTYPE html>\n", "is not Apple's list: line 1 does not begin with an IP prefix"),
        (b"\xff\xfe\0\n", "is not Apple's list: line 1"),
        (b"", "is not Apple's list: there is no IP prefix in it"),
    ],
)
def test_the_command_says_what_is_wrong_and_keeps_the_list_that_was_there(
    shipped: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    shipped.write_bytes(b"the list that was there")
    if content is not None:
        (tmp_path / "download").write_bytes(content)

    with pytest.raises(SystemExit, match=said):
        relay.main([str(tmp_path / "download")])

    assert shipped.read_bytes() == b"the list that was there"


def test_the_module_is_a_command(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603 -- this Python, with the project's own module
        [sys.executable, "-m", "tracking.opens.relay", str(tmp_path / "nothing.csv")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.endswith("nothing.csv cannot be read: No such file or directory\n")
