"""One endpoint, one notification for it, and what becomes of both."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from tests.functions.webhooks.line import Line
from tests.functions.webhooks.receivers import Behaviour, Receiver, answer, receiving
from tracking.mail.endpoints import Endpoint, WebhookEvent
from tracking.mail.healths import Health
from tracking.mail.notifications import Notification, Progress
from tracking.storage.attempts import AttemptAt

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOLD = Notification(
    "msg_1", 1, WebhookEvent.OPEN, "06h0r9co15h30phg2640", "bob@example.net", AT, "event=open", "text/plain"
)


@contextmanager
def endpoint(
    line: Line, monkeypatch: pytest.MonkeyPatch, *behaviours: Behaviour, number: int = 1
) -> Iterator[Receiver]:
    """An endpoint whose server behaves so; the last behaviour is the one for all that follows."""
    with receiving(*(behaviours or (answer(204),))) as receiver:
        monkeypatch.setenv("WEBHOOK_EXEMPT_HOSTS", f"other.example:1,{receiver.host}")
        line.cloud.settings.put_endpoint(Endpoint(number, f"http://{receiver.host}/hook?customer=7", AT))
        yield receiver


def stored(line: Line) -> Endpoint:
    found = line.cloud.settings.endpoint(1)
    assert found is not None
    return found


def health(line: Line) -> Health:
    return line.cloud.healths.get(stored(line))


def progress(line: Line, notification: Notification = TOLD) -> Progress | None:
    return line.cloud.notifications.progress(notification)


def attempts(line: Line, number: int = 1) -> list[AttemptAt]:
    return line.cloud.attempts.newest(number, 100)


def until_due(line: Line, clock: Traveller) -> timedelta:
    """Let the time pass until the notification is due, and run; how long that was."""
    found = progress(line)
    assert found is not None
    assert found.next_at is not None
    waited = found.next_at - datetime.now(UTC)
    # SQS counts whole seconds.
    clock.move_to(found.next_at + timedelta(seconds=1))
    line.requeue()
    line.run()
    return waited
