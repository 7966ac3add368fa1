"""What fetches mean: classifying histories, and naming the clients in them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import IPv4Address
from random import Random
from statistics import median

from bench.report import Row, Target
from bench.timing import Call, interleave
from tracking.opens import clients, rules
from tracking.opens.classification import Sending, classify
from tracking.opens.fetches import Fetch

type History = tuple[Sending, list[Fetch]]

HISTORIES = 5_000

_SENT_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
_IMAGE_HEADERS = {
    "accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "accept-language": "de-DE,de;q=0.9",
    "sec-fetch-dest": "image",
}
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 10; K",
)
_BROWSERS = (
    *(
        f"Mozilla/5.0 ({system}) {_BLINK} Chrome/{version}.0.0.0 Safari/537.36"
        for system in _SYSTEMS
        for version in range(90, 143)
    ),
    *(
        f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
        for system in _SYSTEMS[:3]
        for version in range(100, 146)
    ),
    *(
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/{major}.{minor} Safari/605.1.15"
        for major in range(14, 19)
        for minor in range(7)
    ),
)
_MAIL_APPS = (
    *(
        f"Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.{build}; Pro)"
        for build in range(14_000, 17_000, 50)
    ),
    *(
        f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Thunderbird/{version}.4.0"
        for system in _SYSTEMS[:3]
        for version in range(115, 141, 5)
    ),
    *(
        f"Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) {_WEBKIT} Mobile/15E148"
        for major in range(14, 19)
        for minor in range(7)
    ),
    *(
        f"Mozilla/5.0 (Linux; Android 14; SM-S9{model}B Build/UP1A.231005.007; wv) {_BLINK} Version/4.0 "
        f"Chrome/142.0.7444.102 Mobile Safari/537.36"
        for model in range(10, 60)
    ),
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT}",
)
_MACHINES = (
    "",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    *(
        f"{library}/{version}.0"
        for library in ("python-requests", "curl", "okhttp", "axios")
        for version in range(1, 10)
    ),
)
_GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
_YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"

_HOMES = (3320, 7922, 12322, 3215, 5089)
_MIXTURE: tuple[tuple[int, Sequence[str], Sequence[int], Mapping[str, str]], ...] = (
    (35, ("Mozilla/5.0",), (36183, 20940, 13335, 54113), {}),
    (22, (_GMAIL,), (15169,), {}),
    (4, (_YAHOO,), (36647, 10310), {}),
    (17, _BROWSERS, _HOMES, _IMAGE_HEADERS),
    (4, _BROWSERS, (8075,), {}),
    (4, _BROWSERS, (16509, 24940), {}),
    (10, _MAIL_APPS, _HOMES, {}),
    (4, _MACHINES, (16509, 15169, 8075), {}),
)
"""Weight, user agents, networks, headers. Apple, Gmail and Yahoo stand for three in five fetches, less than
Litmus counted among opens in March 2022, because what they send is decided soonest."""

_ON_ONE_CORE = "classification, fetches a second on one core"


def measure() -> Iterator[Row]:
    """Measure what a warm function does, and how naming user agents that it never saw slows it down."""
    histories = mixed_histories()
    fetches = [fetch for _, history in histories for fetch in history]
    distinct = len({fetch.user_agent for fetch in fetches})
    facts = f"({len(fetches):,} fetches, {len(histories):,} deliveries, {distinct:,} user agents)"
    without, named = interleave(
        lambda: partial(classified, histories), lambda: partial(classified_and_named, histories), rounds=7
    )
    yield _speed(
        f"{_ON_ONE_CORE}, without client naming {facts}", fetches, without, Target("≥", 50_000, "/s")
    )
    yield _speed("  with client naming", fetches, named, Target("≥", 10_000, "/s"))
    (cold,) = interleave(partial(forgetful, histories), rounds=3)
    yield _speed("  with client naming, no user agent ever seen before", fetches, cold)


def classified(histories: Sequence[History]) -> None:
    """Classify each history."""
    for sending, fetches in histories:
        classify(sending, fetches)


def classified_and_named(histories: Sequence[History]) -> None:
    """Classify each history and name the client of each open."""
    for sending, fetches in histories:
        for opened in classify(sending, fetches):
            clients.client(opened.fetch.user_agent)


def mixed_histories() -> list[History]:
    """Make deliveries with one fetch to eight each, the same in every run."""
    random = Random(1)
    return [_history(number, random) for number in range(HISTORIES)]


def _history(number: int, random: Random) -> History:
    delivered_at = _SENT_AT + timedelta(seconds=number)
    weights = [weight for weight, *_ in _MIXTURE]
    fetches = []
    # A recipient has few mail programs.
    for _, user_agents, networks, headers in random.choices(_MIXTURE, weights, k=random.choice((1, 1, 2))):
        user_agent, asn = random.choice(user_agents), random.choice(networks)
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            at = delivered_at + timedelta(seconds=random.expovariate(1 / 7200))
            address = str(IPv4Address(random.getrandbits(32)))
            event_id = f"{random.getrandbits(128):032x}"
            fetches.append(Fetch(event_id, at, "GET", user_agent, address, asn, "DE", "Berlin", headers))
    return Sending(delivered_at, "192.0.2.1"), fetches


def forgetful(histories: Sequence[History]) -> Call:
    """Forget every user agent; the call classifies and names."""
    for remembering in (rules.agent, clients.client, clients.is_crawler):
        remembering.cache_clear()
    return partial(classified_and_named, histories)


def _speed(
    name: str, fetches: Sequence[Fetch], seconds: Sequence[float], target: Target | None = None
) -> Row:
    return Row(name, len(fetches) / median(seconds), "/s", target=target)
