"""Keys from Secrets Manager.

The pixel keys' secret is a JSON object, key id to key, both as text: `{"1": "..."}`. The highest id signs;
all of them verify.
"""

import hashlib
import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from tracking.errors import SettingsUnavailable
from tracking.storage.aws import raising

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

KEYS_REFRESHED_AFTER = timedelta(minutes=5)
"""How long a warm function keeps the keys that it read: a new key must not sign for longer unseen."""


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
        if time.monotonic() - self._read_at > KEYS_REFRESHED_AFTER.total_seconds():
            try:
                self._keys = self._read()
            except SettingsUnavailable:
                if not self._keys:
                    raise
            self._read_at = time.monotonic()
        return self._keys

    def signing(self) -> tuple[int, bytes]:
        """The newest key's id, and the key.

        Raises:
            SettingsUnavailable: They cannot be read, and never could.
        """
        return max(self.verifying().items())

    def _read(self) -> dict[int, bytes]:
        texts = json.loads(read_secret(self._secretsmanager, self._secret_id))
        return {int(key_id): hashlib.sha256(text.encode()).digest() for key_id, text in texts.items()}


def read_secret(secretsmanager: "SecretsManagerClient", secret_id: str) -> str:
    """A secret's text.

    Raises:
        SettingsUnavailable: It cannot be read.
    """
    with raising(SettingsUnavailable):
        return secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"]
