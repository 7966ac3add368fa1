"""Draws each page of the dashboard of the system that runs (`make run`), wide and narrow, for the docs."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3
from playwright.sync_api import Page, sync_playwright

from local import endpoints
from local.cloud import REGION, REPOSITORY, Access
from local.endpoints import Endpoints
from local.system import HOST, Ports
from tests.e2e import dashboard, scenery
from tests.e2e.conftest import launched
from tracking.mail.credentials import CredentialKind
from tracking.storage.activity import Activity

WIDTHS = (1280, 390)
IMAGES = REPOSITORY / "docs" / "images"


def main() -> None:
    found = endpoints.read(REPOSITORY / ".local")
    if found is None:
        sys.exit("There is nothing to draw: start the system with `make run`.")
    _furnish(found)
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, launched(playwright) as browser:
        for width in WIDTHS:
            with dashboard.opened(browser, found, width=width) as page:
                page.get_by_label("User name").wait_for()
                _draw(page, f"sign-in-{width}")
            with dashboard.signed_in(browser, found, width=width) as page:
                for name, address in dashboard.PAGES.items():
                    dashboard.go(page, found, address)
                    _draw(page, f"{name}-{width}")
                dashboard.go(page, found, f"reports/activity?find={scenery.READER}&event=opened")
                page.get_by_role("link", name=scenery.READER).first.click()
                page.get_by_role("tab", name="Timeline").click()
                page.wait_for_load_state("networkidle")
                _draw(page, f"timeline-{width}")


def _furnish(found: Endpoints) -> None:
    """Let there be a month of mail, unless there is."""
    access: Access = {
        "endpoint_url": f"http://{HOST}:{Ports().cloud}",
        "region_name": REGION,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    stacks = boto3.client("cloudformation", **access).describe_stacks(StackName=found.stack)["Stacks"]
    table = next(
        output["OutputValue"] for output in stacks[0]["Outputs"] if output["OutputKey"] == "ActivityTableName"
    )
    marker = REPOSITORY / ".local" / "furnished"
    if not marker.exists():
        scenery.plant(
            Activity(boto3.client("dynamodb", **access), table),
            [(CredentialKind.SMTP_USER, found.smtp.user), (CredentialKind.API_KEY, found.api_key[:16])],
            datetime.now(UTC),
        )
        marker.touch()


def _draw(page: Page, name: str) -> None:
    # Whatever still moves is as it will stay.
    page.wait_for_timeout(500)
    page.screenshot(path=Path(IMAGES, f"{name}.png"))


if __name__ == "__main__":
    main()
