"""What a user of the running system does: send, look into the mailbox, ask the API."""

import json
import smtplib
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

from local import seed
from local.cloud import REPOSITORY
from local.endpoints import Endpoints
from tests.e2e import console

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
"""What a person's Chromium says; without a head it says so, and is a bot."""

MAILS = REPOSITORY / "tests" / "data" / "mail"
SENDER = "news@shop.example.com"


def somebody() -> str:
    """An address that nobody had before."""
    return f"{uuid.uuid4().hex[:12]}@example.org"


def connect(found: Endpoints) -> smtplib.SMTP:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = smtplib.SMTP(found.smtp.host, found.smtp.port)
    client.starttls(context=context)
    return client


def send(found: Endpoints, recipients: list[str], message: bytes) -> None:
    with connect(found) as client:
        client.login(found.smtp.user, found.smtp.password)
        client.sendmail(SENDER, recipients, message, ["BODY=8BITMIME"])


def call(found: Endpoints, path: str, **fields: object) -> dict[str, Any]:
    return seed.call(found.api_url, found.api_key, path, fields)


def refusal(url: str, body: bytes, key: str | None = None) -> tuple[int, dict[str, Any]]:
    """The status and body of a call that fails."""
    headers = {"X-Smtp2go-Api-Key": key} if key else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30):
            raise AssertionError("the call was not refused")
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def events(found: Endpoints, recipient: str) -> list[dict[str, Any]]:
    """A recipient's timeline. It is asked for often, which would use up what a key may search in a minute."""
    answer = console.call(found, "activity/search", search_recipient=recipient)
    found_events: list[dict[str, Any]] = answer["events"]
    return found_events[::-1]


def mail_to(found: Endpoints, recipient: str) -> dict[str, Any]:
    """The mail in the mailbox, as soon as it is there."""
    url = f"{found.mailbox_api_url}/mails?recipient={recipient}"
    (mail,) = until(lambda: get(url), bool)
    whole: dict[str, Any] = get(f"{found.mailbox_api_url}/mails/{mail['number']}")
    return whole


def hooks(found: Endpoints, recipient: str) -> list[dict[str, Any]]:
    """The webhooks about a recipient that the sink received."""
    received = get(f"{found.webhook_sink_url}/api/hooks")
    return [hook for hook in reversed(received) if hook["fields"].get("rcpt") == recipient]


def get(url: str) -> Any:  # noqa: ANN401 - Whatever the page answers.
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def until[T](read: Callable[[], T], is_done: Callable[[T], bool], seconds: float = 20) -> T:
    """What `read` reads when it is done.

    Raises:
        AssertionError: It is not done in time.
    """
    give_up_at = time.monotonic() + seconds
    while not is_done(value := read()):
        assert time.monotonic() < give_up_at, f"after {seconds} s: {value}"
        time.sleep(0.1)
    return value
