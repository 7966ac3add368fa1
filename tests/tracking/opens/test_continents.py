from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.opens import continents
from tracking.opens.continents import continent

CODES = [code for countries in continents._COUNTRIES.values() for code in countries.split()]


def test_each_country_lies_on_one_continent() -> None:
    assert [code for code, count in Counter(CODES).items() if count > 1] == []


def test_all_countries_of_iso_3166_and_kosovo_are_there() -> None:
    assert len(CODES) == 249 + 1
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in CODES)


def test_no_continent_has_lost_a_country() -> None:
    counts = {name: len(countries.split()) for name, countries in continents._COUNTRIES.items()}

    assert counts == {"AF": 58, "AN": 5, "AS": 51, "EU": 53, "NA": 41, "OC": 28, "SA": 14}


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("AT", "EU"),
        ("XK", "EU"),
        ("US", "NA"),
        ("GL", "NA"),
        ("PA", "NA"),
        ("TT", "NA"),
        ("CO", "SA"),
        ("GF", "SA"),
        ("JP", "AS"),
        ("PS", "AS"),
        ("NA", "AF"),
        ("EH", "AF"),
        ("RE", "AF"),
        ("AS", "OC"),
        ("UM", "OC"),
        ("NZ", "OC"),
        ("AQ", "AN"),
        ("BV", "AN"),
        ("HM", "AN"),
        ("GS", "AN"),
        ("TF", "AN"),
    ],
)
def test_a_country_has_its_continents_two_letters(country: str, expected: str) -> None:
    assert continent(country) == expected


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("RU", "EU"),
        ("CY", "EU"),
        ("TR", "AS"),
        ("KZ", "AS"),
        ("GE", "AS"),
        ("AM", "AS"),
        ("AZ", "AS"),
        ("EG", "AF"),
        ("TL", "OC"),
    ],
)
def test_a_country_between_two_continents_is_put_on_one(country: str, expected: str) -> None:
    assert continent(country) == expected


@given(st.text() | st.sampled_from(["", "at", "EU", "ZZ", "UK"]))
def test_what_is_no_country_lies_nowhere(text: str) -> None:
    assert text in CODES or continent(text) is None
