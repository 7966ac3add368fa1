"""Mail that Mail Manager took becomes an envelope, whichever way its event says so."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from functions.mail_manager import adapters
from tests.functions.conftest import Cloud
from tests.functions.mail_manager.conftest import (
    ALICE,
    FUNCTION,
    MESSAGE,
    MESSAGE_ID,
    Door,
    sent,
)
from tracking.errors import OutboxUnavailable
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

type Waiting = Callable[[], list[str]]


def said(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the functions logged, but for where in the code."""
    return [
        {name: value for name, value in vars(record).items() if name not in {"pathname", "args"}}
        for record in caplog.records
        if "mail_manager" in record.pathname
    ]


@pytest.mark.parametrize(
    "name", ["alias_told", "alias_not_told", "no_action", "headers_truncated", "key_told"]
)
def test_a_mail_is_put_into_the_outbox_whatever_its_event_leaves_out(
    door: Door, cloud: Cloud, name: str
) -> None:
    door.wrote()

    door.invoked(door.event(name))

    (envelope,) = sent(cloud)
    assert (envelope.kind, envelope.credential_id) == (CredentialKind.SMTP_USER, "alice")
    assert envelope.mail_from == "prvs=144d0cba7=news@example.com"
    assert envelope.recipients == ("anna@example.org", "bob@example.net")
    assert envelope.received_at == datetime(2026, 11, 24, 11, 0, 2, 28000, UTC)
    assert (envelope.size, envelope.source_ip) == (len(MESSAGE), "203.0.113.1")
    assert cloud.messages.get(envelope.email_id) == MESSAGE


@pytest.mark.parametrize("between", ["/", "//", ""])
def test_the_bytes_are_found_however_prefix_and_id_are_put_together(
    door: Door, cloud: Cloud, between: str
) -> None:
    door.wrote(f"incoming/{door.slug}{between}{MESSAGE_ID}")

    door.invoked(door.event())

    assert len(sent(cloud)) == 1


def test_the_bytes_are_found_where_the_event_says(door: Door, cloud: Cloud) -> None:
    door.wrote(f"incoming/{door.slug}/2026/11/{MESSAGE_ID}")

    door.invoked(door.event("key_told"))

    assert len(sent(cloud)) == 1


def test_bytes_below_another_prefix_are_never_read(door: Door, cloud: Cloud, waiting: Waiting) -> None:
    elsewhere = f"incoming/u-{'0' * 24}/secret"
    door.wrote(elsewhere)

    door.invoked(door.event("key_told", lambda ses: ses["receipt"]["action"].update(objectKey=elsewhere)))

    assert sent(cloud) == []
    assert len(waiting()) == 1


@pytest.mark.parametrize("how", ["empty", "brackets", "mailer_daemon", "missing"])
def test_the_null_sender_is_empty_however_it_is_told(door: Door, cloud: Cloud, how: str) -> None:
    door.wrote()

    door.invoked(door.event(f"null_sender_{how}"))

    assert [envelope.mail_from for envelope in sent(cloud)] == [""]


def test_a_senders_brackets_are_not_part_of_the_address(door: Door, cloud: Cloud) -> None:
    door.wrote()

    door.invoked(door.event(change=lambda ses: ses["mail"].update(source="<mailer-daemon@example.com>")))

    assert [envelope.mail_from for envelope in sent(cloud)] == ["mailer-daemon@example.com"]


def test_an_event_that_comes_twice_is_the_same_envelope(door: Door, cloud: Cloud) -> None:
    door.wrote()

    door.invoked(door.event())
    door.invoked(door.event(change=lambda ses: ses["receipt"]["recipients"].reverse()))

    first, second = sent(cloud)
    assert first == second


def test_one_event_for_each_recipient_makes_an_envelope_for_each(door: Door, cloud: Cloud) -> None:
    door.wrote()

    door.invoked(door.event("first_recipient"))
    door.invoked(door.event("second_recipient"))

    first, second = sent(cloud)
    assert (first.recipients, second.recipients) == (("anna@example.org",), ("bob@example.net",))
    assert first.email_id != second.email_id


def test_a_recipient_who_is_told_twice_gets_one_mail(door: Door, cloud: Cloud) -> None:
    door.wrote()

    door.invoked(door.event(change=lambda ses: ses["receipt"].update(recipients=["anna@example.org"] * 2)))

    assert [envelope.recipients for envelope in sent(cloud)] == [("anna@example.org",)]


def test_the_alias_in_the_event_is_enough_if_lambda_tells_none(door: Door, cloud: Cloud) -> None:
    door.wrote()

    door.invoked(door.event("alias_told"), FUNCTION)
    door.invoked(door.event("alias_told"), f"{FUNCTION}:$LATEST")

    assert [envelope.credential_id for envelope in sent(cloud)] == ["alice", "alice"]


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("alias_not_told", FUNCTION),
        ("no_action", f"{FUNCTION}:$LATEST"),
        ("alias_told", f"{FUNCTION}:u-{'0' * 24}"),
        ("alias_told", f"{FUNCTION}:live"),
        ("no_action", f"{FUNCTION}:7"),
    ],
)
def test_an_event_without_one_door_waits_and_is_nobodys(
    door: Door, cloud: Cloud, waiting: Waiting, name: str, arn: str
) -> None:
    door.wrote()
    event = door.event(name)

    door.invoked(event, arn)

    assert sent(cloud) == []
    assert [json.loads(body) for body in waiting()] == [{"event": event, "function_arn": arn}]


