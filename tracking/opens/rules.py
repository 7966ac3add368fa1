"""What one fetch means: ordered rules, the first that matches decides.

What has to be known of the fetches around it is in its `Sighting`. The pixel function imports this module to
decide whom to time, so nothing here reads a list of crawlers.

Source: observed traffic that mail services, bug trackers and open lists of user agents have published;
docs/opens.md names them rule by rule, and so does each row of tests/data/fetches.json.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from tracking.opens.fetches import Fetch, Witness
from tracking.opens.networks import Kind, Network, network

RULESET_VERSION = 2
"""Counts up with each change of the rules. A new ruleset improves the past too: fetches are kept raw, and
meaning is computed whenever it is asked for."""


class OpenClass(StrEnum):
    """What fetched the pixel."""

    DIRECT_OPEN = "direct_open"
    """A mail program or browser at the reader's own address."""

    PROXIED_OPEN = "proxied_open"
    """A mailbox provider's image proxy, because a reader's client displayed the mail."""

    PRIVACY_PREFETCH = "privacy_prefetch"
    """A privacy service that loads every image, read or not. It does not say that nobody read the mail."""

    PROVIDER_PREFETCH = "provider_prefetch"
    """A mailbox provider or a browser that loads images ahead of the reader."""

    SECURITY_SCAN = "security_scan"
    """A filter that looks for malice."""

    LINK_PREVIEW = "link_preview"
    """A chat or mail program that draws a preview."""

    BOT = "bot"
    """A crawler or a script."""

    SENDER_SELF = "sender_self"
    """The sender looking at what was sent."""

    UNCLASSIFIED = "unclassified"
    """No rule knows it, or what is known contradicts itself. It may or may not be a person."""


