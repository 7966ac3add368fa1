"""How long a mail is open, in a real browser."""

import re
import time
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local import demo
from tests.e2e import conversation
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import MAILS

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", autouse=True)
def started(system: LocalSystem) -> None:
    """The pixel's function has been started, which on a busy machine takes longer than the edge waits."""
    urllib.request.urlopen(f"{system.endpoints.pixel_url}/o/{'A' * 34}.gif").close()


def sent(system: LocalSystem) -> tuple[str, dict[str, Any]]:
    """A recipient of a tracked mail, and the mail."""
    recipient = conversation.somebody()
    conversation.send(system.endpoints, [recipient], (MAILS / "newsletter.eml").read_bytes())
    return recipient, conversation.mail_to(system.endpoints, recipient)


def show(system: LocalSystem, browser: Browser, mail: dict[str, Any]) -> tuple[Page, float]:
    """A page with the mail, whose client has begun to follow, and when its pixel was asked for."""
    page, asked_at = browser.new_page(user_agent=conversation.BROWSER), []
    pixel = re.compile(re.escape(system.endpoints.pixel_url) + "/o/")
    page.on("request", lambda asked: asked_at.append(time.monotonic()) if pixel.match(asked.url) else None)
    with page.expect_request(re.compile(re.escape(system.endpoints.pixel_url) + "/h/")):
        # The page's load waits for its images, so it is not awaited.
        page.goto(f"{system.endpoints.mailbox_url}mail/{mail['number']}", wait_until="commit")
    return page, asked_at[0]


def close(page: Page, at: float) -> None:
    page.wait_for_timeout(max(0, at - time.monotonic()) * 1000)
    page.close()


def look_at(system: LocalSystem, browser: Browser, mail: dict[str, Any], seconds: float) -> None:
    """Show the mail for so long since its pixel was asked for."""
    page, asked_at = show(system, browser, mail)
    close(page, asked_at + seconds)


def opens(system: LocalSystem, recipient: str) -> list[dict[str, Any]]:
    return [event for event in conversation.events(system.endpoints, recipient) if event["event"] == "opened"]


def read_secs(system: LocalSystem, recipient: str) -> list[int | None]:
    return [event["metadata"]["read_secs"] for event in opens(system, recipient)]


def test_a_mail_is_read_for_as_many_whole_steps_as_it_is_kept_open(
    system: LocalSystem, browser: Browser
) -> None:
    wanted = ((0.5, 0), (12, 10), (40, 30))
    mails = [sent(system) for _ in wanted]

    # What is closed first is closed before the next is shown, which may take a while.
    page, asked_at = show(system, browser, mails[0][1])
    close(page, asked_at + wanted[0][0])
    others = [show(system, browser, mail) for _, mail in mails[1:]]
    for (seconds, _), (page, asked_at) in zip(wanted[1:], others, strict=True):
        close(page, asked_at + seconds)

    for (_, counted), (recipient, _) in zip(wanted, mails, strict=True):
        assert read_secs(system, recipient) == [counted]


def test_two_opens_are_two_events_each_with_its_own_time_and_webhook(
    system: LocalSystem, browser: Browser
) -> None:
    recipient, mail = sent(system)

    look_at(system, browser, mail, 0.5)
    time.sleep(6)  # Sooner it would be a repetition.
    look_at(system, browser, mail, 7)

    conversation.until(lambda: read_secs(system, recipient), lambda found: found == [0, 5])
    hooks = conversation.until(
        lambda: [
            h for h in conversation.hooks(system.endpoints, recipient) if h["fields"]["event"] == "open"
        ],
        lambda hooks: len(hooks) == 2,
        seconds=40,
    )
    assert [hook["fields"]["read-secs"] for hook in hooks] == ["0", "5"]


def test_gmails_proxy_is_never_held(system: LocalSystem) -> None:
    recipient, mail = sent(system)
    pixel = re.search(re.escape(system.endpoints.pixel_url) + r"/o/[\w-]+\.gif", mail["html"])
    assert pixel

    started = time.monotonic()
    request = urllib.request.Request(pixel[0], headers=demo.GMAIL.headers)
    with urllib.request.urlopen(request) as answer:
        body = answer.read()

    assert time.monotonic() - started < 4
    assert answer.url == pixel[0]
    assert body.startswith(b"GIF89a")
    (opened,) = conversation.until(lambda: opens(system, recipient), bool)
    assert opened["metadata"]["class"] == "proxied_open"
    assert opened["metadata"]["read_secs"] is None


def test_the_access_log_measures_a_reading_to_the_millisecond(system: LocalSystem, browser: Browser) -> None:
    recipient, mail = sent(system)

    look_at(system, browser, mail, 8)

    (opened,) = conversation.until(
        lambda: opens(system, recipient),
        lambda found: bool(found and found[0]["metadata"]["read_milliseconds"]),
        seconds=40,
    )
    assert opened["metadata"]["read_secs"] == 5
    assert 7_000 < opened["metadata"]["read_milliseconds"] < 9_500
