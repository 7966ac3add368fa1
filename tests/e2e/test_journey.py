import base64
import re
import smtplib
import urllib.request

import boto3
import pytest
from playwright.sync_api import Browser

from tests.e2e import conversation
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import MAILS
from tracking import injection
from tracking.opens import reading

pytestmark = pytest.mark.e2e

OPENED_WITHIN_SECONDS = 3
ANNOUNCED_WITHIN_SECONDS = 5


def test_the_demonstration_shows_that_all_of_it_arrives(system: LocalSystem) -> None:
    ended = system.run("demo")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "22 of 22 webhooks arrived, 22 verified" in ended.stdout


def test_a_second_run_finds_the_first_and_says_so(system: LocalSystem) -> None:
    ended = system.run("run")

    assert ended.returncode == 0
    assert "runs already" in ended.stdout
    assert system.endpoints.api_key in ended.stdout


def test_opening_a_mail_in_a_browser_is_an_open_in_the_activity_and_at_the_webhook(
    system: LocalSystem, browser: Browser
) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    conversation.send(found, [recipient], (MAILS / "newsletter.eml").read_bytes())
    mail = conversation.mail_to(found, recipient)

    page = browser.new_page(user_agent=conversation.BROWSER)
    with page.expect_request(re.compile(re.escape(found.pixel_url))):
        page.goto(f"{found.mailbox_url}mail/{mail['number']}", wait_until="commit")
    timeline = conversation.until(
        lambda: conversation.events(found, recipient),
        lambda events: any(event["event"] == "opened" for event in events),
        OPENED_WITHIN_SECONDS,
    )
    page.close()
    hooks = conversation.until(
        lambda: conversation.hooks(found, recipient),
        lambda hooks: any(hook["fields"]["event"] == "open" for hook in hooks),
        (reading.STEP + reading.PATIENCE).total_seconds() + ANNOUNCED_WITHIN_SECONDS,
    )

    assert [event["event"] for event in timeline] == ["processed", "delivered", "opened"]
    assert timeline[-1]["metadata"]["class"] == "direct_open"
    assert timeline[-1]["email_client"]["user_agent"] == conversation.BROWSER
    assert timeline[-1]["email_client"]["client"] == "Chrome"
    assert all(hook["verified"] for hook in hooks)


def test_what_leaves_is_what_came_in_but_for_the_pixel_and_the_headers_that_ses_sets(
    system: LocalSystem,
) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    message = (MAILS / "receipt.eml").read_bytes()
    conversation.send(found, [recipient], message)

    mail = conversation.mail_to(found, recipient)
    with urllib.request.urlopen(f"{found.mailbox_url}mail/{mail['number']}/raw") as answer:
        left = answer.read()

    pixel = re.search(re.escape(found.pixel_url) + r"/o/[\w-]{34}\.gif", mail["html"])
    planned = injection.plan(message)
    assert pixel
    assert isinstance(planned, injection.Plan)
    assert _body(left) == _body(planned.with_pixel(pixel[0]))
    assert _header_lines(left) == _header_lines(message)


def test_each_recipient_gets_a_pixel_of_their_own(system: LocalSystem) -> None:
    found, recipients = system.endpoints, [conversation.somebody() for _ in range(3)]

    conversation.send(found, recipients, (MAILS / "newsletter.eml").read_bytes())

    mails = [conversation.mail_to(found, recipient) for recipient in recipients]
    pixels = {re.findall(re.escape(found.pixel_url) + r"/o/[\w-]+\.gif", mail["html"])[0] for mail in mails}
    assert len(pixels) == len({mail["tags"]["recipient"] for mail in mails}) == 3
    assert len({mail["tags"]["email_id"] for mail in mails}) == 1


def test_switching_open_tracking_off_holds_for_the_next_mail(system: LocalSystem) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    user = conversation.call(found, "users/smtp/add", username=f"off-{recipient[:12]}")["results"][0]

    with conversation.connect(found) as client:
        client.login(user["username"], user["email_password"])
        client.sendmail("news@shop.example.com", [recipient], (MAILS / "newsletter.eml").read_bytes())

    assert found.pixel_url not in conversation.mail_to(found, recipient)["html"]
    timeline = conversation.until(lambda: conversation.events(found, recipient), bool)
    assert timeline[0]["metadata"]["untracked_reason"] == "disabled"


