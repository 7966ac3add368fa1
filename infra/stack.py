"""The stack: which parts there are, and what each function may do.

A right that is not a line in this module comes with an event source (`infra/queues.py`, `infra/webhooks.py`),
is the function's own log (`infra/function.py`), or belongs to an option (`infra/mail_manager.py`).
"""

from collections.abc import Mapping

from aws_cdk import ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.access_logs import PIXEL_PREFIX, AccessLogs
from infra.acknowledgements import acknowledge
from infra.alarms import Alarms
from infra.api import HttpApi
from infra.configuration import Configuration
from infra.dashboard import Dashboard
from infra.function import MEMORY_MB, Function
from infra.mail_manager import MailManager
from infra.outbox import MESSAGES, UPLOADS, Outbox
from infra.pixel import Pixel
from infra.queues import Queue
from infra.sending import Sending
from infra.sign_in import SignIn
from infra.tables import Tables
from infra.watching import watch
from infra.webhooks import Webhooks

PIXEL_TIMEOUT = Duration.seconds(10)
"""Longer than CloudFront waits: a fetch is worth recording also when its answer comes too late."""

INJECT_TIMEOUT = Duration.minutes(3)
"""For one message to 300 recipients. Those that it does not get to are sent to when it is tried again."""

INJECT_MEMORY_MB = 1024
"""For a message of 40 MB, a copy of it with its pixel, and that copy once more in base64."""

DELIVER_CONCURRENCY = 20
"""Batches of webhooks on their way at once: endpoints that hang must not use up what the pixel needs."""

REQUEUE_TIMEOUT = Duration.minutes(1)
"""For what became due within a minute, some thousands. What it does not get to is left to its next run."""

DELIVER_BATCH = 10
"""They are all sent at the same time. SQS hands over no more at once without having some wait for others."""


HOLD_TIMEOUT = Duration.seconds(15)
"""For one hop, which answers after five seconds."""

HOLD_MEMORY_MB = 256
"""It waits, and what it waits with is paid for."""

DRAIN_TIMEOUT = Duration.seconds(30)
DRAIN_BATCH = 10
DRAIN_CONCURRENCY = 5
"""Batches drained at once: the table has just been overwhelmed."""

DRAIN_TRIES = 200
"""How often a fetch is tried to be recorded, three minutes apart: ten hours."""

RECOVER_TIMEOUT = Duration.minutes(15)
"""For one access log, as long as Lambda allows: after an outage all of it may have to be recovered."""

RECOVER_CONCURRENCY = 2
"""Logs read at once: nobody waits for them, and they must not crowd out what somebody waits for."""

FEEDBACK_TIMEOUT = Duration.seconds(30)
FEEDBACK_BATCH = 10
API_TIMEOUT = Duration.seconds(29)
"""Just below API Gateway's own 30 s."""

API_MEMORY_MB = 1769
"""With it goes a whole core, which reports of many senders need. Source: Lambda developer guide, "Memory"."""

FAN_OUT_TIMEOUT = Duration.minutes(1)
READINGS_TIMEOUT = Duration.seconds(30)
READINGS_BATCH = 10
READINGS_TRIES = 200
"""How often the webhook of a timed open is tried to be queued, three minutes apart: ten hours."""

DELIVER_TIMEOUT = Duration.seconds(30)
"""For a batch, of which each waits for its endpoint at most eleven seconds, at the same time."""

SECRET_LENGTH = 64
"""Letters and digits: more than 256 bits."""


