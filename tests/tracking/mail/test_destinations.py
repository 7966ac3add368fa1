import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracking.errors import ForbiddenDestination
from tracking.mail.destinations import Destination, check_addresses, destination, is_public

PORTS = (443, 8443)

HTTPS = "must begin with https://"
HOST = "must name a host"
USER = "no user name and password"
ASCII = "ASCII and without blanks"
NAME = "must be a name of letters"
LENGTH = "needs 1 to 63 before and after each dot"
PORT = "is not open to webhooks; these are: 443, 8443"
NO_NAME = "four decimal numbers"
NO_DOT = "no public name"
PRIVATE = "is not a public address"

INSIDE = [
    # Other schemes.
    ("http://example.com/", HTTPS),
    ("HTTP://example.com/", HTTPS),
    ("ftp://example.com/", HTTPS),
    ("file:///etc/passwd", HTTPS),
    ("gopher://127.0.0.1:6379/_FLUSHALL", HTTPS),
    ("javascript:alert(1)", HTTPS),
    ("//example.com/", HTTPS),
    ("example.com", HTTPS),
    ("", ASCII),
    ("http://example.com:443/", HTTPS),
    # No host.
    ("https:", HTTPS),
    ("https:/example.com/", HTTPS),
    ("https:example.com", HTTPS),
    ("https:///example.com/", HOST),
    ("https://", HOST),
    ("https://?@example.com/", HOST),
    ("https://#example.com/", HOST),
    # Addresses inside.
    ("https://127.0.0.1/", PRIVATE),
    ("https://127.255.255.254/", PRIVATE),
    ("https://0.0.0.0/", PRIVATE),
    ("https://10.0.0.1/", PRIVATE),
    ("https://172.16.0.1/", PRIVATE),
    ("https://192.168.0.1/", PRIVATE),
    ("https://100.64.0.1/", PRIVATE),
    ("https://100.100.100.200/", PRIVATE),
    ("https://169.254.169.254/latest/meta-data/", PRIVATE),
    ("https://169.254.170.2/v2/credentials/", PRIVATE),
    ("https://192.0.0.192/", PRIVATE),
    ("https://192.88.99.1/", PRIVATE),
    ("https://198.18.0.1/", PRIVATE),
    ("https://224.0.0.1/", PRIVATE),
    ("https://255.255.255.255/", PRIVATE),
    ("https://[::]/", PRIVATE),
    ("https://[::1]/", PRIVATE),
    ("https://[0:0:0:0:0:0:0:1]/", PRIVATE),
    ("https://[::127.0.0.1]/", PRIVATE),
    ("https://[::ffff:127.0.0.1]/", PRIVATE),
    ("https://[::ffff:7f00:1]/", PRIVATE),
    ("https://[::FFFF:1.1.1.1]/", PRIVATE),
    ("https://[64:ff9b::10.0.0.1]/", PRIVATE),
    ("https://[64:ff9b:1::a9fe:a9fe]/", PRIVATE),
    ("https://[2002:7f00:1::]/", PRIVATE),
    ("https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", PRIVATE),
    ("https://[fe80::1]/", PRIVATE),
    ("https://[fec0::1]/", PRIVATE),
    ("https://[fc00::1]/", PRIVATE),
    ("https://[fd00:ec2::254]/latest/meta-data/", PRIVATE),
    ("https://[ff02::1]/", PRIVATE),
    # Addresses that are written unusually, and names of this machine.
    ("https://2130706433/", NO_NAME),
    ("https://0x7f000001/", NO_NAME),
    ("https://0x7f.1/", NO_NAME),
    ("https://0177.0.0.1/", NO_NAME),
    ("https://017700000001/", NO_NAME),
    ("https://127.1/", NO_NAME),
    ("https://127.0.1/", NO_NAME),
    ("https://169.254.43518/", NO_NAME),
    ("https://0/", NO_NAME),
    ("https://1.2.3.4.5/", NO_NAME),
    ("https://300.1.1.1/", NO_NAME),
    ("https://1.1.1.0x/", NO_NAME),
    ("https://localhost/", NO_DOT),
    ("https://LOCALHOST/", NO_DOT),
    ("https://metadata/", NO_DOT),
    # Other readings of where the host is.
    ("https://user@example.com/", USER),
    ("https://user:password@example.com/", USER),
    ("https://example.com@127.0.0.1/", USER),
    ("https://example.com:443@127.0.0.1/", USER),
    ("https://127.0.0.1@example.com/", USER),
    ("https://@127.0.0.1/", USER),
    ("https://a@b@127.0.0.1/", USER),
    ("https://127.0.0.1#@example.com/", PRIVATE),
    ("https://127.0.0.1?@example.com/", PRIVATE),
    ("https://127.0.0.1/@example.com/", PRIVATE),
    (r"https://example.com\@127.0.0.1/", USER),
    (r"https://127.0.0.1\@example.com/", USER),
    (r"https://example.com\.127.0.0.1/", NAME),
    (r"https:\\127.0.0.1/", HTTPS),
    ("https://example.com%2f@127.0.0.1/", USER),
    ("https://example.com%00.example.net/", NAME),
    ("https://%31%32%37.0.0.1/", NAME),
    ("https://exa mple.com/", ASCII),
    (" https://127.0.0.1/", ASCII),
    ("https://example.com/\n", ASCII),
    ("https://127.0.0.1\t.example.com/", ASCII),
    ("https://example.com/\r\nHost: 127.0.0.1", ASCII),
    ("https://example.com\0.example.net/", ASCII),
    ("https://bücher.example/", ASCII),
    ("https://①②⑦.0.0.1/", ASCII),
    ("https://127。0。0。1/", ASCII),
    ("https://example.com\u200b/", ASCII),
    ("https://[fe80::1%25eth0]/", NAME),
    ("https://[2606:4700:4700::1111%eth0]/", NAME),
    ("https://[127.0.0.1]/", NAME),
    ("https://[example.com]/", NAME),
    ("https://[v1.fe80::a]/", NAME),
    ("https://[::1/", NAME),
    ("https://::1/", NAME),
    ("https://[1:2]/", NAME),
    ("https://[2606:4700:4700::1111]x/", NAME),
    ("https://example.com,127.0.0.1/", NAME),
    ("https://example.com;127.0.0.1/", NAME),
    ("https://*.example.com/", NAME),
    # Labels.
    ("https://127.0.0.1./", LENGTH),
    ("https://localhost./", LENGTH),
    ("https://example.com./", LENGTH),
    ("https://.example.com/", LENGTH),
    ("https://example..com/", LENGTH),
    ("https://./", LENGTH),
    (f"https://{'a' * 64}.example.com/", LENGTH),
    (f"https://{'a.' * 126}com/", LENGTH),
    # Ports.
    ("https://example.com:22/", PORT),
    ("https://example.com:80/", PORT),
    ("https://example.com:0/", PORT),
    ("https://example.com:65536/", PORT),
    ("https://example.com:99999/", PORT),
    ("https://example.com:/", NAME),
    ("https://example.com:-1/", NAME),
    ("https://example.com:+443/", NAME),
    ("https://example.com:443:22/", NAME),
    ("https://example.com:000443/", NAME),
    ("https://example.com:https/", NAME),
]


