"""Real SMTP clients: what leaves is what they handed in, byte for byte.

Taken out are the fields that must not leave; Message-ID and Date are SES's. Postfix writes that it was there.
"""

import os
import re
import secrets
import urllib.request
import uuid
from base64 import encodebytes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.checker import violations
from tests.e2e import console, conversation
from tests.e2e.clients import postfix
from tests.e2e.clients.postfix import with_postfix
from tests.e2e.clients.submission import (
    HandIn,
    Mail,
    Security,
    Way,
    with_nodemailer,
    with_smtplib,
    with_swaks,
)
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import SENDER

pytestmark = pytest.mark.e2e

KNOWN_ADDRESS = "127.0.0.2"
"""Of this machine. No other test comes from there, and all of them rely on it that 127.0.0.1 must log in."""

ATTACHED_BYTES = 30_000_000
RECIPIENTS = 100
ARRIVES_WITHIN_SECONDS = 120

FIELDS_OF_SES = re.compile(rb"Message-ID: <[^>\r\n]+@email\.amazonses\.com>\r\nDate: [^\r\n]+\r\n")

OWN_HEADER = (
    f'From: "The   Shop" <{SENDER}>\r\n'
    "To: Olga <olga@example.org>,\r\n\t  Ann <ann@example.org>\r\n"
    "Subject: Gr\xfc\xdfe \r\n"
    "X-Campaign: spring\r\n"
    "MIME-Version: 1.0\r\n"
).encode()
DROPPED = (
    b"Return-Path: <bounces@shop.example.com>\r\n"
    b"Bcc: eve@example.org,\r\n eva@example.org\r\n"
    b"X-SES-CONFIGURATION-SET: theirs\r\n"
    b"Message-ID: <theirs@shop.example.com>\r\n"
    b"Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
)
DOTS = b".\r\n..\r\n...\r\n.hidden { }\r\n. \r\n\r\n.\r\n"
LETTER = (
    b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"Gr\xfc\xdfe \xa4\r\n" + DOTS + b"--b\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\n"
    + "<html><body><p>Gr\xfc\xdfe \u20ac \U0001f600</p>\r\n".encode()
    + DOTS
    + b"<p>\r\n\ttrailing blanks \t \r\n</p></body></html>\r\n\r\n--b--\r\n\r\n \r\n.\r\n"
)


@dataclass(frozen=True, slots=True)
class Client:
    """A program that sends mail."""

    hand_in: HandIn
    before: re.Pattern[bytes] = re.compile(b"")
    """What it writes before a mail."""


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start Postfix")
CLIENTS = [
    pytest.param(Client(with_smtplib), id="smtplib"),
    pytest.param(Client(with_swaks), id="swaks"),
    pytest.param(Client(with_nodemailer), id="nodemailer"),
    pytest.param(Client(with_postfix, postfix.RECEIVED), id="postfix", marks=as_root),
]
each_client = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture(scope="module")
def untracked(system: LocalSystem) -> tuple[str, str]:
    """The name and password of a user whose mail is left alone."""
    name = f"untracked-{uuid.uuid4().hex[:8]}"
    (user,) = conversation.call(system.endpoints, "users/smtp/add", username=name)["results"]
    return name, user["email_password"]


@pytest.fixture(scope="module")
def _known_address(system: LocalSystem) -> Iterator[None]:
    console.call(system.endpoints, "ip_auth/add", ip_address=KNOWN_ADDRESS)
    yield
    console.call(system.endpoints, "ip_auth/remove", ip_address=KNOWN_ADDRESS)


@each_client
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_mail_sent_with_a_login_leaves_byte_for_byte(
    system: LocalSystem, untracked: tuple[str, str], client: Client, security: Security
) -> None:
    recipient = conversation.somebody()

    client.hand_in(_way(system, security, login=untracked), Mail(SENDER, [recipient], _message(LETTER)))

    assert _left(system, recipient, client) == OWN_HEADER + LETTER


@each_client
@pytest.mark.usefixtures("_known_address")
def test_a_mail_sent_from_a_known_address_leaves_byte_for_byte(system: LocalSystem, client: Client) -> None:
    recipient = conversation.somebody()
    way = _way(system, Security.NONE, source=KNOWN_ADDRESS)

    client.hand_in(way, Mail(SENDER, [recipient], _message(LETTER)))

    assert _left(system, recipient, client) == OWN_HEADER + LETTER


