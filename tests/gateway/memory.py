"""S3, SQS and DynamoDB in memory, as far as the gateway asks for them: moto is too slow for much mail."""

from dataclasses import dataclass, field
from typing import Any, cast

from tracking.mail import envelopes
from tracking.mail.credentials import CredentialKind
from tracking.mail.envelopes import Envelope
from tracking.storage.outbox import Outbox
from tracking.storage.settings import Settings

_LOOPBACK = {
    "kind": {"S": CredentialKind.IP_ADDRESS},
    "sk": {"S": "127.0.0.0/8"},
    "created_at": {"S": "2026-01-01T00:00:00+00:00"},
    "status": {"S": "allowed"},
    "open_tracking_enabled": {"BOOL": False},
    "description": {"S": ""},
    "permissions": {"L": []},
}


@dataclass
class Memory:
    """Stands for the three clients of boto3. It trusts the loopback."""

    messages: dict[str, bytes] = field(default_factory=dict)
    envelopes: list[Envelope] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return Settings(cast("Any", self), "settings")

    @property
    def outbox(self) -> Outbox:
        return Outbox(cast("Any", self), cast("Any", self), "bucket", "queue")

    def put_object(self, *, Key: str, Body: bytes, **_: object) -> None:  # noqa: N803 - As boto3 has it.
        self.messages[Key.removeprefix("messages/")] = Body

    def send_message(self, *, MessageBody: str, **_: object) -> None:  # noqa: N803 - As boto3 has it.
        self.envelopes.append(envelopes.decode(MessageBody))

    def get_paginator(self, _operation: str) -> "Memory":
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        return [{"Items": [_LOOPBACK]}]