class Reason(StrEnum):
    """Why a fetch has its class."""

    SELF_NETWORK = "SELF_NETWORK"
    """It came from the address that the mail was handed in from."""

    METHOD_HEAD = "METHOD_HEAD"
    """It asked about the image and not for it, which nothing that displays mail does."""

    PREFETCH_HEADER = "PREFETCH_HEADER"
    """It says of itself that it loads ahead of the reader."""

    APPLE_MPP_UA = "APPLE_MPP_UA"
    """The bare user agent of Apple's Mail Privacy Protection."""

    APPLE_RELAY_IP = "APPLE_RELAY_IP"
    """The address is on the list that Apple publishes for its private relay."""

    RELAY_ASN = "RELAY_ASN"
    """The network is one of those that carry Apple's private relay."""

    BARE_MOZILLA_HOSTING = "BARE_MOZILLA_HOSTING"
    """Apple's bare user agent, from a network of servers that carries no private relay."""

    BARE_MOZILLA_EYEBALL = "BARE_MOZILLA_EYEBALL"
    """Apple's bare user agent, from a network that is neither the relay's nor of servers: probably Apple
    Mail without Mail Privacy Protection."""

    GMAIL_PREFETCH_UA = "GMAIL_PREFETCH_UA"
    """The user agent that Gmail uses when it loads images ahead of the reader."""

    GOOGLE_NET = "GOOGLE_NET"
    """The network is Google's, or Gmail's page is named as the referrer."""

    GMAIL_PROXY = "GMAIL_PROXY"
    """Gmail's image proxy names itself, and no other network than Google's is known to have sent it."""

    SPOOFED_PROXY = "SPOOFED_PROXY"
    """It calls itself Gmail's image proxy, and the network is not Google's."""

    YAHOO_PROXY = "YAHOO_PROXY"
    """The image proxy of Yahoo and AOL names itself."""

    HEY_PROXY = "HEY_PROXY"
    """HEY's image proxy names itself."""

    FASTMAIL_PROXY = "FASTMAIL_PROXY"
    """Fastmail's image proxy names itself."""

    SEZNAM_PROXY = "SEZNAM_PROXY"
    """Seznam's image proxy names itself."""

    RAMBLER_PROXY = "RAMBLER_PROXY"
    """Rambler's image proxy names itself."""

    UKRNET_PROXY = "UKRNET_PROXY"
    """The image proxy of ukr.net names itself."""

    PREVIEW_UA = "PREVIEW_UA"
    """The user agent of a program that draws previews."""

    SCANNER_UA = "SCANNER_UA"
    """The user agent of a security scanner."""

    SCANNER_ASN = "SCANNER_ASN"
    """The network belongs to a company that scans mail."""

    BOT_UA = "BOT_UA"
    """The user agent of a crawler that names itself."""

    HTTP_LIBRARY = "HTTP_LIBRARY"
    """The user agent of a programming library."""

    EMPTY_UA = "EMPTY_UA"
    """The request does not say what made it."""

    BURST_NETWORKS = "BURST_NETWORKS"
    """Three networks or more asked for the same pixel within two minutes."""

    QUOTED_PIXEL = "QUOTED_PIXEL"
    """A later mail quotes this one with its pixel, and the fetch came from a network that was not seen
    before: it may belong to a reader of the later mail."""

    MS_NET_EARLY = "MS_NET_EARLY"
    """A browser's user agent from Microsoft's network, within a minute of delivery."""

    MS_IMAGE_PROXY = "MS_IMAGE_PROXY"
    """A browser's user agent from Microsoft's network, later than that or without a time of delivery: the
    image proxy of Outlook.com has no name of its own."""

    MAIL_PROVIDER_ASN = "MAIL_PROVIDER_ASN"
    """The network belongs to a mailbox provider whose proxy does not name itself."""

    HOSTING_ASN = "HOSTING_ASN"
    """The network is one of servers: rented ones, or those of a mailbox provider whose proxy would have named
    itself."""

    NO_ACCEPT_LANGUAGE = "NO_ACCEPT_LANGUAGE"
    """No language was asked for, which browsers do. Weak by itself."""

    CORPORATE_PROXY = "CORPORATE_PROXY"
    """The network is a company's web proxy, with people behind it."""

    MAIL_APP_UA = "MAIL_APP_UA"
    """The user agent of a mail program."""

    OPENED_AS_PAGE = "OPENED_AS_PAGE"
    """A browser opened the image's address itself, not a mail."""

    BROWSER_IMAGE_HEADERS = "BROWSER_IMAGE_HEADERS"
    """A browser's user agent, and the headers that a browser sends for an image."""

    BROWSER_UA = "BROWSER_UA"
    """A browser's user agent, without the headers that go with it."""

    NO_RULE = "NO_RULE"
    """No rule knows this fetch."""

    TOO_FAST = "TOO_FAST"
    """It came within ten seconds of delivery. Makes a person less likely, decides nothing."""

    ACCESS_LOG_ONLY = "ACCESS_LOG_ONLY"
    """Only the access log saw it, so that network and headers are not known. Decides nothing."""


class Agent(StrEnum):
    """What a user agent says that it is; anybody can write it."""

    NOBODY = "nobody"
    """There is none."""

    BARE_MOZILLA = "bare_mozilla"
    """`Mozilla/5.0` and nothing else, as Apple's Mail Privacy Protection and Apple Mail write it."""

    GMAIL_PREFETCH = "gmail_prefetch"
    """Edge 12 with a second `Mozilla/5.0` at the end; without it, it is a browser."""

    GMAIL_PROXY = "gmail_proxy"
    """Gmail's image proxy, in its form of today or that of before 2014."""

    YAHOO_PROXY = "yahoo_proxy"
    """The image proxy of Yahoo and AOL."""

    HEY_PROXY = "hey_proxy"
    """HEY's image proxy."""

    FASTMAIL_PROXY = "fastmail_proxy"
    """Fastmail's image proxy."""

    SEZNAM_PROXY = "seznam_proxy"
    """Seznam's image proxy."""

    RAMBLER_PROXY = "rambler_proxy"
    """Rambler's image proxy."""

    UKRNET_PROXY = "ukrnet_proxy"
    """The image proxy of ukr.net."""

    IMAGE_RESIZER = "image_resizer"
    """What Yandex and Mail.Ru load images with. That their mail does so too is likely and not documented."""

    MAIL_APP = "mail_app"
    """A mail program that names itself."""

    SCANNER = "scanner"
    """A security scanner that names itself."""

    PREVIEW = "preview"
    """A program that draws previews."""

    LIBRARY = "library"
    """A programming library or a command."""

    WEBVIEW = "webview"
    """A program that shows web content, mail as a rule, and says only what it draws it with."""

    BROWSER = "browser"
    """A browser."""

    OTHER = "other"
    """Something else."""


