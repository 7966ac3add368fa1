import os

from tracking.mail import passwords


def test_the_password_that_was_hashed_matches_and_no_other_does() -> None:
    hashed = passwords.hash_password("correct horse", os.urandom(passwords.SALT_BYTES))

    assert passwords.matches("correct horse", hashed)
    assert not passwords.matches("Correct horse", hashed)
    assert "correct" not in hashed


def test_a_damaged_hash_matches_nothing() -> None:
    assert not passwords.matches("", "")
    assert not passwords.matches("a", "$argon2id$v=19$nonsense")
