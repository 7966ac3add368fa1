"""What a fetch means: ordered rules, the first that matches decides.

A later ruleset improves the past too, because the raw fetches are kept and meaning is computed.
This one knows the fetchers that name themselves; all else is `unclassified`, or a direct open where the
request looks like a person's browser or mail program.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracking.opens.fetches import Fetch

RULESET_VERSION = 1
"""Counts up with each change of the rules."""


class OpenClass(StrEnum):
    """What fetched the pixel."""

    DIRECT_OPEN = "direct_open"
    """A mail program or browser at the reader's own address."""

    PROXIED_OPEN = "proxied_open"
    """A mailbox provider's image proxy, because a reader's client displayed the mail."""

    PRIVACY_PREFETCH = "privacy_prefetch"
    """A privacy service that loads every image, read or not. It does not say that nobody read the mail."""

    PROVIDER_PREFETCH = "provider_prefetch"
    """A mailbox provider that loads images ahead of the reader."""

    SECURITY_SCAN = "security_scan"
    """A filter that looks for malice."""

    LINK_PREVIEW = "link_preview"
    """A chat or mail program that draws a preview."""

    BOT = "bot"
    """A crawler or a script."""

    SENDER_SELF = "sender_self"
    """The sender looking at what was sent."""

    UNCLASSIFIED = "unclassified"
    """None of the rules knows it. It may or may not be a person."""


