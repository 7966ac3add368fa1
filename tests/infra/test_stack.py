"""What holds for the whole stack."""

import json
import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.infra.templates import Template, distribution, spelled

OUTPUTS = {
    "ActivityTableName",
    "ApiFunctionName",
    "AppDistributionId",
    "AppUrl",
    "ConfigurationSetName",
    "DashboardBucketName",
    "DeliverFunctionName",
    "EventsTopicArn",
    "FanOutFunctionName",
    "GatewayPolicyArn",
    "HttpApiUrl",
    "InjectFunctionName",
    "LogBucketName",
    "NotificationsTableName",
    "OutboxBucketName",
    "OutboxDeadLetterQueueUrl",
    "OutboxQueueUrl",
    "PixelDistributionId",
    "PixelUrl",
    "PutAsideBucketName",
    "RequeueFunctionName",
    "SettingsTableName",
    "UserPoolClientId",
    "UserPoolId",
    "WebhookDeadLetterQueueUrl",
    "WebhookQueueUrl",
}


@pytest.mark.parametrize(("part", "prefix"), [("Tracking", "pixel/"), ("Dashboard", "app/")])
def test_a_distribution_writes_access_logs(template: Template, part: str, prefix: str) -> None:
    logging = distribution(template, part)["Logging"]

    assert spelled(logging["Bucket"]) == "AccessLogsBucket.RegionalDomainName"
    assert logging["Prefix"] == prefix


def test_tables_can_be_recovered_and_are_not_deleted_by_mistake(template: Template) -> None:
    tables = template.of_type("AWS::DynamoDB::GlobalTable")

    assert tables.keys() == {"TablesSettings", "TablesActivity", "TablesNotifications"}
    for table in tables.values():
        (replica,) = table["Replicas"]
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert replica["DeletionProtectionEnabled"] is True
        assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_every_bucket_is_private_and_refuses_plain_http(template: Template) -> None:
    refusing = {
        spelled(policy["Bucket"])
        for policy in template.of_type("AWS::S3::BucketPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    buckets = template.of_type("AWS::S3::Bucket")

    assert refusing == buckets.keys()
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_no_resource_has_a_physical_name(template: Template) -> None:
    names = {"BucketName", "QueueName", "TableName", "FunctionName", "RoleName", "TopicName", "LogGroupName"}
    owners = {"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::DynamoDB::GlobalTable", "AWS::Lambda::Function"}
    owners |= {"AWS::IAM::Role", "AWS::SNS::Topic", "AWS::Logs::LogGroup"}
    for kind in owners:
        for name, properties in template.of_type(kind).items():
            assert not names & properties.keys(), name


def test_every_log_is_deleted_some_day(template: Template) -> None:
    for name, group in template.of_type("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == 30, name


def test_the_outputs_are_what_people_and_programs_look_for(template: Template) -> None:
    assert template.content["Outputs"].keys() == OUTPUTS


def test_the_context_decides_architecture_domains_and_who_hears_of_alarms(
    template_with_domains: Template,
) -> None:
    functions = template_with_domains.of_type("AWS::Lambda::Function")
    subscriptions = template_with_domains.of_type("AWS::SNS::Subscription").values()

    assert functions["Pixel"]["Architectures"] == ["x86_64"]
    assert functions["Inject"]["Environment"]["Variables"]["PIXEL_URL"] == "https://t.example.com"
    assert template_with_domains.content["Outputs"]["AppUrl"]["Value"] == "https://mail.example.com"
    assert ("email", "ops@example.com") in [(s["Protocol"], s["Endpoint"]) for s in subscriptions]


def test_the_template_is_as_it_was(template: Template, snapshot: SnapshotAssertion) -> None:
    masked = re.sub(r"\b[0-9a-f]{64}\b", "<asset>", json.dumps(template.content))

    assert json.loads(masked) == snapshot(extension_class=JSONSnapshotExtension)


def test_only_what_feeds_itself_by_a_queue_may_come_round_to_itself(template: Template) -> None:
    functions = template.of_type("AWS::Lambda::Function")

    assert {name for name, function in functions.items() if function.get("RecursiveLoop") == "Allow"} == {
        "Deliver",
        "ReadingsEnd",
    }
