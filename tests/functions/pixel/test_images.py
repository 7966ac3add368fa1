"""Two images that look the same and are told apart by their length."""

import pytest

from functions.pixel.images import RECORDED, UNRECORDED
from infra.pixel import STATIC_PIXEL


@pytest.mark.parametrize(("gif", "length"), [(RECORDED, 43), (UNRECORDED, 53)])
def test_an_image_is_a_gif_of_one_pixel_and_of_its_own_length(gif: bytes, length: int) -> None:
    assert gif.startswith(b"GIF89a\x01\x00\x01\x00")
    assert len(gif) == length


def test_what_nobody_recorded_gets_the_image_that_cloudfront_serves_without_a_function() -> None:
    assert (STATIC_PIXEL / "pixel.gif").read_bytes() == UNRECORDED