class Reason(StrEnum):
    """Why a fetch has its class."""

    GMAIL_PREFETCH_UA = "GMAIL_PREFETCH_UA"
    """The user agent that Gmail uses when it loads images ahead of the reader."""

    GMAIL_PROXY = "GMAIL_PROXY"
    """Gmail's image proxy names itself, and the request came from Google's network."""

    SPOOFED_PROXY = "SPOOFED_PROXY"
    """It calls itself Gmail's image proxy, and the network is not Google's."""

    APPLE_MPP_UA = "APPLE_MPP_UA"
    """The bare user agent of Apple's Mail Privacy Protection."""

    RELAY_ASN = "RELAY_ASN"
    """The network is one of those that carry Apple's private relay."""

    PROVIDER_PROXY = "PROVIDER_PROXY"
    """A mailbox provider's image proxy names itself."""

    PREVIEW_UA = "PREVIEW_UA"
    """The user agent of a program that draws previews."""

    EMPTY_UA = "EMPTY_UA"
    """The request does not say what made it."""

    HTTP_LIBRARY = "HTTP_LIBRARY"
    """The user agent of a programming library."""

    MAIL_APP_UA = "MAIL_APP_UA"
    """The user agent of a mail program."""

    BROWSER_IMAGE_HEADERS = "BROWSER_IMAGE_HEADERS"
    """A browser's user agent, and the headers that a browser sends for an image."""

    BROWSER_UA = "BROWSER_UA"
    """A browser's user agent, without the headers that go with it."""

    NO_RULE = "NO_RULE"
    """No rule knows this fetch."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What classification needs to know of a delivery. Times are aware UTC, or None while not known."""

    sent_at: datetime | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A fetch and what it means.

    `confidence` is how sure the class is, `human_probability` how likely a person displayed the mail: both
    from 0 to 1, the latter None where it cannot be known.
    """

    fetch: Fetch
    open_class: OpenClass
    confidence: float
    human_probability: float | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    matches: Callable[[Fetch], bool]
    open_class: OpenClass
    confidence: float
    human_probability: float | None
    reasons: tuple[Reason, ...]


_GOOGLE_ASN = 15169
_RELAY_ASNS = frozenset({36183, 20940, 13335, 54113})
_GMAIL_PREFETCH = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
_PROXIES = (
    "YahooMailProxy",
    "hey.com/imageproxy",
    "FastmailUA/",
    "SeznamEmailProxy/",
    "RamblerMail/",
    "secureurl.fwdcdn.com",
)
_PREVIEWS = (
    "Slackbot-LinkExpanding",
    "Slack-ImgProxy",
    "SkypeUriPreview",
    "BingPreview/",
    "MicrosoftPreview/",
    "facebookexternalhit",
    "Discordbot",
    "TelegramBot",
    "WhatsApp/",
)
_LIBRARIES = (
    "python-requests",
    "Python-urllib",
    "python-httpx",
    "aiohttp",
    "okhttp",
    "Go-http-client",
    "Apache-HttpClient",
    "AHC/",
    "axios",
    "curl/",
    "Wget/",
    "Java/",
)
_MAIL_APPS = (
    "Microsoft Outlook",
    "ms-office",
    "MacOutlook/",
    "Outlook-iOS/",
    "Outlook-Android/",
    "Thunderbird/",
    "Airmail",
    "eM Client/",
    "Mailbird/",
    "Mailspring/",
)
_BROWSERS = ("Chrome/", "Firefox/", "Safari/", "Edg/")


def _names_itself(*parts: str) -> Callable[[Fetch], bool]:
    return lambda fetch: any(part in fetch.user_agent for part in parts)


def _is_gmail_proxy(fetch: Fetch) -> bool:
    return "via ggpht.com GoogleImageProxy" in fetch.user_agent or "(via ggpht.com)" in fetch.user_agent


def _is_browser(fetch: Fetch) -> bool:
    return fetch.user_agent.startswith("Mozilla/5.0 (") and _names_itself(*_BROWSERS)(fetch)


def _asks_for_an_image(fetch: Fetch) -> bool:
    return "image/" in fetch.headers.get("accept", "") and "accept-language" in fetch.headers


# Source of user agents, networks and confidences: observed traffic that mail services have published;
# docs/opens.md names them rule by rule.
_RULES = (
    _Rule(
        lambda fetch: fetch.user_agent == "Mozilla/5.0" and fetch.asn in _RELAY_ASNS,
        OpenClass.PRIVACY_PREFETCH,
        0.93,
        None,
        (Reason.APPLE_MPP_UA, Reason.RELAY_ASN),
    ),
    _Rule(
        lambda fetch: fetch.user_agent == _GMAIL_PREFETCH,
        OpenClass.PROVIDER_PREFETCH,
        0.9,
        0.05,
        (Reason.GMAIL_PREFETCH_UA,),
    ),
    _Rule(
        lambda fetch: _is_gmail_proxy(fetch) and fetch.asn == _GOOGLE_ASN,
        OpenClass.PROXIED_OPEN,
        0.97,
        0.93,
        (Reason.GMAIL_PROXY,),
    ),
    _Rule(_is_gmail_proxy, OpenClass.UNCLASSIFIED, 0.8, None, (Reason.SPOOFED_PROXY,)),
    _Rule(_names_itself(*_PROXIES), OpenClass.PROXIED_OPEN, 0.8, 0.9, (Reason.PROVIDER_PROXY,)),
    _Rule(_names_itself(*_PREVIEWS), OpenClass.LINK_PREVIEW, 0.97, 0.02, (Reason.PREVIEW_UA,)),
    _Rule(lambda fetch: not fetch.user_agent, OpenClass.BOT, 0.7, 0.03, (Reason.EMPTY_UA,)),
    _Rule(_names_itself(*_LIBRARIES), OpenClass.BOT, 0.9, 0.03, (Reason.HTTP_LIBRARY,)),
    _Rule(_names_itself(*_MAIL_APPS), OpenClass.DIRECT_OPEN, 0.95, 0.96, (Reason.MAIL_APP_UA,)),
    _Rule(
        lambda fetch: _is_browser(fetch) and _asks_for_an_image(fetch),
        OpenClass.DIRECT_OPEN,
        0.93,
        0.95,
        (Reason.BROWSER_IMAGE_HEADERS,),
    ),
    _Rule(_is_browser, OpenClass.DIRECT_OPEN, 0.6, 0.7, (Reason.BROWSER_UA,)),
    _Rule(lambda _: True, OpenClass.UNCLASSIFIED, 0.0, None, (Reason.NO_RULE,)),
)


def classify(sending: Sending, fetches: Iterable[Fetch]) -> list[Open]:
    """Say what each fetch of a delivery's pixel means.

    Args:
        sending: When the delivery was sent and delivered. No rule of this ruleset asks for it yet.
        fetches: All of the delivery's fetches, in any order.

    Returns:
        One open for each fetch, by time.
    """
    del sending
    return [_interpret(fetch) for fetch in sorted(fetches, key=lambda fetch: (fetch.at, fetch.event_id))]


def _interpret(fetch: Fetch) -> Open:
    rule = next(rule for rule in _RULES if rule.matches(fetch))
    return Open(fetch, rule.open_class, rule.confidence, rule.human_probability, rule.reasons)
