"""Examples of calls: for each operation a file of its name, with the `request` and the answer's `data`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent

REQUEST_ID: Final = "5f0f9d2e-3a94-4c0e-9b5c-7f6f0f0f2a11"


@dataclass(frozen=True, slots=True)
class Example:
    """A body, and what is answered to it."""

    request: dict[str, Any]
    answer: dict[str, Any]


def example(operation: str) -> Example | None:
    """The example of an operation; None if nobody wrote one."""
    path = FOLDER / f"{operation}.json"
    if not path.exists():
        return None
    written = json.loads(path.read_text())
    return Example(written["request"], {"request_id": REQUEST_ID, "data": written["data"]})
