"""`email/batch`: many mails in one call."""

from collections.abc import Iterator

import pytest

from functions.api import adapters
from tests.functions.api.conftest import Api
from tests.functions.api.submissions import MAIL, parsed, queued
from tests.functions.conftest import Cloud
from tracking.mail import envelopes
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

MISSING_QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/missing"


def mails(count: int) -> list[dict[str, object]]:
    return [{**MAIL, "subject": f"Mail {number}"} for number in range(count)]


@pytest.fixture
def queue_that_takes_two(cloud: Cloud) -> Iterator[None]:
    """A queue that is gone after two messages."""
    taken = []

    def count(**_: object) -> None:
        taken.append(1)
        if len(taken) > 2:
            cloud.sqs.delete_queue(QueueUrl=cloud.queue)

    client = adapters.outbox()._sqs
    client.meta.events.register("before-call.sqs.SendMessage", count)
    yield
    client.meta.events.unregister("before-call.sqs.SendMessage", count)


def test_each_mail_of_a_batch_is_answered_with_its_id_in_order(api: Api, cloud: Cloud) -> None:
    answer = api("/email/batch", {"emails": mails(100)})

    assert answer.status == 200
    assert all(item.keys() == {"email_id"} for item in answer.data)
    email_ids = [item["email_id"] for item in answer.data]
    assert queued(cloud).keys() == set(email_ids)
    subjects = [parsed(cloud.messages.get(email_id))["Subject"] for email_id in email_ids]
    assert subjects == [f"Mail {number}" for number in range(100)]


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    ("emails", "field"),
    [
        (None, "emails"),
        ([], "emails"),
        ({}, "emails"),
        ("mail", "emails"),
        (mails(101), "emails"),
        ([None], "emails.0"),
        (["mail"], "emails.0"),
        ([MAIL, []], "emails.1"),
        ([MAIL, MAIL, MAIL, {**MAIL, "to": ["bob"]}], "emails.3.to.0"),
        ([MAIL, {**MAIL, "text_body": None}], "emails.1"),
        ([MAIL, {**MAIL, "schedule": "tomorrow"}], "emails.1.schedule"),
        ([MAIL, {**MAIL, "to": [f"a{n}@b.test" for n in range(10_000)]}], "emails.1.to"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_one_wrong_field_refuses_the_whole_batch(api: Api, emails: object, field: str) -> None:
    answer = api("/email/batch", {"emails": emails})

    assert (answer.status, answer.field) == (400, field)


@pytest.mark.usefixtures("nothing_is_queued")
def test_one_mail_that_is_too_large_refuses_the_whole_batch(api: Api) -> None:
    attachment = {"filename": "zeros", "fileblob": "A" * MAX_MESSAGE_BYTES}

    answer = api("/email/batch", {"emails": [MAIL, {**MAIL, "attachments": [attachment]}]})

    assert (answer.status, answer.field) == (400, "emails.1")


@pytest.mark.usefixtures("queue_that_takes_two")
def test_a_batch_that_is_cut_short_says_which_mails_are_sent(api: Api) -> None:
    answer = api("/email/batch", {"emails": mails(4)})

    assert answer.status == 200
    assert [item.keys() for item in answer.data[:2]] == [{"email_id"}] * 2
    unsent = {"email_id": None, "error": "Storage is not available; send this mail again."}
    assert answer.data[2:] == [unsent] * 2


def test_a_batch_of_which_nothing_is_stored_fails(
    api: Api, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOX_QUEUE", MISSING_QUEUE)

    answer = api("/email/batch", {"emails": mails(2)})

    assert answer.status == 503
    assert cloud.queued() == []


def test_a_person_who_is_signed_in_cannot_send(console: Api) -> None:
    answer = console("/email/batch", {"emails": [MAIL]})

    assert (answer.status, answer.field) == (400, "api_key")


def test_a_batch_is_stored_under_its_senders_key(api: Api, cloud: Cloud) -> None:
    api("/email/batch", {"emails": [MAIL]})

    (body,) = cloud.queued()
    assert api.key
    assert envelopes.decode(body).credential_id == api.key[:16]