WHOLE_NAMES = {
    "": Agent.NOBODY,
    "Mozilla/5.0": Agent.BARE_MOZILLA,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0": Agent.GMAIL_PREFETCH,
}
"""Who is known by the whole user agent."""

NAMES = (
    (Agent.GMAIL_PROXY, ("(via ggpht.com",)),
    (Agent.YAHOO_PROXY, ("YahooMailProxy",)),
    (Agent.HEY_PROXY, ("hey.com/imageproxy",)),
    (Agent.FASTMAIL_PROXY, ("FastmailUA/",)),
    (Agent.SEZNAM_PROXY, ("SeznamEmailProxy/",)),
    (Agent.RAMBLER_PROXY, ("RamblerMail/",)),
    (Agent.UKRNET_PROXY, ("secureurl.fwdcdn.com",)),
    (Agent.IMAGE_RESIZER, ("YandexImageResizer/", "Mail.RU_Bot/Img/")),
    (
        Agent.MAIL_APP,
        (
            "Microsoft Outlook",
            "ms-office",
            "MacOutlook/",
            "Outlook-iOS/",
            "Outlook-Android/",
            "Thunderbird/",
            "Airmail",
            "Superhuman",
            "eM Client/",
            "Mailbird/",
            "Mailspring/",
            "BlueMail/",
            "Foxmail/",
            "MailMaster",
            "NaverMailApp/",
            "Yahoo%20Mail/",
            "Android-Gmail/",
        ),
    ),
    (
        Agent.SCANNER,
        (
            "Barracuda Sentinel",
            "Kaspersky Lab CFR link resolver",
            "SCMGUARD",
            "Microsoft Office Existence Discovery",
        ),
    ),
    (
        Agent.PREVIEW,
        (
            "Slackbot-LinkExpanding",
            "Slack-ImgProxy",
            "SkypeUriPreview",
            "BingPreview/",
            "MicrosoftPreview/",
            "TwilioProxy",
            "facebookexternalhit",
            "Discordbot",
            "TelegramBot",
            "WhatsApp/",
        ),
    ),
    (
        Agent.LIBRARY,
        (
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
        ),
    ),
    # Apps on Android that draw nothing with a browser: some lists of bots have them, and they are people.
    (Agent.WEBVIEW, ("; wv)", "Dalvik/")),
)
"""Who is known by a part of the user agent, upper and lower case as they write it. The first one counts."""

# Apple Mail and the new Outlook on a Mac or on Windows, and Apple Mail on iOS: nothing follows.
_WEBKIT_ALONE = re.compile(
    r"Mozilla/5\.0 \((?:Macintosh; [^()]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\)"
    r"|i(?:Phone|Pad|Pod)[^()]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\) Mobile/\w+)"
)
_BROWSER_START = "Mozilla/5.0 ("
_BROWSERS = ("Chrome/", "Firefox/", "Safari/", "Edg/", "Trident/")