@pytest.mark.parametrize(("url", "reason"), INSIDE)
def test_a_url_that_is_a_way_inside_is_refused_and_why_is_told(url: str, reason: str) -> None:
    with pytest.raises(ForbiddenDestination, match=re.escape(reason)):
        destination(url, PORTS)


@pytest.mark.parametrize(
    ("url", "found", "authority"),
    [
        ("https://example.com", Destination("https", "example.com", 443, "/", False), "example.com"),
        (
            "HTTPS://Example.COM:443?a=b",
            Destination("https", "example.com", 443, "/?a=b", False),
            "example.com",
        ),
        (
            "https://xn--bcher-kva.example:8443/a/b;c?d=%20&e=@f#g",
            Destination("https", "xn--bcher-kva.example", 8443, "/a/b;c?d=%20&e=@f", False),
            "xn--bcher-kva.example:8443",
        ),
        (
            "https://_a.b-c.example/",
            Destination("https", "_a.b-c.example", 443, "/", False),
            "_a.b-c.example",
        ),
        ("https://1.1.1.1/", Destination("https", "1.1.1.1", 443, "/", False), "1.1.1.1"),
        (
            "https://[2606:4700:4700:0::1111]:8443/",
            Destination("https", "2606:4700:4700::1111", 8443, "/", False),
            "[2606:4700:4700::1111]:8443",
        ),
        (
            "https://example.com#@127.0.0.1/",
            Destination("https", "example.com", 443, "/", False),
            "example.com",
        ),
    ],
)
def test_a_url_that_leads_out_says_where(url: str, found: Destination, authority: str) -> None:
    assert destination(url, PORTS) == found
    assert found.authority == authority