def test_a_header_says_nothing_of_whose_a_mail_is(door: Door, cloud: Cloud) -> None:
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "mallory", ALICE.created_at))
    door.wrote(message=b"X-OT-Credential: mallory\r\nX-Door: mallory\r\nSubject: Hello\r\n\r\n")

    door.invoked(door.event())

    assert [envelope.credential_id for envelope in sent(cloud)] == ["alice"]


@pytest.mark.parametrize(
    "change",
    [
        lambda ses: ses.pop("mail"),
        lambda ses: ses.pop("receipt"),
        lambda ses: ses["mail"].pop("messageId"),
        lambda ses: ses["mail"].update(messageId=""),
        lambda ses: ses["mail"].update(messageId=7),
        lambda ses: ses["mail"].update(timestamp="yesterday"),
        lambda ses: ses["mail"].update(source=["news@example.com"]),
        lambda ses: ses["receipt"].update(recipients=[]),
        lambda ses: ses["receipt"].update(recipients=[None]),
        lambda ses: ses["receipt"].update(recipients=None),
        lambda ses: ses["receipt"].update(recipients=[f"r{number}@example.org" for number in range(301)]),
        lambda ses: ses["receipt"].update(action="Lambda"),
        lambda ses: ses["receipt"]["action"].update(functionArn=7),
    ],
)
def test_an_event_that_is_not_understood_waits(
    door: Door, cloud: Cloud, waiting: Waiting, change: Callable[[Any], object]
) -> None:
    door.wrote()

    door.invoked(door.event(change=change))

    assert sent(cloud) == []
    assert len(waiting()) == 1


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": None}, {"Records": [7]}, []])
def test_what_is_no_event_at_all_waits(door: Door, waiting: Waiting, event: object) -> None:
    door.invoked(event)

    assert len(waiting()) == 1


def test_a_time_that_only_the_receipt_tells_is_enough(door: Door, cloud: Cloud) -> None:
    door.wrote()

    door.invoked(door.event(change=lambda ses: ses["mail"].pop("timestamp")))

    assert [envelope.received_at.hour for envelope in sent(cloud)] == [11]


def test_a_mail_whose_bytes_are_missing_waits(door: Door, cloud: Cloud, waiting: Waiting) -> None:
    door.invoked(door.event())

    assert sent(cloud) == []
    assert len(waiting()) == 1


def test_a_mail_that_is_too_large_for_ses_waits(door: Door, cloud: Cloud, waiting: Waiting) -> None:
    door.wrote(message=b" " * (MAX_MESSAGE_BYTES + 1))

    door.invoked(door.event())

    assert sent(cloud) == []
    assert len(waiting()) == 1


def test_a_mail_waits_while_the_settings_cannot_be_read(door: Door, cloud: Cloud, waiting: Waiting) -> None:
    door.wrote()
    cloud.dynamodb.delete_table(TableName="Settings")

    door.invoked(door.event())

    assert len(waiting()) == 1


@pytest.mark.usefixtures("waiting")
def test_a_mail_that_cannot_even_wait_is_left_to_lambda(door: Door) -> None:
    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    adapters.waiting()._sqs.meta.events.register("before-call.sqs.SendMessage", fail)

    with pytest.raises(OutboxUnavailable):
        door.invoked(door.event())


def test_mail_of_a_blocked_credential_is_kept_back_and_said(
    door: Door, cloud: Cloud, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    door.wrote()
    cloud.settings.change(ALICE, {"status": CredentialStatus.BLOCKED})

    door.invoked(door.event())

    assert (sent(cloud), waiting()) == ([], [])
    (line,) = said(caplog)
    assert (line["message"], line["reason"]) == ("mail kept back", "blocked")
    assert (line["door"], line["message_id"]) == (door.slug, MESSAGE_ID)
    assert "example" not in str(line)


def test_mail_of_a_credential_that_is_gone_is_kept_back_also_if_there_is_another_of_its_name(
    door: Door, cloud: Cloud, waiting: Waiting
) -> None:
    door.wrote()
    cloud.settings.remove(ALICE, datetime(2026, 11, 24, tzinfo=UTC))
    cloud.settings.add(Credential(CredentialKind.SMTP_USER, "alice", datetime(2026, 11, 24, tzinfo=UTC)))

    door.invoked(door.event())

    assert (sent(cloud), waiting()) == ([], [])


def test_mail_of_a_sandbox_goes_as_far_as_the_outbox(door: Door, cloud: Cloud) -> None:
    door.wrote()
    cloud.settings.change(ALICE, {"status": CredentialStatus.SANDBOX})

    door.invoked(door.event())

    assert len(sent(cloud)) == 1


def test_what_is_logged_of_a_mail_names_nobody(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    door.wrote()

    door.invoked(door.event())

    (line,) = said(caplog)
    assert line["message"] == "queued"
    assert not [word for word in ("example", "alice", "203.0.113.1") if word in str(line)]