@lru_cache(4096)
def agent(user_agent: str) -> Agent:
    """What a user agent says that it is.

    Args:
        user_agent: As the client sent it, of any length and content.
    """
    if whole := WHOLE_NAMES.get(user_agent.strip()):
        return whole
    for named, parts in NAMES:
        if any(part in user_agent for part in parts):
            return named
    if _WEBKIT_ALONE.fullmatch(user_agent):
        return Agent.WEBVIEW
    is_browser = user_agent.startswith(_BROWSER_START) and any(part in user_agent for part in _BROWSERS)
    return Agent.BROWSER if is_browser else Agent.OTHER


@dataclass(frozen=True, slots=True)
class Sighting:
    """A fetch with what is known around it.

    `network` is None if the table does not know it. `is_relay` is whether Apple lists the address as its
    private relay's, None if no list was shipped or nobody looked. `age` is the time since delivery, None
    while that is not known; it is negative where clocks differ.
    """

    fetch: Fetch
    agent: Agent
    network: Network | None = None
    is_relay: bool | None = None
    is_crawler: bool = False
    is_from_sender: bool = False
    """The mail was handed in from the same address."""

    is_stranger: bool = False
    """A later mail quotes the pixel already, and nothing came from this network before it did."""

    in_burst: bool = False
    age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a fetch means if it matches. `reasons` begins with the one that says most."""

    matches: Callable[[Sighting], bool]
    open_class: OpenClass
    confidence: float
    human_probability: float | None
    reasons: tuple[Reason, ...]


CLOCKS_DIFFER = timedelta(seconds=2)
"""A fetch that is so much earlier than its delivery, or less, counts as one at the same time."""

EARLY = timedelta(seconds=60)
"""How soon after delivery Microsoft's network is still taken for its filters."""

_BROWSING = frozenset({Agent.BROWSER, Agent.WEBVIEW})
_DIRECT = _BROWSING | {Agent.MAIL_APP, Agent.BARE_MOZILLA}
MAYBE_CRAWLERS = _BROWSING | {Agent.OTHER}
"""Whose user agents are worth looking up in a list of crawlers."""

_GOOGLE, _MICROSOFT = "Google", "Microsoft"
_PROXY_OWNERS = {
    Agent.YAHOO_PROXY: (("Yahoo",), Reason.YAHOO_PROXY),
    Agent.HEY_PROXY: (("Basecamp",), Reason.HEY_PROXY),
    Agent.FASTMAIL_PROXY: (("Fastmail", "NYI"), Reason.FASTMAIL_PROXY),
    Agent.SEZNAM_PROXY: (("Seznam",), Reason.SEZNAM_PROXY),
    Agent.RAMBLER_PROXY: (("Rambler",), Reason.RAMBLER_PROXY),
    Agent.UKRNET_PROXY: (("UkrNet",), Reason.UKRNET_PROXY),
}
"""Whose network each proxy is in, and the reason that it is one."""

PROXIES = frozenset({Agent.GMAIL_PROXY, *_PROXY_OWNERS})
"""Image proxies that name themselves."""

_NAMING_OWNERS = frozenset({_GOOGLE}.union(*(owners for owners, _ in _PROXY_OWNERS.values())))
"""Mailbox providers whose proxies name themselves: what else comes from there is some other server."""


def _says(*agents: Agent) -> Callable[[Sighting], bool]:
    return lambda seen: seen.agent in agents


def _is_of(seen: Sighting, *kinds: Kind) -> bool:
    return seen.network is not None and seen.network.kind in kinds


def _is_owned_by(seen: Sighting, *owners: str) -> bool:
    return seen.network is not None and seen.network.owner in owners


def _header(seen: Sighting, name: str) -> str:
    return seen.fetch.headers.get(name, "").lower()


def _is_prefetch(seen: Sighting) -> bool:
    return "prefetch" in _header(seen, "purpose") or "prefetch" in _header(seen, "sec-purpose")


def _is_bare_from_servers(seen: Sighting) -> bool:
    return seen.agent is Agent.BARE_MOZILLA and (_is_of_servers(seen) or _is_owned_by(seen, _MICROSOFT))


