"""SES v2 `SendEmail` needs a right on identity and configuration set; ministack asks for one on `*`."""

import json
from base64 import b64decode
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id

type Answer = tuple[int, dict[str, str], bytes]

SEND_EMAIL = ("POST", "/v2/email/outbound-emails")


def close() -> None:
    """Authorise sending as AWS does.

    Raw mail needs `ses:SendRawEmail`, other mail `ses:SendEmail`, on the identity of the From address's
    domain and, if the request names one, on the configuration set.

    Source:
        Denials that users of SES v2 quote: nodemailer issue 1734, aws-actionmailer-ses-ruby issue 10.
    """
    enforce = app._enforce_ses_v2

    def enforce_on_resources(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
    ) -> Answer | None:
        if (method, path.rstrip("/")) != SEND_EMAIL:
            denied: Answer | None = enforce(method, path, headers, body, query, request_id)
            return denied
        request = json.loads(body)
        action = "ses:SendRawEmail" if "Raw" in request["Content"] else "ses:SendEmail"
        prefix = f"arn:aws:ses:{app.extract_region(headers, query)}:{get_account_id()}"
        for resource in _resources(request):
            arn = f"{prefix}:{resource}"
            denied = app._enforce_data_plane(
                "sesv2", action, headers, query, request_id, resource_arn=arn, named_resource=arn
            )
            if denied:
                return denied
        return None

    app._enforce_ses_v2 = enforce_on_resources


def _resources(request: dict[str, Any]) -> Iterator[str]:
    sender = request.get("FromEmailAddress") or _from_header(request["Content"])
    yield f"identity/{parseaddr(sender)[1].rpartition('@')[2]}"
    if "ConfigurationSetName" in request:
        yield f"configuration-set/{request['ConfigurationSetName']}"


def _from_header(content: dict[str, Any]) -> str:
    raw = b64decode(content.get("Raw", {}).get("Data", ""))
    return str(BytesHeaderParser().parsebytes(raw).get("From", ""))
