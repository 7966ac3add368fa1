import json

import pytest

from bench import gateway
from bench.gateway import Cloud


def test_every_message_is_counted_once_and_stands_beside_the_sink() -> None:
    speed, sink, lost, unqueued, first, last, grown = gateway.rows(2, 250, 10)

    assert (lost.value, unqueued.value) == (0, 0)
    assert speed.name == "messages a second through the gateway (500 of 1 KB, 10 connections)"
    assert min(speed.value, sink.value, speed.ratio or 0) > 0
    assert grown.value == pytest.approx(last.value - first.value)
    assert first.value > 10


def test_a_message_that_comes_twice_does_not_make_up_for_one_that_is_lost() -> None:
    cloud = Cloud()

    for number in (0, 1, 1, 3):
        cloud.put_object(Body=gateway.message(number))
        cloud.send_message(MessageBody=json.dumps({"recipients": [f"reader-{number}@example.org"]}))

    assert cloud.stored[:4] == cloud.queued[:4] == bytes([1, 1, 0, 1])
    assert (sum(cloud.stored), sum(cloud.queued)) == (3, 3)


def test_a_message_is_small_and_its_lines_are_lines() -> None:
    message = gateway.message(7)

    assert 900 < len(message) < 1100
    assert message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r")
