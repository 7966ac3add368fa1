import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.opens.viewers import address, viewer_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198.51.100.7:46532", "198.51.100.7"),
        ("2001:db8::7:46532", "2001:db8::7"),
        ("2001:0DB8:0:0:0:0:0:7:46532", "2001:db8::7"),
        ("[2001:db8::7]:46532", "2001:db8::7"),
        ("", None),
        ("198.51.100.7", None),
        ("somebody:1", None),
        ("198.51.100.7, 192.0.2.1:1", None),
    ],
)
def test_a_viewers_address_is_what_stands_before_the_port(text: str, expected: str | None) -> None:
    assert viewer_address(text) == expected


@given(st.ip_addresses(), st.integers(0, 65535))
def test_every_address_is_found(viewer: object, port: int) -> None:
    assert viewer_address(f"{viewer}:{port}") == str(viewer)


@given(st.text())
def test_whatever_a_header_says_is_an_address_or_nothing(text: str) -> None:
    found = viewer_address(text)

    assert found is None or found == address(found)
