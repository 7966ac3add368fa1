from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tracking.mail import credentials
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus

CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def ranges(*ids: str) -> list[Credential]:
    return [Credential(CredentialKind.IP_ADDRESS, each, CREATED_AT) for each in ids]


def api_key(key: str, *permissions: str) -> Credential:
    return Credential(
        CredentialKind.API_KEY,
        credentials.api_key_id(key),
        CREATED_AT,
        secret_hash=credentials.hash_api_key(key),
        permissions=permissions,
    )


def test_a_credential_is_allowed_and_untracked_unless_it_is_said() -> None:
    (credential,) = ranges("192.0.2.1")

    assert credential.status is CredentialStatus.ALLOWED
    assert not credential.open_tracking_enabled


@given(st.binary(min_size=32, max_size=32))
def test_a_new_key_has_the_shape_of_a_key(random: bytes) -> None:
    key = credentials.new_api_key(random)

    assert credentials.is_api_key(key)
    assert credentials.holds_api_key(api_key(key), key)
    assert key.startswith(credentials.api_key_id(key))


@given(st.text())
def test_another_text_is_not_the_key(text: str) -> None:
    assert not credentials.holds_api_key(api_key("api-" + "A" * 32), text)
    assert not credentials.holds_api_key(ranges("192.0.2.1")[0], text)


@pytest.mark.parametrize(
    "text", ["", "api-", "api-" + "A" * 31, "api-" + "A" * 33, "api-" + "é" * 32, "api-" + "A" * 32 + "\n"]
)
def test_a_text_of_another_shape_is_no_key(text: str) -> None:
    assert not credentials.is_api_key(text)


@pytest.mark.parametrize(
    ("pattern", "endpoint", "may"),
    [
        ("*", "/email/send", True),
        ("/email/*", "/email/send", True),
        ("/email/send", "/email/send", True),
        ("/email/send", "/email/mime", False),
        ("/email/*", "/activity/search", False),
        ("/EMAIL/SEND", "/email/send", False),
    ],
)
def test_a_key_may_make_the_calls_that_its_permissions_cover(
    pattern: str, endpoint: str, *, may: bool
) -> None:
    assert credentials.may_call(api_key("api-" + "A" * 32, pattern), endpoint) is may


def test_a_key_without_permissions_may_make_no_call() -> None:
    assert not credentials.may_call(api_key("api-" + "A" * 32), "/email/send")


PERMISSIONS = st.text("ab/*", min_size=1, max_size=8)
CALLS = st.text("ab/", max_size=4)


@st.composite
def narrowed(draw: st.DrawFn, permission: str, fill: st.SearchStrategy[str]) -> str:
    """A permission with something in the place of each of its wildcards."""
    return "".join(draw(fill) if part == "*" else part for part in permission)


@given(st.lists(PERMISSIONS, min_size=1, max_size=4), st.data())
def test_a_permission_that_a_key_may_give_allows_no_call_that_it_may_not_make_itself(
    granter: list[str], data: st.DataObject
) -> None:
    key = api_key("api-" + "A" * 32, *granter)
    # Of permissions that have nothing to do with the key's, next to none may be given.
    given_on = data.draw(
        PERMISSIONS | st.sampled_from(granter).flatmap(lambda own: narrowed(own, PERMISSIONS))
    )
    assume(not credentials.beyond(key, [given_on]))

    call = data.draw(narrowed(given_on, CALLS))

    assert credentials.may_call(key, call)


@given(st.lists(PERMISSIONS, min_size=1, max_size=4), st.data())
def test_a_key_may_give_whatever_is_narrower_than_what_it_has(
    granter: list[str], data: st.DataObject
) -> None:
    key = api_key("api-" + "A" * 32, *granter)

    given_on = data.draw(narrowed(data.draw(st.sampled_from(granter)), PERMISSIONS))

    assert credentials.beyond(key, [given_on]) == []


def test_a_key_may_not_give_what_it_does_not_have() -> None:
    key = api_key("api-" + "A" * 32, "/email/*", "/users/smtp/view")

    wanted = ["/email/send", "*", "/users/*", "/email*", "/users/smtp/view", "/users/smtp/add"]

    assert credentials.beyond(key, wanted) == ["*", "/users/*", "/email*", "/users/smtp/add"]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.2", "10.0.0.0/24"),
        ("10.9.0.0", "10.0.0.0/8"),
        ("::ffff:10.0.0.2", "10.0.0.0/24"),
        ("2001:db8::1", "2001:db8::/32"),
    ],
)
def test_the_narrowest_range_that_covers_an_address_is_its_credential(address: str, found: str) -> None:
    known = ranges("10.0.0.0/8", "10.0.0.1", "10.0.0.0/24", "2001:db8::/32")

    credential = credentials.matching(address, known)

    assert credential
    assert credential.id == found


@given(st.ip_addresses().map(str))
def test_an_address_that_no_range_covers_has_no_credential(address: str) -> None:
    assert credentials.matching(address, []) is None
    assert credentials.matching(address, ranges("203.0.113.0/32")) is None or address == "203.0.113.0"
