"""What tests give a webhook, and what is kept of it: its settings and its secret."""

import base64
import re
from datetime import datetime
from typing import TYPE_CHECKING

from tests.functions.conftest import Cloud
from tracking.mail.endpoints import Endpoint

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

URL = "https://hooks.example.com/x"
BEARER = {"auth_header_type": "bearer", "auth_header_value": "t0ken"}
BASIC = "Basic " + base64.b64encode(b"user:pass").decode()
MASK = "********"


def stored(cloud: Cloud) -> Endpoint:
    (endpoint,) = cloud.settings.endpoints()
    return endpoint


def kept(secrets: "SecretsManagerClient") -> list[tuple[int, str]]:
    """Each secret of an endpoint: the endpoint's number, and what it says."""
    names = [secret["Name"] for secret in secrets.list_secrets()["SecretList"]]
    return sorted(
        (int(number), secrets.get_secret_value(SecretId=name)["SecretString"])
        for name in names
        for number in re.findall("^Stack/webhooks/([0-9]+)-", name)
    )


def sent(secrets: "SecretsManagerClient", endpoint: Endpoint) -> tuple[str, str | None]:
    """Where webhooks go, and what their Authorization header says."""
    if endpoint.auth_secret is None:
        return endpoint.url, None
    return endpoint.url, secrets.get_secret_value(SecretId=endpoint.auth_secret)["SecretString"]


def written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