@each_client
def test_a_tracked_mail_has_a_pixel_more_and_nothing_else(system: LocalSystem, client: Client) -> None:
    recipient = conversation.somebody()
    way = _way(system, Security.STARTTLS, login=_tracked(system))

    client.hand_in(way, Mail(SENDER, [recipient], _message(LETTER)))

    left = _left(system, recipient, client)
    (pixel,) = _pixels(system, left)
    assert violations(OWN_HEADER + LETTER, left, pixel) == []


@each_client
def test_each_of_a_hundred_recipients_gets_the_mail_once_with_a_pixel_of_their_own(
    system: LocalSystem, client: Client
) -> None:
    recipients = [conversation.somebody() for _ in range(RECIPIENTS)]
    way = _way(system, Security.STARTTLS, login=_tracked(system))

    client.hand_in(way, Mail(SENDER, recipients, _message(LETTER)))

    mails = _arrived(system, recipients)
    pixels = [_pixels(system, _raw(system, mail)) for mail in mails]
    assert {len(found) for found in pixels} == {1}
    assert len({pixel for found in pixels for pixel in found}) == RECIPIENTS


@as_root
def test_postfix_waits_with_the_recipients_that_are_too_many_at_once(
    system: LocalSystem, untracked: tuple[str, str]
) -> None:
    recipients = [conversation.somebody() for _ in range(RECIPIENTS + 2)]
    way = _way(system, Security.STARTTLS, login=untracked)
    mail = Mail(SENDER, recipients, _message(LETTER))

    log = postfix.relay(way, mail, smtp_destination_recipient_limit="1000")

    assert log.count("status=deferred") >= 2
    assert "said: 452 4.5.3" in log
    _arrived(system, recipients)


@each_client
def test_a_large_attachment_leaves_byte_for_byte(
    system: LocalSystem, untracked: tuple[str, str], client: Client
) -> None:
    recipient = conversation.somebody()
    body = (
        b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=large.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    ) + encodebytes(secrets.token_bytes(ATTACHED_BYTES)).replace(b"\n", b"\r\n")
    way = _way(system, Security.TLS, login=untracked)

    client.hand_in(way, Mail(SENDER, [recipient], _message(body)))

    # No assertion of pytest's own: it would describe every difference of forty megabytes.
    is_the_same = _left(system, recipient, client) == OWN_HEADER + body
    assert is_the_same


def _message(body: bytes) -> bytes:
    return DROPPED + OWN_HEADER + body


def _way(
    system: LocalSystem,
    security: Security,
    login: tuple[str, str] | None = None,
    source: str | None = None,
) -> Way:
    smtp = system.endpoints.smtp
    port = smtp.tls_port if security is Security.TLS else smtp.port
    return Way(port, security, system.directory / "certificate" / "certificate.pem", login, source)


def _tracked(system: LocalSystem) -> tuple[str, str]:
    return system.endpoints.smtp.user, system.endpoints.smtp.password


def _left(system: LocalSystem, recipient: str, client: Client) -> bytes:
    """The one mail to a recipient as it left, without what SES and the client itself wrote into it."""
    (mail,) = conversation.until(lambda: _mails_to(system, [recipient]), bool, ARRIVES_WITHIN_SECONDS)
    raw = _raw(system, mail)
    of_ses = FIELDS_OF_SES.match(raw)
    assert of_ses
    of_client = client.before.match(raw, of_ses.end())
    assert of_client
    return raw[of_client.end() :]


def _arrived(system: LocalSystem, recipients: list[str]) -> list[dict[str, Any]]:
    """The mails to these recipients, each of whom got one."""
    mails = conversation.until(
        lambda: _mails_to(system, recipients),
        lambda mails: len(mails) >= len(recipients),
        ARRIVES_WITHIN_SECONDS,
    )
    assert Counter(recipient for mail in mails for recipient in mail["recipients"]) == Counter(recipients)
    return mails


def _mails_to(system: LocalSystem, recipients: list[str]) -> list[dict[str, Any]]:
    wanted = set(recipients)
    mails = conversation.get(f"{system.endpoints.mailbox_api_url}/mails")
    return [mail for mail in mails if not wanted.isdisjoint(mail["recipients"])]


def _raw(system: LocalSystem, mail: dict[str, Any]) -> bytes:
    with urllib.request.urlopen(f"{system.endpoints.mailbox_url}mail/{mail['number']}/raw") as answer:
        raw: bytes = answer.read()
    return raw


def _pixels(system: LocalSystem, raw: bytes) -> list[str]:
    return re.findall(re.escape(system.endpoints.pixel_url) + r"/o/[\w-]{34}\.gif", raw.decode("latin-1"))
