"""SES's answer to one recipient's copy, as what is to be done next.

| what SES does | what is known | error |
|---|---|---|
| takes the mail | its id | none |
| refuses it for good | the mail was not sent, and never will be | `SesRefused` |
| takes no mail at all for a while, also when asked again | the mail was not sent | `SesThrottled` |
| refuses it for now, or cannot be reached | the mail was not sent | `SesUnavailable` |
| fails, or does not answer | the mail may have been sent | `SesSilent` |

Errors name SES's code and not its words, which may hold addresses. A refusal's words are for the timeline.
"""

import os
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)

from functions.inject import adapters
from tracking.errors import SesRefused, SesSilent, SesThrottled, SesUnavailable

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import SendEmailRequestTypeDef

PAUSES = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4))
"""After which times SES is asked again when it takes no mail: the rate is counted by the second."""

# Source: SES API v2 reference, "SendEmail", errors; and its developer guide, "Errors related to the sending
# quotas for your Amazon SES account".
_PERMANENT = frozenset({"BadRequestException", "MessageRejected"})
# A MAIL FROM domain counts as not verified also while its name servers do not answer.
_THROTTLED = frozenset(
    {
        "AccountSuspendedException",
        "LimitExceededException",
        "MailFromDomainNotVerifiedException",
        "SendingPausedException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_NOT_SENT = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)
_SERVER_ERROR = 500


def send(mail_from: str, recipient: str, copy: bytes, tags: dict[str, str]) -> str:
    """Hand one recipient's copy to SES; its id of the mail.

    Args:
        mail_from: The envelope's sender; where it is empty, SES takes the one of the mail's header.
        recipient: Who gets the copy, whatever its header says.
        copy: The raw mail.
        tags: What SES's events about the mail name it by.

    Raises:
        SesRefused, SesThrottled, SesUnavailable, SesSilent: As the table above says.
    """
    request: SendEmailRequestTypeDef = {
        "Destination": {"ToAddresses": [recipient]},
        "Content": {"Raw": {"Data": copy}},
        "ConfigurationSetName": os.environ["CONFIGURATION_SET"],
        "EmailTags": [{"Name": name, "Value": value} for name, value in tags.items()],
    }
    if mail_from:
        request["FromEmailAddress"] = mail_from
    for pause in PAUSES:
        try:
            return _ask(request)
        except SesThrottled:
            # Chance keeps those apart that were refused together.
            time.sleep(pause.total_seconds() * random.uniform(0.5, 1))  # noqa: S311
    return _ask(request)


def _ask(request: "SendEmailRequestTypeDef") -> str:
    try:
        return adapters.ses().send_email(**request)["MessageId"]
    except ClientError as error:
        raise _of(error) from error
    except _NOT_SENT as error:
        raise SesUnavailable(type(error).__name__) from error
    except BotoCoreError as error:
        raise SesSilent(type(error).__name__) from error


def _of(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code in _PERMANENT:
        return SesRefused(error.response["Error"]["Message"])
    if code in _THROTTLED:
        return SesThrottled(code)
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERROR:
        return SesSilent(code)
    return SesUnavailable(code)
