"""A token comes back as it was signed, and nothing else is one."""

import string
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking import tokens
from tracking.errors import InvalidToken, UnknownKey
from tracking.tokens import HopToken, PixelToken

KEYS = {1: b"1" * 32, 7: b"7" * 32, 255: b"f" * 32}
TOKEN = PixelToken("06h0r9co15h30phg2640", 1)
ALPHABET = string.ascii_letters + string.digits + "-_"

pixel_tokens = st.builds(PixelToken, strategies.ids, st.integers(1, 65_535))
hop_tokens = st.builds(
    HopToken,
    pixel_tokens,
    event_id=st.text(st.characters(codec="ascii"), min_size=1, max_size=tokens.MAX_EVENT_ID_LENGTH),
    fetched_at=strategies.times.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)),
    hop=st.integers(1, 255),
)


@given(pixel_tokens, st.sampled_from(sorted(KEYS)))
def test_a_token_reads_back_as_it_was_signed(token: PixelToken, key_id: int) -> None:
    text = tokens.sign(token, key_id, KEYS[key_id])

    assert tokens.verify(text, KEYS) == token
    assert len(text) == tokens.LENGTH
    assert set(text) <= set(ALPHABET)


@given(pixel_tokens, st.integers(0, tokens.LENGTH - 1), st.sampled_from(ALPHABET))
def test_a_token_with_any_character_changed_is_refused(token: PixelToken, place: int, character: str) -> None:
    text = tokens.sign(token, 1, KEYS[1])
    changed = text[:place] + character + text[place + 1 :]

    if changed == text:
        assert tokens.verify(changed, KEYS) == token
    else:
        with pytest.raises(InvalidToken):
            tokens.verify(changed, KEYS)


@given(st.text() | st.text(ALPHABET, min_size=tokens.LENGTH, max_size=tokens.LENGTH))
def test_any_other_text_is_refused_as_an_invalid_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(text, KEYS)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text + "==",
        lambda text: text[:-1] + "\u00e9",
        lambda text: text[:-1] + "\n",
        lambda text: text[:-1] + "=",
        lambda text: "+" + text[1:],
        lambda _: "",
    ],
    ids=["short", "long", "padded", "not_ascii", "line_end", "early_padding", "other_alphabet", "empty"],
)
def test_a_damaged_token_is_refused(damage: Callable[[str], str]) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(damage(tokens.sign(TOKEN, 1, KEYS[1])), KEYS)


def test_a_token_of_an_unknown_key_is_refused() -> None:
    text = tokens.sign(TOKEN, 2, b"2" * 32)

    with pytest.raises(UnknownKey):
        tokens.verify(text, KEYS)


def test_a_token_that_another_key_of_the_same_id_signed_is_refused() -> None:
    text = tokens.sign(TOKEN, 1, b"x" * 32)

    with pytest.raises(InvalidToken, match="signature"):
        tokens.verify(text, KEYS)


def test_the_tokens_of_one_mails_recipients_differ() -> None:
    texts = {tokens.sign(PixelToken(TOKEN.email_id, number), 1, KEYS[1]) for number in range(1, 101)}

    assert len(texts) == 100


def test_a_token_does_not_change_between_releases() -> None:
    """Mail that was sent before must still be recognised."""
    assert tokens.sign(TOKEN, 1, KEYS[1]) == "AQGiDaWYCWIwZjARiAABkTxfZHmwnmhK2A"


@given(hop_tokens, st.sampled_from(sorted(KEYS)))
def test_a_hops_token_reads_back_as_it_was_signed(token: HopToken, key_id: int) -> None:
    text = tokens.sign_hop(token, key_id, KEYS[key_id])

    assert tokens.verify_hop(text, KEYS) == token
    assert len(text) <= 214
    assert set(text) <= set(ALPHABET)


@given(hop_tokens, st.integers(0, 300), st.sampled_from(ALPHABET))
def test_a_hops_token_with_any_character_changed_is_refused(
    token: HopToken, place: int, character: str
) -> None:
    text = tokens.sign_hop(token, 1, KEYS[1])
    changed = text[:place] + character + text[place + 1 :]

    if changed == text:
        assert tokens.verify_hop(changed, KEYS) == token
    else:
        with pytest.raises(InvalidToken):
            tokens.verify_hop(changed, KEYS)


@given(st.text() | st.text(ALPHABET, max_size=400))
def test_any_other_text_is_refused_as_an_invalid_hop(text: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify_hop(text, KEYS)


@given(pixel_tokens)
def test_a_pixels_token_is_no_hops_and_a_hops_no_pixels(token: PixelToken) -> None:
    hop = tokens.sign_hop(HopToken(token, "x", datetime(2026, 1, 1, tzinfo=UTC), 1), 1, KEYS[1])

    with pytest.raises(InvalidToken):
        tokens.verify_hop(tokens.sign(token, 1, KEYS[1]), KEYS)
    with pytest.raises(InvalidToken):
        tokens.verify(hop, KEYS)
