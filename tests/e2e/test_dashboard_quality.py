"""What holds for each page of the dashboard: it can be used by all, anywhere, and is there soon."""

from typing import Any

import brotli
import pytest
from playwright.sync_api import Browser, Page, expect

from local.cloud import REPOSITORY
from tests.e2e import console, conversation, dashboard
from tests.e2e.conftest import LocalSystem
from tests.e2e.dashboard import PAGES

pytestmark = pytest.mark.e2e

AXE = REPOSITORY / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
FIRST_LOAD_BYTES = 500_000
BROTLI_QUALITY = 5
MOST_TABS = 40


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_no_page_shuts_anybody_out(system: LocalSystem, browser: Browser, *, is_dark: bool) -> None:
    with dashboard.opened(browser, system.endpoints, is_dark=is_dark) as page:
        page.get_by_label("User name").wait_for()
        assert _violations(page) == []
    with dashboard.signed_in(browser, system.endpoints, is_dark=is_dark) as page:
        for address in PAGES.values():
            dashboard.go(page, system.endpoints, address)
            assert _violations(page) == [], address


def test_the_keyboard_alone_switches_open_tracking(system: LocalSystem, browser: Browser) -> None:
    username = conversation.somebody().partition("@")[0]
    console.call(system.endpoints, "users/smtp/add", username=username)
    with dashboard.signed_in(browser, system.endpoints) as page:
        dashboard.go(page, system.endpoints, f"sending/smtp-users/{username}?tab=tracking")
        switch = page.get_by_role("checkbox", name="Open Tracking")
        was_on = switch.is_checked()
        reached = set()
        for _ in range(MOST_TABS):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.textContent"))
            if switch.evaluate("element => element === document.activeElement"):
                page.keyboard.press("Space")
                was_on = not was_on
                expect(page.get_by_text(f"Open Tracking is {'on' if was_on else 'off'}")).to_be_visible()
            if "Save" in reached and "Webhooks" in reached:
                break

        # The bar and the navigation come after the end of the page.
        assert reached >= {"Tracking & Status", "Remove", "Save", "SMTP Users", "Activity", "Webhooks"}
        assert switch.is_checked() is was_on


@pytest.mark.parametrize("width", [360, 768, 2560])
def test_no_page_is_wider_than_its_window(system: LocalSystem, browser: Browser, width: int) -> None:
    with dashboard.signed_in(browser, system.endpoints, width=width) as page:
        for address in PAGES.values():
            dashboard.go(page, system.endpoints, address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_a_page_takes_at_most_half_a_megabyte_to_load(
    system: LocalSystem, browser: Browser, address: str
) -> None:
    with dashboard.signed_in(browser, system.endpoints) as page:
        dashboard.go(page, system.endpoints, address)
        loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
        files = {name for name in loaded if "/console/" not in name and "/cognito" not in name}

        # As CloudFront compresses for each browser of today; the edge here does not play that.
        sizes = [
            len(brotli.compress(page.request.get(name).body(), quality=BROTLI_QUALITY)) for name in files
        ]
        assert len(sizes) > 10
        assert sum(sizes) <= FIRST_LOAD_BYTES


def test_scripts_come_from_the_page_alone(system: LocalSystem, browser: Browser) -> None:
    refused: list[str] = []
    with dashboard.signed_in(browser, system.endpoints) as page:
        page.on(
            "console", lambda said: refused.append(said.text) if "Content Security" in said.text else None
        )
        for address in PAGES.values():
            dashboard.go(page, system.endpoints, address)
        answer = page.request.get(system.endpoints.dashboard_url)

    assert refused == []
    (scripts,) = (
        part
        for part in answer.headers["content-security-policy"].split("; ")
        if part.startswith("script-src")
    )
    assert scripts == "script-src 'self'"


def _violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds, of what is serious."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        {"rule": each["id"], "where": [node["html"][:200] for node in each["nodes"]]}
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
