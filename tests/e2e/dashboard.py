"""The dashboard as a person uses it, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from local.endpoints import Endpoints

PAGES = {
    "smtp-users": "sending/smtp-users",
    "smtp-user": "sending/smtp-users/demo-user?tab=tracking",
    "ip-addresses": "sending/ip-addresses",
    "api-keys": "sending/api-keys",
    "activity": "reports/activity",
    "opens": "reports/opens",
    "webhooks": "settings/webhooks",
    "webhook": "settings/webhooks/1",
}
"""What each page is called, and its address."""


@contextmanager
def opened(browser: Browser, found: Endpoints, *, width: int = 1280, is_dark: bool = False) -> Iterator[Page]:
    """The dashboard before anybody signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if is_dark else "light",
        reduced_motion="reduce",
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(found.dashboard_url)
    yield page
    context.close()


@contextmanager
def signed_in(
    browser: Browser, found: Endpoints, *, width: int = 1280, is_dark: bool = False
) -> Iterator[Page]:
    """The dashboard's first page, of the seeded user."""
    with opened(browser, found, width=width, is_dark=is_dark) as page:
        sign_in(page, found.dashboard_user, found.dashboard_password)
        page.get_by_role("heading", name="SMTP Users").wait_for()
        yield page


def sign_in(page: Page, user: str, password: str) -> None:
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def go(page: Page, found: Endpoints, address: str) -> None:
    """Go to a page, and wait until all that it asks for has come."""
    page.goto("about:blank")
    page.goto(f"{found.dashboard_url}#/{address}")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
