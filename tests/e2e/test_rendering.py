from base64 import b64decode
from email import message_from_bytes
from email.message import Message

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Route

from tests.tracking.injection.mails import URL
from tests.tracking.injection.test_golden import MAIL, TRACKED

pytestmark = pytest.mark.e2e

WIDTH = 800
DOCUMENT = "https://mail.example.com/"
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": WIDTH, "height": 600}, java_script_enabled=False)


def text(part: Message) -> str:
    document = part.get_payload(decode=True)
    assert isinstance(document, bytes)
    try:
        return document.decode(part.get_content_charset("us-ascii"), "replace")
    except LookupError:
        return document.decode("latin-1")


def documents(name: str) -> list[str]:
    """Give the HTML body before and after: the one part that differs."""
    before, after = (
        message_from_bytes((MAIL / f"{name}.{kind}").read_bytes()).walk() for kind in ("eml", "expected.eml")
    )
    (changed,) = (
        [text(old), text(new)]
        for old, new in zip(before, after, strict=True)
        if not old.is_multipart() and old.get_payload() != new.get_payload()
    )
    return changed


def load(page: Page, html: str) -> int:
    """Show a document; give how often it asked for the pixel."""
    asked = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if asked[-1] == DOCUMENT:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif asked[-1] == URL:
            route.fulfill(body=GIF, content_type="image/gif")
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto(DOCUMENT)
    page.unroute_all()
    return asked.count(URL)


def height(page: Page) -> int:
    pixels = page.evaluate("document.scrollingElement.scrollHeight")
    assert isinstance(pixels, int)
    return pixels


@pytest.mark.parametrize("name", TRACKED)
def test_a_browser_asks_for_a_mails_pixel_and_paints_the_same(page: Page, name: str) -> None:
    before, after = documents(name)
    asked_before, height_before = load(page, before), height(page)
    whole_page = FloatRect(x=0, y=0, width=WIDTH, height=height_before)
    painted_before = page.screenshot(full_page=True, clip=whole_page)

    asked_after, height_after = load(page, after), height(page)
    painted_after = page.screenshot(full_page=True, clip=whole_page)

    assert asked_after == asked_before + 1
    assert painted_after == painted_before
    # Where nothing keeps a distance from the end, the page can be scrolled by the pixel's own row.
    assert height_after - height_before in {0, 1}
