"""The times that a search takes, in all of the formats that SMTP2GO documents."""

from datetime import UTC, datetime

import pytest

from functions.api.searches import moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2006-01-02", "2006-01-02T00:00:00"),
        ("2006-01-02 15:04:05", "2006-01-02T15:04:05"),
        ("2006-01-02T15:04:05", "2006-01-02T15:04:05"),
        ("2006-01-02T15:04:05.1000000", "2006-01-02T15:04:05.100000"),
        ("02 Jan 06 15:04 MST", "2006-01-02T22:04:00"),
        ("02 Jan 06 15:04 -0700", "2006-01-02T22:04:00"),
        ("2006-01-02T15:04:05+07:00", "2006-01-02T08:04:05"),
        ("2006-01-02T15:04:05Z", "2006-01-02T15:04:05"),
        ("2006-01-02T15:04:05.999999999-07:00", "2006-01-02T22:04:05.999999"),
        ("Mon, 02 Jan 2006 15:04:05 MST", "2006-01-02T22:04:05"),
        ("Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T15:04:05"),
        ("Mon, 02 Jan 2006 15:04:05 CET", "2006-01-02T15:04:05"),
    ],
)
def test_a_time_is_read_in_each_documented_format(text: str, expected: str) -> None:
    assert moment(text) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2026-02-30",
        "25 Foo 26 10:00 GMT",
        "Tue, 24 Nov 2026 25:00:00 GMT",
        "12:00",
        "1.5",
        "Mon, 1 Jan 99999999999999999999 00:00:00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        moment(text)