def _is_bare_from_elsewhere(seen: Sighting) -> bool:
    return seen.agent is Agent.BARE_MOZILLA and (seen.network is None or seen.network.kind is Kind.APPLE)


def _is_gmail_prefetch_of_google(seen: Sighting) -> bool:
    return seen.agent is Agent.GMAIL_PREFETCH and (
        _is_owned_by(seen, _GOOGLE) or "//mail.google.com/" in _header(seen, "referer")
    )


def _is_of_servers(seen: Sighting) -> bool:
    return _is_of(seen, Kind.HOSTING) or _is_owned_by(seen, *_NAMING_OWNERS)


def _is_early(seen: Sighting) -> bool:
    return seen.age is not None and -CLOCKS_DIFFER <= seen.age < EARLY


def _is_browsing_from_microsoft(seen: Sighting) -> bool:
    return seen.agent in _BROWSING and _is_owned_by(seen, _MICROSOFT)


def _is_of_nameless_provider(seen: Sighting) -> bool:
    return (
        _is_of(seen, Kind.MAIL_PROVIDER)
        and not _is_owned_by(seen, _MICROSOFT, *_NAMING_OWNERS)
        and seen.agent is not Agent.MAIL_APP
    )


def _is_browsing_from_servers(seen: Sighting) -> bool:
    return seen.agent in _BROWSING and _is_of_servers(seen)


def _names_no_language(seen: Sighting) -> bool:
    # The access log holds no such header, so that nothing follows from its absence there.
    return seen.fetch.witness is Witness.FUNCTION and not _header(seen, "accept-language")


def _is_page(seen: Sighting) -> bool:
    return seen.agent in _BROWSING and _header(seen, "sec-fetch-dest") == "document"


def _asks_for_an_image(seen: Sighting, destination: str) -> bool:
    return (
        seen.agent is Agent.BROWSER
        and _header(seen, "sec-fetch-dest") == destination
        and "image/" in _header(seen, "accept")
        and bool(_header(seen, "accept-language"))
    )


def _proxy_rules(named: Agent, owners: tuple[str, ...], reason: Reason) -> tuple[Rule, Rule]:
    return (
        Rule(
            lambda seen: seen.agent is named and _is_owned_by(seen, *owners),
            OpenClass.PROXIED_OPEN,
            0.95,
            0.9,
            (reason,),
        ),
        Rule(_says(named), OpenClass.PROXIED_OPEN, 0.8, 0.9, (reason,)),
    )


