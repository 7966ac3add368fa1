"""What a user agent names."""

import sys
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ua_parser.regex import Resolver

from tracking.opens import clients, rules
from tracking.opens.clients import DESKTOP, MOBILE, TABLET, Client, client, is_crawler
from tracking.opens.rules import Agent

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
XP = "Mozilla/5.0 (Windows; U; Windows NT 5.1; de; rv:1.9.0.7)"
CHROME_55 = f"{WINDOWS} {BLINK} Chrome/55.0.2883.87 Safari/537.36"
WEBVIEW = f"wv) {BLINK} Version/4.0 Chrome/126.0.6478.71"
GMAIL_PREFETCH = f"{WINDOWS} {BLINK} Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"

PROXIES = [
    # Mailgun's documentation of its open events, for Apple's Mail Privacy Protection.
    ("Mozilla/5.0", "Apple Mail"),
    # An open event of SES, November 2025.
    (GMAIL_PREFETCH, "Gmail"),
    # uap-core and matomo's device-detector; the issues gophish#1390 and mautic#16069.
    ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "Gmail"),
    # The library browserino: the form of before 2014.
    (f"{XP} Gecko/2009021910 Firefox/3.0.7 (via ggpht.com)", "Gmail"),
    # The page of Yahoo's help that it names.
    ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "Yahoo Mail"),
    # The tests of warmbly.
    (f"hey.com/imageproxy Mozilla/5.0 (X11; Linux x86_64) {BLINK} Chrome/134.0.0.0 Safari/537.36", "HEY"),
    # crawler-user-agents.
    ("FastmailUA/1.0", "Fastmail"),
    # matomo's device-detector.
    ("Mozilla/5.0 SeznamEmailProxy/2.0.174", "Seznam Email"),
    # What web servers have logged.
    ("RamblerMail/6.0 (incompatible; ImageProxy/6.0)", "Rambler Mail"),
    (f"{CHROME_55} (via secureurl.fwdcdn.com - mail.ukr.net proxy)", "ukr.net"),
]

MAIL_PROGRAMS = [
    # uap-core, and what web servers have logged.
    (
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.14931; Pro)",
        Client("Outlook", DESKTOP, "Windows"),
    ),
    ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", Client("Outlook", DESKTOP, "Windows")),
    (
        "MacOutlook/16.46.21021202 (Intelx64 Mac OS X Version 10.15.7 (Build 19H524))",
        Client("Outlook", DESKTOP, "macOS"),
    ),
    ("Outlook-iOS/2.0", Client("Outlook", MOBILE, "iOS")),
    ("Outlook-iOS/709.2042344.prod.iphone (3.21.0)", Client("Outlook", MOBILE, "iOS")),
    ("Outlook-Android/2.0", Client("Outlook", MOBILE, "Android")),
    # Mozilla's form, which Firefox has too.
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
        Client("Thunderbird", DESKTOP, "Linux"),
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
        Client("Thunderbird", DESKTOP, "Windows"),
    ),
    # The security advisory of Mailspring 1.10.8.
    (
        f"{MAC} {BLINK} Mailspring/1.10.8 Chrome/98.0.4758.141 Electron/17.4.0 Safari/537.36",
        Client("Mailspring", DESKTOP, "macOS"),
    ),
    # matomo's device-detector.
    (
        f"{WINDOWS} {BLINK} BlueMail/0.10.31 Chrome/61.0.3163.100 Electron/2.0.18 Safari/537.36",
        Client("BlueMail", DESKTOP, "Windows"),
    ),
    # Public lists of user agents.
    (
        f"{WINDOWS} {BLINK} Chrome/51.0.2704.103 Safari/537.36 Mailbird/2.5.8.0/ Mailbird/2.5.8.0/",
        Client("Mailbird", DESKTOP, "Windows"),
    ),
    # The names are from public lists of mail programs; what stands around them is made up.
    (
        f"{WINDOWS} {BLINK} Superhuman/1038 Chrome/126.0.6478.127 Electron/31.2.0 Safari/537.36",
        Client("Superhuman", DESKTOP, "Windows"),
    ),
    ("Airmail 1.0 (Macintosh; Mac OS X 10_15)", Client("Airmail", DESKTOP, "macOS")),
    ("eM Client/9.2.2093.0", Client("eM Client", None, None)),
    (f"{WINDOWS} {BLINK} Foxmail/7.2", Client("Foxmail", DESKTOP, "Windows")),
    ("MailMaster/7.19 (iPhone; iOS 17.5)", Client("NetEase Mail Master", MOBILE, "iOS")),
    ("NaverMailApp/2.4.1 (Android 14)", Client("Naver Mail", MOBILE, "Android")),
    ("Yahoo%20Mail/78003 CFNetwork/1494.0.7 Darwin/23.4.0", Client("Yahoo Mail", MOBILE, "iOS")),
    ("Android-Gmail/2024.05", Client("Gmail", MOBILE, "Android")),
    # The issue warmbly#564: Mac Mail, and the new Outlook for Windows just so.
    (f"{MAC} {WEBKIT}", Client("Apple Mail or Outlook", None, None)),
    # WebKit's form of an application that adds nothing of its own.
    (f"{IPHONE} {WEBKIT} Mobile/15E148", Client("Apple Mail", MOBILE, "iOS")),
    (f"{IPAD} {WEBKIT} Mobile/15E148", Client("Apple Mail", TABLET, "iOS")),
    # The WebView forms of developer.chrome.com.
    (
        f"Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A; {WEBVIEW} Mobile Safari/537.36",
        Client("a mail app", MOBILE, "Android"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 14; SM-X710 Build/UP1A; {WEBVIEW} Safari/537.36",
        Client("a mail app", TABLET, "Android"),
    ),
]

