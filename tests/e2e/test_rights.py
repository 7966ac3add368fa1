"""Least privilege, both ways: nothing is granted that is not used, and nothing is used in vain."""

import json
import re
import secrets
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from local import demo
from tests.e2e import console, conversation
from tests.e2e.clients.tour import Tour, client
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import MAILS
from tests.e2e.grants import ANNOUNCING, RECORDING, Grant, function_of, grants, withdrawn
from tests.functions.pixel.cloudfront import log, log_line
from tracking.mail import email_ids
from tracking.mail.credentials import CredentialKind
from tracking.mail.deliveries import Delivery, TrackingMode
from tracking.mail.endpoints import WebhookEvent
from tracking.mail.envelopes import Envelope
from tracking.mail.notifications import Notification, Progress
from tracking.opens.fetches import Fetch
from tracking.storage import overflow
from tracking.storage.activity import Activity
from tracking.storage.notifications import Notifications
from tracking.storage.outbox import Outbox

pytestmark = pytest.mark.e2e

DENIED_WITHIN_SECONDS = 25
"""The webhook of a timed open leaves ten seconds after the mail was closed."""

ATTEMPTS = 3

# Granted, and never seen by the emulator's IAM. The right of each line is used in AWS all the same.
UNSEEN = {
    # The emulator writes a function's logs itself.
    ("*", "logs:CreateLogStream"),
    ("*", "logs:PutLogEvents"),
    # The emulator's pollers read queues and streams without asking IAM.
    ("*", "sqs:ReceiveMessage"),
    ("*", "sqs:DeleteMessage"),
    ("*", "sqs:GetQueueAttributes"),
    ("FanOut", "dynamodb:DescribeStream"),
    ("FanOut", "dynamodb:GetRecords"),
    ("FanOut", "dynamodb:GetShardIterator"),
    ("FanOut", "dynamodb:ListStreams"),
    # The stream's on-failure destination; the emulator has none.
    ("FanOut", "s3:PutObject"),
    ("FanOut", "s3:ListBucket"),
    # SES asks for SendRawEmail when the content is raw; docs/live-checks.md settles whether for this alone.
    ("Inject", "ses:SendEmail"),
    # Only when the table fails; tests/e2e/test_recovery.py lets it.
    ("Pixel", "sqs:SendMessage"),
    # Only when the end of a reading changes what the fetch after it means.
    ("ReadingsEnd", "dynamodb:UpdateItem"),
}


def test_every_right_that_is_granted_is_used(system: LocalSystem) -> None:
    _use_everything(system)

    # The end of a reading is noticed, and told, well after it.
    conversation.until(lambda: _unused(system), lambda unused: not unused, DENIED_WITHIN_SECONDS)


def _unused(system: LocalSystem) -> set[tuple[str, str, str]]:
    observed = {
        (function_of(decision["principal"]), decision["action"], decision["resource"])
        for decision in system.decisions()
        if decision["allowed"]
    }
    return {
        (grant.function, grant.action, grant.resource)
        for grant in grants(system)
        if not {(grant.function, grant.action), ("*", grant.action)} & UNSEEN
        and not any(
            function == grant.function and action == grant.action and fnmatchcase(resource, grant.resource)
            for function, action, resource in observed
        )
    }


def test_no_function_asks_for_what_it_was_not_granted(system: LocalSystem) -> None:
    system_starts_clean = [decision for decision in system.decisions() if not decision["allowed"]]
    _use_everything(system)

    denied = [decision for decision in system.decisions() if not decision["allowed"]]

    assert denied[len(system_starts_clean) :] == []


@pytest.mark.parametrize("function", [*RECORDING, "Inject", "Feedback", *ANNOUNCING])
def test_without_any_one_of_its_rights_a_function_fails(system: LocalSystem, function: str) -> None:
    needed = [
        grant
        for grant in grants(system)
        if grant.function == function and not {(function, grant.action), ("*", grant.action)} & UNSEEN
    ]
    assert needed
    # They can only be made while every right is there.
    _old_mail(system)
    _announced_key(system)

    needless = []
    for grant in needed:
        with withdrawn(system, grant):
            # Another function may do the work first, with a right of its own: a summary is written by two.
            if not any(_is_denied_in_use(system, grant) for _ in range(ATTEMPTS)):
                needless.append((grant.action, grant.resource))

    assert needless == []


def _use_everything(system: LocalSystem) -> None:
    found = system.endpoints
    Tour(found, client(found, console.new_key(found, "*")), patches=True).go()
    _use(system)
    recipient = conversation.somebody()
    conversation.send(found, [recipient], (MAILS / "plain.eml").read_bytes())
    conversation.until(lambda: conversation.hooks(found, recipient), lambda hooks: len(hooks) == 2)


def _use(system: LocalSystem) -> None:
    """A mail on its whole way, one whose webhook is authorized and fails, one that was parked, one that two
    workers would send, and an open."""
    old = _old_mail(system)
    recipient = conversation.somebody()
    _unpark(system)
    client(system.endpoints, _announced_key(system))(
        "email/send",
        {"sender": conversation.SENDER, "to": [recipient], "subject": "x", "text_body": "x"},
    )
    conversation.send(system.endpoints, [conversation.somebody()], (MAILS / "newsletter.eml").read_bytes())
    _claimed(system)
    _open(system, old)


