"""What is taken, what is refused, and what is stored of it."""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from errno import EMFILE
from typing import Any

import pytest

from gateway.limits import Limits
from local.certificate import Certificate
from tests.gateway.conftest import HOSTNAME, USER, Cloud, Gateway, running
from tests.gateway.memory import Memory
from tests.gateway.wire import Wire
from tracking.mail.credentials import CredentialKind
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

MESSAGE = b"From: a@example.com\r\nSubject: Hello\r\n\r\nHello!\r\n"

pytestmark = pytest.mark.usefixtures("user")


def send(client: smtplib.SMTP, wire: bytes) -> tuple[int, bytes]:
    """Send DATA exactly as it goes over the wire, end and dots included."""
    client.docmd("MAIL", "FROM:<a@example.com>")
    client.docmd("RCPT", "TO:<b@example.com>")
    assert client.docmd("DATA")[0] == 354
    client.send(wire)
    return client.getreply()


def test_a_message_is_stored_and_queued_before_it_is_acknowledged(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as client:
        client.mail("a@example.com")
        client.rcpt("b@example.com")
        client.rcpt("c@example.org")

        code, answer = client.data(MESSAGE)

        accepted = re.fullmatch(rb"2\.0\.0 queued as ([0-9a-v]{20})", answer)
        assert code == 250
        assert accepted
        email_id = accepted[1].decode()
        assert cloud.message(email_id) == MESSAGE
        (envelope,) = cloud.queued()
        assert abs(datetime.now(UTC) - envelope.received_at) < timedelta(minutes=1)
        assert (
            envelope.email_id,
            envelope.kind,
            envelope.credential_id,
            envelope.mail_from,
            envelope.recipients,
            envelope.size,
            envelope.source_ip,
        ) == (
            email_id,
            CredentialKind.SMTP_USER,
            USER,
            "a@example.com",
            ("b@example.com", "c@example.org"),
            len(MESSAGE),
            "127.0.0.1",
        )


def test_several_messages_go_through_one_connection(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as client:
        for number in range(3):
            client.sendmail("a@example.com", f"b{number}@example.com", MESSAGE)

    assert sorted(envelope.recipients for envelope in cloud.queued()) == [
        ("b0@example.com",),
        ("b1@example.com",),
        ("b2@example.com",),
    ]


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b"Subject: 8 bit\r\n\r\n" + bytes(range(128, 256)) + b"\r\n", None),
        (b"Subject: NUL\r\n\r\n\x00\x01\x7f\r\n", None),
        (b"Subject: longest line\r\n\r\n" + b"x" * 998 + b"\r\n", None),
        (b"\r\n\r\n\r\n", None),
        (b"no header at all\r\n", None),
        (b"Subject: dots\r\n\r\n..\r\n...\r\n..a\r\na.\r\n", b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\na.\r\n"),
        (b"", None),
    ],
)
def test_the_bytes_stored_are_those_that_were_sent(
    gateway: Gateway, cloud: Cloud, wire: bytes, message: bytes | None
) -> None:
    with gateway.logged_in() as client:
        code, answer = send(client, wire + b".\r\n")

        assert code == 250
        assert cloud.message(answer.split()[-1].decode()) == (wire if message is None else message)


@pytest.mark.parametrize("port", ["starttls", "tls"])
def test_the_greeting_and_its_extensions_say_what_is_offered(gateway: Gateway, port: str) -> None:
    with getattr(gateway, port)() as client:
        client.ehlo()

        assert client.ehlo_resp.splitlines()[0] == HOSTNAME.encode()
        assert client.esmtp_features["size"] == str(MAX_MESSAGE_BYTES)
        assert client.has_extn("8bitmime")
        assert not client.has_extn("smtputf8")