OTHERS = [
    # The forms that the browsers' makers document.
    (f"{WINDOWS} {BLINK} Chrome/126.0.0.0 Safari/537.36", Client("Chrome", DESKTOP, "Windows")),
    (f"{WINDOWS} {BLINK} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", Client("Edge", DESKTOP, "Windows")),
    # Edge 12 itself: Gmail's prefetch without what is added to it.
    (GMAIL_PREFETCH.removesuffix(" Mozilla/5.0"), Client("Edge", DESKTOP, "Windows")),
    (f"{MAC} {WEBKIT} Version/17.5 Safari/605.1.15", Client("Safari", DESKTOP, "macOS")),
    (f"{IPHONE} {WEBKIT} Version/17.5 Mobile/15E148 Safari/604.1", Client("Safari", MOBILE, "iOS")),
    (f"{IPAD} {WEBKIT} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1", Client("Chrome", TABLET, "iOS")),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Chrome/126.0.0.0 Mobile Safari/537.36",
        Client("Chrome", MOBILE, "Android"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Chrome/126.0.0.0 Safari/537.36",
        Client("Chrome", TABLET, "Android"),
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
        Client("Firefox", DESKTOP, "Ubuntu"),
    ),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/126.0.0.0 Safari/537.36",
        Client("Chrome", DESKTOP, "ChromeOS"),
    ),
    # An application that adds its name is not Apple Mail.
    (f"{IPHONE} {WEBKIT} Mobile/15E148 [FBAN/FBIOS;FBAV/465.0.0.41.103]", Client("Facebook", MOBILE, "iOS")),
    (f"{IPHONE} {WEBKIT} Mobile/15E148 Reader/1.0", Client("an app", MOBILE, "iOS")),
    # curl's documentation.
    ("curl/8.5.0", Client("curl", None, None)),
    ("", Client(None, None, None)),
    ("something else", Client(None, None, None)),
]


@pytest.mark.parametrize(("user_agent", "name"), PROXIES)
def test_a_proxy_is_named_and_says_nothing_of_the_readers_device_and_system(
    user_agent: str, name: str
) -> None:
    assert client(user_agent) == Client(name, None, None)


