from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.opens.classification import Open, OpenClass, Reason, Sending, classify
from tracking.opens.fetches import Fetch

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_PREFETCH = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
IMAGE_HEADERS = {"accept": "image/avif,image/webp,*/*", "accept-language": "de"}

user_agents = st.sampled_from(
    ["", "Mozilla/5.0", CHROME, GMAIL, GMAIL_PREFETCH, "YahooMailProxy; 1", "curl/8.0", "Thunderbird/140"]
)
fetches = st.builds(
    Fetch,
    strategies.names,
    strategies.times,
    user_agent=user_agents | st.text(),
    asn=st.none() | st.sampled_from([15169, 36183, 64500]),
    headers=st.sampled_from([{}, IMAGE_HEADERS]),
)


def meaning(user_agent: str, asn: int | None = None, headers: dict[str, str] | None = None) -> Open:
    fetch = Fetch("1", AT, user_agent=user_agent, asn=asn, headers=headers or {})
    (opened,) = classify(Sending(), [fetch])
    return opened


@pytest.mark.parametrize(
    ("user_agent", "asn", "open_class", "reason"),
    [
        ("Mozilla/5.0", 36183, OpenClass.PRIVACY_PREFETCH, Reason.APPLE_MPP_UA),
        ("Mozilla/5.0", 64500, OpenClass.UNCLASSIFIED, Reason.NO_RULE),
        (GMAIL_PREFETCH, 15169, OpenClass.PROVIDER_PREFETCH, Reason.GMAIL_PREFETCH_UA),
        (GMAIL, 15169, OpenClass.PROXIED_OPEN, Reason.GMAIL_PROXY),
        (GMAIL, 64500, OpenClass.UNCLASSIFIED, Reason.SPOOFED_PROXY),
        (GMAIL, None, OpenClass.UNCLASSIFIED, Reason.SPOOFED_PROXY),
        ("YahooMailProxy; https://help.yahoo.com/", None, OpenClass.PROXIED_OPEN, Reason.PROVIDER_PROXY),
        ("Slack-ImgProxy (+https://api.slack.com)", None, OpenClass.LINK_PREVIEW, Reason.PREVIEW_UA),
        ("", None, OpenClass.BOT, Reason.EMPTY_UA),
        ("python-requests/2.32", None, OpenClass.BOT, Reason.HTTP_LIBRARY),
        ("Mozilla/5.0 (X11) Thunderbird/140.0", None, OpenClass.DIRECT_OPEN, Reason.MAIL_APP_UA),
        (CHROME, None, OpenClass.DIRECT_OPEN, Reason.BROWSER_UA),
        ("something else", None, OpenClass.UNCLASSIFIED, Reason.NO_RULE),
    ],
)
def test_a_fetcher_that_names_itself_is_known(
    user_agent: str, asn: int | None, open_class: OpenClass, reason: Reason
) -> None:
    opened = meaning(user_agent, asn)

    assert opened.open_class is open_class
    assert reason in opened.reasons


def test_a_browser_that_asks_for_an_image_is_surer_than_one_that_does_not() -> None:
    with_headers, without = meaning(CHROME, headers=IMAGE_HEADERS), meaning(CHROME)

    assert with_headers.reasons == (Reason.BROWSER_IMAGE_HEADERS,)
    assert with_headers.open_class is without.open_class is OpenClass.DIRECT_OPEN
    assert with_headers.confidence > without.confidence


def test_whether_a_person_read_is_not_guessed_for_privacy_prefetches() -> None:
    assert meaning("Mozilla/5.0", 36183).human_probability is None


@given(st.lists(fetches | strategies.fetches))
def test_every_fetch_means_something_and_always_the_same(fetches: list[Fetch]) -> None:
    opens = classify(Sending(), fetches)

    assert opens == classify(Sending(), fetches)
    assert [opened.fetch for opened in opens] == sorted(fetches, key=lambda each: (each.at, each.event_id))
    for opened in opens:
        assert opened.reasons
        assert 0 <= opened.confidence <= 1
        assert opened.human_probability is None or 0 <= opened.human_probability <= 1


@given(st.lists(fetches, unique_by=lambda fetch: fetch.event_id))
def test_the_meaning_does_not_depend_on_the_order_of_the_fetches(fetches: list[Fetch]) -> None:
    assert classify(Sending(), fetches[::-1]) == classify(Sending(), fetches)
