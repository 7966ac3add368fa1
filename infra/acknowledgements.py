"""What cdk-nag finds and we leave as it is, and why."""

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

_CDK_OWN = "The function is CDK's own; it fills the two buckets of static files while the stack is deployed."
_DEPLOYMENT = "Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C"
_AWS_POLICIES = "arn:<AWS::Partition>:iam::aws:policy/service-role"
_PYTHON = "The tests run on Python 3.13, which Lambda maintains until the middle of 2029."
_OBJECTS = "The objects of one bucket. What they are called is not known before."
_WEBHOOK_AUTH = (
    "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:OpenTracking/webhooks/*"
)
_ENDPOINTS = "The secrets of webhook endpoints. Which there will be is not known before."
_READERS = "Recipients read their mail, and administrators look after it, in any country."
_FIREWALL = "A firewall costs more than all the rest at small scale. One can be attached to the distribution."
_CLOUDFRONT_NAME = (
    "CloudFront's own host name allows no other minimum. With a domain of one's own it is TLS 1.2."
)
_BEHIND_CLOUDFRONT = "CloudFront is the only reader, and writes an access log."

ACKNOWLEDGED = {
    "Outbox/Messages": {
        "S1": "The front doors write each object once, and inject reads it. For an audit, use CloudTrail."
    },
    "Webhooks/PutAside": {"S1": "Lambda writes here when something failed, and an operator reads it."},
    "AccessLogs/Bucket": {"S1": "This is where access logs go."},
    "Tracking/Static/Files": {"S1": _BEHIND_CLOUDFRONT},
    "Dashboard/Page/Files": {"S1": _BEHIND_CLOUDFRONT},
    "Tracking/Distribution": {"CFR1": _READERS, "CFR2": _FIREWALL, "CFR4": _CLOUDFRONT_NAME},
    "Dashboard/Distribution": {"CFR1": _READERS, "CFR2": _FIREWALL, "CFR4": _CLOUDFRONT_NAME},
    "SignIn/Users": {
        "COG2": "A second factor is offered. Who has to have one is the organisation's own rule.",
        "COG8": "Threat protection is priced per user and can be switched on for the pool at any time.",
    },
    "PixelKeys": {
        "SMG4": "Mail that is out there is signed with these keys. A new one is added, none is replaced."
    },
    "WebhookSigning": {
        "SMG4": "Receivers hold what is derived from it. It changes when somebody decides to tell them."
    },
    "HttpApi/Routes/POST--v3--{proxy+}": {"APIG4": "The function checks the API key."},
    "HttpApi/Routes/PATCH--v3--{proxy+}": {"APIG4": "The function checks the API key."},
    "Tracking/Hops/DefaultStage": {"APIG1": _BEHIND_CLOUDFRONT},
    "Tracking/Hops/GET--h--{proxy+}": {"APIG4": "The function checks the signature of the URL."},
    "Pixel": {"L1": _PYTHON},
    "Hold": {"L1": _PYTHON},
    "Drain": {"L1": _PYTHON},
    "Recover": {"L1": _PYTHON},
    "ReadingsEnd": {"L1": _PYTHON},
    "Inject": {"L1": _PYTHON},
    "Feedback": {"L1": _PYTHON},
    "Api": {"L1": _PYTHON},
    "FanOut": {"L1": _PYTHON},
    "Deliver": {"L1": _PYTHON},
    "Requeue": {"L1": _PYTHON},
    "InjectRole/DefaultPolicy": {
        "IAM5[Resource::<OutboxMessages4620A4DA.Arn>/messages/*]": _OBJECTS,
        "IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]": (
            "Any identity that the organisation has verified with SES may send."
        ),
    },
    "RecoverRole/DefaultPolicy": {
        "IAM5[Resource::<AccessLogsBucketCD784A59.Arn>/pixel/*]": _OBJECTS,
    },
    "ApiRole/DefaultPolicy": {
        "IAM5[Resource::<OutboxMessages4620A4DA.Arn>/messages/*]": _OBJECTS,
        "IAM5[Resource::<OutboxMessages4620A4DA.Arn>/uploads/*]": _OBJECTS,
        f"IAM5[Resource::{_WEBHOOK_AUTH}]": _ENDPOINTS,
        "IAM5[Resource::*]": "SES's quota is the account's: reading it knows no resource.",
    },
    "DeliverRole/DefaultPolicy": {f"IAM5[Resource::{_WEBHOOK_AUTH}]": _ENDPOINTS},
    "GatewayPolicy": {"IAM5[Resource::<OutboxMessages4620A4DA.Arn>/messages/*]": _OBJECTS},
    "FanOutRole/DefaultPolicy": {
        "IAM5[Resource::*]": "dynamodb:ListStreams, which IAM does not limit to a table.",
        "IAM5[Resource::<WebhooksPutAside665CE1E3.Arn>/*]": _OBJECTS,
    },
    _DEPLOYMENT: {"L1": _CDK_OWN},
    f"{_DEPLOYMENT}/ServiceRole": {f"IAM4[Policy::{_AWS_POLICIES}/AWSLambdaBasicExecutionRole]": _CDK_OWN},
    f"{_DEPLOYMENT}/ServiceRole/DefaultPolicy": {
        f"IAM5[{wildcard}]": _CDK_OWN
        for wildcard in (
            "Action::s3:Abort*",
            "Action::s3:DeleteObject*",
            "Action::s3:GetBucket*",
            "Action::s3:GetObject*",
            "Action::s3:List*",
            "Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*",
            "Resource::<DashboardPageFilesCCD507B7.Arn>/*",
            "Resource::<TrackingStaticFiles589E2630.Arn>/*",
        )
    },
}
"""By the construct's path below the stack, and by the rule of cdk-nag's pack AwsSolutions: the reason."""


