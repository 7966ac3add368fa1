"""Edits of what others may be editing at the same moment."""

from collections.abc import Callable
from typing import Final

from tracking.errors import SettingsUnavailable

TRIES: Final = 5
"""How often an edit begins anew because another came between."""


def until_done[T](attempt: Callable[[], T | None]) -> T:
    """What an edit comes to.

    Args:
        attempt: Reads, decides and writes; None if what it read is not what is there any more.

    Raises:
        SettingsUnavailable: Another edit came between each time.
    """
    for _ in range(TRIES):
        done = attempt()
        if done is not None:
            return done
    raise SettingsUnavailable(f"others came between each of {TRIES} attempts at an edit")
