"""What tests of doors at Mail Manager begin with: clients that answer as they are told."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3 import Session
from botocore.stub import Stubber

from tests.requests import held_against_the_model
from tracking.mail.credentials import Credential, CredentialKind
from tracking.storage.mail_manager import Aliases, HandOver

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_mailmanager import MailManagerClient

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:OpenTracking-Arrivals"
ROLE = "arn:aws:iam::123456789012:role/OpenTracking-MailManager"
HAND_OVER = HandOver(function=FUNCTION, role=ROLE, bucket="outbox")
AT = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Aws:
    """Mail Manager and Lambda, which answer in the order that a test says, and refuse nonsense."""

    mailmanager: "MailManagerClient"
    lambda_: "LambdaClient"
    said_by_mail_manager: Stubber
    said_by_lambda: Stubber

    @classmethod
    def of(cls, session: Session) -> "Aws":
        mailmanager, lambda_ = session.client("mailmanager"), session.client("lambda")
        held_against_the_model(mailmanager)
        held_against_the_model(lambda_)
        return cls(mailmanager, lambda_, Stubber(mailmanager), Stubber(lambda_))

    @property
    def aliases(self) -> Aliases:
        return Aliases(self.lambda_, FUNCTION)

    def answers(self, operation: str, answer: dict[str, Any], **request: object) -> None:
        """Expect a request to Mail Manager, and how it is answered."""
        self.said_by_mail_manager.add_response(operation, answer, request)

    def refuses(self, operation: str, code: str) -> None:
        """Have Mail Manager refuse a request."""
        self.said_by_mail_manager.add_client_error(operation, code, "because")


def handed_over(slug: str) -> list[dict[str, Any]]:
    """What a rule does with mail."""
    return [
        {
            "WriteToS3": {
                "ActionFailurePolicy": "CONTINUE",
                "RoleArn": ROLE,
                "S3Bucket": "outbox",
                "S3Prefix": f"incoming/{slug}/",
            }
        },
        {
            "InvokeLambda": {
                "ActionFailurePolicy": "CONTINUE",
                "FunctionArn": f"{FUNCTION}:{slug}",
                "InvocationType": "EVENT",
                "RetryTimeMinutes": 2160,
                "RoleArn": ROLE,
            }
        },
    ]


def address(network: str) -> Credential:
    return Credential(CredentialKind.IP_ADDRESS, network, AT)