@pytest.mark.parametrize(("user_agent", "named"), MAIL_PROGRAMS)
def test_a_mail_program_is_named(user_agent: str, named: Client) -> None:
    assert client(user_agent) == named


@pytest.mark.parametrize(("user_agent", "named"), OTHERS)
def test_what_is_no_mail_program_is_named_as_people_call_it(user_agent: str, named: Client) -> None:
    assert client(user_agent) == named


@pytest.mark.parametrize(
    "fragment",
    [
        fragment
        for agent, fragments in rules.NAMES
        if agent is Agent.MAIL_APP or agent.name.endswith("_PROXY")
        for fragment in fragments
    ],
)
def test_whatever_the_rules_take_for_a_proxy_or_a_mail_program_is_named_and_not_as_a_browser(
    fragment: str,
) -> None:
    assert client(f"{WINDOWS} {BLINK} Chrome/126.0.0.0 {fragment}1.0 Safari/537.36").name not in {
        None,
        "Chrome",
    }


anything = st.text(st.characters(exclude_categories=()), max_size=300) | st.binary(max_size=300).map(
    lambda sent: sent.decode("utf-8", "surrogateescape")
)


@given(anything)
def test_any_text_has_a_client_and_is_a_crawler_or_not(text: str) -> None:
    found = client(text)

    assert found.device in {DESKTOP, MOBILE, TABLET, None}
    assert is_crawler(text) in {True, False}


@given(
    st.sampled_from([user_agent for user_agent, _ in MAIL_PROGRAMS + OTHERS]), st.integers(0, 200), anything
)
def test_a_user_agent_with_anything_put_into_it_has_a_client(user_agent: str, place: int, text: str) -> None:
    found = client(user_agent[:place] + text + user_agent[place:])

    assert found.name != ""
    assert found.device in {DESKTOP, MOBILE, TABLET, None}


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "\ud800",
        "Mozilla/5.0 (" * 600,
        "Android " * 1000,
        f"Mozilla/5.0 (Linux; {'; wv) ' * 1500}",
        "\U0001f4e7" * 8192,
        "9" * 8192,
    ],
)
def test_a_hostile_user_agent_has_no_client(text: str) -> None:
    assert client(text).name is None
    assert not is_crawler(text)


@pytest.mark.parametrize(
    ("user_agent", "crawls"),
    [
        # Google's list of its crawlers.
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        # Microsoft's list of Bing's.
        (f"Mozilla/5.0 {BLINK} (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", True),
        # The libraries' own defaults.
        ("python-requests/2.32.3", True),
        ("curl/8.5.0", True),
        # Programs of people.
        (f"{MAC} {WEBKIT} Version/17.5 Safari/605.1.15", False),
        (f"{IPHONE} {WEBKIT} Mobile/15E148", False),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.14931; Pro)", False),
        ("Mozilla/5.0", False),
        ("", False),
    ],
)
def test_a_crawler_is_known(user_agent: str, crawls: bool) -> None:
    assert is_crawler(user_agent) is crawls


@pytest.mark.parametrize("user_agent", [user_agent for user_agent, _ in MAIL_PROGRAMS])
def test_no_mail_program_is_a_crawler(user_agent: str) -> None:
    assert not is_crawler(user_agent)


def test_the_quick_parser_is_there() -> None:
    assert isinstance(clients._parser(), Resolver)


def test_answers_are_kept_in_bounds() -> None:
    assert clients.REMEMBERED == client.cache_info().maxsize == is_crawler.cache_info().maxsize


def test_the_libraries_are_not_loaded_before_the_first_question() -> None:
    program = (
        "import sys; from tracking.opens import clients; "
        "print({'ua_parser', 'ua_parser_rs', 'crawleruseragents'} & {*sys.modules})"
    )

    said = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert said.stdout == "set()\n"
