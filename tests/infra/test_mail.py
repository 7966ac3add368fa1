"""The outbox, SES and its events, the queues."""

from tests.infra.templates import Template, spelled


def test_ses_publishes_neither_opens_nor_clicks_because_that_would_make_it_rewrite_the_mail(
    template: Template,
) -> None:
    (destination,) = template.of_type("AWS::SES::ConfigurationSetEventDestination").values()

    assert {kind.lower() for kind in destination["EventDestination"]["MatchingEventTypes"]} == {
        "send",
        "reject",
        "bounce",
        "complaint",
        "delivery",
        "renderingfailure",
        "deliverydelay",
        "subscription",
    }


def test_ses_events_reach_the_queue_as_ses_wrote_them(template: Template) -> None:
    (subscription,) = template.of_type("AWS::SNS::Subscription").values()

    assert subscription["RawMessageDelivery"] is True
    assert spelled(subscription["Endpoint"]) == "SendingEventsQueue"


def test_every_queue_ends_in_dead_letters_that_raise_an_alarm(template: Template) -> None:
    queues = template.of_type("AWS::SQS::Queue")
    watched = {
        spelled(dimension["Value"])
        for alarm in template.of_type("AWS::CloudWatch::Alarm").values()
        for dimension in alarm.get("Dimensions", [])
    }
    for name, queue in queues.items():
        if not name.endswith("DeadLetters"):
            dead_letters = spelled(queue["RedrivePolicy"]["deadLetterTargetArn"])

            assert f"{dead_letters}.QueueName" in watched


def test_a_message_stays_hidden_for_longer_than_its_consumer_runs(template: Template) -> None:
    functions = template.of_type("AWS::Lambda::Function")
    queues = template.of_type("AWS::SQS::Queue")
    for mapping in template.of_type("AWS::Lambda::EventSourceMapping").values():
        source = spelled(mapping["EventSourceArn"])
        if source in queues:
            timeout = functions[spelled(mapping["FunctionName"])]["Timeout"]

            assert queues[source]["VisibilityTimeout"] >= 6 * timeout


def test_a_batch_fails_only_for_the_messages_that_failed(template: Template) -> None:
    for mapping in template.of_type("AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_in_the_outbox_outlives_its_envelope(template: Template) -> None:
    rules = template.of_type("AWS::S3::Bucket")["OutboxMessages"]["LifecycleConfiguration"]["Rules"]
    (rule,) = (rule for rule in rules if "Prefix" not in rule)
    envelope_seconds = template.of_type("AWS::SQS::Queue")["OutboxEnvelopesQueue"]["MessageRetentionPeriod"]

    assert rule["ExpirationInDays"] * 24 * 60 * 60 > envelope_seconds


def test_an_upload_that_nobody_sends_goes_after_a_day(template: Template) -> None:
    rules = template.of_type("AWS::S3::Bucket")["OutboxMessages"]["LifecycleConfiguration"]["Rules"]
    (rule,) = (rule for rule in rules if "Prefix" in rule)

    assert (rule["Prefix"], rule["ExpirationInDays"], rule["Status"]) == ("uploads/", 1, "Enabled")