class OpenTracking(Stack):
    """Open tracking for mail sent through Amazon SES."""

    def __init__(self, scope: Construct, construct_id: str, *, configuration: Configuration) -> None:
        super().__init__(scope, construct_id, description="Open tracking for mail sent through Amazon SES")
        self._configuration = configuration
        self._tables = Tables(self, "Tables")
        self._outbox = Outbox(self, "Outbox", consumer_timeout=INJECT_TIMEOUT)
        self._sending = Sending(self, "Sending", consumer_timeout=FEEDBACK_TIMEOUT)
        self._webhooks = Webhooks(self, "Webhooks", consumer_timeout=DELIVER_TIMEOUT)
        self._sign_in = SignIn(self, "SignIn")
        self._access_logs = AccessLogs(
            self,
            "AccessLogs",
            retention_days=configuration.access_log_retention_days,
            consumer_timeout=RECOVER_TIMEOUT,
        )
        self._overflow = Queue(self, "Overflow", consumer_timeout=DRAIN_TIMEOUT, max_receives=DRAIN_TRIES)
        self._readings = Queue(
            self, "Readings", consumer_timeout=READINGS_TIMEOUT, max_receives=READINGS_TRIES
        )
        self._deployment_log = logs.LogGroup(
            self,
            "DeploymentLog",
            retention=configuration.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._pixel_keys = secretsmanager.Secret(
            self,
            "PixelKeys",
            description="Keys that sign the pixel's URLs: key id to key, as a JSON object",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 -- the frame, not the secret
                generate_string_key="1",
                password_length=SECRET_LENGTH,
                exclude_punctuation=True,
            ),
            # Mail that is out there can only be read back with it.
            removal_policy=RemovalPolicy.RETAIN,
        )
        self._webhook_signing = secretsmanager.Secret(
            self,
            "WebhookSigning",
            description="What each webhook endpoint's own signing secret is derived from",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=SECRET_LENGTH, exclude_punctuation=True
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )

        pixel_function = self._pixel_function()
        pixel = Pixel(
            self,
            "Tracking",
            function=pixel_function,
            hold=self._hold_function() if configuration.read_time else None,
            domain=configuration.tracking_domain,
            log_bucket=self._access_logs.bucket,
            deployment_log=self._deployment_log,
        )
        self._drain_function()
        self._recover_function()
        inject_function = self._inject_function(pixel_url=pixel.distribution.url)
        self._feedback_function()
        api_function = self._api_function()
        mail_manager = self._mail_manager(api_function) if configuration.mail_manager else None
        http_api = HttpApi(
            self,
            "HttpApi",
            function=api_function,
            sign_in=self._sign_in,
            log_retention=configuration.log_retention,
        )
        dashboard = Dashboard(
            self,
            "Dashboard",
            http_api=http_api,
            sign_in=self._sign_in,
            domain=configuration.app_domain,
            gateway_host=configuration.gateway_host,
            log_bucket=self._access_logs.bucket,
            deployment_log=self._deployment_log,
        )
        fan_out_function = self._fan_out_function()
        stream = self._webhooks.feed_from(self._tables.activity, fan_out_function)
        self._readings_end_function()
        deliver_function = self._deliver_function()
        requeue_function = self._requeue_function()
        gateway_policy = self._gateway_policy()

        watch(
            Alarms(self, "Alarms", email=configuration.alarm_email),
            outbox=self._outbox,
            sending=self._sending,
            overflow=self._overflow,
            access_logs=self._access_logs,
            readings=self._readings,
            webhooks=self._webhooks,
            inject=inject_function,
            pixel=pixel_function,
            fan_out=fan_out_function,
            deliver=deliver_function,
            requeue=requeue_function,
            stream=stream,
            mail_manager=mail_manager,
        )
        for name, value in {
            "PixelUrl": pixel.distribution.url,
            "AppUrl": dashboard.distribution.url,
            "PixelDistributionId": pixel.distribution.distribution_id,
            "AppDistributionId": dashboard.distribution.distribution_id,
            "HttpApiUrl": http_api.api.api_endpoint,
            "UserPoolId": self._sign_in.user_pool.user_pool_id,
            "UserPoolClientId": self._sign_in.client.user_pool_client_id,
            "OutboxBucketName": self._outbox.bucket.bucket_name,
            "OutboxQueueUrl": self._outbox.envelopes.queue.queue_url,
            "OutboxDeadLetterQueueUrl": self._outbox.envelopes.dead_letters.queue_url,
            "SettingsTableName": self._tables.settings.table_name,
            "NotificationsTableName": self._tables.notifications.table_name,
            "ActivityTableName": self._tables.activity.table_name,
            "WebhookQueueUrl": self._webhooks.deliveries.queue.queue_url,
            "WebhookDeadLetterQueueUrl": self._webhooks.deliveries.dead_letters.queue_url,
            "PutAsideBucketName": self._webhooks.put_aside.bucket_name,
            "GatewayPolicyArn": gateway_policy.managed_policy_arn,
            "ConfigurationSetName": self._sending.configuration_set.configuration_set_name,
            "EventsTopicArn": self._sending.topic.topic_arn,
            "InjectFunctionName": inject_function.function_name,
            "ApiFunctionName": api_function.function_name,
            "FanOutFunctionName": fan_out_function.function_name,
            "RequeueFunctionName": requeue_function.function_name,
            "DeliverFunctionName": deliver_function.function_name,
            "DashboardBucketName": dashboard.bucket.bucket_name,
            "LogBucketName": self._access_logs.bucket.bucket_name,
            **(mail_manager.outputs if mail_manager else {}),
        }.items():
            CfnOutput(self, name, value=value)
        acknowledge(self, read_time=configuration.read_time, mail_manager=configuration.mail_manager)

    def _pixel_function(self) -> Function:
        activity = self._tables.activity
        function = self._function(
            "Pixel",
            handler="functions.pixel.handler.handle",
            timeout=PIXEL_TIMEOUT,
            environment={
                "ACTIVITY_TABLE": activity.table_name,
                "PIXEL_KEYS_SECRET": self._pixel_keys.secret_arn,
                "OVERFLOW_QUEUE": self._overflow.queue.queue_url,
                "READ_TIME": "on" if self._configuration.read_time else "off",
            },
        )
        function.may("secretsmanager:GetSecretValue", on=self._pixel_keys.secret_arn)
        function.may("dynamodb:GetItem", on=activity.table_arn)
        function.may("dynamodb:PutItem", on=activity.table_arn)
        function.may("sqs:SendMessage", on=self._overflow.queue.queue_arn)
        return function

    def _hold_function(self) -> Function:
        activity = self._tables.activity
        function = self._function(
            "Hold",
            handler="functions.pixel.hold.handle",
            timeout=HOLD_TIMEOUT,
            memory_mb=HOLD_MEMORY_MB,
            reserved_concurrency=self._configuration.read_time_concurrency,
            environment={
                "ACTIVITY_TABLE": activity.table_name,
                "PIXEL_KEYS_SECRET": self._pixel_keys.secret_arn,
            },
        )
        function.may("secretsmanager:GetSecretValue", on=self._pixel_keys.secret_arn)
        function.may("dynamodb:UpdateItem", on=activity.table_arn)
        return function

    def _drain_function(self) -> None:
        function = self._recording_function(
            "Drain", handler="functions.pixel.overflow.handle", timeout=DRAIN_TIMEOUT
        )
        self._overflow.feed(function, batch_size=DRAIN_BATCH, max_concurrency=DRAIN_CONCURRENCY)

    def _recover_function(self) -> None:
        logs_bucket = self._access_logs.bucket
        function = self._recording_function(
            "Recover",
            handler="functions.pixel.recover.handle",
            timeout=RECOVER_TIMEOUT,
            environment={"LOG_BUCKET": logs_bucket.bucket_name},
        )
        function.may("s3:GetObject", on=logs_bucket.arn_for_objects(f"{PIXEL_PREFIX}*"))
        function.may("dynamodb:UpdateItem", on=self._tables.activity.table_arn)
        self._access_logs.written.feed(function, batch_size=1, max_concurrency=RECOVER_CONCURRENCY)

    def _recording_function(
        self,
        construct_id: str,
        *,
        handler: str,
        timeout: Duration,
        environment: Mapping[str, str] | None = None,
    ) -> Function:
        """A function that records what the pixel function could not."""
        activity = self._tables.activity
        function = self._function(
            construct_id,
            handler=handler,
            timeout=timeout,
            environment={
                "ACTIVITY_TABLE": activity.table_name,
                "PIXEL_KEYS_SECRET": self._pixel_keys.secret_arn,
                **(environment or {}),
            },
        )
        function.may("secretsmanager:GetSecretValue", on=self._pixel_keys.secret_arn)
        function.may("dynamodb:GetItem", on=activity.table_arn)
        function.may("dynamodb:PutItem", on=activity.table_arn)
        return function

    def _inject_function(self, *, pixel_url: str) -> Function:
        activity, settings, outbox = self._tables.activity, self._tables.settings, self._outbox
        function = self._function(
            "Inject",
            handler="functions.inject.handler.handle",
            timeout=INJECT_TIMEOUT,
            memory_mb=INJECT_MEMORY_MB,
            environment={
                "ACTIVITY_TABLE": activity.table_name,
                "SETTINGS_TABLE": settings.table_name,
                "OUTBOX_BUCKET": outbox.bucket.bucket_name,
                "PIXEL_KEYS_SECRET": self._pixel_keys.secret_arn,
                "OUTBOX_QUEUE": outbox.envelopes.queue.queue_url,
                "PIXEL_URL": pixel_url,
                "CONFIGURATION_SET": self._sending.configuration_set.configuration_set_name,
            },
        )
        function.may("s3:GetObject", on=outbox.bucket.arn_for_objects(f"{MESSAGES}*"))
        function.may("dynamodb:GetItem", on=activity.table_arn)
        function.may("dynamodb:PutItem", on=activity.table_arn)
        function.may("dynamodb:UpdateItem", on=activity.table_arn)
        function.may("dynamodb:GetItem", on=settings.table_arn)
        function.may("dynamodb:Query", on=settings.table_arn)
        function.may("secretsmanager:GetSecretValue", on=self._pixel_keys.secret_arn)
        for action in ("ses:SendEmail", "ses:SendRawEmail"):
            # Which domains and addresses may send is what SES's verified identities say.
            function.may(action, on=self.format_arn(service="ses", resource="identity", resource_name="*"))
            function.may(action, on=self._sending.configuration_set_arn)
        function.may("sqs:ChangeMessageVisibility", on=outbox.envelopes.queue.queue_arn)
        outbox.envelopes.feed(function, batch_size=1, max_concurrency=self._configuration.sending_concurrency)
        return function

    def _feedback_function(self) -> Function:
        activity = self._tables.activity
        function = self._function(
            "Feedback",
            handler="functions.inject.feedback.handle",
            timeout=FEEDBACK_TIMEOUT,
            environment={"ACTIVITY_TABLE": activity.table_name},
        )
        function.may("dynamodb:GetItem", on=activity.table_arn)
        function.may("dynamodb:PutItem", on=activity.table_arn)
        function.may("dynamodb:UpdateItem", on=activity.table_arn)
        self._sending.events.feed(function, batch_size=FEEDBACK_BATCH)
        return function

    def _api_function(self) -> Function:
        activity, settings, outbox = self._tables.activity, self._tables.settings, self._outbox
        notifications = self._tables.notifications
        function = self._function(
            "Api",
            handler="functions.api.handler.handle",
            timeout=API_TIMEOUT,
            memory_mb=API_MEMORY_MB,
            environment={
                "SETTINGS_TABLE": settings.table_name,
                "ACTIVITY_TABLE": activity.table_name,
                "OUTBOX_BUCKET": outbox.bucket.bucket_name,
                "OUTBOX_QUEUE": outbox.envelopes.queue.queue_url,
                "WEBHOOK_SIGNING_SECRET": self._webhook_signing.secret_arn,
                "WEBHOOK_AUTH_PREFIX": self._webhook_auth_prefix,
                "WEBHOOK_PORTS": self._webhook_ports,
                "WEBHOOK_QUEUE": self._webhooks.deliveries.queue.queue_url,
                "NOTIFICATIONS_TABLE": notifications.table_name,
            },
        )
        function.may("dynamodb:GetItem", on=settings.table_arn)
        function.may("dynamodb:PutItem", on=settings.table_arn)
        function.may("dynamodb:UpdateItem", on=settings.table_arn)
        function.may("dynamodb:DeleteItem", on=settings.table_arn)
        function.may("dynamodb:Query", on=settings.table_arn)
        function.may("dynamodb:Query", on=activity.table_arn)
        function.may("dynamodb:BatchGetItem", on=activity.table_arn)
        function.may("dynamodb:Query", on=self._tables.feed_index_arn)
        function.may("dynamodb:Query", on=self._tables.recipient_index_arn)
        function.may("s3:GetObject", on=outbox.bucket.arn_for_objects(f"{MESSAGES}*"))
        function.may("ses:GetSendQuota", on="*")
        function.may("s3:PutObject", on=outbox.bucket.arn_for_objects(f"{MESSAGES}*"))
        function.may("s3:PutObject", on=outbox.bucket.arn_for_objects(f"{UPLOADS}*"))
        function.may("s3:GetObject", on=outbox.bucket.arn_for_objects(f"{UPLOADS}*"))
        function.may("sqs:SendMessage", on=outbox.envelopes.queue.queue_arn)
        function.may("secretsmanager:GetSecretValue", on=self._webhook_signing.secret_arn)
        function.may("dynamodb:GetItem", on=notifications.table_arn)
        function.may("dynamodb:BatchGetItem", on=notifications.table_arn)
        function.may("dynamodb:Query", on=notifications.table_arn)
        function.may("dynamodb:Query", on=self._tables.listed_index_arn)
        function.may("dynamodb:UpdateItem", on=notifications.table_arn)
        function.may("dynamodb:DeleteItem", on=notifications.table_arn)
        function.may("sqs:SendMessage", on=self._webhooks.deliveries.queue.queue_arn)
        function.may("secretsmanager:CreateSecret", on=self._webhook_auth_arns)
        function.may("secretsmanager:DeleteSecret", on=self._webhook_auth_arns)
        return function

    @property
    def _webhook_ports(self) -> str:
        return ",".join(map(str, self._configuration.webhook_ports))

    def _fan_out_function(self) -> Function:
        return self._announcing_function(
            "FanOut", handler="functions.webhooks.fan_out.handle", timeout=FAN_OUT_TIMEOUT
        )

    def _readings_end_function(self) -> None:
        function = self._announcing_function(
            "ReadingsEnd",
            handler="functions.webhooks.readings.handle",
            timeout=READINGS_TIMEOUT,
            # A reading that goes on is queued once more.
            feeds_itself=True,
        )
        self._readings.feed(function, batch_size=READINGS_BATCH)

    def _announcing_function(
        self, construct_id: str, *, handler: str, timeout: Duration, feeds_itself: bool = False
    ) -> Function:
        """A function that brings summaries up to date and queues webhooks, or lets them wait."""
        activity, settings, deliveries = (
            self._tables.activity,
            self._tables.settings,
            self._webhooks.deliveries,
        )
        function = self._function(
            construct_id,
            handler=handler,
            timeout=timeout,
            feeds_itself=feeds_itself,
            environment={
                "ACTIVITY_TABLE": activity.table_name,
                "SETTINGS_TABLE": settings.table_name,
                "WEBHOOK_QUEUE": deliveries.queue.queue_url,
                "READINGS_QUEUE": self._readings.queue.queue_url,
            },
        )
        function.may("dynamodb:BatchGetItem", on=activity.table_arn)
        function.may("dynamodb:Query", on=activity.table_arn)
        function.may("dynamodb:UpdateItem", on=activity.table_arn)
        function.may("dynamodb:Query", on=settings.table_arn)
        function.may("sqs:SendMessage", on=deliveries.queue.queue_arn)
        function.may("sqs:SendMessage", on=self._readings.queue.queue_arn)
        return function

    def _deliver_function(self) -> Function:
        settings, notifications = self._tables.settings, self._tables.notifications
        deliveries = self._webhooks.deliveries
        function = self._function(
            "Deliver",
            handler="functions.webhooks.deliver.handle",
            timeout=DELIVER_TIMEOUT,
            feeds_itself=True,
            environment={
                "SETTINGS_TABLE": settings.table_name,
                "NOTIFICATIONS_TABLE": notifications.table_name,
                "WEBHOOK_QUEUE": deliveries.queue.queue_url,
                "WEBHOOK_PORTS": self._webhook_ports,
                "WEBHOOK_SIGNING_SECRET": self._webhook_signing.secret_arn,
            },
        )
        function.may("dynamodb:GetItem", on=settings.table_arn)
        function.may("dynamodb:GetItem", on=notifications.table_arn)
        function.may("dynamodb:BatchGetItem", on=notifications.table_arn)
        function.may("dynamodb:PutItem", on=notifications.table_arn)
        function.may("dynamodb:UpdateItem", on=notifications.table_arn)
        function.may("sqs:SendMessage", on=deliveries.queue.queue_arn)
        function.may("secretsmanager:GetSecretValue", on=self._webhook_signing.secret_arn)
        function.may("secretsmanager:GetSecretValue", on=self._webhook_auth_arns)
        deliveries.feed(function, batch_size=DELIVER_BATCH, max_concurrency=DELIVER_CONCURRENCY)
        return function

    def _requeue_function(self) -> Function:
        notifications, deliveries = self._tables.notifications, self._webhooks.deliveries
        function = self._function(
            "Requeue",
            handler="functions.webhooks.requeue.handle",
            timeout=REQUEUE_TIMEOUT,
            environment={
                "NOTIFICATIONS_TABLE": notifications.table_name,
                "WEBHOOK_QUEUE": deliveries.queue.queue_url,
            },
        )
        function.may("dynamodb:Query", on=self._tables.parked_index_arn)
        function.may("dynamodb:BatchGetItem", on=notifications.table_arn)
        function.may("dynamodb:UpdateItem", on=notifications.table_arn)
        function.may("sqs:SendMessage", on=deliveries.queue.queue_arn)
        self._webhooks.requeue_with(function)
        return function

    @property
    def _webhook_auth_prefix(self) -> str:
        """What the names of those secrets begin with that the api function makes for webhook endpoints."""
        return f"{self.stack_name}/webhooks/"

    @property
    def _webhook_auth_arns(self) -> str:
        return self.format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{self._webhook_auth_prefix}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _mail_manager(self, api_function: Function) -> MailManager:
        mail_manager = MailManager(
            self, "MailManager", make=self._function, outbox=self._outbox, settings=self._tables.settings
        )
        mail_manager.let_make_doors(api_function)
        return mail_manager

    def _gateway_policy(self) -> iam.ManagedPolicy:
        return iam.ManagedPolicy(
            self,
            "GatewayPolicy",
            description="What python -m gateway needs, on whatever host it runs",
            statements=[
                iam.PolicyStatement(actions=[action], resources=[resource])
                for action, resource in (
                    ("s3:PutObject", self._outbox.bucket.arn_for_objects(f"{MESSAGES}*")),
                    ("sqs:SendMessage", self._outbox.envelopes.queue.queue_arn),
                    ("dynamodb:GetItem", self._tables.settings.table_arn),
                    ("dynamodb:Query", self._tables.settings.table_arn),
                )
            ],
        )

    def _function(
        self,
        construct_id: str,
        *,
        handler: str,
        timeout: Duration,
        environment: Mapping[str, str],
        memory_mb: int = MEMORY_MB,
        reserved_concurrency: int | None = None,
        feeds_itself: bool = False,
    ) -> Function:
        return Function(
            self,
            construct_id,
            handler=handler,
            timeout=timeout,
            memory_mb=memory_mb,
            environment=environment,
            architecture=self._configuration.architecture,
            log_retention=self._configuration.log_retention,
            reserved_concurrency=reserved_concurrency,
            feeds_itself=feeds_itself,
        )