def _claimed(system: LocalSystem) -> None:
    """A mail whose only delivery another worker has claimed for a moment."""
    now, raw = datetime.now(UTC), (MAILS / "plain.eml").read_bytes()
    envelope = Envelope(
        email_id=email_ids.new(now, secrets.token_bytes(email_ids.RANDOM_BYTES)),
        kind=CredentialKind.SMTP_USER,
        credential_id=system.endpoints.smtp.user,
        mail_from=conversation.SENDER,
        recipients=(conversation.somebody(),),
        received_at=now,
        size=len(raw),
    )
    ((number, recipient),) = envelope.deliveries
    delivery = Delivery(envelope.email_id, number, recipient, envelope.credential_id, TrackingMode.OFF, now)
    _activity(system).claim(delivery, now, now + timedelta(seconds=2))
    Outbox(
        boto3.client("s3", **system.access),
        boto3.client("sqs", **system.access),
        _output(system, "OutboxBucketName"),
        _output(system, "OutboxQueueUrl"),
    ).put(envelope, raw)


def _open(system: LocalSystem, mail: dict[str, Any]) -> None:
    """A fetch that is timed and closed at once; one that comes by the queue, and two by the access log."""
    pixel = re.search(re.escape(system.endpoints.pixel_url) + r"(/o/([\w-]+)\.gif)", mail["html"])
    assert pixel
    url, path, token = pixel[0], pixel[1], pixel[2]
    # From somewhere else each time: the same client at once would repeat its open.
    address = f"198.18.{secrets.randbelow(256)}.1"
    place = {"CloudFront-Viewer-Address": f"{address}:40000"}
    browser = replace(demo.BROWSER, headers={**demo.BROWSER.headers, **place})
    hop = demo.load(url, browser)
    if hop:
        with suppress(TimeoutError):
            demo.load(hop, browser, timeout=0.5)
        _told_early(system, mail)
    fetch = Fetch(uuid.uuid4().hex, datetime.now(UTC), user_agent="from the queue", address=address)
    boto3.client("sqs", **system.access).send_message(
        QueueUrl=_queue(system, "OverflowQueue"), MessageBody=overflow.encode(token, fetch)
    )
    # A made-up log, because the edge's own has only what went wrong.
    lines = [log_line(cs_uri_stem=path, sc_status="429", x_edge_request_id=uuid.uuid4().hex)]
    if hop:
        lines.append(log_line(cs_uri_stem=urlsplit(hop).path, sc_status="000", time_taken="0.4"))
    boto3.client("s3", **system.access).put_object(
        Bucket=_output(system, "LogBucketName"), Key=f"pixel/{uuid.uuid4().hex}.gz", Body=log(*lines)
    )


def _told_early(system: LocalSystem, mail: dict[str, Any]) -> None:
    """Let the end of the newest reading seem to have come, when it goes on."""
    email_id = mail["tags"]["email_id"]
    found = _activity(system).history(email_id, 1)
    assert found
    waiting = {"email_id": email_id, "recipient": 1, "event_id": found.events[-1].event_id}
    boto3.client("sqs", **system.access).send_message(
        QueueUrl=_queue(system, "ReadingsQueue"), MessageBody=json.dumps(waiting)
    )


@cache
def _old_mail(system: LocalSystem) -> dict[str, Any]:
    """A mail that is there already, whatever a function may no longer do."""
    recipient = conversation.somebody()
    conversation.send(system.endpoints, [recipient], (MAILS / "newsletter.eml").read_bytes())
    conversation.until(lambda: conversation.hooks(system.endpoints, recipient), lambda hooks: len(hooks) == 2)
    return conversation.mail_to(system.endpoints, recipient)


@cache
def _announced_key(system: LocalSystem) -> str:
    """A key whose mail alone is told to an endpoint that wants an Authorization header."""
    key = console.new_key(system.endpoints, "/email/send")
    console.call(
        system.endpoints,
        "webhook/add",
        url=f"{system.endpoints.webhook_sink_url}/status/500",
        events=["processed"],
        usernames=[key[:16]],
        auth_header_type="bearer",
        auth_header_value="a-token",
    )
    return key


def _unpark(system: LocalSystem) -> None:
    """A notification that has been parked until now, and what is done each minute."""
    now = datetime.now(UTC)
    notification = Notification(
        f"msg_{uuid.uuid4().hex}", 1, WebhookEvent.OPEN, "", "", now, '{"event": "open"}', "application/json"
    )
    Notifications(boto3.client("dynamodb", **system.access), _output(system, "NotificationsTableName")).save(
        Progress(notification, attempts=5, next_at=now - timedelta(hours=1), is_parked=True), now
    )
    boto3.client("lambda", **system.access).invoke(FunctionName=_output(system, "RequeueFunctionName"))


def _activity(system: LocalSystem) -> Activity:
    return Activity(boto3.client("dynamodb", **system.access), _output(system, "ActivityTableName"))


@cache
def _queue(system: LocalSystem, name: str) -> str:
    """The URL of a queue by its name in the stack."""
    found = boto3.client("sqs", **system.access).list_queues(QueueNamePrefix=f"OpenTracking-{name}")
    (url,) = found["QueueUrls"]
    return url


@cache
def _output(system: LocalSystem, name: str) -> str:
    (stack,) = boto3.client("cloudformation", **system.access).describe_stacks(
        StackName=system.endpoints.stack
    )["Stacks"]
    return next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == name)


def _is_denied_in_use(system: LocalSystem, grant: Grant) -> bool:
    before = len(system.decisions())
    _use(system)
    return _is_denied(system, grant, before)


def _is_denied(system: LocalSystem, grant: Grant, before: int) -> bool:
    """Whether the function asks for the right, and is refused, within some seconds."""
    give_up_at = time.monotonic() + DENIED_WITHIN_SECONDS
    while time.monotonic() < give_up_at:
        for decision in system.decisions()[before:]:
            if (
                not decision["allowed"]
                and decision["action"] == grant.action
                and function_of(decision["principal"]) == grant.function
                and fnmatchcase(decision["resource"], grant.resource)
            ):
                return True
        time.sleep(0.2)
    return False
