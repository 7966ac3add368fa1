import os
from collections.abc import Callable

import pytest

from tracking.mail import passwords


def test_the_password_that_was_hashed_matches_and_no_other_does() -> None:
    hashed = passwords.hash_password("correct horse", os.urandom(passwords.SALT_BYTES))

    assert passwords.matches("correct horse", hashed)
    assert not passwords.matches("Correct horse", hashed)
    assert "correct" not in hashed


@pytest.mark.parametrize(
    "damage",
    [lambda _: "", lambda hashed: hashed[:-5], lambda hashed: hashed.replace("m=65536", "m=999999999")],
)
def test_what_cannot_be_checked_is_neither_right_nor_wrong(damage: Callable[[str], str]) -> None:
    hashed = passwords.hash_password("correct horse", os.urandom(passwords.SALT_BYTES))

    with pytest.raises(passwords.NotChecked):
        passwords.matches("correct horse", damage(hashed))
