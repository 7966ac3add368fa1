import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest
from boto3 import Session

from tracking.errors import SettingsUnavailable
from tracking.storage import secrets
from tracking.storage.secrets import KEYS_REFRESHED_AFTER, KEYS_RENEWED_AFTER, Authorizations, PixelKeys

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


@pytest.fixture
def secretsmanager(session: Session) -> "SecretsManagerClient":
    client = session.client("secretsmanager")
    client.create_secret(Name="keys", SecretString=json.dumps({"1": "old", "12": "new", "2": "middle"}))
    return client


def key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_the_key_of_the_highest_id_signs_and_all_verify(secretsmanager: "SecretsManagerClient") -> None:
    keys = PixelKeys(secretsmanager, "keys")

    assert keys.signing() == (12, key("new"))
    assert keys.verifying() == {1: key("old"), 2: key("middle"), 12: key("new")}


def grow_old(keys: PixelKeys, seconds: float) -> None:
    keys._read_at -= seconds


def test_keys_are_read_again_after_a_while_and_not_before(secretsmanager: "SecretsManagerClient") -> None:
    keys = PixelKeys(secretsmanager, "keys")
    keys.verifying()
    secretsmanager.put_secret_value(SecretId="keys", SecretString='{"13": "newest"}')

    grow_old(keys, KEYS_REFRESHED_AFTER.total_seconds() / 2)
    assert keys.signing() == (12, key("new"))

    grow_old(keys, KEYS_REFRESHED_AFTER.total_seconds() / 2)
    assert keys.signing() == (13, key("newest"))


def test_keys_that_cannot_be_read_again_stay_as_they_were(secretsmanager: "SecretsManagerClient") -> None:
    keys = PixelKeys(secretsmanager, "keys")
    keys.verifying()
    secretsmanager.delete_secret(SecretId="keys", ForceDeleteWithoutRecovery=True)

    grow_old(keys, KEYS_REFRESHED_AFTER.total_seconds())

    assert keys.signing() == (12, key("new"))


def test_keys_that_never_could_be_read_are_one_error(secretsmanager: "SecretsManagerClient") -> None:
    with pytest.raises(SettingsUnavailable):
        PixelKeys(secretsmanager, "missing").verifying()


def test_keys_are_renewed_sooner_for_a_token_of_a_new_one_and_not_for_each(
    secretsmanager: "SecretsManagerClient",
) -> None:
    keys = PixelKeys(secretsmanager, "keys")
    keys.verifying()
    secretsmanager.put_secret_value(SecretId="keys", SecretString='{"13": "newest"}')

    assert 13 not in keys.renewed()

    grow_old(keys, KEYS_RENEWED_AFTER.total_seconds())
    assert keys.renewed() == {13: key("newest")}


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"one": "key"}', '{"1": 7}'])
def test_a_secret_of_another_shape_is_one_error(secretsmanager: "SecretsManagerClient", text: str) -> None:
    secretsmanager.put_secret_value(SecretId="keys", SecretString=text)

    with pytest.raises(SettingsUnavailable):
        PixelKeys(secretsmanager, "keys").verifying()


def test_a_secret_is_read_as_text(secretsmanager: "SecretsManagerClient") -> None:
    assert json.loads(secrets.read_secret(secretsmanager, "keys"))["1"] == "old"


def test_each_authorization_of_an_endpoint_is_a_secret_of_its_own_until_it_is_removed(
    secretsmanager: "SecretsManagerClient",
) -> None:
    authorizations = Authorizations(secretsmanager, "Stack/webhooks/")

    first, second = (authorizations.add(1, value) for value in ("Bearer one", "Basic b25l"))

    assert [secrets.read_secret(secretsmanager, name) for name in (first, second)] == [
        "Bearer one",
        "Basic b25l",
    ]
    authorizations.remove(first)
    authorizations.remove(first)
    with pytest.raises(SettingsUnavailable):
        secrets.read_secret(secretsmanager, first)
    assert secrets.read_secret(secretsmanager, second) == "Basic b25l"


def test_the_name_of_an_authorization_tells_whose_it_is_and_does_not_end_like_an_arn(
    secretsmanager: "SecretsManagerClient",
) -> None:
    name = Authorizations(secretsmanager, "Stack/webhooks/").add(7, "Bearer one")

    # Source: Secrets Manager's reference, CreateSecret: no name should end with a hyphen and six characters.
    assert re.fullmatch("Stack/webhooks/7-[0-9a-f]{32}", name)


def test_authorizations_that_cannot_be_reached_are_one_error(session: Session) -> None:
    unreachable = session.client("secretsmanager", endpoint_url="http://127.0.0.1:9")
    authorizations = Authorizations(unreachable, "Stack/webhooks/")

    for call in (
        lambda: authorizations.add(1, "Bearer one"),
        lambda: authorizations.remove("Stack/webhooks/1-0"),
        lambda: secrets.read_secret(unreachable, "Stack/webhooks/1-0"),
    ):
        with pytest.raises(SettingsUnavailable):
            call()
