import pytest

from tests.functions.api.conftest import Api
from tests.functions.conftest import Cloud
from tracking.mail.credentials import CredentialKind


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("10.0.0.9/24", "10.0.0.0/24"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_an_address_is_kept_in_one_form_however_it_is_written(
    api: Api, cloud: Cloud, written: str, kept: str
) -> None:
    answer = api("/ip_auth/add", {"ip_address": written})

    (shown,) = answer.data["results"]
    assert (shown["ip_address"], shown["ip_addres"]) == (kept, kept)
    assert shown["email_password"] is None
    assert cloud.settings.credential(CredentialKind.IP_ADDRESS, kept)
    assert api("/ip_auth/view", {"ip_address": written}).data == answer.data
    assert api("/ip_auth/view").data == answer.data


def test_an_address_is_added_once_in_whatever_form(api: Api) -> None:
    api("/ip_auth/add", {"ip_address": "10.0.0.0/24"})

    assert api("/ip_auth/add", {"ip_address": "10.0.0.7/24"}).field == "ip_address"


def test_an_address_is_edited_and_removed_in_whatever_form(api: Api, cloud: Cloud) -> None:
    api("/ip_auth/add", {"ip_address": "10.0.0.0/24"})

    (edited,) = api("/ip_auth/edit", {"ip_address": "10.0.0.9/24", "status": "blocked"}, "PATCH").data
    assert (edited["ip_address"], edited["status"]) == ("10.0.0.0/24", "blocked")

    api("/ip_auth/remove", {"ip_address": "10.0.0.9/24"})
    assert cloud.settings.credentials(CredentialKind.IP_ADDRESS) == []
