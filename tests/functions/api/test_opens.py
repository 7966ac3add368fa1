"""The rules, tried out."""

from typing import Any

import pytest

from tests.functions.api.conftest import Api, Keys
from tracking.opens.rules import RULESET_VERSION, OpenClass

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
IMAGE = {"Accept": "image/avif,image/webp,*/*;q=0.8", "Accept-Language": "de", "Sec-Fetch-Dest": "image"}


def explain(api: Api, **fields: object) -> dict[str, Any]:
    answer = api("/opens/explain", fields)
    assert answer.status == 200, answer
    data: dict[str, Any] = answer.data
    return data


def test_a_fetch_is_explained(api: Api) -> None:
    answer = explain(api, user_agent=CHROME, asn=3320, ip="198.51.100.7", headers=IMAGE)

    assert answer.pop("sentence")
    assert 0 < answer.pop("confidence") <= 1
    assert 0 < answer.pop("human_probability") <= 1
    assert answer == {
        "class": "direct_open",
        "reasons": ["BROWSER_IMAGE_HEADERS"],
        "client": "Chrome",
        "device": "Desktop",
        "system": "Windows",
        "is_timed": True,
        "ruleset_version": RULESET_VERSION,
    }


def test_nothing_but_defaults_is_a_fetch_too(api: Api) -> None:
    nulls = dict.fromkeys(["user_agent", "asn", "ip", "headers", "method", "seconds_since_delivery"])

    assert explain(api) == explain(api, **nulls)
    assert explain(api)["reasons"] == ["EMPTY_UA"]
    assert explain(api)["is_timed"] is False


def test_the_names_of_headers_may_have_any_case(api: Api) -> None:
    upper = {name.upper(): value for name, value in IMAGE.items()}

    assert explain(api, user_agent=CHROME, headers=upper) == explain(api, user_agent=CHROME, headers=IMAGE)


def test_the_time_since_delivery_counts(api: Api) -> None:
    fields: dict[str, Any] = {"user_agent": CHROME, "asn": 3320, "headers": IMAGE}

    fast = explain(api, seconds_since_delivery=1, **fields)
    slow = explain(api, seconds_since_delivery=3600, **fields)

    assert fast["reasons"] == [*slow["reasons"], "TOO_FAST"]
    assert fast["human_probability"] < slow["human_probability"]


def test_headers_that_are_left_out_count_as_not_sent(api: Api) -> None:
    fields: dict[str, Any] = {"user_agent": CHROME, "asn": 24940}

    assert "NO_ACCEPT_LANGUAGE" in explain(api, **fields)["reasons"]
    assert "NO_ACCEPT_LANGUAGE" not in explain(api, headers=IMAGE, **fields)["reasons"]


def test_another_method_is_no_open(api: Api) -> None:
    assert explain(api, user_agent=CHROME, method="HEAD")["reasons"] == ["METHOD_HEAD"]


def test_a_user_agent_is_cut_as_that_of_a_real_fetch_is(api: Api) -> None:
    long = "x" * 1024

    assert explain(api, user_agent=long + "curl/8") == explain(api, user_agent=long)


def test_any_network_has_a_class(api: Api) -> None:
    classes = {explain(api, user_agent=CHROME, asn=asn)["class"] for asn in (8075, 16509, 3320, 0, 2**32 - 1)}

    assert classes <= set(OpenClass)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"user_agent": "x" * 8193}, "user_agent"),
        ({"user_agent": 7}, "user_agent"),
        ({"asn": -1}, "asn"),
        ({"asn": 2**32}, "asn"),
        ({"asn": "x"}, "asn"),
        ({"ip": "192.0.2"}, "ip"),
        ({"ip": ""}, "ip"),
        ({"headers": {str(number): "" for number in range(21)}}, "headers"),
        ({"headers": {"accept": "x" * 513}}, "headers.accept"),
        ({"headers": ["accept"]}, "headers"),
        ({"method": "get it"}, "method"),
        ({"seconds_since_delivery": -1}, "seconds_since_delivery"),
        ({"seconds_since_delivery": 1e300}, "seconds_since_delivery"),
    ],
    ids=str,
)
def test_a_wrong_field_is_refused_by_its_name(api: Api, fields: dict[str, Any], field: str) -> None:
    answer = api("/opens/explain", fields)

    assert (answer.status, answer.field) == (400, field)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_time_that_is_no_number_is_refused(api: Api, number: str) -> None:
    answer = api("/opens/explain", f'{{"seconds_since_delivery": {number}}}')

    assert answer.status == 400


def test_a_key_that_may_not_explain_is_refused(api: Api, keys: Keys) -> None:
    answer = api.with_key(keys.new("/email/*"))("/opens/explain", {})

    assert (answer.status, answer.error_code) == (400, "ENDPOINT_PERMISSION_DENIED")
