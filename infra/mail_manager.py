"""SES Mail Manager as an SMTP server: its ways in, and what becomes of mail that it took.

An SMTP user's own endpoint and rule set are not here: the api function makes and removes them, with what is.
The content of the policy and of the rules for addresses is the api function's too; CloudFormation leaves it
alone as long as their templates do not change.
"""

from collections.abc import Callable, Mapping
from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.function import Function
from infra.outbox import INCOMING, MESSAGES, Outbox
from infra.queues import Queue

TIMEOUT = Duration.minutes(1)
"""For a message of 40 MB from one place in the bucket to another."""

BATCH = 1
CONCURRENCY = 5
"""Mails tried again at once: what failed has just been overwhelmed."""

TRIES = 100
"""How often a mail is tried to be accepted, six minutes apart: ten hours."""

MAX_MESSAGE_BYTES = 40 * 1024 * 1024
"""What SES takes. Mail Manager refuses what is larger."""

NOBODY = f"u-{'0' * 24}"
"""The function's alias for mail from an address that no rule knows: it is kept back, with an alarm."""

RETRY_MINUTES = 2160
"""How long Mail Manager tries to invoke the function: as long as it can, a day and a half."""

TAG = "open-tracking-stack"
"""The tag that the api function gives to what it makes, and without which it may change nothing."""

type Make = Callable[..., Function]