def test_the_null_sender_may_send(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as client:
        client.sendmail("", "b@example.com", MESSAGE)

    assert [envelope.mail_from for envelope in cloud.queued()] == [""]


def test_a_recipient_who_is_named_twice_is_one(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as client:
        client.sendmail("a@example.com", ["b@example.com", "b@example.com"], MESSAGE)

    assert [envelope.recipients for envelope in cloud.queued()] == [("b@example.com",)]


@pytest.mark.parametrize(
    "parameters",
    ["SIZE=1000", "BODY=8BITMIME", "AUTH=<>", "auth=x SIZE=10 BODY=7BIT", f"SIZE={MAX_MESSAGE_BYTES}"],
)
def test_parameters_that_clients_send_are_taken(gateway: Gateway, parameters: str) -> None:
    with gateway.logged_in() as client:
        assert client.docmd("MAIL", f"FROM:<a@example.com> {parameters}")[0] == 250


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (f"MAIL FROM:<a@example.com> SIZE={MAX_MESSAGE_BYTES + 1}", 552),
        ("MAIL FROM:<a@example.com> SIZE=big", 501),
        ("MAIL FROM:<a@example.com> BODY=BINARYMIME", 501),
        ("MAIL FROM:<a@example.com> SMTPUTF8", 555),
        ("MAIL FROM:<a@example.com> UNKNOWN=1", 555),
        ("MAIL", 501),
        ("MAIL a@example.com", 501),
        ("MAIL FROM:<a>", 553),
        ("MAIL FROM:<a b@example.com>", 553),
        ("MAIL FROM:<a@-example.com>", 553),
        ("MAIL FROM:<a@@example.com>", 553),
        ("NONSENSE", 500),
        ("MAIL FROM:<" + "a" * 600 + "@example.com>", 553),
        ("MAIL FROM:<" + "a" * 1024 + "@example.com>", 500),
        ("NOOP " + "a" * 100_000, 500),
    ],
)
def test_a_sender_that_is_none_is_refused(gateway: Gateway, command: str, code: int) -> None:
    with gateway.logged_in() as client:
        assert client.docmd(command)[0] == code


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("RCPT TO:<>", 553),
        ("RCPT TO:<postmaster>", 553),
        ("RCPT TO:<b@example.com", 501),
        ("RCPT TO:<b@example.com> NOTIFY=NEVER", 555),
        ("RCPT TO:", 501),
        ("RCPT b@example.com", 501),
        (f"RCPT TO:<{'b' * 65}@example.com>", 553),
        (f"RCPT TO:<b@{'example.' * 40}com>", 553),
    ],
)
def test_a_recipient_who_is_none_is_refused(gateway: Gateway, command: str, code: int) -> None:
    with gateway.logged_in() as client:
        client.mail("a@example.com")

        assert client.docmd(command)[0] == code


def test_an_address_outside_ascii_is_refused(gateway: Gateway) -> None:
    with gateway.logged_in() as client:
        client.send("MAIL FROM:<jürgen@example.com>\r\n".encode())

        assert client.getreply() == (553, b"5.6.7 Internationalized addresses are not supported")


def test_one_recipient_too_many_is_put_off_and_the_others_get_the_message(
    gateway: Gateway, cloud: Cloud
) -> None:
    recipients = [f"b{number}@example.com" for number in range(101)]

    with gateway.logged_in() as client:
        refused = client.sendmail("a@example.com", recipients, MESSAGE)

    assert refused == {recipients[-1]: (452, b"4.5.3 No more than 100 recipients at once")}
    assert [len(envelope.recipients) for envelope in cloud.queued()] == [100]


def test_a_message_over_the_limit_is_refused_at_its_end(gateway: Gateway, cloud: Cloud) -> None:
    line = b"x" * 998 + b"\r\n"
    too_much = line * (MAX_MESSAGE_BYTES // len(line) + 1)

    with gateway.logged_in() as client:
        assert send(client, too_much + b".\r\n")[0] == 552
        assert cloud.stored() == 0
        assert send(client, MESSAGE + b".\r\n")[0] == 250


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (b"Subject: bare LF\n\r\nx\r\n.\r\n", 554),
        (b"Subject: bare CR\r\r\n\r\nx\r\n.\r\n", 554),
        (b"x\n.\nMAIL FROM:<smuggled@example.com>\r\n.\r\n", 554),
        (b"x\n.\r\nMAIL FROM:<smuggled@example.com>\r\n.\r\n", 554),
        (b"x\r\n.\nMAIL FROM:<smuggled@example.com>\r\n.\r\n", 554),
        (b"x\r\n.\rMAIL FROM:<smuggled@example.com>\r\n.\r\n", 554),
        (b"x" * 1100 + b"\r\n.\r\n", 500),
    ],
)
def test_lines_that_do_not_end_as_lines_do_are_refused(
    gateway: Gateway, cloud: Cloud, wire: bytes, code: int
) -> None:
    with gateway.logged_in() as client:
        assert send(client, wire)[0] == code

        assert client.noop()[0] == 250
        assert (cloud.stored(), cloud.queued()) == (0, [])


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(gateway: Gateway, cloud: Cloud) -> None:
    client = gateway.logged_in()
    client.mail("a@example.com")
    client.rcpt("b@example.com")
    client.docmd("DATA")
    client.send(MESSAGE)
    client.close()

    with gateway.logged_in() as another:
        another.noop()
        assert (cloud.stored(), cloud.queued()) == (0, [])


