import re

import pytest

from bench import webhooks
from bench.webhooks import Arrivals
from functions.webhooks import adapters, egress

READERS = [(f"reader-{number}@example.org", "198.18.0.7") for number in range(101)]
SENT = {reader: float(number) for number, reader in enumerate(READERS)}


def test_the_time_to_a_webhook_is_told_as_median_and_99th_percentile_of_what_arrived() -> None:
    arrived = {reader: SENT[reader] + number / 1000 for number, reader in enumerate(READERS)}

    middle, last, count = Arrivals(SENT, arrived).rows("idle")

    assert middle.value == pytest.approx(50)
    assert last.value == pytest.approx(99)
    assert (count.value, count.unit) == (101, "of 101")


def test_what_did_not_arrive_is_told() -> None:
    arrived = {reader: SENT[reader] + 1 for reader in READERS[:40]}

    *_, count = Arrivals(SENT, arrived).rows("idle")

    assert (count.value, count.unit) == (40, "of 101")


def test_where_nothing_arrives_there_is_no_time_to_tell() -> None:
    (count,) = Arrivals(SENT, {}).rows("idle")

    assert count.value == 0


def test_what_is_said_of_the_load_is_what_was_sent_and_what_came_out() -> None:
    arrived = {reader: SENT[reader] * 2 for reader in READERS}

    found = Arrivals(SENT, arrived)

    assert found.sent_per_second() == pytest.approx(1)
    assert found.arrived_per_second() == pytest.approx(0.5)


def test_no_mail_is_opened_twice_from_the_same_network() -> None:
    visits = webhooks.visits([("olga@example.org", "/o/1.gif"), ("gustav@example.org", "/o/2.gif")], 3)

    assert len(visits) == 6
    assert len({(visit.recipient, visit.address.rpartition(".")[0]) for visit in visits}) == 6


def test_the_local_system_gets_ports_of_its_own() -> None:
    options = webhooks.free_ports()

    assert options[::2] == ["--cloud", "--app", "--pixel", "--smtp", "--smtp-tls", "--mailbox", "--sink"]
    assert len({*options[1::2]}) == 7
    assert all(map(str.isdecimal, options[1::2]))


def test_a_worker_is_the_slower_the_later_it_is_answered() -> None:
    at_once, slow_aws, slow_endpoint, both_slow, cpu = webhooks.worker(1)

    assert at_once.value > slow_aws.value > both_slow.value > 0
    # A batch goes out together: ten in a tenth of a second, not one.
    assert 10 < both_slow.value <= slow_endpoint.value < 100
    assert 0.05 < cpu.value < 50


def test_requests_are_counted_by_their_names() -> None:
    full, alone, authorized, retried, one, hundred = webhooks.requests()

    assert full.value < alone.value
    assert "PutItem 1" in full.name
    assert "Lambda's own: ReceiveMessage 0.1, DeleteMessageBatch 0.1" in full.name
    assert authorized.value == alone.value + 1
    assert "GetSecretValue 1" in authorized.name
    assert retried.value > 2 * alone.value
    assert "SendMessageBatch 1;" in retried.name
    assert "SendMessageBatch 1)" in one.name
    assert hundred.value < one.value
    for row in (full, alone, authorized, retried, one, hundred):
        assert sum(map(float, re.findall(r" ([\d.]+)[,;)]", row.name))) == pytest.approx(row.value)


def test_nothing_of_a_measurement_stays() -> None:
    before = adapters.settings, adapters.ports, egress._tls

    rows = [*webhooks.worker(1)]

    assert rows
    assert (adapters.settings, adapters.ports, egress._tls) == before
