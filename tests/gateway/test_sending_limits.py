"""No more recipients than a credential may have."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.limits import MAX_REMEMBERED
from gateway.quotas import Quotas
from tests.gateway.conftest import Cloud, Gateway, Serve
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.sending_limits import SendingLimit

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MESSAGE = b"Subject: x\r\n\r\nx\r\n"
LIMITED = Credential(
    CredentialKind.SMTP_USER, "limited", NOON, sending_limit=SendingLimit(3, timedelta(hours=1))
)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def test_recipients_count_until_the_period_ends() -> None:
    clock = Clock()
    quotas = Quotas(clock)

    assert quotas.take(LIMITED, 3)
    assert quotas.take(LIMITED, 1) is None
    clock.now += timedelta(minutes=59)
    assert quotas.seconds_until(LIMITED, 1) == 61
    clock.now += timedelta(minutes=1)
    assert quotas.seconds_until(LIMITED, 3) == 0
    assert quotas.take(LIMITED, 3)


def test_what_is_given_back_may_be_used_again() -> None:
    quotas = Quotas(Clock())
    give_back = quotas.take(LIMITED, 3)
    assert give_back

    give_back()

    assert quotas.seconds_until(LIMITED, 3) == 0
    assert quotas.seconds_until(LIMITED, 4) > 0


def test_credentials_count_apart_and_those_without_a_limit_not_at_all() -> None:
    quotas = Quotas(Clock())

    assert quotas.take(LIMITED, 3)
    assert quotas.take(replace(LIMITED, id="another"), 3)
    assert quotas.take(replace(LIMITED, kind=CredentialKind.IP_ADDRESS), 3)
    assert quotas.take(replace(LIMITED, sending_limit=None), 10**9)
    assert len(quotas) == 3


def test_a_period_of_another_length_counts_anew() -> None:
    quotas = Quotas(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert quotas.take(LIMITED, 3)

    assert quotas.take(replace(LIMITED, sending_limit=SendingLimit(3, timedelta(days=1))), 3)
    assert quotas.take(replace(LIMITED, sending_limit=SendingLimit(5, timedelta(hours=1))), 3) is None


def test_a_credential_whose_period_is_short_takes_no_others_place() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    monthly = replace(LIMITED, sending_limit=SendingLimit(3, timedelta(days=360)))
    minutely = replace(LIMITED, id="minutely", sending_limit=SendingLimit(3, timedelta(minutes=1)))
    assert quotas.take(monthly, 3)

    for _ in range(MAX_REMEMBERED + 10):
        clock.now += timedelta(minutes=1)
        assert quotas.take(minutely, 3)

    assert quotas.take(monthly, 1) is None
    assert len(quotas) == 2


def test_what_is_given_back_late_is_not_taken_off_the_next_period() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    give_back = quotas.take(LIMITED, 3)
    assert give_back
    clock.now += timedelta(hours=1)
    assert quotas.take(LIMITED, 3)

    give_back()

    assert quotas.take(LIMITED, 1) is None


def test_of_too_many_credentials_some_are_forgotten() -> None:
    quotas = Quotas(Clock())

    for number in range(MAX_REMEMBERED + 10):
        quotas.take(replace(LIMITED, id=str(number)), 1)

    assert len(quotas) == MAX_REMEMBERED


@pytest.fixture
def limited(cloud: Cloud, user: Credential) -> Credential:
    """The user, who may send to three recipients in a very long time."""
    credential = replace(user, sending_limit=SendingLimit(3, timedelta(days=360)))
    cloud.settings.replace(credential)
    return credential


@pytest.mark.usefixtures("limited")
def test_over_its_limit_a_credential_is_put_off_with_when_to_try_again(
    gateway: Gateway, cloud: Cloud
) -> None:
    with gateway.logged_in() as client:
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], MESSAGE)
        assert client.mail("a@example.com")[0] == 250
        assert client.rcpt("d@example.com")[0] == 250

        code, answer = client.rcpt("e@example.com")

        assert code == 451
        assert answer.startswith(b"4.7.1 The sending limit is reached, please try again in ")
        assert 0 < int(answer.split()[-2]) <= 360 * 86400 + 1
        assert client.data(MESSAGE)[0] == 250
        assert client.mail("a@example.com")[0] == 451
    assert sorted(len(envelope.recipients) for envelope in cloud.queued()) == [1, 2]


@pytest.mark.usefixtures("limited")
def test_recipients_of_a_message_that_was_not_accepted_do_not_count(gateway: Gateway) -> None:
    with gateway.logged_in() as client:
        for _ in range(3):
            client.mail("a@example.com")
            client.rcpt("b@example.com")
            client.rcpt("c@example.com")
            client.docmd("DATA")
            client.send(b"bare\nline\r\n.\r\n")
            assert client.getreply()[0] == 554
            client.rset()

        assert (
            client.sendmail("a@example.com", ["b@example.com", "c@example.com", "d@example.com"], MESSAGE)
            == {}
        )


@pytest.mark.usefixtures("limited")
def test_recipients_of_a_message_that_could_not_be_stored_do_not_count(serve: Serve, cloud: Cloud) -> None:
    with serve(replace(cloud, bucket="missing")).logged_in() as client:
        for _ in range(2):
            client.mail("a@example.com")
            for number in range(3):
                assert client.rcpt(f"b{number}@example.com")[0] == 250
            assert client.data(MESSAGE)[0] == 451


@pytest.mark.usefixtures("limited")
def test_two_connections_have_one_limit(gateway: Gateway, cloud: Cloud) -> None:
    with gateway.logged_in() as first, gateway.logged_in() as second:
        for client in (first, second):
            client.mail("a@example.com")
            assert client.rcpt("b@example.com")[0] == 250
            assert client.rcpt("c@example.com")[0] == 250

        assert [client.data(MESSAGE)[0] for client in (first, second)] == [250, 451]
    assert cloud.stored() == 1
