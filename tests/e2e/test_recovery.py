"""When the pixel's function is down, the mail still gets an image, and the open comes from the access log."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest

from functions.pixel.images import RECORDED
from local import demo
from tests.e2e import conversation
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import MAILS
from tests.e2e.grants import function_of, grants, withdrawn

pytestmark = pytest.mark.e2e


@contextmanager
def throttled(system: LocalSystem, part: str) -> Iterator[None]:
    """A function that gets no invocation."""
    functions = boto3.client("lambda", **system.access)
    (name,) = (
        found["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for found in page["Functions"]
        if f"OpenTracking-{part}Role" in found["Role"]
    )
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)


def test_a_fetch_while_the_function_is_throttled_is_recovered_from_the_access_log(
    system: LocalSystem,
) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    conversation.send(found, [recipient], (MAILS / "newsletter.eml").read_bytes())
    mail = conversation.mail_to(found, recipient)
    pixel = re.search(re.escape(found.pixel_url) + r"/o/[\w-]+\.gif", mail["html"])
    assert pixel

    with throttled(system, "Pixel"), pytest.raises(urllib.error.HTTPError, match="429"):
        urllib.request.urlopen(urllib.request.Request(pixel[0], headers=demo.GMAIL.headers)).close()

    events = conversation.until(
        lambda: conversation.events(found, recipient),
        lambda events: any(event["event"] == "opened" for event in events),
        seconds=40,
    )
    (opened,) = (event for event in events if event["event"] == "opened")
    assert opened["metadata"]["witness"] == "access_log"
    assert opened["metadata"]["class"] == "proxied_open"
    assert opened["email_client"]["ip_address"] == "66.249.82.245"


def test_a_fetch_that_the_table_refuses_is_recorded_by_way_of_the_overflow_queue(system: LocalSystem) -> None:
    found, recipient = system.endpoints, conversation.somebody()
    conversation.send(found, [recipient], (MAILS / "newsletter.eml").read_bytes())
    mail = conversation.mail_to(found, recipient)
    pixel = re.search(re.escape(found.pixel_url) + r"/o/[\w-]+\.gif", mail["html"])
    assert pixel

    (writing,) = (g for g in grants(system) if (g.function, g.action) == ("Pixel", "dynamodb:PutItem"))
    fetch, before = urllib.request.Request(pixel[0], headers=demo.GMAIL.headers), len(system.decisions())
    with withdrawn(system, writing):
        # It has been started anew, which on a busy machine takes longer than the edge waits.
        urllib.request.urlopen(f"{found.pixel_url}/o/{'A' * 34}.gif").close()
        with urllib.request.urlopen(fetch) as answer:
            assert answer.read() == RECORDED

    decided = {
        (decision["action"], decision["allowed"])
        for decision in system.decisions()[before:]
        if function_of(decision["principal"]) == "Pixel"
    }
    assert decided >= {("dynamodb:PutItem", False), ("sqs:SendMessage", True)}
    (opened,) = conversation.until(
        lambda: [event for event in conversation.events(found, recipient) if event["event"] == "opened"], bool
    )
    assert opened["metadata"]["witness"] == "function"
    assert opened["email_client"]["asn"] == 15169
