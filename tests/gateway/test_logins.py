"""Who gets in."""

import base64
import contextlib
import smtplib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.limits import Limits
from tests.gateway.conftest import PASSWORD, USER, Cloud, Gateway, Serve
from tracking.mail.credentials import Credential, CredentialKind


def plain(name: str, password: str) -> str:
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("port", ["starttls", "tls"])
@pytest.mark.usefixtures("user")
def test_a_user_logs_in_on_both_ports_with_both_mechanisms(
    gateway: Gateway, port: str, mechanism: str
) -> None:
    with getattr(gateway, port)() as client:
        client.ehlo()
        client.user, client.password = USER, PASSWORD

        code, _ = client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))

        assert client.esmtp_features["auth"].split() == ["LOGIN", "PLAIN"]
        assert code == 235


@pytest.mark.usefixtures("user")
def test_the_mechanism_may_be_written_in_lower_case(gateway: Gateway) -> None:
    with gateway.tls() as client:
        client.ehlo()

        assert client.docmd("auth", f"plain {plain(USER, PASSWORD)}")[0] == 235


@pytest.mark.usefixtures("user")
def test_the_login_challenges_are_the_words_that_clients_know(gateway: Gateway) -> None:
    with gateway.tls() as client:
        client.ehlo()

        _, name = client.docmd("AUTH", "LOGIN")
        _, password = client.docmd(base64.b64encode(USER.encode()).decode())
        client.docmd("*")

        assert (base64.b64decode(name), base64.b64decode(password)) == (b"Username:", b"Password:")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (USER, "wrong"),
        (USER, ""),
        ("nobody@example.com", PASSWORD),
        ("", PASSWORD),
        (USER.upper(), PASSWORD),
        ("n" * 3000, PASSWORD),
    ],
)
@pytest.mark.usefixtures("user")
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(
    gateway: Gateway, name: str, password: str
) -> None:
    with gateway.tls() as client:
        client.ehlo()

        answer = client.docmd("AUTH", f"PLAIN {plain(name, password)}")

        assert answer == (535, b"5.7.8 Authentication credentials invalid")


@pytest.mark.usefixtures("user")
def test_an_unknown_user_takes_as_long_as_a_wrong_password(gateway: Gateway) -> None:
    def quickest(name: str) -> float:
        times = []
        with gateway.tls() as client:
            client.ehlo()
            for _ in range(5):
                started = time.perf_counter()
                client.docmd("AUTH", f"PLAIN {plain(name, 'wrong')}")
                times.append(time.perf_counter() - started)
        return min(times)

    # Without a password to check it would be a tenth.
    assert 0.25 < quickest("nobody@example.com") / quickest(USER) < 4


def test_a_user_without_a_password_cannot_log_in(gateway: Gateway, cloud: Cloud, user: Credential) -> None:
    cloud.settings.replace(replace(user, secret_hash=None))

    with gateway.tls() as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(USER, PASSWORD)


@pytest.mark.usefixtures("user")
def test_a_login_that_is_not_utf_8_is_a_wrong_one(gateway: Gateway) -> None:
    with gateway.tls() as client:
        client.ehlo()

        code, _ = client.docmd("AUTH", f"PLAIN {base64.b64encode(b'\0caf\xe9\0secret').decode()}")

        assert code == 535


@pytest.mark.parametrize("response", ["*", "not base64!", base64.b64encode(b"no separators").decode()])
@pytest.mark.usefixtures("user")
def test_a_login_that_makes_no_sense_is_a_syntax_error(gateway: Gateway, response: str) -> None:
    with gateway.tls() as client:
        client.ehlo()
        client.docmd("AUTH", "PLAIN")

        assert client.docmd(response)[0] == 501
        assert client.docmd("MAIL", "FROM:<a@example.com>")[0] == 530


@pytest.mark.usefixtures("user")
def test_a_login_line_that_is_too_long_is_refused(gateway: Gateway) -> None:
    with gateway.tls() as client:
        client.ehlo()
        client.docmd("AUTH", "PLAIN")

        assert client.docmd("a" * 12_289)[0] == 500
        assert client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")[0] == 235


