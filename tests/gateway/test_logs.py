import json
import logging
import sys

from gateway.logs import JsonLines


def line(**attributes: object) -> dict[str, object]:
    record = logging.makeLogRecord({"created": 0, "levelname": "INFO", "msg": "queued", **attributes})
    read: dict[str, object] = json.loads(JsonLines().format(record))
    return read


def test_a_line_is_one_json_object_with_its_facts() -> None:
    assert line(facts={"size": 5}) == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "level": "info",
        "message": "queued",
        "size": 5,
    }


def test_of_an_exception_the_kind_and_the_place_are_logged_but_not_its_text() -> None:
    try:
        int("somebody@example.com")
    except ValueError:
        logged = line(exc_info=sys.exc_info())

    assert logged["error"] == "ValueError"
    assert "test_of_an_exception" in str(logged["stack"])
    assert "somebody" not in str(logged)
