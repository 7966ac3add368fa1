"""Context values, right and wrong."""

import pytest
from aws_cdk import App
from aws_cdk import aws_logs as logs

from infra.configuration import Configuration, Domain, InvalidContext

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123"


def configuration(**context: str | int) -> Configuration:
    return Configuration.of(App(context=context).node)


def test_nothing_has_to_be_chosen() -> None:
    assert configuration() == Configuration(
        architecture="arm64",
        tracking_domain=None,
        app_domain=None,
        alarm_email=None,
        log_retention=logs.RetentionDays.ONE_MONTH,
        access_log_retention_days=30,
        read_time=True,
        read_time_concurrency=50,
        mail_manager=False,
        webhook_ports=(),
        sending_concurrency=10,
        gateway_host=None,
    )


def test_everything_can_be_chosen() -> None:
    chosen = configuration(
        architecture="x86_64",
        tracking_domain="t.example.com",
        tracking_certificate_arn=CERTIFICATE,
        app_domain="mail.example.com",
        app_certificate_arn=CERTIFICATE,
        alarm_email="ops@example.com",
        log_retention_days="90",
        access_log_retention_days=400,
        read_time="off",
        read_time_concurrency="7",
        smtp="mail-manager",
        webhook_ports="8443,9443",
        sending_concurrency="40",
        gateway_host="smtp.example.com",
    )

    assert chosen == Configuration(
        architecture="x86_64",
        tracking_domain=Domain("t.example.com", CERTIFICATE),
        app_domain=Domain("mail.example.com", CERTIFICATE),
        alarm_email="ops@example.com",
        log_retention=logs.RetentionDays.THREE_MONTHS,
        access_log_retention_days=400,
        read_time=False,
        read_time_concurrency=7,
        mail_manager=True,
        webhook_ports=(8443, 9443),
        sending_concurrency=40,
        gateway_host="smtp.example.com",
    )


def test_an_empty_value_is_none() -> None:
    assert configuration(alarm_email="", tracking_domain="") == configuration()


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("architecture", "arm", "arm64 or x86_64"),
        ("tracking_domain", "https://t.example.com/", "a host name"),
        ("app_domain", "Mail.example.com", "in lower case"),
        ("app_domain", "localhost", "a host name"),
        (
            "tracking_certificate_arn",
            "arn:aws:acm:eu-west-1:123456789012:certificate/0123",
            "in us-east-1, where CloudFront looks",
        ),
        ("alarm_email", "ops", "an e-mail address"),
        ("log_retention_days", "31", "one of [1, 3, 5, 7, 14, 30,"),
        ("access_log_retention_days", "0", "from 1 to 9999"),
        ("read_time", "no", "on or off"),
        ("read_time_concurrency", "0", "from 1 to 9999"),
        ("sending_concurrency", "1", "from 2 to 1000"),
        ("gateway_host", "smtp.example.com:587", "a host name in lower case"),
        ("sending_concurrency", "1001", "from 2 to 1000"),
        ("smtp", "ses", "gateway or mail-manager"),
        ("webhook_ports", "8443;9443", "with commas between"),
        ("webhook_ports", "70000", "up to 65535"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_has_to_be(name: str, value: str, meaning: str) -> None:
    with pytest.raises(InvalidContext) as error:
        configuration(**{name: value})

    assert name in str(error.value)
    assert repr(value) in str(error.value)
    assert meaning in str(error.value)


@pytest.mark.parametrize(
    "context", [{"tracking_domain": "t.example.com"}, {"tracking_certificate_arn": CERTIFICATE}]
)
def test_a_domain_and_its_certificate_need_each_other(context: dict[str, str]) -> None:
    with pytest.raises(InvalidContext, match="tracking_domain and tracking_certificate_arn need each other"):
        configuration(**context)
