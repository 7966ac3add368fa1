"""Keys in Secrets Manager, and what webhooks are authorised by.

The pixel keys' secret is a JSON object, key id to key, both as text: `{"1": "..."}`. The highest id signs;
all of them verify. An endpoint's secret is the whole value of its Authorization header; none is ever written
twice, so that one that was made for a URL is never sent to another.
"""

import hashlib
import json
import time
from contextlib import suppress
from datetime import timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from tracking.errors import SettingsUnavailable
from tracking.storage.aws import raising

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

KEYS_REFRESHED_AFTER = timedelta(minutes=5)
"""How long a warm function keeps the keys that it read."""

KEYS_RENEWED_AFTER = timedelta(seconds=5)
"""How old the keys must be before `renewed` reads them again: made-up key ids must not cost a call each."""


_NAME_BYTES = 16


class PixelKeys:
    """The keys that sign tokens, read once and again after `KEYS_REFRESHED_AFTER`."""

    def __init__(self, secretsmanager: "SecretsManagerClient", secret_id: str) -> None:
        self._secretsmanager = secretsmanager
        self._secret_id = secret_id
        self._keys: dict[int, bytes] = {}
        self._read_at = float("-inf")

    def verifying(self) -> dict[int, bytes]:
        """All keys, 32 bytes each, by key id.

        Raises:
            SettingsUnavailable: They cannot be read, and never could.
        """
        if self._is_older_than(KEYS_REFRESHED_AFTER):
            try:
                self._keys = self._read()
            except SettingsUnavailable:
                if not self._keys:
                    raise
            self._read_at = time.monotonic()
        return self._keys

    def renewed(self) -> dict[int, bytes]:
        """All keys again, for a token whose key is not among them: it may be a new one.

        Raises:
            SettingsUnavailable: They cannot be read now, so nobody knows.
        """
        if self._is_older_than(KEYS_RENEWED_AFTER):
            self._keys, self._read_at = self._read(), time.monotonic()
        return self._keys

    def _is_older_than(self, age: timedelta) -> bool:
        return time.monotonic() - self._read_at > age.total_seconds()

    def signing(self) -> tuple[int, bytes]:
        """The newest key's id, and the key.

        Raises:
            SettingsUnavailable: They cannot be read, and never could.
        """
        return max(self.verifying().items())

    def _read(self) -> dict[int, bytes]:
        secret = read_secret(self._secretsmanager, self._secret_id)
        try:
            texts = json.loads(secret)
            return {int(key_id): hashlib.sha256(text.encode()).digest() for key_id, text in texts.items()}
        except (ValueError, AttributeError) as error:
            raise SettingsUnavailable("the pixel keys' secret is not an object of texts by key id") from error


class Authorizations:
    """What the endpoints' Authorization headers say: a secret for each value that one ever had."""

    def __init__(self, secretsmanager: "SecretsManagerClient", prefix: str) -> None:
        """Secrets whose names begin with the prefix and the endpoint's id."""
        self._secretsmanager = secretsmanager
        self._prefix = prefix

    def add(self, endpoint_id: int, authorization: str) -> str:
        """Keep a header's value in a new secret.

        Returns:
            The secret's name, which `read_secret` takes.

        Raises:
            SettingsUnavailable: It is not known to be stored.
        """
        name = f"{self._prefix}{endpoint_id}-{token_hex(_NAME_BYTES)}"
        with raising(SettingsUnavailable):
            self._secretsmanager.create_secret(Name=name, SecretString=authorization)
        return name

    def remove(self, name: str) -> None:
        """Forget a header's value, at once and for good; nothing happens if it is gone.

        Raises:
            SettingsUnavailable: It cannot be removed.
        """
        missing = self._secretsmanager.exceptions.ResourceNotFoundException
        with raising(SettingsUnavailable), suppress(missing):
            self._secretsmanager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def read_secret(secretsmanager: "SecretsManagerClient", secret_id: str) -> str:
    """A secret's text.

    Raises:
        SettingsUnavailable: It cannot be read.
    """
    with raising(SettingsUnavailable):
        return secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"]
