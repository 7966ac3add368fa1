"""The dashboard, from signing in to reading who opened what."""

import re
import secrets
import smtplib
import ssl

import boto3
import pytest
from playwright.sync_api import Browser, Page, expect

from local import demo
from local.endpoints import Endpoints
from tests.e2e import console, conversation, dashboard
from tests.e2e.clients.tour import client
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import MAILS

pytestmark = pytest.mark.e2e


def test_an_smtp_users_open_tracking_is_switched_on_and_two_opens_are_seen(
    system: LocalSystem, browser: Browser
) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    username = recipient.partition("@")[0]
    with dashboard.signed_in(browser, found) as page:
        page.get_by_role("button", name="Add SMTP user").first.click()
        page.get_by_label("Username").fill(username)
        page.get_by_role("dialog").get_by_label("Open Tracking").uncheck()
        page.get_by_role("button", name="Add", exact=True).click()
        shown = page.get_by_role("dialog", name=f"{username} is added")
        password = re.search(r"--auth-password '([^']+)'", shown.inner_text())
        assert password
        shown.get_by_role("button", name="Done").click()

        page.get_by_role("link", name=username).click()
        page.get_by_role("tab", name="Tracking & Status").click()
        page.get_by_label("Open Tracking").click()
        expect(page.get_by_text("Open Tracking is on, from the next mail on.")).to_be_visible()

        _send_by_smtp(found, username, password[1], recipient)
        _open_twice(browser, found, recipient)

        _expect_two_opens(page, found, recipient)


def test_an_api_keys_open_tracking_is_switched_on_and_two_opens_are_seen(
    system: LocalSystem, browser: Browser
) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    with dashboard.signed_in(browser, found) as page:
        page.get_by_role("link", name="API Keys").click()
        page.get_by_role("button", name="Add API key").first.click()
        page.get_by_label("Description").fill(recipient)
        page.get_by_role("dialog").get_by_label("Open Tracking").uncheck()
        page.get_by_role("button", name="Add", exact=True).click()
        shown = page.get_by_role("dialog", name="The key is added")
        key = re.search(r"api-\w{32}", shown.inner_text())
        assert key
        shown.get_by_role("button", name="Done").click()

        page.get_by_role("link", name=key[0][:16]).click()
        page.get_by_role("tab", name="Tracking & Status").click()
        page.get_by_label("Open Tracking").click()
        expect(page.get_by_text("Open Tracking is on, from the next mail on.")).to_be_visible()

        client(found, key[0])(
            "email/send",
            {
                "sender": conversation.SENDER,
                "to": [recipient],
                "subject": "x",
                "html_body": "<p>Hello</p>",
            },
        )
        _open_twice(browser, found, recipient)

        _expect_two_opens(page, found, recipient)


def test_a_wrong_password_is_said_to_be_wrong(system: LocalSystem, browser: Browser) -> None:
    with dashboard.opened(browser, system.endpoints) as page:
        dashboard.sign_in(page, system.endpoints.dashboard_user, "not the password")

        expect(page.get_by_text("The user name or the password is wrong.", exact=True)).to_be_visible()


def test_a_first_password_is_for_one_time(system: LocalSystem, browser: Browser) -> None:
    user, password = conversation.somebody(), f"Aa1!{secrets.token_urlsafe()}"
    boto3.client("cognito-idp", **system.access).admin_create_user(
        UserPoolId=console.settings(system.endpoints)["userPoolId"],
        Username=user,
        TemporaryPassword="For-one-time-1",
        MessageAction="SUPPRESS",
    )
    with dashboard.opened(browser, system.endpoints) as page:
        dashboard.sign_in(page, user, "For-one-time-1")
        page.get_by_label("New password").fill(password)
        page.get_by_role("button", name="Save and sign in").click()
        expect(page.get_by_role("heading", name="SMTP Users")).to_be_visible()

    with dashboard.opened(browser, system.endpoints) as page:
        dashboard.sign_in(page, user, password)
        expect(page.get_by_role("heading", name="SMTP Users")).to_be_visible()


