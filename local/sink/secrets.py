"""The secrets that webhooks may be signed with, one a line in a file."""

from collections.abc import Mapping
from pathlib import Path

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError


class Secrets:
    """All secrets of one file, which is created if need be."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self._file = file
        self._secrets = file.read_text().splitlines()

    def add(self, secret: str) -> None:
        """Register a secret.

        Args:
            secret: `whsec_` and base64.

        Raises:
            ValueError: It is not that, or holds nothing.
        """
        if not secret.startswith("whsec_") or "\n" in secret:
            raise ValueError("a secret begins with whsec_")
        try:
            Webhook(secret)
        except EmptyWebhookSecretError as error:
            raise ValueError(str(error)) from error
        if secret not in self._secrets:
            self._secrets.append(secret)
            self._file.write_text("\n".join(self._secrets) + "\n")

    def verify(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether one of the secrets signed this body, in the last five minutes."""
        return any(_fits(secret, body, headers) for secret in self._secrets)


def _fits(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        # The library raises ValueError for a signature header out of shape, and for a body that is not UTF-8.
        return False
    return True