NAMED_RULES = (
    Rule(lambda seen: seen.is_from_sender, OpenClass.SENDER_SELF, 0.7, 0.0, (Reason.SELF_NETWORK,)),
    Rule(
        lambda seen: seen.fetch.method in {"HEAD", "OPTIONS"},
        OpenClass.SECURITY_SCAN,
        0.95,
        0.02,
        (Reason.METHOD_HEAD,),
    ),
    Rule(_is_prefetch, OpenClass.PROVIDER_PREFETCH, 0.95, 0.02, (Reason.PREFETCH_HEADER,)),
    Rule(
        lambda seen: seen.agent is Agent.BARE_MOZILLA and seen.is_relay is True,
        OpenClass.PRIVACY_PREFETCH,
        0.98,
        None,
        (Reason.APPLE_MPP_UA, Reason.APPLE_RELAY_IP),
    ),
    Rule(
        lambda seen: seen.agent is Agent.BARE_MOZILLA and _is_of(seen, Kind.RELAY),
        OpenClass.PRIVACY_PREFETCH,
        0.93,
        None,
        (Reason.APPLE_MPP_UA, Reason.RELAY_ASN),
    ),
    Rule(
        lambda seen: seen.agent is Agent.BARE_MOZILLA and seen.fetch.asn is None,
        OpenClass.UNCLASSIFIED,
        0.5,
        None,
        (Reason.APPLE_MPP_UA,),
    ),
    Rule(_is_bare_from_servers, OpenClass.SECURITY_SCAN, 0.6, 0.1, (Reason.BARE_MOZILLA_HOSTING,)),
    Rule(
        _is_gmail_prefetch_of_google,
        OpenClass.PROVIDER_PREFETCH,
        0.99,
        0.05,
        (Reason.GMAIL_PREFETCH_UA, Reason.GOOGLE_NET),
    ),
    Rule(_says(Agent.GMAIL_PREFETCH), OpenClass.PROVIDER_PREFETCH, 0.9, 0.05, (Reason.GMAIL_PREFETCH_UA,)),
    Rule(
        lambda seen: seen.agent is Agent.GMAIL_PROXY and _is_owned_by(seen, _GOOGLE),
        OpenClass.PROXIED_OPEN,
        0.97,
        0.93,
        (Reason.GMAIL_PROXY,),
    ),
    Rule(
        lambda seen: seen.agent is Agent.GMAIL_PROXY and seen.fetch.asn is None,
        OpenClass.PROXIED_OPEN,
        0.8,
        0.93,
        (Reason.GMAIL_PROXY,),
    ),
    Rule(_says(Agent.GMAIL_PROXY), OpenClass.UNCLASSIFIED, 0.8, None, (Reason.SPOOFED_PROXY,)),
    *(
        rule
        for named, (owners, reason) in _PROXY_OWNERS.items()
        for rule in _proxy_rules(named, owners, reason)
    ),
    Rule(_says(Agent.PREVIEW), OpenClass.LINK_PREVIEW, 0.97, 0.02, (Reason.PREVIEW_UA,)),
    Rule(_says(Agent.SCANNER), OpenClass.SECURITY_SCAN, 0.97, 0.03, (Reason.SCANNER_UA,)),
    Rule(
        lambda seen: _is_of(seen, Kind.SECURITY), OpenClass.SECURITY_SCAN, 0.85, 0.03, (Reason.SCANNER_ASN,)
    ),
    # A list of crawlers may have a mail program by mistake, and has libraries too, which have their own rule.
    Rule(
        lambda seen: seen.is_crawler and seen.agent in MAYBE_CRAWLERS,
        OpenClass.BOT,
        0.95,
        0.03,
        (Reason.BOT_UA,),
    ),
    Rule(_says(Agent.LIBRARY), OpenClass.BOT, 0.9, 0.03, (Reason.HTTP_LIBRARY,)),
    Rule(_says(Agent.NOBODY), OpenClass.BOT, 0.7, 0.03, (Reason.EMPTY_UA,)),
)
"""Whoever says what it is, or has a network that does. A burst makes no difference to it."""