def test_who_cannot_be_renewed_has_to_sign_in_again_and_comes_back_to_the_same_page(
    system: LocalSystem, browser: Browser
) -> None:
    with dashboard.signed_in(browser, system.endpoints) as page:
        page.evaluate(
            """() => {
                for (const name of Object.keys(sessionStorage)) {
                    if (/(accessToken|idToken|refreshToken)$/.test(name)) {
                        const [head, , signature] = sessionStorage[name].split(".");
                        const over = btoa(JSON.stringify({exp: 1, iat: 0})).replaceAll("=", "");
                        sessionStorage[name] = [head, over, signature].join(".");
                    }
                }
            }"""
        )
        page.get_by_role("link", name="API Keys").click()

        expect(page.get_by_text("Your session is over. Sign in again.")).to_be_visible()
        dashboard.sign_in(page, system.endpoints.dashboard_user, system.endpoints.dashboard_password)
        expect(page.get_by_role("heading", name="API Keys")).to_be_visible()


def test_an_api_that_cannot_be_reached_is_said_and_nothing_that_was_entered_is_lost(
    system: LocalSystem, browser: Browser
) -> None:
    with dashboard.signed_in(browser, system.endpoints) as page:
        username = conversation.somebody().partition("@")[0]
        page.get_by_role("button", name="Add SMTP user").first.click()
        page.get_by_label("Username").fill(username)
        page.context.set_offline(True)
        page.get_by_role("button", name="Add", exact=True).click()

        expect(page.get_by_role("dialog").get_by_text("The API cannot be reached.")).to_be_visible()
        page.context.set_offline(False)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("dialog", name=f"{username} is added")).to_be_visible()


def test_signing_out_leaves_nothing_behind(system: LocalSystem, browser: Browser) -> None:
    with dashboard.signed_in(browser, system.endpoints) as page:
        page.get_by_role("button", name=system.endpoints.dashboard_user).click()
        page.get_by_role("menuitem", name="Sign out").click()

        expect(page.get_by_label("User name")).to_be_visible()
        assert "Token" not in page.evaluate("JSON.stringify(sessionStorage)")


def _send_by_smtp(found: Endpoints, user: str, password: str, recipient: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(found.smtp.host, found.smtp.port) as smtp:
        smtp.starttls(context=context)
        smtp.login(user, password)
        smtp.sendmail(conversation.SENDER, [recipient], (MAILS / "newsletter.eml").read_bytes())


def _open_twice(browser: Browser, found: Endpoints, recipient: str) -> None:
    """In the mailbox's viewer, and by a mail program that names itself."""
    mail = conversation.mail_to(found, recipient)
    pixel = re.search(re.escape(found.pixel_url) + r"/o/[\w-]+\.gif", mail["html"])
    assert pixel
    demo.load(pixel[0], demo.OUTLOOK)
    viewer = browser.new_page(user_agent=conversation.BROWSER)
    with viewer.expect_request(re.compile(re.escape(found.pixel_url) + "/h/")):
        viewer.goto(f"{found.mailbox_url}mail/{mail['number']}", wait_until="commit")
    viewer.wait_for_timeout(500)
    viewer.close()
    conversation.until(
        lambda: [event["event"] for event in conversation.events(found, recipient)],
        lambda events: events.count("opened") == 2,
    )


def _expect_two_opens(page: Page, found: Endpoints, recipient: str) -> None:
    dashboard.go(page, found, f"reports/activity?find={recipient}")
    page.get_by_role("row").filter(has_text="Opened").get_by_text(recipient).first.click()
    page.get_by_role("tab", name="Timeline").click()
    timeline = page.get_by_role("tabpanel").filter(has_text="Delivered")
    expect(timeline.get_by_text("Opened", exact=True)).to_have_count(2)
