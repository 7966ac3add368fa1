from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.mail import email_ids

randoms = st.binary(min_size=email_ids.RANDOM_BYTES, max_size=email_ids.RANDOM_BYTES)


@given(strategies.times, randoms, strategies.times, randoms)
def test_ids_sort_by_the_time_they_were_made(
    one_at: datetime, one_random: bytes, other_at: datetime, other_random: bytes
) -> None:
    one, other = email_ids.new(one_at, one_random), email_ids.new(other_at, other_random)

    one_millisecond, other_millisecond = (int(at.timestamp() * 1000) for at in (one_at, other_at))
    if one_millisecond != other_millisecond:
        assert (one < other) == (one_millisecond < other_millisecond)
    else:
        assert (one == other) == (one_random == other_random)


@given(st.binary(min_size=email_ids.BYTES, max_size=email_ids.BYTES))
def test_an_id_stands_for_its_bytes(raw: bytes) -> None:
    email_id = email_ids.from_bytes(raw)

    assert email_ids.to_bytes(email_id) == raw
    assert len(email_id) == email_ids.LENGTH


@pytest.mark.parametrize(
    "text",
    ["", "06h0r9co15h30phg264", "06h0r9co15h30phg26400", "06H0R9CO15H30PHG2640", "w" * 20, "0" * 19 + "1"],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - binascii's own messages are no promise of ours.
        email_ids.to_bytes(text)