@pytest.mark.usefixtures("user")
def test_a_login_line_that_ends_with_lf_alone_ends_the_conversation(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    client = gateway.tls()
    client.ehlo()
    client.docmd("AUTH", "LOGIN")
    client.send(b"x\n")

    assert client.getreply()[0] == 521
    client.close()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.usefixtures("user")
def test_nobody_logs_in_without_tls(gateway: Gateway) -> None:
    with gateway.plain() as client:
        client.ehlo()

        assert not client.has_extn("auth")
        assert client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")[0] == 538


@pytest.mark.usefixtures("user")
def test_what_was_said_before_starttls_counts_for_nothing(gateway: Gateway) -> None:
    with gateway.starttls() as client:
        assert client.docmd("MAIL", "FROM:<a@example.com>")[0] == 503


def test_starttls_is_offered_once_and_not_on_the_tls_port(gateway: Gateway) -> None:
    with gateway.plain() as client, gateway.tls() as over_tls:
        client.ehlo()
        over_tls.ehlo()
        assert client.has_extn("starttls")
        assert not over_tls.has_extn("starttls")

    with gateway.starttls() as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        assert client.docmd("STARTTLS")[0] == 503


@pytest.mark.usefixtures("trust_loopback", "user")
def test_nobody_logs_in_between_a_sender_and_the_message(gateway: Gateway) -> None:
    with gateway.tls() as client:
        client.ehlo()
        client.mail("a@example.com")

        assert client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")[0] == 503
        client.rset()
        assert client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")[0] == 235


@pytest.mark.usefixtures("user")
def test_the_sixth_login_of_a_connection_ends_it(gateway: Gateway) -> None:
    client = gateway.tls()
    client.ehlo()
    wrong = f"PLAIN {plain(USER, 'wrong')}"

    codes = [client.docmd("AUTH", wrong)[0] for _ in range(6)]

    assert codes == [535, 535, 535, 535, 535, 421]
    with contextlib.closing(client), pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()


def test_a_login_is_put_off_while_the_settings_cannot_be_read(
    serve: Callable[[Cloud], Gateway], cloud: Cloud
) -> None:
    with serve(replace(cloud, table="missing")).tls() as client:
        client.ehlo()

        assert client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")[0] == 454


def test_a_login_that_cannot_be_checked_is_put_off_and_does_not_count(
    gateway: Gateway, cloud: Cloud, user: Credential
) -> None:
    cloud.settings.replace(replace(user, secret_hash="damaged"))
    for _ in range(Limits().failed_logins + 1):
        with gateway.tls() as client:
            client.ehlo()
            assert client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")[0] == 454
    cloud.settings.replace(user)

    with gateway.tls() as client:
        assert client.login(USER, PASSWORD)[0] == 235


@pytest.mark.parametrize("port", ["plain", "starttls", "tls"])
def test_without_a_login_from_elsewhere_nothing_is_taken(gateway: Gateway, port: str) -> None:
    with getattr(gateway, port)() as client:
        client.ehlo()

        assert client.docmd("MAIL", "FROM:<a@example.com>") == (530, b"5.7.0 Authentication required")
        assert client.docmd("RCPT", "TO:<b@example.com>")[0] == 503
        assert client.docmd("DATA")[0] == 503


@pytest.mark.parametrize("port", ["plain", "starttls", "tls"])
@pytest.mark.usefixtures("trust_loopback")
def test_an_authenticated_address_needs_no_login(gateway: Gateway, cloud: Cloud, port: str) -> None:
    with getattr(gateway, port)() as client:
        client.sendmail("a@example.com", "b@example.com", b"Subject: x\r\n\r\nx\r\n")

    (envelope,) = cloud.queued()
    assert (envelope.kind, envelope.credential_id) == (CredentialKind.IP_ADDRESS, "127.0.0.0/8")


@pytest.mark.usefixtures("trust_loopback", "user")
def test_a_login_counts_for_more_than_the_address(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as client:
        client.sendmail("a@example.com", "b@example.com", b"Subject: x\r\n\r\nx\r\n")

    (envelope,) = cloud.queued()
    assert (envelope.kind, envelope.credential_id) == (CredentialKind.SMTP_USER, USER)


def test_a_blocked_address_is_refused(
    gateway: Gateway, trust_loopback: Credential, block: Callable[[Credential], None]
) -> None:
    block(trust_loopback)

    with gateway.plain() as client:
        client.ehlo()

        assert client.docmd("MAIL", "FROM:<a@example.com>") == (550, b"5.7.1 This credential is blocked")


def test_a_blocked_user_is_told_at_the_login_and_others_of_the_address_log_in(
    serve: Serve, cloud: Cloud, user: Credential, block: Callable[[Credential], None]
) -> None:
    cloud.settings.add(replace(user, id="another@example.com"))
    block(user)

    with serve(cloud, Limits(failed_logins=1)).tls() as client:
        client.ehlo()

        right = client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")
        another = client.docmd("AUTH", f"PLAIN {plain('another@example.com', PASSWORD)}")

        assert right == (535, b"5.7.8 This credential is blocked")
        assert another[0] == 235


def test_whether_a_user_is_blocked_is_not_told_without_the_password(
    gateway: Gateway, user: Credential, block: Callable[[Credential], None]
) -> None:
    block(user)

    with gateway.tls() as client:
        client.ehlo()

        assert client.docmd("AUTH", f"PLAIN {plain(USER, 'wrong')}") == (
            535,
            b"5.7.8 Authentication credentials invalid",
        )


def test_a_user_who_is_blocked_after_the_login_sends_no_more(
    gateway: Gateway, cloud: Cloud, user: Credential, block: Callable[[Credential], None]
) -> None:
    with gateway.logged_in() as client:
        client.sendmail("a@example.com", "b@example.com", b"Subject: x\r\n\r\nx\r\n")
        block(user)

        assert client.docmd("MAIL", "FROM:<a@example.com>")[0] == 550
        assert cloud.stored() == 1


def test_a_user_who_is_removed_after_the_login_sends_no_more(
    gateway: Gateway, cloud: Cloud, user: Credential
) -> None:
    with gateway.logged_in() as client:
        cloud.settings.remove(user, datetime.now(UTC))

        assert client.docmd("MAIL", "FROM:<a@example.com>")[0] == 530