def test_the_port_of_https_needs_no_naming() -> None:
    assert destination("https://example.com/", ()).port == 443


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ("https://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ("http://LocalHost/x", "localhost"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ],
)
def test_an_exempt_host_may_be_anything(url: str, authority: str) -> None:
    found = destination(url, (), {"127.0.0.1:8080", "localhost:80", "[::1]:8080"})

    assert found.is_exempt
    assert found.authority == authority


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8081/", "http://user@127.0.0.1:8080/", "ftp://127.0.0.1:8080/"]
)
def test_what_is_like_an_exempt_host_is_not_exempt(url: str) -> None:
    with pytest.raises(ForbiddenDestination):
        destination(url, (), {"127.0.0.1:8080"})


pieces = st.sampled_from(
    [
        "https://",
        "http://",
        "example.com",
        "127.0.0.1",
        "[::1]",
        "[",
        "]",
        "@",
        ":",
        ":443",
        "/",
        "\\",
        "?",
        "#",
        "%",
        ".",
    ]
)


@given(st.text() | st.text().map("https://{}".format) | st.lists(pieces | st.text(max_size=3)).map("".join))
@example("https://[\ud800]/")
@example("https://[::ffff:1.2.3.4]:٣/")
def test_any_text_is_a_destination_or_forbidden(url: str) -> None:
    try:
        found = destination(url, PORTS)
    except ForbiddenDestination:
        return

    assert found.scheme == "https"
    assert found.port in PORTS
    assert re.fullmatch("[a-z0-9_.:-]+", found.host)
    assert re.fullmatch("/[!-~]*", found.target)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - it is refused.
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.19.255.255",
        "203.0.113.1",
        "224.1.1.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::1.1.1.1",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:1::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:101:101::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700:4700::1111%1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "",
        "example.com",
        "127.1",
    ],
)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860::1"],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_a_public_address_is_global_and_no_other_address_in_disguise(
    address: IPv4Address | IPv6Address,
) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_private
    if isinstance(address, IPv6Address) and is_public(str(address)):
        assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)
        assert address in ip_network("2000::/3")


@given(
    st.ip_addresses(v=4), st.sampled_from(["::{}", "::ffff:{}", "64:ff9b::{}", "64:ff9b:1::{}", "2002:{}::"])
)
def test_an_ipv4_address_inside_an_ipv6_one_is_never_public(address: IPv4Address, form: str) -> None:
    text = f"{int(address) >> 16:x}:{int(address) & 0xFFFF:x}" if form.startswith("2002") else address

    assert not is_public(form.format(text))


@given(st.lists(st.ip_addresses().map(str), min_size=1))
def test_a_name_leads_to_its_first_address_or_nowhere(addresses: list[str]) -> None:
    try:
        found = check_addresses("example.com", addresses)
    except ForbiddenDestination:
        assert not all(map(is_public, addresses))
        return

    assert found == addresses[0]
    assert all(map(is_public, addresses))
    assert ip_address(found).is_global


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    with pytest.raises(
        ForbiddenDestination, match=r"^a\.example leads to 10\.0\.0\.1, which is not a public"
    ):
        check_addresses("a.example", ["1.1.1.1", "10.0.0.1"])
