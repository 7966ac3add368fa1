"""The webhooks that were received, in memory and as lines of JSON in a file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook as it was received."""

    number: int
    received_at: datetime
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str
    is_verified: bool
    """Whether one of the secrets signed it."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """The body's fields: of a JSON object, or of a form. Empty if it is neither."""
        try:
            decoded = json.loads(self.body)
        except ValueError:
            return dict(parse_qsl(self.body, keep_blank_values=True)) if "=" in self.body else {}
        return decoded if isinstance(decoded, dict) else {}

    def encoded(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "number": self.number,
            "received_at": self.received_at.isoformat(),
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.body,
            "fields": dict(self.fields),
            "verified": self.is_verified,
        }

    @classmethod
    def decoded(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `encoded` wrote."""
        return cls(
            stored["number"],
            datetime.fromisoformat(stored["received_at"]),
            stored["path"],
            stored["headers"],
            stored["body"],
            stored["verified"],
        )


class Hooks:
    """All webhooks of one file, which is created if need be."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self._file = file
        self._hooks = [Hook.decoded(json.loads(line)) for line in file.read_text().splitlines()]

    def next_number(self) -> int:
        """The number of the next webhook."""
        return self._hooks[-1].number + 1 if self._hooks else 1

    def add(self, hook: Hook) -> None:
        """Keep a webhook."""
        with self._file.open("a") as lines:
            lines.write(json.dumps(hook.encoded()) + "\n")
        self._hooks.append(hook)

    def newest_first(self) -> list[Hook]:
        """Every webhook."""
        return self._hooks[::-1]

    def clear(self) -> None:
        """Forget every webhook."""
        self._file.write_text("")
        self._hooks.clear()
