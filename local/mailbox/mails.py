"""The mails that arrived, in a directory.

| file | what |
|---|---|
| `<number>.eml` | the mail, byte for byte |
| `<number>.json` | what `Mail.encoded` says about it |
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that SES sent."""

    number: int
    received_at: datetime
    message_id: str
    """SES's."""
    mail_from: str
    recipients: tuple[str, ...]
    """Those whose server accepted it."""
    configuration_set: str | None
    tags: Mapping[str, str]
    sender: str
    """The From header."""
    subject: str

    @property
    def email_id(self) -> str | None:
        """The tag that says which of our messages it is."""
        return self.tags.get("email_id")

    def encoded(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "number": self.number,
            "received_at": self.received_at.isoformat(),
            "message_id": self.message_id,
            "mail_from": self.mail_from,
            "recipients": list(self.recipients),
            "configuration_set": self.configuration_set,
            "tags": dict(self.tags),
            "from": self.sender,
            "subject": self.subject,
        }

    @classmethod
    def decoded(cls, facts: Mapping[str, Any]) -> Self:
        """Read back what `encoded` wrote."""
        return cls(
            facts["number"],
            datetime.fromisoformat(facts["received_at"]),
            facts["message_id"],
            facts["mail_from"],
            tuple(facts["recipients"]),
            facts["configuration_set"],
            facts["tags"],
            facts["from"],
            facts["subject"],
        )


class Mails:
    """All mails of one directory, which is created if need be."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._mails = {
            mail.number: mail
            for mail in (Mail.decoded(json.loads(file.read_bytes())) for file in directory.glob("*.json"))
        }
        self._last = max(self._mails, default=0)

    def next_number(self) -> int:
        """A number that no mail had since the start."""
        self._last += 1
        return self._last

    def add(self, mail: Mail, raw: bytes) -> None:
        """Keep a mail."""
        self._raw_file(mail).write_bytes(raw)
        self._facts_file(mail).write_text(json.dumps(mail.encoded(), ensure_ascii=False))
        self._mails[mail.number] = mail

    def newest_first(self) -> list[Mail]:
        """Every mail."""
        return sorted(self._mails.values(), key=lambda mail: mail.number, reverse=True)

    def get(self, number: int) -> Mail | None:
        """One mail; None if there is none of that number."""
        return self._mails.get(number)

    def raw(self, mail: Mail) -> bytes:
        """A mail's bytes."""
        return self._raw_file(mail).read_bytes()

    def clear(self) -> None:
        """Remove every mail."""
        for mail in self._mails.values():
            self._facts_file(mail).unlink()
            self._raw_file(mail).unlink()
        self._mails.clear()

    def _raw_file(self, mail: Mail) -> Path:
        return self._directory / f"{mail.number}.eml"

    def _facts_file(self, mail: Mail) -> Path:
        return self._directory / f"{mail.number}.json"
