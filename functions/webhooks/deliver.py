"""From the webhooks' queue to the customer's URL: one signed POST for each message."""

import json
import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from standardwebhooks import Webhook

from functions.webhooks import egress, payloads
from tracking.errors import SettingsUnavailable
from tracking.mail.endpoints import Endpoint, signing_secret
from tracking.storage.secrets import read_secret
from tracking.storage.settings import Settings

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

LOGGER = Logger()

_PROCESSOR = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


class Undelivered(Exception):
    """The endpoint did not take the webhook; it is sent again."""


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Deliver the queue's webhooks; those that were not taken stay in the queue."""
    return dict(
        process_partial_response(event=event, record_handler=_process, processor=_PROCESSOR, context=context)
    )


def _process(record: SQSRecord) -> None:
    message = json.loads(record.body)
    endpoint = _settings().endpoint(message["endpoint"])
    if endpoint is None:
        LOGGER.info("endpoint is gone", endpoint=message["endpoint"], webhook_id=message["webhook_id"])
        return
    body, content_type = payloads.encode(message["payload"], endpoint.output_format)
    headers = {
        "Content-Type": content_type,
        **_signature(endpoint, message["webhook_id"], body),
        **_authorization(endpoint),
    }
    try:
        status = egress.post(endpoint.url, body, headers, _exempt_hosts())
    except (egress.Forbidden, urllib3.exceptions.HTTPError, OSError) as error:
        LOGGER.warning("no answer", endpoint=endpoint.id, webhook_id=message["webhook_id"], error=repr(error))
        raise Undelivered from error
    LOGGER.info("answered", endpoint=endpoint.id, webhook_id=message["webhook_id"], status=status)
    if status // 100 != 2:  # noqa: PLR2004 - 2xx is success.
        raise Undelivered(f"endpoint {endpoint.id} answered {status}")


def _signature(endpoint: Endpoint, webhook_id: str, body: str) -> dict[str, str]:
    """Standard Webhooks' headers for an attempt made now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(signing_secret(endpoint, _signing_root())).sign(webhook_id, now, body),
    }


def _authorization(endpoint: Endpoint) -> dict[str, str]:
    """The endpoint's Authorization header, read for each attempt, so that an edit holds for the next.

    Raises:
        SettingsUnavailable: It cannot be read. The webhook waits: without it, it might reach somebody who was
            not meant to take it, and would most likely be refused.
    """
    if endpoint.auth_secret is None:
        return {}
    try:
        return {"Authorization": read_secret(_secretsmanager(), endpoint.auth_secret)}
    except SettingsUnavailable as error:
        LOGGER.warning("no authorization", endpoint=endpoint.id, error=str(error))
        raise


def _exempt_hosts() -> list[str]:
    """Set by the local system alone; the template has no such variable."""
    return list(filter(None, os.environ.get("WEBHOOK_EXEMPT_HOSTS", "").split(",")))


@cache
def _settings() -> Settings:
    return Settings(boto3.client("dynamodb"), os.environ["SETTINGS_TABLE"])


@cache
def _secretsmanager() -> "SecretsManagerClient":
    return boto3.client("secretsmanager")


@cache
def _signing_root() -> str:
    return read_secret(_secretsmanager(), os.environ["WEBHOOK_SIGNING_SECRET"])
