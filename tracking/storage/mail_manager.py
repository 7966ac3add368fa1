"""SES Mail Manager: what its doors have in common.

Each credential has an alias of the function, by which the function learns whose a mail is, and a prefix in
the outbox's bucket. A rule of Mail Manager's hands a mail over by both; which rule it is, the endpoint that
the mail came in by or the client's address decides, and nothing that the client says.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import botocore
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from tracking.errors import DoorBusy, DoorQuotaReached, MailManagerSilent, MailManagerUnavailable
from tracking.storage.aws import raising
from tracking.storage.incoming import PREFIX

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_mailmanager.type_defs import RuleActionTypeDef

RETRY_MINUTES: Final = 2160
"""How long Mail Manager tries to invoke the function: as long as it can, a day and a half."""

_BUSY: Final = "ConflictException"
_FULL: Final = frozenset({"ServiceQuotaExceededException", "AliasLimitExceededException"})
_GONE: Final = "ResourceNotFoundException"
_THERE_ALREADY: Final = "ResourceConflictException"
"""Or Lambda is at work on the function."""

_INTERNAL_SERVER_ERROR: Final = 500
"""From this status on, AWS itself does not know what it has done."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """How mail is handed over: the ARNs of what is invoked and of Mail Manager's role, and the bucket."""

    function: str
    role: str
    bucket: str

    def actions(self, slug: str) -> "list[RuleActionTypeDef]":
        """What is done with a mail that came in at a door: first its bytes are written, then word is sent.

        Where the bytes cannot be written, word is sent nevertheless: the function misses them, and says so.
        """
        return [
            {
                "WriteToS3": {
                    "ActionFailurePolicy": "CONTINUE",
                    "RoleArn": self.role,
                    "S3Bucket": self.bucket,
                    "S3Prefix": f"{PREFIX}{slug}/",
                }
            },
            {
                "InvokeLambda": {
                    "ActionFailurePolicy": "CONTINUE",
                    "FunctionArn": f"{self.function}:{slug}",
                    "InvocationType": "EVENT",
                    "RetryTimeMinutes": RETRY_MINUTES,
                    "RoleArn": self.role,
                }
            },
        ]


class Aliases:
    """The aliases of the function."""

    def __init__(self, lambda_: "LambdaClient", function: str) -> None:
        self._lambda = lambda_
        self._function = function

    def add(self, slug: str) -> None:
        """Give the function the name of a door; nothing happens if it has it.

        Raises:
            DoorQuotaReached: The function has no room for another one.
            MailManagerUnavailable: It may have it.
        """
        with refusing():
            try:
                self._lambda.create_alias(FunctionName=self._function, Name=slug, FunctionVersion="$LATEST")
            except ClientError as error:
                if error.response["Error"]["Code"] != _THERE_ALREADY:
                    raise
                self._lambda.get_alias(FunctionName=self._function, Name=slug)

    def remove(self, slug: str) -> None:
        """Take the name of a door away; nothing happens if the function does not have it.

        Raises:
            MailManagerUnavailable: It may have it.
        """
        with refusing(), unless_gone():
            self._lambda.delete_alias(FunctionName=self._function, Name=slug)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what AWS raises inside into domain errors.

    Raises:
        DoorQuotaReached: There is no room for what was to be made.
        DoorBusy: Something else is being done to it.
        MailManagerSilent: It may be done.
        MailManagerUnavailable: It is not done, for another reason.
    """
    with raising(MailManagerUnavailable):
        try:
            yield
        except ParamValidationError as error:
            # Lambda's botocore may be older than ours.
            raise MailManagerUnavailable(
                f"not asked for by botocore {botocore.__version__}: {error}"
            ) from error
        except BotoCoreError as error:
            raise MailManagerSilent(str(error)) from error
        except ClientError as error:
            said = error.response["Error"]
            if said["Code"] in _FULL:
                raise DoorQuotaReached(said["Message"]) from error
            if said["Code"] == _BUSY:
                raise DoorBusy(said["Message"]) from error
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _INTERNAL_SERVER_ERROR:
                raise MailManagerSilent(str(error)) from error
            raise


@contextmanager
def unless_gone() -> Iterator[None]:
    """Remove something inside; what is not there any more is as good as removed."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != _GONE:
            raise
