"""Much mail at once arrives, each byte of it."""

import ssl
import threading
from random import Random

from gateway.limits import Limits
from local.certificate import Certificate
from tests.gateway.conftest import Gateway, running
from tests.gateway.memory import Memory
from tests.gateway.wire import Wire

CONNECTIONS = 10
EACH = 50


def test_five_hundred_messages_over_ten_connections_all_arrive_byte_for_byte(pem: Certificate) -> None:
    memory = Memory()
    sent = [message(number) for number in range(CONNECTIONS * EACH)]
    accepted: dict[int, str] = {}
    with running(pem, memory.settings, memory.outbox, Limits()) as ports:
        gateway = Gateway(ports, ssl.create_default_context())

        def send(numbers: range) -> None:
            with Wire.to(gateway, timeout=60) as wire:
                wire.greeted()
                for number in numbers:
                    wire.say(
                        b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b%d@example.com>\r\nDATA\r\n" % number
                        + sent[number].replace(b"\r\n.", b"\r\n..")
                        + b".\r\n"
                    )
                    *codes, (code, text) = [wire.reply() for _ in range(4)]
                    assert [code for code, _ in codes] == [250, 250, 354]
                    assert code == 250
                    accepted[number] = text.split()[-1]

        numbers = [range(first, len(sent), CONNECTIONS) for first in range(CONNECTIONS)]
        senders = [threading.Thread(target=send, args=[each]) for each in numbers]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    assert {number: memory.messages[email_id] for number, email_id in accepted.items()} == dict(
        enumerate(sent)
    )
    assert len(memory.messages) == len(sent)
    assert {envelope.email_id: envelope.recipients for envelope in memory.envelopes} == {
        email_id: (f"b{number}@example.com",) for number, email_id in accepted.items()
    }


def message(number: int) -> bytes:
    random = Random(number)  # noqa: S311 - The same messages in every run.
    lines = [random.randbytes(random.randrange(200)).translate(None, b"\r\n") for _ in range(20)]
    return b"\r\n".join([b"X-Number: %d" % number, b"", b"." * random.randrange(4), *lines]) + b"\r\n"
