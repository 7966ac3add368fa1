import pytest
from multidict import CIMultiDict

from local.edge.policies import AddedHeader, Forwarding, Kind, RequestPolicy, ResponsePolicy, Selection

NOTHING = Selection(Kind.NONE)


def forwarding(
    headers: Selection = NOTHING, cookies: Selection = NOTHING, queries: Selection = NOTHING
) -> Forwarding:
    return Forwarding((RequestPolicy(headers, cookies, queries),))


@pytest.mark.parametrize(
    ("kind", "included"),
    [
        (Kind.NONE, ""),
        (Kind.LISTED, "a=1"),
        (Kind.ALL_BUT_LISTED, "b=2&b=3"),
        (Kind.ALL, "a=1&b=2&b=3"),
    ],
)
def test_a_query_reaches_the_origin_as_far_as_the_policy_says(kind: Kind, included: str) -> None:
    selected = forwarding(queries=Selection(kind, frozenset({"a"})))

    assert selected.query("a=1&b=2&b=3") == included


def test_a_query_keeps_the_viewers_own_spelling() -> None:
    selected = forwarding(queries=Selection(Kind.LISTED, frozenset({"a b"})))

    assert selected.query("a%20b=%2f&a+b=+&c") == "a%20b=%2f&a+b=+"


def test_cookies_reach_the_origin_as_far_as_the_policy_says() -> None:
    selected = forwarding(cookies=Selection(Kind.LISTED, frozenset({"session"})))

    assert selected.cookies("a=1; session=x=y;b=2") == "session=x=y"


def test_what_either_policy_includes_reaches_the_origin() -> None:
    cached = RequestPolicy(Selection(Kind.LISTED, frozenset({"accept"})), NOTHING, NOTHING)
    requested = RequestPolicy(Selection(Kind.LISTED, frozenset({"referer"})), NOTHING, NOTHING)
    selected = Forwarding((cached, requested))

    assert selected.includes_header("Accept")
    assert selected.includes_header("Referer")
    assert not selected.includes_header("Cookie")


def test_cloudfronts_own_headers_are_added_where_they_are_listed() -> None:
    name = "CloudFront-Viewer-Country"
    listed = frozenset({name.lower()})

    added = {kind for kind in Kind if forwarding(headers=Selection(kind, listed)).adds_header(name)}

    assert added == {Kind.LISTED, Kind.ALL_VIEWER_AND_LISTED}


def test_a_response_policy_leaves_the_origins_header_unless_it_overrides() -> None:
    policy = ResponsePolicy((AddedHeader("X-A", "policy", False), AddedHeader("X-B", "policy", True)))
    headers = CIMultiDict({"x-a": "origin", "x-b": "origin"})

    policy.apply(headers)

    assert dict(headers) == {"x-a": "origin", "X-B": "policy"}


def test_a_response_policy_adds_and_removes_headers() -> None:
    policy = ResponsePolicy.of(
        {
            "CustomHeadersConfig": {
                "Quantity": 1,
                "Items": [{"Header": "X-Robots-Tag", "Value": "noindex", "Override": True}],
            },
            "RemoveHeadersConfig": {"Quantity": 1, "Items": [{"Header": "x-powered-by"}]},
            "SecurityHeadersConfig": {
                "XSSProtection": {"Override": True, "Protection": True, "ModeBlock": True},
                "StrictTransportSecurity": {
                    "Override": True,
                    "AccessControlMaxAgeSec": 60,
                    "IncludeSubdomains": True,
                    "Preload": True,
                },
            },
        }
    )
    headers = CIMultiDict({"X-Powered-By": "us"})

    policy.apply(headers)

    assert dict(headers) == {
        "X-XSS-Protection": "1; mode=block",
        "Strict-Transport-Security": "max-age=60; includeSubDomains; preload",
        "X-Robots-Tag": "noindex",
    }
