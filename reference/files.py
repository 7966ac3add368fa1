"""The files that are made, and what is in them."""

import json
from pathlib import Path
from typing import Final

from reference import openapi, pages

_DOCS = Path(__file__).parents[1] / "docs"

OPENAPI: Final = _DOCS / "openapi.json"
PAGE: Final = _DOCS / "api.md"


def current() -> dict[Path, str]:
    """The text of each file, as the code has it now."""
    document = openapi.document()
    return {
        OPENAPI: json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        PAGE: pages.page(document),
    }