TIMING = frozenset({"Hold", "Tracking/Hops/DefaultStage", "Tracking/Hops/GET--h--{proxy+}"})
"""What is there only where it is measured how long mail is read."""

_DOORS = "What the function has tagged as its own. What that will be called is not known before."
_ALIASES = "The function's aliases, of which each SMTP user and each address has one."
_MAIL_MANAGERS = "arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:mailmanager"

MAIL_MANAGER = {
    "Arrivals": {"L1": _PYTHON},
    "ArrivalsAgain": {"L1": _PYTHON},
    **{
        f"{role}/DefaultPolicy": {
            "IAM5[Resource::<OutboxMessages4620A4DA.Arn>/incoming/*]": _OBJECTS,
            "IAM5[Resource::<OutboxMessages4620A4DA.Arn>/messages/*]": _OBJECTS,
        }
        for role in ("ArrivalsRole", "ArrivalsAgainRole")
    },
    "MailManager/Role/DefaultPolicy": {
        "IAM5[Resource::<OutboxMessages4620A4DA.Arn>/incoming/*]": _OBJECTS,
        "IAM5[Resource::<ArrivalsD4970207.Arn>:*]": _ALIASES,
    },
    "ApiRole/DefaultPolicy": {
        "IAM5[Resource::*]": "SES's quota is the account's, and what is listed or made has no ARN yet.",
        f"IAM5[Resource::{_MAIL_MANAGERS}-ingress-point/*]": _DOORS,
        f"IAM5[Resource::{_MAIL_MANAGERS}-rule-set/*]": _DOORS,
        "IAM5[Resource::<ArrivalsD4970207.Arn>:*]": _ALIASES,
    },
}
"""The same, where SES Mail Manager is the SMTP server."""


def acknowledge(stack: Stack, *, read_time: bool, mail_manager: bool) -> None:
    """Tell cdk-nag, where it is used, that these findings are known."""
    for path, reasons in (*ACKNOWLEDGED.items(), *(MAIL_MANAGER.items() if mail_manager else ())):
        if path in TIMING and not read_time:
            continue
        construct: IConstruct = stack
        for name in path.split("/"):
            construct = construct.node.find_child(name)
        Validations.of(construct).acknowledge(
            *(
                Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
                for rule, reason in reasons.items()
            )
        )
