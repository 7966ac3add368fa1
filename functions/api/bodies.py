"""The body of a call, read as JSON that every part of this program can work with.

Python's parser alone takes what is no JSON (`NaN`), what cannot be stored (half of a surrogate pair), and of
two fields with one name the last; it gives up over numbers without end in ways of its own.
"""

import json
import math
from typing import Any, Final

from pydantic import BeforeValidator

from functions.api.answers import invalid


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 -- pydantic takes no TypeError
    return value


NO_BOOLEAN: Final = BeforeValidator(_no_boolean)
"""Belongs to every number: pydantic would read `true` as 1, and webhook 1 would be removed for it."""


def parse(text: str) -> dict[str, Any]:
    """Read the object that a body is.

    Raises:
        Refusal: It is not JSON, no object, nested too deep, or holds something that cannot be worked with.
    """
    try:
        parsed = json.loads(
            text, parse_constant=_finite, parse_float=_finite, object_pairs_hook=_without_twins
        )
        _check_characters(text, parsed)
    except json.JSONDecodeError as error:
        raise invalid("body", f"it is not JSON: {error.msg} at character {error.pos}") from error
    except UnicodeEncodeError as error:
        raise invalid("body", "it holds half of a surrogate pair, which is no character") from error
    except ValueError as error:
        # Python reads no integer of more than 4,300 digits.
        raise invalid("body", "a number in it has too many digits") from error
    except RecursionError as error:
        raise invalid("body", "it is nested too deep") from error
    if not isinstance(parsed, dict):
        raise invalid("body", 'it is not an object: write {"name": value, ...}')
    return parsed


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise invalid("body", f"{text[:20]} is not a number that JSON has")
    return number


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise invalid("body", "a field is in it twice")
    return fields


def _check_characters(text: str, parsed: object) -> None:
    if not text.isascii() or "\\u" in text:
        json.dumps(parsed, ensure_ascii=False).encode()