def test_a_bounce_shows_in_the_activity_and_at_the_webhook(system: LocalSystem) -> None:
    found, recipient = system.endpoints, "bounce@simulator.amazonses.com"

    conversation.send(found, [recipient], (MAILS / "plain.eml").read_bytes())

    timeline = conversation.until(lambda: conversation.events(found, recipient), lambda found: len(found) > 1)
    assert [event["event"] for event in timeline] == ["processed", "hard-bounced"]
    conversation.until(
        lambda: conversation.hooks(found, recipient),
        lambda hooks: any(hook["fields"]["event"] == "bounce" for hook in hooks),
    )


def test_a_mail_that_cannot_be_parsed_leaves_as_it_came_and_its_timeline_says_why(
    system: LocalSystem,
) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    contradictory = b"Content-Type: text/html\r\nContent-Type: text/plain\r\n"
    message = b"From: news@shop.example.com\r\n" + contradictory + b"\r\n<p>x</p>\r\n"

    conversation.send(found, [recipient], message)

    mail = conversation.mail_to(found, recipient)
    with urllib.request.urlopen(f"{found.mailbox_url}mail/{mail['number']}/raw") as answer:
        assert _body(answer.read()) == b"<p>x</p>\r\n"
    timeline = conversation.until(lambda: conversation.events(found, recipient), bool)
    assert timeline[0]["metadata"]["untracked_reason"] == injection.Reason.AMBIGUOUS


@pytest.mark.parametrize("token", ["x", "A" * 34, "A" * 500, "%C3%A9" * 34, "../../etc/passwd"])
def test_a_token_that_is_not_ours_gets_the_pixel(system: LocalSystem, token: str) -> None:
    with urllib.request.urlopen(f"{system.endpoints.pixel_url}/o/{token}.gif") as answer:
        body = answer.read()

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/gif"
    assert body.startswith(b"GIF89a")


def test_a_wrong_password_is_refused_with_535_and_none_with_530(system: LocalSystem) -> None:
    found = system.endpoints

    with conversation.connect(found) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(found.smtp.user, "wrong")
        code, _ = client.mail("news@shop.example.com")

    assert refused.value.smtp_code == 535
    assert code == 530


def test_bad_calls_get_clear_errors_and_queue_nothing(system: LocalSystem) -> None:
    found = system.endpoints
    url = f"{found.api_url}/email/send"
    before = len(conversation.get(f"{found.mailbox_api_url}/mails"))

    answers = {
        "bad JSON": conversation.refusal(url, b"{", found.api_key),
        "wrong type": conversation.refusal(url, b'{"to": 1}', found.api_key),
        "unknown key": conversation.refusal(url, b"{}", "api-" + "0" * 32),
        "no key": conversation.refusal(url, b"{}"),
    }

    assert {name: status for name, (status, _) in answers.items()} == {
        "bad JSON": 400,
        "wrong type": 400,
        "unknown key": 401,
        "no key": 401,
    }
    assert all(body["data"]["error"] and body["request_id"] for _, body in answers.values())
    assert len(conversation.get(f"{found.mailbox_api_url}/mails")) == before


def test_a_person_signed_in_to_the_dashboard_may_call_the_api_and_nobody_else_that_way(
    system: LocalSystem,
) -> None:
    found = system.endpoints
    url = found.api_url.replace("/v3", "/console/v3/activity/search")
    cognito = boto3.client("cognito-idp", **system.access)
    outputs = boto3.client("cloudformation", **system.access).describe_stacks(StackName=found.stack)
    client_id = next(
        output["OutputValue"]
        for output in outputs["Stacks"][0]["Outputs"]
        if output["OutputKey"] == "UserPoolClientId"
    )

    signed_in = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": found.dashboard_user, "PASSWORD": found.dashboard_password},
    )
    token = signed_in["AuthenticationResult"]["AccessToken"]
    request = urllib.request.Request(url, b"{}", {"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        status = answer.status
    refused, _ = conversation.refusal(url, b"{}", found.api_key)

    assert (status, refused) == (200, 401)


def test_a_mail_by_email_mime_is_sent_as_it_was_written(system: LocalSystem) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    message = f"From: news@shop.example.com\r\nTo: {recipient}\r\nSubject: x\r\n\r\nplain\r\n".encode()

    answer = conversation.call(found, "email/mime", mime_email=base64.b64encode(message).decode())

    assert answer["succeeded"] == 1
    assert conversation.mail_to(found, recipient)["tags"]["email_id"] == answer["email_id"]


def _body(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2]


def _header_lines(message: bytes) -> list[bytes]:
    """The header's fields, but for Bcc, which must not leave, and those that SES sets itself."""
    header = message.partition(b"\r\n\r\n")[0]
    return [
        line
        for line in re.split(rb"\r\n(?![ \t])", header)
        if line.partition(b":")[0].lower() not in {b"message-id", b"date", b"bcc"}
    ]
