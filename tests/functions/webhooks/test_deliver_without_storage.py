"""What is sent, and sent again, while nothing can be read or noted."""

from datetime import timedelta

import pytest
from time_machine import Traveller

from tests.functions.webhooks.line import Line
from tests.functions.webhooks.one_endpoint import AT, TOLD, endpoint
from tests.functions.webhooks.receivers import Behaviour


def test_what_cannot_be_noted_of_a_success_does_not_send_it_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def forget() -> list[bytes]:
        line.cloud.dynamodb.delete_table(TableName="Notifications")
        return [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]

    with endpoint(line, monkeypatch, Behaviour(forget)):
        line.put(TOLD)

        line.run()

    assert line.remaining() == 0
    assert "not recorded" in caplog.text


def test_what_cannot_be_noted_of_a_failure_comes_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, clock: Traveller
) -> None:
    def forget() -> list[bytes]:
        line.cloud.dynamodb.delete_table(TableName="Notifications")
        return [b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"]

    with endpoint(line, monkeypatch, Behaviour(forget)):
        line.put(TOLD)

        line.run()
        clock.move_to(AT + timedelta(minutes=4))

    assert len(line.receive()) == 1


@pytest.mark.parametrize("variable", ["SETTINGS_TABLE", "NOTIFICATIONS_TABLE", "WEBHOOK_SIGNING_SECRET"])
def test_while_storage_fails_nothing_is_sent_and_everything_waits(
    line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variable: str
) -> None:
    with endpoint(line, monkeypatch) as receiver:
        line.put(TOLD)
        monkeypatch.setenv(variable, "missing")

        line.run()

    assert receiver.requests == []
    assert line.remaining() == 1
    assert "not decided" in caplog.text
