"""What a user agent names: a crawler, or a client with its device and system.

Rules of our own come first, for what general parsers do not know or take for a browser: proxies of mailbox
providers, and mail programs. The first rule that matches decides. The rest is ua-parser's.

Both libraries are loaded by the first question: a function that asks none starts without them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ua_parser.regex import Resolver

REMEMBERED = 4096
"""So many user agents' answers are kept. Mail is opened with few, so nearly all are among them."""

DESKTOP = "Desktop"
MOBILE = "Mobile"
TABLET = "Tablet"


@dataclass(frozen=True, slots=True)
class Client:
    """A client as a person would say it: "Apple Mail", "Mobile", "iOS".

    `device` is `DESKTOP`, `MOBILE` or `TABLET`. What the user agent does not tell is None: a proxy says
    nothing of the reader's device and system, whatever stands in its user agent.
    """

    name: str | None
    device: str | None
    system: str | None


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is said of the user agents that match.

    `system` is None if they do not tell it, and `_TOLD` if each of them may.
    """

    matches: Callable[[str], object]
    name: str
    system: str | None = None


_TOLD = "told"


def _being(text: str, name: str) -> _Rule:
    return _Rule(text.__eq__, name)


def _holding(fragment: str, name: str, system: str | None = None) -> _Rule:
    return _Rule(lambda text: fragment in text, name, system)


def _shaped(pattern: str, name: str, system: str | None = None) -> _Rule:
    return _Rule(re.compile(pattern).fullmatch, name, system)


# Source of the user agents: what mail services, bug trackers and open lists of user agents have published;
# the tests name them one by one.
_RULES = (
    # Mailbox providers. All of these fetch for a reader of whom nothing is known.
    _being("Mozilla/5.0", "Apple Mail"),
    _being(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
        "Gmail",
    ),
    _holding("(via ggpht.com", "Gmail"),
    _holding("YahooMailProxy", "Yahoo Mail"),
    _holding("hey.com/imageproxy", "HEY"),
    _holding("FastmailUA/", "Fastmail"),
    _holding("SeznamEmailProxy/", "Seznam Email"),
    _holding("RamblerMail/", "Rambler Mail"),
    _holding("secureurl.fwdcdn.com", "ukr.net"),
    # Outlook: its name is also in the user agents of its siblings, so those come first.
    _holding("MacOutlook/", "Outlook", "macOS"),
    _holding("Outlook-iOS", "Outlook", "iOS"),
    _holding("Outlook-Android", "Outlook", "Android"),
    _holding("Microsoft Outlook", "Outlook", "Windows"),
    _holding("ms-office", "Outlook", "Windows"),
    # Mail programs that name themselves.
    _holding("Thunderbird/", "Thunderbird", _TOLD),
    _holding("Airmail", "Airmail", _TOLD),
    _holding("Superhuman", "Superhuman", _TOLD),
    _holding("eM Client/", "eM Client", _TOLD),
    _holding("Mailbird/", "Mailbird", _TOLD),
    _holding("Mailspring/", "Mailspring", _TOLD),
    _holding("BlueMail/", "BlueMail", _TOLD),
    _holding("Foxmail/", "Foxmail", _TOLD),
    _holding("MailMaster", "NetEase Mail Master", _TOLD),
    _holding("NaverMailApp/", "Naver Mail", _TOLD),
    _holding("Yahoo%20Mail/", "Yahoo Mail", _TOLD),
    _holding("YahooMobileMail/", "Yahoo Mail", _TOLD),
    _holding("Android-Gmail/", "Gmail", "Android"),
    # Mail programs that show themselves only by what is missing. The new Outlook for Windows calls itself a
    # Mac as Apple Mail does, so neither system nor device is known.
    _shaped(
        r"Mozilla/5\.0 \(Macintosh; [^()]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\)",
        "Apple Mail or Outlook",
    ),
    _shaped(
        r"Mozilla/5\.0 \(i(?:Phone|Pad|Pod)[^()]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\) Mobile/\w+",
        "Apple Mail",
        "iOS",
    ),
    _shaped(r"Mozilla/5\.0 \(Linux; [^()]*; wv\) .*Safari/[\d.]+", "a mail app", "Android"),
)

_NAMES = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "an app",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "an app",
    "Opera Mobile": "Opera",
}
"""What ua-parser tells apart and people do not. All other names are its own."""

_SYSTEMS = {"Mac OS X": "macOS", "Mac OS": "macOS", "Chrome OS": "ChromeOS"}

_DEVICES = {
    **dict.fromkeys(
        ("Windows", "macOS", "ChromeOS", "Linux", "Ubuntu", "Debian", "Fedora", "FreeBSD"), DESKTOP
    ),
    **dict.fromkeys(("Windows Phone", "KaiOS", "BlackBerry OS"), MOBILE),
}
"""Devices by their system, where it has but one kind."""


@lru_cache(REMEMBERED)
def is_crawler(user_agent: str) -> bool:
    """Whether a public list of crawlers has a user agent.

    Image proxies, link previews and programming libraries are in that list too, so ask for those first.

    Args:
        user_agent: As the client sent it, of any length and content.

    Source:
        https://github.com/monperrus/crawler-user-agents
    """
    import crawleruseragents

    return bool(crawleruseragents.is_crawler(user_agent))


@lru_cache(REMEMBERED)
def client(user_agent: str) -> Client:
    """The client that a user agent names.

    Args:
        user_agent: As the client sent it, of any length and content.

    Returns:
        The client; its parts are None where the user agent does not tell. An iPad that calls itself a Mac, as
        its Safari does, is a Mac here.
    """
    # A header may hold what is no text, and the parser takes only text.
    text = user_agent.encode("utf-8", "replace").decode()
    for rule in _RULES:
        if rule.matches(text):
            system = _system(text) if rule.system == _TOLD else rule.system
            return Client(rule.name, _device(system, text), system)
    system = _system(text)
    return Client(_name(text), _device(system, text), system)


def _name(text: str) -> str | None:
    from ua_parser import Domain

    found = _parser()(text, Domain.USER_AGENT).user_agent
    return None if found is None else _NAMES.get(found.family, found.family)


def _system(text: str) -> str | None:
    from ua_parser import Domain

    found = _parser()(text, Domain.OS).os
    return None if found is None else _SYSTEMS.get(found.family, found.family)


def _device(system: str | None, text: str) -> str | None:
    if system == "iOS":
        return TABLET if "ipad" in text.lower() else MOBILE
    if system == "Android":
        # Browsers on phones say Mobile, and those on tablets do not. An app's own user agent says neither,
        # and most apps run on phones. Source: https://developer.chrome.com/docs/multidevice/user-agent
        return TABLET if text.startswith("Mozilla/") and "Mobile" not in text else MOBILE
    return _DEVICES.get(system or "")


@cache
def _parser() -> "Resolver":
    # Named, because the package's own choice falls back to one that is ten times slower and says nothing.
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    user_agents, systems, _ = load_lazy_builtins()
    # Without its list of devices it is built in less than half the time.
    return Resolver((user_agents, systems, []))
