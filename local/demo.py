"""Real mail through both doors, opened as several clients would, and what was recorded of it."""

import json
import logging
import re
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

from smtp2go import core as smtp2go

from local import seed
from local.cloud import REPOSITORY
from local.endpoints import Endpoints

MAILS = REPOSITORY / "tests" / "data" / "mail"
SENDER = "news@shop.example.com"
ARRIVES_WITHIN = timedelta(seconds=60)

type Json = dict[str, Any]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, so that a look can end between two hops."""

    def redirect_request(self, *_: object) -> None:
        """Not to be followed."""


_ONE_STEP = urllib.request.build_opener(_Stay)


@dataclass(frozen=True, slots=True)
class Client:
    """Something that loads the images of a mail, and the network it is seen from."""

    name: str
    headers: dict[str, str]


OUTLOOK = Client(
    "Outlook on a desktop",
    {
        "User-Agent": "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
        "CloudFront-Viewer-ASN": "3320",
        "CloudFront-Viewer-Address": "198.51.100.7:50512",
        "CloudFront-Viewer-Country": "DE",
    },
)
OUTLOOK_ELSEWHERE = Client(
    "the same, from another network: another open in any case, and no repetition",
    {**OUTLOOK.headers, "CloudFront-Viewer-Address": "203.0.113.77:50513"},
)
GMAIL = Client(
    "Gmail's image proxy",
    {
        "User-Agent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 "
        "(via ggpht.com GoogleImageProxy)",
        "CloudFront-Viewer-ASN": "15169",
        "CloudFront-Viewer-Address": "66.249.82.245:40100",
        "CloudFront-Viewer-Country": "US",
    },
)
APPLE = Client(
    "Apple's Mail Privacy Protection",
    {
        "User-Agent": "Mozilla/5.0",
        "CloudFront-Viewer-ASN": "36183",
        "CloudFront-Viewer-Address": "203.0.113.9:41000",
        "CloudFront-Viewer-Country": "US",
    },
)
BROWSER = Client(
    "a browser",
    {
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36",
        "Accept": "image/avif,image/webp,image/apng,image/*,*/*;q=0.8",
        "Accept-Language": "en",
        "CloudFront-Viewer-ASN": "64496",
        "CloudFront-Viewer-Address": "192.0.2.33:42000",
        "CloudFront-Viewer-Country": "FR",
    },
)


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody opens a mail, and shows it until this many hops are through. A proxy is not sent on at all."""

    client: Client
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail of the demonstration: a file for SMTP, or None for the API; and who opens it, in order."""

    file: str | None
    recipient: str
    looks: tuple[Look, ...]


LETTERS = (
    Letter("newsletter.eml", "olga@example.org", (Look(OUTLOOK, hops=2), Look(OUTLOOK_ELSEWHERE, hops=1))),
    Letter("newsletter.eml", "gustav@example.org", (Look(GMAIL),)),
    Letter("reply.eml", "ada@example.org", (Look(BROWSER, hops=3),)),
    Letter("receipt.eml", "ivan@example.org", (Look(APPLE),)),
    Letter("plain.eml", "paula@example.org", ()),
    Letter("japanese.eml", "haruka@example.org", (Look(BROWSER), Look(GMAIL))),
    Letter(None, "wim@example.org", (Look(BROWSER, hops=1),)),
)


def perform(found: Endpoints) -> int:
    """Send, open, and print each recipient's timeline and the webhooks.

    Returns:
        0 if all of it arrived, 1 otherwise.
    """
    logging.getLogger(smtp2go.__name__).setLevel(logging.WARNING)
    run = f"{time.time_ns():x}"
    seen = [hook["number"] for hook in _get(f"{found.webhook_sink_url}/api/hooks")]
    letters = {_address(letter, run): letter for letter in LETTERS}
    print(f"\nsending {len(letters)} mails by SMTP and HTTPS")
    for address, letter in letters.items():
        _send(found, letter, address)
    mails = _until(lambda: _mails(found, letters), lambda mails: len(mails) == len(letters))
    # On a busy machine the function takes longer to start than the edge waits.
    urllib.request.urlopen(f"{found.pixel_url}/o/{'A' * 34}.gif", timeout=30).close()
    print("opening them, and reading some for a while")
    with ThreadPoolExecutor(len(letters)) as people:
        for reading in [
            people.submit(_read, found, mails[address], letter) for address, letter in letters.items()
        ]:
            reading.result()
    # Each comes when its event is known, and waiting for them is not counted as calling the API is.
    expected = sum(2 + len(letter.looks) for letter in letters.values())
    hooks = _until(lambda: _hooks(found, letters, max(seen, default=0)), lambda hooks: len(hooks) == expected)
    complete = True
    for address, letter in letters.items():
        timeline = _timeline(found, address)
        complete &= _is_complete(timeline, letter)
        _print_timeline(address, letter, timeline)
    verified = sum(hook["verified"] for hook in hooks)
    print(f"\n{len(hooks)} of {expected} webhooks arrived, {verified} verified")
    for hook in hooks:
        about = hook["fields"]
        print(
            f"  {about['event']:<10} {about['rcpt'].replace('+' + run, ''):<22} {about.get('open-class', '')}"
        )
    complete &= verified == expected
    print("\nAll of it arrived." if complete else "\nNot all of it arrived.")
    return 0 if complete else 1


def _address(letter: Letter, run: str) -> str:
    """The recipient's address, marked with this run's name."""
    return letter.recipient.replace("@", f"+{run}@")


def _send(found: Endpoints, letter: Letter, address: str) -> None:
    if letter.file is None:
        smtp2go.API_ROOT = f"{found.api_url}/"
        answer = smtp2go.Smtp2goClient(api_key=found.api_key).send(
            sender=f"Shop <{SENDER}>",
            recipients=[address],
            subject="Your order is on its way",
            text="Your order is on its way.",
            html="<html><body><p>Your <b>order</b> is on its way.</p></body></html>",
        )
        if not answer.success:
            raise RuntimeError(f"the API refused the mail: {answer.json}")
        return
    # The local gateway's certificate is its own.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(found.smtp.host, found.smtp.port) as client:
        client.starttls(context=context)
        client.login(found.smtp.user, found.smtp.password)
        client.sendmail(SENDER, [address], (MAILS / letter.file).read_bytes(), ["BODY=8BITMIME"])


def _mails(found: Endpoints, letters: dict[str, Letter]) -> dict[str, Json]:
    """The mails of this run that are in the mailbox, by recipient."""
    return {
        recipient: mail
        for mail in _get(f"{found.mailbox_api_url}/mails")
        for recipient in mail["recipients"]
        if recipient in letters
    }


def _read(found: Endpoints, mail: Json, letter: Letter) -> None:
    """Look at a mail as often as its letter says; a quoted pixel belongs to another mail."""
    if not letter.looks:
        return
    html = _get(f"{found.mailbox_api_url}/mails/{mail['number']}")["html"]
    pixel = re.search(re.escape(found.pixel_url) + r"/o/[\w-]+\.gif", html)
    if pixel is None:
        raise RuntimeError(f"there is no pixel in the mail to {mail['recipients']}")
    for look in letter.looks:
        url: str | None = pixel[0]
        for _ in range(1 + look.hops):
            url = load(url, look.client) if url else None


def load(url: str, client: Client, timeout: float = 10) -> str | None:
    """Ask for an image as a client would; where it is sent on to, if it is.

    Args:
        url: A pixel's or a hop's.
        client: Who asks.
        timeout: Seconds after which the client closes the mail.

    Raises:
        urllib.error.URLError: The answer is an error, or there is none.
        TimeoutError: There was no answer in time.
    """
    request = urllib.request.Request(url, headers=client.headers)
    try:
        _ONE_STEP.open(request, timeout=timeout).close()
    except urllib.error.HTTPError as answer:
        if answer.status != HTTPStatus.FOUND:
            raise
        return urljoin(url, str(answer.headers["Location"]))
    return None


def _timeline(found: Endpoints, address: str) -> list[Json]:
    answer = seed.call(found.api_url, found.api_key, "activity/search", {"search_recipient": address})
    events: list[Json] = answer["events"]  # type: ignore[assignment]
    return events[::-1]


def _is_complete(timeline: list[Json], letter: Letter) -> bool:
    events = [event["event"] for event in timeline]
    return events.count("processed") == events.count("delivered") == 1 and events.count("opened") == len(
        letter.looks
    )


def _print_timeline(address: str, letter: Letter, timeline: list[Json]) -> None:
    print(f"\n{letter.recipient} ({letter.file or 'by the API'})")
    for event in timeline:
        meaning = event["metadata"]
        remark = (
            f"{meaning['class']}, confidence {meaning['confidence']}, {_read_for(meaning['read_secs'])}. "
            f"{meaning['sentence']}"
            if event["event"] == "opened"
            else f"not tracked: {meaning['untracked_reason']}"
            if meaning["untracked_reason"] and event["event"] == "processed"
            else ""
        )
        print(f"  {event['date']}  {event['event']:<10} {remark}")
    if not timeline:
        print(f"  nothing was recorded for {address}")


def _read_for(seconds: int | None) -> str:
    return "time not measured" if seconds is None else f"read {seconds} s"


def _hooks(found: Endpoints, letters: dict[str, Letter], after: int) -> list[Json]:
    """The webhooks of this run, in order of arrival."""
    return [
        hook
        for hook in reversed(_get(f"{found.webhook_sink_url}/api/hooks"))
        if hook["number"] > after and hook["fields"].get("rcpt") in letters
    ]


def _get(url: str) -> Any:  # noqa: ANN401 - Whatever the page answers.
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def _until[T](read: Callable[[], T], is_done: Callable[[T], bool]) -> T:
    """What `read` reads when it is done, or when the time is up."""
    give_up_at = time.monotonic() + ARRIVES_WITHIN.total_seconds()
    while not is_done(value := read()) and time.monotonic() < give_up_at:
        time.sleep(0.2)
    return value
