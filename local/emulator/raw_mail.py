"""SES v2 sends raw mail as it came; ministack rebuilds it from the parts that it understands."""

import asyncio
import json
import re
import urllib.request
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from ministack.services import ses_v2

from local.emulator.sending_rights import SEND_EMAIL, Answer

MAX_MESSAGE_BYTES = 40 * 1024 * 1024
"""Source: SES developer guide, "Service quotas in Amazon SES", maximum message size."""

MAILBOX_TIMEOUT_SECONDS = 30

_END_OF_HEADER = re.compile(rb"\r?\n(?=\r?\n)")
_FIELDS_OF_SES = re.compile(
    rb"^(?:message-id|date|bcc)[ \t]*:.*(?:\n[ \t].*)*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE
)


def close(mailbox_url: str | None) -> None:
    """Refuse a message that is too large, and hand over each one that is accepted.

    Args:
        mailbox_url: Each message is posted to its `/deliver` as JSON, before the caller has its answer; if
            that fails, SES fails. None leaves the messages with ministack.
    """
    handle_request = ses_v2.handle_request

    async def handle_raw_mail(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Answer:
        request = json.loads(body) if (method, path.rstrip("/")) == SEND_EMAIL else {}
        message = b64decode(request.get("Content", {}).get("Raw", {}).get("Data", ""))
        if len(message) > MAX_MESSAGE_BYTES:
            return _refusal(
                400, "BadRequestException", f"Message length is more than {MAX_MESSAGE_BYTES} bytes long."
            )
        answer: Answer = await handle_request(method, path, headers, body, query)
        if message and mailbox_url and answer[0] == 200:  # noqa: PLR2004 - OK
            mail = _mail(request, message, json.loads(answer[2])["MessageId"])
            try:
                await asyncio.to_thread(_post, f"{mailbox_url}/deliver", mail)
            except OSError as error:
                return _refusal(500, "InternalServiceErrorException", f"The mailbox did not take it: {error}")
        return answer

    ses_v2.handle_request = handle_raw_mail


def as_sent(message: bytes, message_id: str, at: datetime) -> bytes:
    """What a recipient gets of a raw message: the bytes as they came, but for the fields of SES.

    Args:
        message: With CRLF or LF line ends; they are kept.
        message_id: SES's, without angle brackets.
        at: When it is sent.

    Source:
        SES developer guide, "Amazon SES header fields": Message-ID and Date are always overridden.
    """
    end = _END_OF_HEADER.search(message)
    length = end.end() if end else len(message)
    header, rest = message[:length], message[length:]
    newline = b"\r\n" if b"\r\n" in header else b"\n"
    own = [f"Message-ID: <{message_id}>".encode(), f"Date: {format_datetime(at)}".encode(), b""]
    return newline.join(own) + _FIELDS_OF_SES.sub(b"", header) + rest


def _mail(request: dict[str, Any], message: bytes, message_id: str) -> dict[str, Any]:
    destination = request.get("Destination", {})
    return {
        "message_id": message_id,
        "mail_from": request.get("FromEmailAddress", ""),
        "recipients": [
            address
            for kind in ("ToAddresses", "CcAddresses", "BccAddresses")
            for address in destination.get(kind, [])
        ],
        "configuration_set": request.get("ConfigurationSetName"),
        "tags": {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", [])},
        "raw": b64encode(as_sent(message, message_id, datetime.now(UTC))).decode(),
    }


def _post(url: str, mail: dict[str, Any]) -> None:
    request = urllib.request.Request(url, json.dumps(mail).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=MAILBOX_TIMEOUT_SECONDS).close()


def _refusal(status: int, code: str, message: str) -> Answer:
    refusal: Answer = ses_v2._json_err(code, message, status)
    return refusal
