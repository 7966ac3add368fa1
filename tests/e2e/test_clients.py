"""Clients that were written for SMTP2GO, unmodified: they are told where the API is, and nothing else."""

import base64
import http.client
import json
import secrets
import smtplib
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import smtp2go.core
import smtp2goapi

from tests.e2e import console, conversation
from tests.e2e.clients.node import NodeClient, node_client
from tests.e2e.clients.tour import Tour, documented
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import MAILS, SENDER

pytestmark = pytest.mark.e2e

HTML = "<html><body><h1>Hello</h1></body></html>"


def left(system: LocalSystem, recipient: str) -> EmailMessage:
    """The mail as it left for a recipient."""
    number = conversation.mail_to(system.endpoints, recipient)["number"]
    with urllib.request.urlopen(f"{system.endpoints.mailbox_url}mail/{number}/raw") as answer:
        message = message_from_bytes(answer.read(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def content(message: EmailMessage, *preferred: str) -> str:
    part = message.get_body(preferred)
    assert part
    text: str = part.get_content()
    return text


def names(message: EmailMessage) -> set[str]:
    return {name.lower() for name in message.keys()}  # noqa: SIM118 - A message iterates over its lines.


@pytest.fixture
def _python_client_asks_us(system: LocalSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smtp2go.core.API_ROOT", f"{system.endpoints.api_url}/")


@pytest.mark.usefixtures("_python_client_asks_us")
def test_the_official_python_client_sends(system: LocalSystem) -> None:
    recipient = conversation.somebody()

    answer = smtp2go.core.Smtp2goClient(system.endpoints.api_key).send(
        sender=f"Shop <{SENDER}>",
        recipients=[f"Olga <{recipient}>"],
        subject="From Python",
        text="Hello",
        html=HTML,
        custom_headers={"X-Campaign": "spring"},
    )

    assert answer.success is True
    assert answer.status_code == 200
    assert answer.errors == []
    assert answer.request_id == answer.json["request_id"]
    assert answer.json["data"]["succeeded"] == 1
    assert answer.rate_limit == (0, 0, 0)
    message = left(system, recipient)
    assert {name for name in names(message) if name.startswith("x-smtp2go")} == set()
    assert (message["Subject"], message["X-Campaign"]) == ("From Python", "spring")
    assert content(message, "plain").strip() == "Hello"
    assert system.endpoints.pixel_url in content(message, "html")


@pytest.mark.usefixtures("_python_client_asks_us")
def test_the_official_python_client_can_tell_that_a_mail_was_refused(system: LocalSystem) -> None:
    mail = {"sender": SENDER, "recipients": [conversation.somebody()], "subject": "x", "text": "x"}

    with_wrong_key = smtp2go.core.Smtp2goClient("api-" + "0" * 32).send(**mail)
    without_address = smtp2go.core.Smtp2goClient(system.endpoints.api_key).send(**mail | {"sender": "Shop"})

    assert (with_wrong_key.success, with_wrong_key.status_code) == (False, 401)
    assert (without_address.success, without_address.status_code) == (False, 400)
    for answer in (with_wrong_key, without_address):
        assert answer.errors is None
        assert answer.json["data"]["error"]
        assert answer.request_id
        assert answer.rate_limit == (0, 0, 0)


@pytest.fixture
def connection(system: LocalSystem) -> smtp2goapi.SMTP2GOConnection:
    return _connect(system, system.endpoints.api_key)


def _connect(system: LocalSystem, key: str) -> smtp2goapi.SMTP2GOConnection:
    made = smtp2goapi.SMTP2GOConnection(key)
    made.BASE_URL = f"{system.endpoints.api_url}/"
    return made


def test_smtp2goapi_adds_a_user_who_can_send(
    system: LocalSystem, connection: smtp2goapi.SMTP2GOConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    name, recipient = f"customer-{uuid.uuid4().hex[:8]}", conversation.somebody()

    frame = connection.create_customer_user("4711", name)

    (user,) = frame.to_dict("records")
    assert (user["username"], user["status"], user["sending_allowed"]) == (name, "allowed", True)
    assert f"Generated password for user: {user['email_password']}" in capsys.readouterr().out
    with conversation.connect(system.endpoints) as client:
        client.login(name, user["email_password"])
        client.sendmail(SENDER, [recipient], (MAILS / "plain.eml").read_bytes())
    assert conversation.mail_to(system.endpoints, recipient)


def test_smtp2goapi_makes_every_call_that_is_a_post(
    system: LocalSystem, connection: smtp2goapi.SMTP2GOConnection
) -> None:
    def ask(endpoint: str, fields: dict[str, object], method: str = "POST") -> Any:  # noqa: ANN401
        assert method == "POST"
        return json.loads(connection.post(endpoint, fields, json_output=True))

    tour = Tour(system.endpoints, ask, patches=False)
    tour.go()

    assert tour.made == {(method, endpoint) for method, endpoint in documented() if method == "POST"}


def test_smtp2goapi_raises_what_was_refused(
    system: LocalSystem, connection: smtp2goapi.SMTP2GOConnection
) -> None:
    with pytest.raises(Exception, match=r"^400 Bad Request"):
        connection.post("users/smtp/add", {"username": "x"})
    with pytest.raises(Exception, match=r"^404 Not Found"):
        connection.create_customer("Shop", "10000", "S")
    with pytest.raises(Exception, match=r"^401 Unauthorized"):
        _connect(system, "api-" + "0" * 32).post("users/smtp/view", {})


@pytest.fixture
def node(system: LocalSystem) -> Iterator[NodeClient]:
    with node_client(system.endpoints, system.endpoints.api_key) as client:
        yield client


def test_the_official_node_client_sends_what_its_builder_makes(
    system: LocalSystem, node: NodeClient, tmp_path: Path
) -> None:
    to, cc, bcc = (conversation.somebody() for _ in range(3))
    image, terms = tmp_path / "logo.gif", tmp_path / "terms.txt"
    image.write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    terms.write_text("The terms")

    status, answer = node.send(
        ("to", {"email": to, "name": "Olga"}),
        ("cc", [{"email": cc}]),
        ("bcc", {"email": bcc}),
        ("from", {"email": SENDER, "name": "Shop"}),
        ("subject", "From Node"),
        ("html", '<p>Hello</p><img src="cid:logo">'),
        ("text", "Hello"),
        ("headers", [{"header": "X-Campaign", "value": "spring"}]),
        ("attach", str(terms)),
        ("inline", "logo", str(image)),
    )

    assert (status, answer["data"]["succeeded"]) == (200, 3)
    for recipient in (to, cc, bcc):
        message = left(system, recipient)
        assert {name for name in names(message) if name.startswith("x-smtp2go")} == set()
        assert (message["To"], message["Cc"], message["Bcc"]) == (f"Olga <{to}>", cc, None)
        assert message["X-Campaign"] == "spring"
        assert system.endpoints.pixel_url in content(message, "html")
        parts = {part.get_content_type(): part for part in message.walk()}
        assert parts["image/gif"]["Content-ID"] == "<logo>"
        (attached,) = message.iter_attachments()
        assert attached.get_content() == "The terms"


def test_the_official_node_client_gets_the_answer_to_a_mail_that_was_refused(node: NodeClient) -> None:
    status, answer = node.send(
        ("to", {"email": "nobody"}), ("from", {"email": SENDER}), ("subject", "x"), ("html", "<p>x</p>")
    )

    assert status == 400
    assert answer["data"]["field_validation_errors"]["fieldname"] == "to.0"


def test_the_official_node_client_makes_every_call(system: LocalSystem, node: NodeClient) -> None:
    tour = Tour(system.endpoints, node, patches=True)
    tour.go()

    assert tour.made == documented()


def ask(
    system: LocalSystem, path: str, fields: dict[str, object], headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """A request with these headers and no others of ours; the status and the whole answer."""
    url = urlsplit(system.endpoints.api_url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=30)
    connection.request("POST", url.path + path, json.dumps(fields).encode(), headers or {})
    answer = connection.getresponse()
    body = json.load(answer)
    connection.close()
    return answer.status, body


JSON = {"Content-Type": "application/json"}


def test_the_wordpress_plugins_first_calls(system: LocalSystem) -> None:
    """Source: smtp2go-php, ApiClient::consume, and the plugin's settings page."""
    key = console.new_key(system.endpoints, "/email/send", "/stats/*")

    _, permissions = ask(system, "/api_keys/permissions", {"api_key": key}, JSON)
    _, summary = ask(system, "/stats/email_summary", {"username": key[:16], "api_key": key}, JSON)
    _, cycle = ask(system, "/stats/email_cycle", {"api_key": key}, JSON)

    assert permissions["data"] == ["/email/send", "/stats/*"]
    assert (summary["data"]["email_count"], summary["data"]["bounce_percent"]) == (0, "0.00")
    assert summary["data"]["cycle_max"] == cycle["data"]["cycle_max"]


def test_a_prometheus_exporters_scrape(system: LocalSystem) -> None:
    """Source: raspbeguy/smtp2go_exporter, internal/*.go: which fields it reads, and how."""
    key = console.new_key(system.endpoints, "/stats/*")
    numbers = {
        "email_bounces": ("emails", "rejects", "softbounces", "hardbounces"),
        "email_cycle": ("cycle_used", "cycle_remaining", "cycle_max"),
        "email_spam": ("emails", "rejects", "spams"),
        "email_unsubs": ("emails", "rejects", "unsubscribes"),
    }
    percents = {"email_bounces": "bounce", "email_spam": "spam", "email_unsubs": "unsubscribe"}

    answers = {
        report: ask(system, f"/stats/{report}", {"api_key": key}, JSON)
        for report in (*numbers, "email_history")
    }

    assert {status for status, _ in answers.values()} == {200}
    scraped = {report: body["data"] for report, (_, body) in answers.items()}
    for report, fields in numbers.items():
        assert all(isinstance(scraped[report][name], int) for name in fields)
    for report, name in percents.items():
        assert float(scraped[report][f"{name}_percent"]) >= 0
    assert datetime.strptime(scraped["email_cycle"]["cycle_end"], "%Y-%m-%d %H:%M:%S%z")
    assert scraped["email_history"]["count"] == len(scraped["email_history"]["history"])
    for entry in scraped["email_history"]["history"]:
        assert isinstance(entry["email_address"], str)
        assert all(
            isinstance(entry[name], int | float)
            for name in ("used", "bytecount", "avgsize", "bounces", "clicks", "opens", "rejects", "spam")
        )


def test_phplists_mime_mail(system: LocalSystem) -> None:
    """Source: bramley/phplist-plugin-smtp2go, MailClient::requestBody."""
    recipient = conversation.somebody()
    raw = f"From: {SENDER}\r\nTo: {recipient}\r\nSubject: From phpList\r\n\r\nHello\r\n".encode()
    fields: dict[str, object] = {
        "api_key": system.endpoints.api_key,
        "mime_email": base64.b64encode(raw).decode(),
    }

    status, _ = ask(system, "/email/mime", fields, JSON)

    assert status == 200
    assert left(system, recipient)["Subject"] == "From phpList"


@pytest.mark.parametrize("path", ["//email/send", "/email/send"])
def test_the_rust_and_go_clients_mail_without_a_content_type(system: LocalSystem, path: str) -> None:
    """Source: smtp2go-oss/smtp2go-rust, core.rs; smtp2go-oss/smtp2go-go, core.go and main.go."""
    recipient = conversation.somebody()
    mail: dict[str, object] = {
        "sender": SENDER,
        "to": [recipient],
        "subject": "Hello",
        "text_body": "Hello",
        "html_body": "",
    }
    headers = {
        "X-Smtp2go-Api": "smtp2go-go",
        "X-Smtp2go-Api-Version": "0.1",
        "X-Smtp2go-Api-Key": system.endpoints.api_key,
    }

    status, answer = ask(system, path, mail, headers)
    refused, refusal = ask(system, path, mail | {"to": ["nobody"]}, headers)

    assert (status, answer["data"]["succeeded"]) == (200, 1)
    assert content(left(system, recipient), "plain").strip() == "Hello"
    assert refused == 400
    # What the Go client reads of a failure.
    assert isinstance(refusal["request_id"], str)
    assert isinstance(refusal["data"]["error"], str)
    assert refusal["data"]["error_code"] == "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD"
    assert refusal["data"]["field_validation_errors"]["fieldname"] == "to.0"
    assert isinstance(refusal["data"]["field_validation_errors"]["message"], str)


def test_smtp2go_net_adds_a_webhook_whose_url_holds_a_password(system: LocalSystem) -> None:
    """Source: Alos-no/Smtp2Go.NET, WebhookCreateRequest.cs and Smtp2GoWebhookClient.cs."""
    headers = JSON | {"X-Smtp2go-Api-Key": system.endpoints.api_key}
    wanted: dict[str, object] = {
        "url": "https://hook-user:secret-password@example.com/webhooks/smtp2go",
        "events": ["delivered", "bounce"],
        "usernames": ["nobody-at-all"],
        "output": "json",
    }

    _, added = ask(system, "/webhook/add", wanted, headers)
    _, listed = ask(system, "/webhook/view", {}, headers)
    status, _ = ask(system, "/webhook/remove", {"id": added["data"]["id"]}, headers)

    assert added["data"]["url"] == "https://example.com/webhooks/smtp2go"
    assert (added["data"]["output_format"], added["data"]["auth_header_type"]) == ("json", "basic")
    assert added["data"]["id"] in [endpoint["id"] for endpoint in listed["data"]]
    assert "secret-password" not in json.dumps([added, listed])
    assert status == 200


def test_smtp2go_usages_monthly_report(system: LocalSystem) -> None:
    """Source: bigbozza/smtp2go-usage, api_client.py."""
    headers = JSON | {"X-Smtp2go-Api-Key": system.endpoints.api_key}
    recipient = conversation.somebody()
    conversation.send(system.endpoints, [recipient], (MAILS / "plain.eml").read_bytes())
    conversation.until(
        lambda: conversation.events(system.endpoints, recipient), lambda events: len(events) == 2
    )
    now = datetime.now(UTC)
    period: dict[str, object] = {
        "group_by": "username",
        "start_date": (now - timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%S%z"),
        "end_date": now.strftime("%Y-%m-%dT%H:%M:%S"),
    }

    _, users = ask(system, "/users/smtp/view", {}, headers)
    _, history = ask(system, "/stats/email_history", period, headers)

    used = {entry["username"]: entry["used"] for entry in history["data"]["history"]}
    rejected = {
        entry["username"]: entry["bounces"] + entry["rejects"] for entry in history["data"]["history"]
    }
    assert system.endpoints.smtp.user in [user["username"] for user in users["data"]["results"]]
    assert used[system.endpoints.smtp.user] >= 1
    assert all(isinstance(count, int) for count in rejected.values())


def test_switching_an_smtp_users_tracking_on_holds_for_the_next_mail(
    system: LocalSystem, node: NodeClient
) -> None:
    name = f"switch-{uuid.uuid4().hex[:12]}"
    (user,) = node("users/smtp/add", {"username": name})["results"]

    def send() -> bool:
        recipient = conversation.somebody()
        with conversation.connect(system.endpoints) as client:
            client.login(name, user["email_password"])
            client.sendmail(SENDER, [recipient], (MAILS / "newsletter.eml").read_bytes())
        return _is_tracked(system, recipient)

    before = send()
    node("users/smtp/edit", {"username": name, "open_tracking_enabled": True}, "PATCH")
    after = send()

    assert (before, after) == (False, True)


def test_switching_an_api_keys_tracking_on_holds_for_the_next_mail(
    system: LocalSystem, node: NodeClient
) -> None:
    key = console.new_key(system.endpoints, "/email/send")

    def send() -> bool:
        recipient = conversation.somebody()
        mail: dict[str, object] = {"sender": SENDER, "to": [recipient], "subject": "x", "html_body": HTML}
        assert ask(system, "/email/send", mail | {"api_key": key})[0] == 200
        return _is_tracked(system, recipient)

    before = send()
    node("api_keys/edit", {"id": key, "open_tracking_enabled": True}, "PATCH")
    after = send()

    assert (before, after) == (False, True)


def test_switching_an_ip_addresss_tracking_on_holds_for_the_next_mail(
    system: LocalSystem, node: NodeClient
) -> None:
    def send() -> bool:
        recipient = conversation.somebody()
        with conversation.connect(system.endpoints) as client:
            client.sendmail(SENDER, [recipient], (MAILS / "newsletter.eml").read_bytes())
        return _is_tracked(system, recipient)

    with pytest.raises(smtplib.SMTPException):
        send()
    node("ip_auth/add", {"ip_address": "127.0.0.1"})
    try:
        before = send()
        node("ip_auth/edit", {"ip_address": "127.0.0.1", "open_tracking_enabled": True}, "PATCH")
        after = send()
    finally:
        # Other tests rely on it that nobody gets in without a login.
        node("ip_auth/remove", {"ip_address": "127.0.0.1"})

    assert (before, after) == (False, True)


def _is_tracked(system: LocalSystem, recipient: str) -> bool:
    """Whether the mail that arrives has a pixel; that is decided when it is sent on, not when it is taken."""
    return system.endpoints.pixel_url in conversation.mail_to(system.endpoints, recipient)["html"]


def test_a_mail_that_is_larger_than_a_request_is_uploaded_and_sent(system: LocalSystem) -> None:
    key, other_key = (console.new_key(system.endpoints, "/email/*") for _ in range(2))
    recipient = conversation.somebody()
    attachment = secrets.token_bytes(6_900_000)
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = SENDER, recipient, "Large"
    message.set_content("See the attachment")
    message.add_attachment(attachment, "application", "octet-stream", filename="large.bin")
    raw = message.as_bytes()
    _, place = ask(system, "/email/upload", {"api_key": key, "size": len(raw)})
    upload_id = place["data"]["upload_id"]

    early, _ = ask(system, "/email/mime", {"api_key": key, "upload_id": upload_id})
    stored = requests.put(place["data"]["url"], raw, timeout=60)
    stolen, refusal = ask(system, "/email/mime", {"api_key": other_key, "upload_id": upload_id})
    status, answer = ask(system, "/email/mime", {"api_key": key, "upload_id": upload_id})

    assert len(raw) > 9_000_000
    assert (early, stored.status_code, stolen, status) == (400, 200, 400, 200)
    assert refusal["data"]["field_validation_errors"]["fieldname"] == "upload_id"
    assert answer["data"]["succeeded"] == 1
    (received,) = left(system, recipient).iter_attachments()
    assert received.get_content() == attachment
