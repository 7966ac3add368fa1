"""What a fresh system needs before it can be used: identities, users, a key, and a webhook to the sink."""

import json
import os
import secrets
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import boto3

from local import endpoints
from local.cloud import Access
from local.endpoints import Endpoints, Smtp
from tracking.mail import credentials, passwords
from tracking.mail.credentials import Credential, CredentialKind
from tracking.storage.settings import Settings

IDENTITIES = ("example.com", "shop.example.com")
"""Domains that mail may come from."""

SMTP_USER = "demo-user"
DASHBOARD_USER = "demo@example.com"
GATEWAY_USER = "gateway"
WEBHOOK_EVENTS = ("processed", "delivered", "open", "bounce", "spam", "reject")


def plant(
    access: Access,
    outputs: Mapping[str, str],
    addresses: Mapping[str, str],
    smtp: tuple[str, int, int],
    directory: Path,
) -> Endpoints:
    """Make a deployed stack usable, and say how in `endpoints.json`.

    What an earlier run seeded is still there, and stays as it is.

    Args:
        access: The administrator's.
        outputs: The stack's.
        addresses: The system's URLs, by their names in `Endpoints`.
        smtp: The gateway's host, port and TLS port.
        directory: Of `endpoints.json`.
    """
    sesv2 = boto3.client("sesv2", **access)
    for identity in IDENTITIES:
        with suppress(sesv2.exceptions.AlreadyExistsException):
            sesv2.create_email_identity(EmailIdentity=identity)
    earlier = endpoints.read(directory)
    host, port, tls_port = smtp
    if earlier:
        api_key, smtp_password = earlier.api_key, earlier.smtp.password
        dashboard_password = earlier.dashboard_password
    else:
        settings = Settings(boto3.client("dynamodb", **access), outputs["SettingsTableName"])
        api_key, smtp_password = _api_key(settings), _smtp_user(settings)
        dashboard_password = _dashboard_user(access, outputs["UserPoolId"])
        _webhook(addresses["api_url"], api_key, addresses["webhook_sink_url"])
    planted = Endpoints(
        **addresses,
        dashboard_user=DASHBOARD_USER,
        dashboard_password=dashboard_password,
        smtp=Smtp(host, port, tls_port, SMTP_USER, smtp_password),
        api_key=api_key,
        stack="OpenTracking",
    )
    endpoints.write(planted, directory)
    return planted


def gateway_user(access: Access, policy_arn: str) -> tuple[str, str]:
    """An IAM user with the gateway's policy; its access key and secret key, new at each start."""
    iam = boto3.client("iam", **access)
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName=GATEWAY_USER)
    iam.attach_user_policy(UserName=GATEWAY_USER, PolicyArn=policy_arn)
    for old in iam.list_access_keys(UserName=GATEWAY_USER)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=GATEWAY_USER, AccessKeyId=old["AccessKeyId"])
    key = iam.create_access_key(UserName=GATEWAY_USER)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def call(api_url: str, api_key: str, path: str, fields: Mapping[str, object]) -> dict[str, object]:
    """Make a call of the API; its answer's `data`.

    Raises:
        urllib.error.URLError: It was refused, or did not answer.
    """
    request = urllib.request.Request(
        f"{api_url}/{path}", json.dumps(fields).encode(), {"X-Smtp2go-Api-Key": api_key}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        data: dict[str, object] = json.load(answer)["data"]
        return data


def _api_key(settings: Settings) -> str:
    """The first key, which may make every call; in AWS a person signed in to the dashboard makes it."""
    key = credentials.new_api_key(os.urandom(credentials.API_KEY_RANDOM_BYTES))
    settings.replace(
        Credential(
            CredentialKind.API_KEY,
            credentials.api_key_id(key),
            datetime.now(UTC),
            credentials.hash_api_key(key),
            open_tracking_enabled=True,
            description="made by the local system",
            permissions=("*",),
        )
    )
    return key


def _smtp_user(settings: Settings) -> str:
    password = secrets.token_urlsafe(18)
    settings.replace(
        Credential(
            CredentialKind.SMTP_USER,
            SMTP_USER,
            datetime.now(UTC),
            passwords.hash_password(password, os.urandom(passwords.SALT_BYTES)),
            open_tracking_enabled=True,
            description="made by the local system",
        )
    )
    return password


def _dashboard_user(access: Access, user_pool: str) -> str:
    cognito = boto3.client("cognito-idp", **access)
    password = f"Aa1!{secrets.token_urlsafe(18)}"
    with suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(UserPoolId=user_pool, Username=DASHBOARD_USER, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=user_pool, Username=DASHBOARD_USER, Password=password, Permanent=True
    )
    return password


def _webhook(api_url: str, api_key: str, sink_url: str) -> None:
    """Let the sink hear of everything, and give it the secret to verify what it hears."""
    endpoint = {"url": f"{sink_url}/hook", "events": WEBHOOK_EVENTS, "output_format": "json"}
    secret = call(api_url, api_key, "webhook/add", endpoint)["secret"]
    request = urllib.request.Request(
        f"{sink_url}/api/secret", json.dumps({"secret": secret}).encode(), method="PUT"
    )
    urllib.request.urlopen(request, timeout=10).close()
