import re

import pytest

from bench import webhooks
from bench.webhooks import Arrivals
from functions.webhooks import adapters, egress

READERS = [(f"reader-{number}@example.org", "198.18.0.7") for number in range(101)]
SENT = {reader: float(number) for number, reader in enumerate(READERS)}


def test_the_time_to_a_webhook_is_told_as_median_and_99th_percentile_of_what_arrived() -> None:
    arrived = {reader: SENT[reader] + number / 1000 for number, reader in enumerate(READERS)}

    middle, last, count, unrecorded = Arrivals(SENT, arrived, unrecorded=3).rows("idle")

    assert middle.value == pytest.approx(50)
    assert last.value == pytest.approx(99)
    assert (count.value, count.unit) == (101, "of 101")
    assert unrecorded.value == 3


def test_what_did_not_arrive_is_told() -> None:
    arrived = {reader: SENT[reader] + 1 for reader in READERS[:40]}

    _, _, count, _ = Arrivals(SENT, arrived).rows("idle")

    assert (count.value, count.unit) == (40, "of 101")


def test_where_nothing_arrives_there_is_no_time_to_tell() -> None:
    count, unrecorded = Arrivals(SENT, {}, unrecorded=101).rows("idle")

    assert (count.value, unrecorded.value) == (0, 101)


def test_the_load_is_what_was_sent() -> None:
    assert Arrivals(SENT, {}).sent_per_second() == pytest.approx(1)


def test_no_mail_is_opened_twice_from_the_same_network() -> None:
    visits = [*webhooks.visits([("olga@example.org", "/o/1.gif"), ("gustav@example.org", "/o/2.gif")])]

    assert [visit.pixel for visit in visits[:4]] == ["/o/1.gif", "/o/2.gif"] * 2
    assert len({(visit.recipient, visit.address.rpartition(".")[0]) for visit in visits}) == len(visits)


def test_the_local_system_gets_ports_of_its_own() -> None:
    options = webhooks.free_ports()

    assert options[::2] == ["--cloud", "--app", "--pixel", "--smtp", "--smtp-tls", "--mailbox", "--sink"]
    assert len({*options[1::2]}) == 7
    assert all(map(str.isdecimal, options[1::2]))


def test_a_worker_sends_a_batch_together_and_asks_aws_one_by_one() -> None:
    at_once, slow_aws, slow_endpoint, both_slow, cpu = webhooks.worker(1)

    assert at_once.value > 10
    # Twelve requests of 5 ms for ten deliveries, and the tenth of a second that one of them takes.
    assert 10 < slow_aws.value < 10 / 0.06
    assert 10 < slow_endpoint.value < 10 / 0.1
    assert 10 < both_slow.value < 10 / 0.16
    assert 0.05 < cpu.value < 50


def test_requests_are_counted_by_their_names() -> None:
    full, alone, authorized, retried, one, ten = webhooks.requests(10)

    assert full.value < alone.value
    assert "PutItem 1" in full.name
    assert "Lambda's own: ReceiveMessage 0.1, DeleteMessageBatch 0.1" in full.name
    assert authorized.value == alone.value + 1
    assert "GetSecretValue 1" in authorized.name
    assert retried.value > 2 * alone.value
    assert "SendMessageBatch 1" in retried.name
    assert "SendMessageBatch 1)" in one.name
    assert ten.value < one.value
    for row in (full, alone, authorized, retried, one, ten):
        assert sum(map(float, re.findall(r" ([\d.]+)[,;)]", row.name))) == pytest.approx(row.value)


def test_nothing_of_a_measurement_stays() -> None:
    before = adapters.settings, adapters.ports, egress._tls

    rows = [*webhooks.worker(1)]

    assert rows
    assert (adapters.settings, adapters.ports, egress._tls) == before