OTHER_RULES = (
    Rule(lambda seen: seen.in_burst, OpenClass.SECURITY_SCAN, 0.85, 0.05, (Reason.BURST_NETWORKS,)),
    Rule(
        lambda seen: _is_browsing_from_microsoft(seen) and _is_early(seen),
        OpenClass.SECURITY_SCAN,
        0.6,
        0.25,
        (Reason.MS_NET_EARLY,),
    ),
    Rule(
        lambda seen: _is_browsing_from_microsoft(seen) and not _is_page(seen),
        OpenClass.PROXIED_OPEN,
        0.6,
        0.75,
        (Reason.MS_IMAGE_PROXY,),
    ),
    Rule(_is_of_nameless_provider, OpenClass.PROXIED_OPEN, 0.6, 0.75, (Reason.MAIL_PROVIDER_ASN,)),
    Rule(
        lambda seen: _is_browsing_from_servers(seen) and _names_no_language(seen),
        OpenClass.SECURITY_SCAN,
        0.7,
        0.2,
        (Reason.HOSTING_ASN, Reason.NO_ACCEPT_LANGUAGE),
    ),
    Rule(_is_browsing_from_servers, OpenClass.SECURITY_SCAN, 0.6, 0.2, (Reason.HOSTING_ASN,)),
    Rule(_is_page, OpenClass.UNCLASSIFIED, 0.8, None, (Reason.OPENED_AS_PAGE,)),
    Rule(
        lambda seen: seen.is_stranger and seen.agent in _DIRECT,
        OpenClass.UNCLASSIFIED,
        0.5,
        None,
        (Reason.QUOTED_PIXEL,),
    ),
    Rule(
        lambda seen: seen.agent in _DIRECT and _is_of(seen, Kind.CORPORATE_PROXY),
        OpenClass.DIRECT_OPEN,
        0.8,
        0.8,
        (Reason.CORPORATE_PROXY,),
    ),
    Rule(_is_bare_from_elsewhere, OpenClass.DIRECT_OPEN, 0.6, 0.6, (Reason.BARE_MOZILLA_EYEBALL,)),
    # A desktop in a data centre, or somebody's VPN: such programs are seldom imitated.
    Rule(
        lambda seen: seen.agent is Agent.MAIL_APP and _is_of_servers(seen),
        OpenClass.DIRECT_OPEN,
        0.6,
        0.7,
        (Reason.MAIL_APP_UA, Reason.HOSTING_ASN),
    ),
    Rule(_says(Agent.MAIL_APP, Agent.WEBVIEW), OpenClass.DIRECT_OPEN, 0.95, 0.96, (Reason.MAIL_APP_UA,)),
    Rule(
        lambda seen: _asks_for_an_image(seen, "image"),
        OpenClass.DIRECT_OPEN,
        0.93,
        0.95,
        (Reason.BROWSER_IMAGE_HEADERS,),
    ),
    # Older browsers do not say what an image is for, so that their silence weighs little.
    Rule(
        lambda seen: _asks_for_an_image(seen, ""),
        OpenClass.DIRECT_OPEN,
        0.85,
        0.9,
        (Reason.BROWSER_IMAGE_HEADERS,),
    ),
    Rule(_says(Agent.BROWSER), OpenClass.DIRECT_OPEN, 0.6, 0.7, (Reason.BROWSER_UA,)),
    Rule(lambda _: True, OpenClass.UNCLASSIFIED, 0.0, None, (Reason.NO_RULE,)),
)
"""Everybody else: what the fetches around it, its network and its headers make likely."""

RULES = (*NAMED_RULES, *OTHER_RULES)

_TIMEABLE = frozenset({Reason.MAIL_APP_UA, Reason.BROWSER_IMAGE_HEADERS, Reason.BROWSER_UA})


def rule_for(seen: Sighting) -> Rule:
    """The first rule that matches a fetch."""
    return named_rule(seen) or other_rule(seen)


def named_rule(seen: Sighting) -> Rule | None:
    """The first of `NAMED_RULES` that matches a fetch, if one does."""
    for rule in NAMED_RULES:
        if rule.matches(seen):
            return rule
    return None


def other_rule(seen: Sighting) -> Rule:
    """The first of `OTHER_RULES` that matches a fetch; the last one always does."""
    return next(rule for rule in OTHER_RULES if rule.matches(seen))


def is_timeable(fetch: Fetch) -> bool:
    """Whether a fetch may be sent on to see how long its mail stays open.

    Only a person's own mail program or browser may: a proxy answers for itself, and Yahoo's, if kept waiting,
    asks again. The fetch is judged by itself, without its history.

    Source:
        Yahoo's proxy asked for a slow pixel up to four times: Litmus' help pages.
    """
    rule = rule_for(Sighting(fetch, agent(fetch.user_agent), network(fetch.asn)))
    return (
        fetch.method == "GET"
        and rule.open_class is OpenClass.DIRECT_OPEN
        and _TIMEABLE.issuperset(rule.reasons)
    )