@pytest.mark.parametrize(
    "behind",
    [
        lambda cloud: replace(cloud, bucket="missing"),
        lambda cloud: replace(cloud, queue=cloud.queue.replace("test-", "missing-")),
    ],
    ids=["no bucket", "no queue"],
)
def test_a_message_that_could_not_be_stored_is_put_off(
    serve: Callable[[Cloud], Gateway], cloud: Cloud, behind: Callable[[Cloud], Cloud]
) -> None:
    with serve(behind(cloud)).logged_in() as client:
        assert send(client, MESSAGE + b".\r\n") == (451, b"4.3.0 Nothing was stored, please try again later")

        assert cloud.queued() == []
        assert client.mail("a@example.com")[0] == 250


def test_a_message_is_put_off_while_the_settings_cannot_be_read(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as client:
        cloud.dynamodb.delete_table(TableName=cloud.table)

        assert client.mail("a@example.com")[0] == 451


def test_a_message_is_put_off_while_its_credential_is_damaged(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as client:
        cloud.dynamodb.update_item(
            TableName=cloud.table,
            Key={"pk": {"S": "CREDENTIAL#smtp_user"}, "sk": {"S": USER}},
            UpdateExpression="REMOVE #status",
            ExpressionAttributeNames={"#status": "status"},
        )

        assert client.mail("a@example.com")[0] == 451


class Broken(Memory):
    """Takes no message, and lacks what it needs to read the settings, while it is told so."""

    is_broken = True
    lacks_files = False

    def put_object(self, *, Key: str, Body: bytes, **_: object) -> None:  # noqa: N803 - As boto3 has it.
        if self.is_broken:
            raise ValueError
        super().put_object(Key=Key, Body=Body)

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        if self.lacks_files:
            raise OSError(EMFILE, "Too many open files")
        return super().paginate()


@pytest.fixture
def broken() -> Broken:
    return Broken()


@pytest.fixture
def wire(pem: Certificate, broken: Broken) -> Iterator[Wire]:
    """A client of a gateway whose cloud is broken."""
    with (
        running(pem, broken.settings, broken.outbox, Limits()) as ports,
        Wire.to(Gateway(ports, ssl.create_default_context())) as client,
    ):
        yield client.greeted()


def test_a_mistake_of_ours_puts_a_message_off_and_the_next_one_is_taken(wire: Wire, broken: Broken) -> None:
    transaction = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n" + MESSAGE + b".\r\n"
    wire.say(transaction)
    assert wire.codes(4) == [250, 250, 354, 451]
    broken.is_broken = False

    wire.say(transaction)

    assert wire.codes(4) == [250, 250, 354, 250]


def test_what_our_host_lacks_is_not_taken_for_a_client_that_has_gone(
    wire: Wire, broken: Broken, caplog: pytest.LogCaptureFixture
) -> None:
    broken.lacks_files = True

    wire.say(b"MAIL FROM:<a@example.com>\r\n")

    assert wire.code() == 451
    assert "failed" in caplog.messages


def test_a_client_that_speaks_no_tls_on_the_tls_port_is_turned_away(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.ports.tls), timeout=20) as connection:
        connection.sendall(b"EHLO client.example\r\n")

        assert not connection.recv(1024).startswith(b"220")
