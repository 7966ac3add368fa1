import pytest

from tracking.mail import addresses


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "ann.lee+news@mail.example.com",
        "o'neil@example.com",
        "a@xn--bcher-kva.example",
        "a" * 64 + "@b.c",
    ],
)
def test_a_usual_address_is_valid(address: str) -> None:
    assert addresses.is_valid(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.example",
        "a@",
        "a@b@c",
        "a b@c.example",
        "a@b..example",
        "a@-b.example",
        "a@b.example\n",
        "jürgen@example.com",
        "a@bücher.example",
        "a@[192.0.2.1]",
        "<a@b.example>",
        "a" * 65 + "@b.example",
        "a@" + "b" * 64 + ".example",
        "a@" + "b." * 127 + "example",
    ],
)
def test_what_ses_would_not_take_is_not_valid(address: str) -> None:
    assert not addresses.is_valid(address)


def test_spellings_of_an_address_have_one_key() -> None:
    assert addresses.key("Olga@Example.ORG") == addresses.key("olga@example.org")
    assert addresses.key("olga@example.org") != addresses.key("olga@example.com")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("Bob <bob@example.net>, carol@example.org", ["bob@example.net", "carol@example.org"]),
        ("undisclosed-recipients:;", []),
        ("friends: bob@example.net, carol@example.org;", ["bob@example.net", "carol@example.org"]),
        ('"Doe, Jane" <jane@example.com>,', ["jane@example.com"]),
        ("a@b@c <bob@example.net> @ x@", ["bob@example.net"]),
        ("(" * 5000 + "bob@example.net" + ")" * 5000, ["bob@example.net"]),
        (":" * 5000, []),
    ],
)
def test_addresses_are_found_in_a_text_however_damaged_it_is(text: str, found: list[str]) -> None:
    assert list(addresses.mentioned(text)) == found
