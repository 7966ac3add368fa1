"""The sections of the reference: which calls are in them, and what is said of all of these."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Section:
    """Calls that have to do with one thing: those whose paths begin with `prefix`."""

    prefix: str
    name: str

    @property
    def description(self) -> str:
        """What there is to know before the calls; may be empty."""
        path = FOLDER / f"{self.prefix.strip('/').replace('/', '_')}.md"
        return path.read_text().strip() if path.exists() else ""


SECTIONS: Final = (
    Section("/email/", "Sending"),
    Section("/users/smtp/", "SMTP users"),
    Section("/ip_auth/", "IP addresses"),
    Section("/api_keys/", "API keys"),
    Section("/activity/", "Activity"),
    Section("/opens/", "Opens"),
    Section("/stats/", "Statistics"),
    Section("/webhook/", "Webhooks"),
)


def section(endpoint: str) -> Section:
    """The section of a call."""
    return next(found for found in SECTIONS if endpoint.startswith(found.prefix))