class MailManager(Construct):
    """The role and the policies of Mail Manager, its way in for addresses, and what it invokes."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        make: Make,
        outbox: Outbox,
        settings: dynamodb.TableV2,
    ) -> None:
        """Make them.

        Args:
            scope: The stack.
            construct_id: The construct's name in it.
            make: The stack's way to make a function.
            outbox: Where Mail Manager writes mail, and where it goes.
            settings: The Settings table.
        """
        super().__init__(scope, construct_id)
        self._outbox = outbox
        self.waiting = Queue(self, "Waiting", consumer_timeout=TIMEOUT, max_receives=TRIES)
        self.function = self._accepting(make, "Arrivals", "handler", settings)
        self.function.may("sqs:SendMessage", on=self.waiting.queue.queue_arn)
        self.function.may("sqs:SendMessage", on=self.waiting.dead_letters.queue_arn)
        self.function.add_environment("ARRIVALS_QUEUE", self.waiting.queue.queue_url)
        # A destination would belong to one alias, of which there is one for each door. This is for all.
        cast(
            "lambda_.CfnFunction", self.function.node.default_child
        ).dead_letter_config = lambda_.CfnFunction.DeadLetterConfigProperty(
            target_arn=self.waiting.dead_letters.queue_arn
        )
        self.again = self._accepting(make, "ArrivalsAgain", "again", settings)
        self.waiting.feed(self.again, batch_size=BATCH, max_concurrency=CONCURRENCY)

        self._role = self._mail_managers_role()
        self._user_policy = ses.CfnMailManagerTrafficPolicy(
            self,
            "UserPolicy",
            # Whoever gets as far has logged in.
            default_action="ALLOW",
            policy_statements=[],
            max_message_size_bytes=MAX_MESSAGE_BYTES,
        )
        self._ip_policy = ses.CfnMailManagerTrafficPolicy(
            self,
            "IpPolicy",
            default_action="DENY",
            policy_statements=[],
            max_message_size_bytes=MAX_MESSAGE_BYTES,
        )
        self._ip_rules = ses.CfnMailManagerRuleSet(self, "IpRules", rules=[self._last_rule()])
        self._ip_door = ses.CfnMailManagerIngressPoint(
            self,
            "IpDoor",
            type="OPEN",
            rule_set_id=self._ip_rules.attr_rule_set_id,
            traffic_policy_id=self._ip_policy.attr_traffic_policy_id,
            network_configuration=ses.CfnMailManagerIngressPoint.NetworkConfigurationProperty(
                public_network_configuration=ses.CfnMailManagerIngressPoint.PublicNetworkConfigurationProperty(
                    ip_type="DUAL_STACK"
                )
            ),
            # Printers and old servers cannot do TLS (ADR 10).
            tls_policy="OPTIONAL",
        )

    @property
    def outputs(self) -> Mapping[str, str]:
        """What an operator looks for."""
        return {
            "IpDoorHost": self._ip_door.attr_a_record,
            "ArrivalsFunctionName": self.function.function_name,
            "ArrivalsQueueUrl": self.waiting.queue.queue_url,
            "ArrivalsDeadLetterQueueUrl": self.waiting.dead_letters.queue_url,
        }

    def let_make_doors(self, api: Function) -> None:
        """Let the api function make SMTP users' endpoints, and say which addresses may send."""
        stack = Stack.of(self)
        for name, value in {
            "MAIL_MANAGER_STACK": stack.stack_name,
            "MAIL_MANAGER_FUNCTION": self.function.function_arn,
            "MAIL_MANAGER_ROLE": self._role.role_arn,
            "MAIL_MANAGER_USER_POLICY": self._user_policy.attr_traffic_policy_id,
            "MAIL_MANAGER_IP_POLICY": self._ip_policy.attr_traffic_policy_id,
            "MAIL_MANAGER_IP_RULE_SET": self._ip_rules.attr_rule_set_id,
        }.items():
            api.add_environment(name, value)

        endpoints = self._arn("mailmanager-ingress-point")
        rule_sets = self._arn("mailmanager-rule-set")
        tagged = {"StringEquals": {f"aws:RequestTag/{TAG}": stack.stack_name}}
        own = {"StringEquals": {f"aws:ResourceTag/{TAG}": stack.stack_name}}
        for actions, resources, conditions in (
            # Before they are made they have no ARN, and lists are of all.
            (["ses:CreateIngressPoint", "ses:CreateRuleSet"], ["*"], tagged),
            (["ses:ListIngressPoints", "ses:ListRuleSets"], ["*"], None),
            (["ses:TagResource"], [endpoints, rule_sets], tagged),
            (["ses:UpdateIngressPoint", "ses:DeleteIngressPoint"], [endpoints], own),
            (["ses:DeleteRuleSet"], [rule_sets], own),
            (["ses:UpdateRuleSet"], [self._ip_rules.attr_rule_set_arn], None),
            (["ses:UpdateTrafficPolicy"], [self._ip_policy.attr_traffic_policy_arn], None),
            (
                ["iam:PassRole"],
                [self._role.role_arn],
                {"StringEquals": {"iam:PassedToService": "ses.amazonaws.com"}},
            ),
            (
                ["lambda:CreateAlias", "lambda:GetAlias", "lambda:DeleteAlias"],
                [self.function.function_arn, self._aliases],
                None,
            ),
        ):
            api.add_to_role_policy(
                iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)
            )

    @property
    def _aliases(self) -> str:
        return f"{self.function.function_arn}:*"

    def _arn(self, resource: str) -> str:
        return Stack.of(self).format_arn(service="ses", resource=resource, resource_name="*")

    def _accepting(self, make: Make, construct_id: str, module: str, settings: dynamodb.TableV2) -> Function:
        """A function that puts into the outbox what Mail Manager wrote into its bucket."""
        bucket, envelopes = self._outbox.bucket, self._outbox.envelopes.queue
        function = make(
            construct_id,
            handler=f"functions.mail_manager.{module}.handle",
            timeout=TIMEOUT,
            environment={
                "SETTINGS_TABLE": settings.table_name,
                "OUTBOX_BUCKET": bucket.bucket_name,
                "OUTBOX_QUEUE": envelopes.queue_url,
            },
        )
        function.may("dynamodb:GetItem", on=settings.table_arn)
        function.may("s3:GetObject", on=bucket.arn_for_objects(f"{INCOMING}*"))
        function.may("s3:PutObject", on=bucket.arn_for_objects(f"{MESSAGES}*"))
        function.may("sqs:SendMessage", on=envelopes.queue_arn)
        return function

    def _last_rule(self) -> ses.CfnMailManagerRuleSet.RuleProperty:
        """The rule for what fits no other: without it, such mail would be gone without a word."""
        rules = ses.CfnMailManagerRuleSet
        alias = lambda_.CfnAlias(
            self,
            "Nobody",
            function_name=self.function.function_name,
            function_version="$LATEST",
            name=NOBODY,
        )
        return rules.RuleProperty(
            name=NOBODY,
            actions=[
                rules.RuleActionProperty(
                    write_to_s3=rules.S3ActionProperty(
                        action_failure_policy="CONTINUE",
                        role_arn=self._role.role_arn,
                        s3_bucket=self._outbox.bucket.bucket_name,
                        s3_prefix=f"{INCOMING}{NOBODY}/",
                    )
                ),
                rules.RuleActionProperty(
                    invoke_lambda=rules.InvokeLambdaActionProperty(
                        action_failure_policy="CONTINUE",
                        function_arn=alias.ref,
                        invocation_type="EVENT",
                        retry_time_minutes=RETRY_MINUTES,
                        role_arn=self._role.role_arn,
                    )
                ),
            ],
        )

    def _mail_managers_role(self) -> iam.Role:
        """What Mail Manager does as: write mail, and invoke the function by one of its aliases."""
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "ses.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": Stack.of(self).account},
                    "ArnLike": {"aws:SourceArn": self._arn("mailmanager-rule-set")},
                },
            ),
        )
        for action, resource in (
            ("s3:PutObject", self._outbox.bucket.arn_for_objects(f"{INCOMING}*")),
            ("s3:ListBucket", self._outbox.bucket.bucket_arn),
            ("lambda:InvokeFunction", self._aliases),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
        return role
