"""What whoever deploys can choose: CDK context values, from cdk.json or `cdk deploy -c name=value`.

| context value | meaning | default |
|---|---|---|
| `architecture` | what the functions run on: `arm64` or `x86_64` | `arm64` |
| `tracking_domain`, `tracking_certificate_arn` | host name of the pixel, and its certificate | CloudFront's |
| `app_domain`, `app_certificate_arn` | host name of dashboard and API, and its certificate | CloudFront's |
| `alarm_email` | who hears of alarms; has to confirm once | nobody |
| `log_retention_days` | how long the functions' and the API's logs are kept: a key of `LOG_RETENTIONS` | 30 |
| `access_log_retention_days` | how long CloudFront's access logs are kept | 30 |
| `read_time` | whether it is measured how long mail is read: `on` or `off` | `on` |
| `read_time_concurrency` | requests that may wait for that at the same time, reserved in the account | 50 |
| `smtp` | what takes mail by SMTP: `gateway` on a host of one's own, or SES's `mail-manager` | `gateway` |
| `gateway_host` | the gateway's host name, which the dashboard then tells people to send to | none |
| `sending_concurrency` | messages being sent at the same time: ten send some 60 mails a second | 10 |
| `webhook_ports` | ports that webhooks may go to besides 443, with commas between: `8443,9443` | none |

A certificate is one of AWS Certificate Manager in us-east-1, the only place where CloudFront looks for it.
"""

import re
from dataclasses import dataclass
from typing import Self

from aws_cdk import aws_logs as logs
from constructs import Node

from infra.wheels import PLATFORMS

LOG_RETENTIONS = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    731: logs.RetentionDays.TWO_YEARS,
}
"""The numbers of days up to two years for which CloudWatch can keep a log."""

MAX_PORT = 65535

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = rf"{_LABEL}(\.{_LABEL})+"
_HOST_NAME_MEANING = "a host name in lower case, such as mail.example.com"
_CERTIFICATE_ARN = r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[0-9a-f-]+"
_EMAIL_ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"


class InvalidContext(Exception):
    """A context value is not of its form, or one of two that belong together is missing."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A host name of one's own for a distribution."""

    name: str
    certificate_arn: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The context values, checked. A domain that is None is CloudFront's."""

    architecture: str
    tracking_domain: Domain | None
    app_domain: Domain | None
    alarm_email: str | None
    log_retention: logs.RetentionDays
    access_log_retention_days: int
    read_time: bool
    read_time_concurrency: int
    mail_manager: bool
    webhook_ports: tuple[int, ...]
    sending_concurrency: int
    gateway_host: str | None

    @classmethod
    def of(cls, node: Node) -> Self:
        """Read the context of a construct.

        Raises:
            InvalidContext: A value is not of its form, or one of two that belong together is missing.
        """
        log_retention_days = _value(
            node, "log_retention_days", "|".join(map(str, LOG_RETENTIONS)), f"one of {[*LOG_RETENTIONS]}"
        )
        access_log_retention_days = _value(
            node, "access_log_retention_days", r"[1-9]\d{0,3}", "a number of days from 1 to 9999"
        )
        read_time_concurrency = _value(
            node, "read_time_concurrency", r"[1-9]\d{0,3}", "a number from 1 to 9999"
        )
        sending_concurrency = _value(
            node, "sending_concurrency", r"[2-9]|[1-9]\d{1,2}|1000", "a number from 2 to 1000"
        )
        return cls(
            architecture=_value(node, "architecture", "|".join(PLATFORMS), " or ".join(PLATFORMS)) or "arm64",
            tracking_domain=_domain(node, "tracking"),
            app_domain=_domain(node, "app"),
            alarm_email=_value(node, "alarm_email", _EMAIL_ADDRESS, "an e-mail address"),
            log_retention=LOG_RETENTIONS[int(log_retention_days or 30)],
            access_log_retention_days=int(access_log_retention_days or 30),
            read_time=_value(node, "read_time", "on|off", "on or off") != "off",
            read_time_concurrency=int(read_time_concurrency or 50),
            mail_manager=_value(node, "smtp", "gateway|mail-manager", "gateway or mail-manager")
            == "mail-manager",
            webhook_ports=_ports(node, "webhook_ports"),
            sending_concurrency=int(sending_concurrency or 10),
            gateway_host=_value(node, "gateway_host", _HOST_NAME, _HOST_NAME_MEANING),
        )


def _domain(node: Node, purpose: str) -> Domain | None:
    name_key, certificate_key = f"{purpose}_domain", f"{purpose}_certificate_arn"
    name = _value(node, name_key, _HOST_NAME, _HOST_NAME_MEANING)
    certificate_arn = _value(
        node,
        certificate_key,
        _CERTIFICATE_ARN,
        "the ARN of a certificate in us-east-1, where CloudFront looks",
    )
    if name and certificate_arn:
        return Domain(name, certificate_arn)
    if name or certificate_arn:
        raise InvalidContext(f"{name_key} and {certificate_key} need each other: give both or neither.")
    return None


def _ports(node: Node, name: str) -> tuple[int, ...]:
    meaning = "port numbers with commas between, such as 8443,9443"
    given = _value(node, name, r"\d{1,5}(,\d{1,5})*", meaning)
    ports = tuple(map(int, given.split(","))) if given else ()
    if not all(1 <= port <= MAX_PORT for port in ports):
        raise InvalidContext(
            f"The context value {name} has to be {meaning}, up to {MAX_PORT}, and is {given!r}."
        )
    return ports


def _value(node: Node, name: str, form: str, meaning: str) -> str | None:
    given = node.try_get_context(name)
    if given is None or given == "":
        return None
    if re.fullmatch(form, str(given)) is None:
        raise InvalidContext(f"The context value {name} has to be {meaning}, and is {given!r}.")
    return str(given)
