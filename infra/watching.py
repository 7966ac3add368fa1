"""What is watched: what each alarm means, and from when on it is raised."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from infra.access_logs import AccessLogs
from infra.alarms import PERIOD, Alarms
from infra.function import Function
from infra.mail_manager import MailManager
from infra.outbox import Outbox
from infra.queues import Queue
from infra.sending import Sending
from infra.webhooks import Webhooks

MAIL_LAG = Duration.minutes(30)
"""How long mail may wait to be sent before somebody should look: trying goes on for hours."""

OVERFLOW_LAG = Duration.minutes(15)
"""How long fetches may wait for the table before somebody should look."""

WEBHOOK_LAG = Duration.hours(1)
"""How long webhooks may wait in their queue before somebody should look. Delays of 15 minutes are usual."""

STREAM_LAG = Duration.hours(1)
"""How late webhooks may be before somebody should look. The stream forgets after 24 hours."""


def watch(
    alarms: Alarms,
    *,
    outbox: Outbox,
    sending: Sending,
    overflow: Queue,
    access_logs: AccessLogs,
    readings: Queue,
    webhooks: Webhooks,
    inject: Function,
    pixel: Function,
    fan_out: Function,
    deliver: Function,
    requeue: Function,
    stream: lambda_.CfnEventSourceMapping,
    mail_manager: MailManager | None,
) -> None:
    """Raise an alarm wherever something waits too long, was given up, or failed."""
    alarms.on_any_in(
        "UnsentMail",
        outbox.envelopes.dead_letters,
        because="Mail could not be sent, and is not tried any more.",
    )
    alarms.on(
        "WaitingMail",
        outbox.envelopes.queue.metric_approximate_age_of_oldest_message(period=PERIOD, statistic="Maximum"),
        above=MAIL_LAG.to_seconds(),
        because="Mail has been waiting for half an hour for inject to try to send it.",
    )
    _on_any_logged(
        alarms,
        "LateMail",
        inject,
        "mail is late",
        because="SES has not taken some mail for half an hour: the log of inject says why.",
    )
    alarms.on_any_in(
        "UnrecordedEvents",
        sending.events.dead_letters,
        because="Events from SES (delivered, bounced, ...) could not be recorded.",
    )
    alarms.on(
        "WaitingFetches",
        overflow.queue.metric_approximate_age_of_oldest_message(period=PERIOD, statistic="Maximum"),
        above=OVERFLOW_LAG.to_seconds(),
        because="Fetches have been waiting for a quarter of an hour: the table does not take them.",
    )
    _on_any_logged(
        alarms,
        "LoggedFetches",
        pixel,
        "fetch not stored",
        because="Neither the table nor the queue took fetches. The access log has them.",
    )
    alarms.on_any_in(
        "UnrecordedFetches",
        overflow.dead_letters,
        because="Fetches wait among the dead letters: the table refused them for hours.",
    )
    alarms.on_any_in(
        "UnreadLogs",
        access_logs.written.dead_letters,
        because="Access logs could not be read: fetches that only they have are missing.",
    )
    alarms.on_any_in(
        "UnannouncedOpens",
        readings.dead_letters,
        because="Opens whose reading was measured could not be told to the webhooks.",
    )
    alarms.on_any_in(
        "UndeliveredWebhooks",
        webhooks.deliveries.dead_letters,
        because="Webhooks wait among the dead letters: for hours, the tables could not be read or written.",
    )
    _on_any_logged(
        alarms,
        "FailedWebhooks",
        deliver,
        "notification failed",
        because="Webhooks are not tried any more: see webhook/failures, which lists them, and webhook/retry.",
    )
    _on_any_logged(
        alarms,
        "FailingEndpoints",
        deliver,
        "endpoint failing",
        because="A webhook endpoint has been failing for two days: webhook/view says which.",
    )
    _on_any_logged(
        alarms,
        "DisabledEndpoints",
        deliver,
        "endpoint disabled",
        because="A webhook endpoint answered 410 and is sent nothing any more: webhook/view says which.",
    )
    alarms.on(
        "WaitingWebhooks",
        webhooks.deliveries.queue.metric_approximate_age_of_oldest_message(
            period=PERIOD, statistic="Maximum"
        ),
        above=WEBHOOK_LAG.to_seconds(),
        because="Webhooks have been waiting for an hour to be sent.",
    )
    alarms.on(
        "RequeueErrors",
        requeue.metric_errors(period=PERIOD),
        above=0,
        because="Webhooks that wait to be tried again could not be put into the queue.",
    )
    _on_any_logged(
        alarms,
        "LateRetries",
        requeue,
        "more is due than could be queued",
        because="More webhooks are due to be tried again than can be put into the queue: they are late.",
    )
    alarms.on(
        "UnreadableEvents",
        cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="OnFailureDestinationDeliveredEventCount",
            dimensions_map={"EventSourceMappingUUID": stream.ref},
            statistic="Sum",
            period=PERIOD,
        ),
        above=0,
        because="Events were put aside in the bucket Webhooks/PutAside: nobody got a webhook for them.",
    )
    alarms.on(
        "LateWebhooks",
        fan_out.metric("IteratorAge", statistic="Maximum", period=PERIOD),
        above=STREAM_LAG.to_milliseconds(),
        because="Events wait longer than an hour for their webhooks.",
    )
    alarms.on(
        "PixelErrors",
        pixel.metric_errors(period=PERIOD),
        above=0,
        because="The pixel function failed. Mail got the static pixel; the access log has the opens.",
    )
    if mail_manager:
        _watch_mail_manager(alarms, mail_manager)


def _watch_mail_manager(alarms: Alarms, mail_manager: MailManager) -> None:
    alarms.on_any_in(
        "UnacceptedMail",
        mail_manager.waiting.dead_letters,
        because="Mail that SES Mail Manager took could not be put into the outbox: see docs/mail-manager.md.",
    )
    alarms.on(
        "WaitingArrivals",
        mail_manager.waiting.queue.metric_approximate_age_of_oldest_message(
            period=PERIOD, statistic="Maximum"
        ),
        above=MAIL_LAG.to_seconds(),
        because="Mail that SES Mail Manager took has been waiting for half an hour to get into the outbox.",
    )
    for name, function in (("KeptBackMail", mail_manager.function), ("KeptBackLater", mail_manager.again)):
        _on_any_logged(
            alarms,
            name,
            function,
            "mail kept back",
            because="SES Mail Manager took mail that is nobody's, or a blocked credential's: it is not sent.",
        )


def _on_any_logged(alarms: Alarms, name: str, function: Function, message: str, *, because: str) -> None:
    """Raise an alarm when a function logs a message. Metrics of its own would make it start slower."""
    logged = logs.MetricFilter(
        Stack.of(function),
        name,
        log_group=function.log_group,
        filter_pattern=logs.FilterPattern.string_value("$.message", "=", message),
        metric_namespace="OpenTracking",
        metric_name=name,
    ).metric(statistic="Sum", period=PERIOD)
    alarms.on(name, logged, above=0, because=because)
