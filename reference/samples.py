"""Requests and answers as they are shown."""

import json
from typing import Any, Final

WIDTH: Final = 110
"""Of a line, in characters."""


def curl(method: str, path: str, request: dict[str, Any]) -> str:
    """The command that makes a call."""
    verb = "" if method == "POST" else f"-X {method} "
    start = f'curl {verb}"$APP_URL{path}" -H "X-Smtp2go-Api-Key: $API_KEY"'
    body = f"-d '{_quotable(compact(request))}'"
    return f"{start} {body}" if len(start) + len(body) < WIDTH else f"{start} \\\n  {body}"


def compact(value: object, indent: int = 0, label: str = "") -> str:
    """JSON with as much on a line as fits.

    Args:
        value: What is to be written.
        indent: How far the line that it begins in is indented.
        label: What stands before it: the name of a field.
    """
    flat = label + json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, dict | list) or indent + len(flat) <= WIDTH:
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        opening, closing = "{", "}"
        items = [compact(item, inner, f"{json.dumps(name)}: ") for name, item in value.items()]
    else:
        opening, closing = "[", "]"
        items = [compact(item, inner) for item in value]
    separator = f"\n{' ' * inner}"
    return label + opening + separator + f",{separator}".join(_lines(items, inner)) + closing


def _lines(items: list[str], indent: int) -> list[str]:
    """Items that are short share a line."""
    lines: list[str] = []
    for item in items:
        fits = lines and "\n" not in lines[-1] + item and indent + len(lines[-1]) + len(item) + 2 < WIDTH
        if fits:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return lines


def _quotable(text: str) -> str:
    return text.replace("'", "'\\''")
