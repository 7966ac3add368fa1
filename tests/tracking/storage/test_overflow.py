"""A fetch comes out of the overflow queue as it went in."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.errors import InvalidOverflow
from tracking.opens.fetches import Fetch, Witness
from tracking.storage.overflow import decode, encode


@given(st.text(), strategies.fetches)
def test_a_fetch_comes_back_as_it_waited(token: str, fetch: Fetch) -> None:
    untimed = replace(fetch, witness=Witness.FUNCTION, reading=None)

    assert decode(encode(token, untimed)) == (token, untimed)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": "x"}', '{"at": "2026-01-01", "token": "", "y": 1}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidOverflow):
        decode(text)
