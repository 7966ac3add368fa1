"""What each function may do, and nothing more. Its own log is the one right that is common to all."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.templates import Template, rights

FUNCTIONS = (
    "Pixel",
    "Hold",
    "Drain",
    "Recover",
    "Inject",
    "Feedback",
    "Api",
    "FanOut",
    "ReadingsEnd",
    "Deliver",
    "Requeue",
)

WEBHOOK_AUTH = "arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:OpenTracking/webhooks/*"

type Rights = Callable[[str], set[str]]


@pytest.fixture
def rights_of(template: Template) -> Rights:
    def of(function: str) -> set[str]:
        return {right for right in template.rights_of(f"{function}Role") if not right.startswith("logs:")}

    return of


RECORDING = {
    "secretsmanager:GetSecretValue on PixelKeys",
    "dynamodb:GetItem on TablesActivity",
    "dynamodb:PutItem on TablesActivity",
}


def test_the_pixel_may_read_its_keys_get_and_put_items_and_queue_what_it_cannot(rights_of: Rights) -> None:
    assert rights_of("Pixel") == {*RECORDING, "sqs:SendMessage on OverflowQueue"}


def test_hold_may_read_the_keys_and_update_an_item(rights_of: Rights) -> None:
    assert rights_of("Hold") == {
        "secretsmanager:GetSecretValue on PixelKeys",
        "dynamodb:UpdateItem on TablesActivity",
    }


def test_what_drains_the_queue_may_do_what_the_pixel_may(rights_of: Rights) -> None:
    assert rights_of("Drain") == {*RECORDING, *consuming("OverflowQueue")}


def test_recover_may_besides_read_the_pixels_logs_and_refine_a_reading(rights_of: Rights) -> None:
    assert rights_of("Recover") == {
        *RECORDING,
        "dynamodb:UpdateItem on TablesActivity",
        "s3:GetObject on AccessLogsBucket/pixel/*",
        *consuming("AccessLogsWrittenQueue"),
    }


def test_inject_may_read_messages_and_a_setting_write_activity_send_and_put_off(rights_of: Rights) -> None:
    ses = "arn:AWS::Partition:ses:AWS::Region:AWS::AccountId"

    assert rights_of("Inject") == {
        "s3:GetObject on OutboxMessages/messages/*",
        "dynamodb:GetItem on TablesSettings",
        "dynamodb:Query on TablesSettings",
        "dynamodb:GetItem on TablesActivity",
        "dynamodb:PutItem on TablesActivity",
        "dynamodb:UpdateItem on TablesActivity",
        "secretsmanager:GetSecretValue on PixelKeys",
        f"ses:SendEmail on {ses}:identity/*",
        f"ses:SendRawEmail on {ses}:identity/*",
        f"ses:SendEmail on {ses}:configuration-set/SendingConfigurationSet",
        f"ses:SendRawEmail on {ses}:configuration-set/SendingConfigurationSet",
        "sqs:ChangeMessageVisibility on OutboxEnvelopesQueue",
        *consuming("OutboxEnvelopesQueue"),
    }


def test_feedback_may_write_activity(rights_of: Rights) -> None:
    assert rights_of("Feedback") == {
        "dynamodb:GetItem on TablesActivity",
        "dynamodb:PutItem on TablesActivity",
        "dynamodb:UpdateItem on TablesActivity",
        *consuming("SendingEventsQueue"),
    }


def test_the_api_may_change_settings_query_activity_and_fill_the_outbox(rights_of: Rights) -> None:
    assert rights_of("Api") == {
        "dynamodb:GetItem on TablesSettings",
        "dynamodb:PutItem on TablesSettings",
        "dynamodb:UpdateItem on TablesSettings",
        "dynamodb:DeleteItem on TablesSettings",
        "dynamodb:Query on TablesSettings",
        "dynamodb:Query on TablesActivity",
        "dynamodb:BatchGetItem on TablesActivity",
        "dynamodb:Query on TablesActivity/index/feed",
        "dynamodb:Query on TablesActivity/index/recipient",
        "ses:GetSendQuota on *",
        "s3:GetObject on OutboxMessages/messages/*",
        "s3:PutObject on OutboxMessages/messages/*",
        "s3:PutObject on OutboxMessages/uploads/*",
        "s3:GetObject on OutboxMessages/uploads/*",
        "sqs:SendMessage on OutboxEnvelopesQueue",
        "dynamodb:GetItem on TablesNotifications",
        "dynamodb:BatchGetItem on TablesNotifications",
        "dynamodb:Query on TablesNotifications",
        "dynamodb:Query on TablesNotifications/index/listed",
        "dynamodb:UpdateItem on TablesNotifications",
        "dynamodb:DeleteItem on TablesNotifications",
        "sqs:SendMessage on WebhooksDeliveriesQueue",
        "secretsmanager:GetSecretValue on WebhookSigning",
        f"secretsmanager:CreateSecret on {WEBHOOK_AUTH}",
        f"secretsmanager:DeleteSecret on {WEBHOOK_AUTH}",
    }


def test_fan_out_may_read_the_stream_and_endpoints_update_a_summary_and_queue_webhooks(
    rights_of: Rights,
) -> None:
    assert rights_of("FanOut") == {
        "dynamodb:DescribeStream on TablesActivity.StreamArn",
        "dynamodb:GetRecords on TablesActivity.StreamArn",
        "dynamodb:GetShardIterator on TablesActivity.StreamArn",
        "dynamodb:ListStreams on *",
        "dynamodb:BatchGetItem on TablesActivity",
        "dynamodb:Query on TablesActivity",
        "dynamodb:UpdateItem on TablesActivity",
        "dynamodb:Query on TablesSettings",
        "sqs:SendMessage on WebhooksDeliveriesQueue",
        "sqs:SendMessage on ReadingsQueue",
        "s3:PutObject on WebhooksPutAside/*",
        "s3:ListBucket on WebhooksPutAside",
    }


def test_what_waits_for_readings_may_do_what_fan_out_may_but_read_the_stream(
    rights_of: Rights,
) -> None:
    assert rights_of("ReadingsEnd") == {
        "dynamodb:BatchGetItem on TablesActivity",
        "dynamodb:Query on TablesActivity",
        "dynamodb:UpdateItem on TablesActivity",
        "dynamodb:Query on TablesSettings",
        "sqs:SendMessage on WebhooksDeliveriesQueue",
        "sqs:SendMessage on ReadingsQueue",
        *consuming("ReadingsQueue"),
    }


def test_deliver_may_read_an_endpoint_and_its_secrets_and_note_what_came_of_it(rights_of: Rights) -> None:
    assert rights_of("Deliver") == {
        "dynamodb:GetItem on TablesSettings",
        "dynamodb:GetItem on TablesNotifications",
        "dynamodb:BatchGetItem on TablesNotifications",
        "dynamodb:PutItem on TablesNotifications",
        "dynamodb:UpdateItem on TablesNotifications",
        "sqs:SendMessage on WebhooksDeliveriesQueue",
        "secretsmanager:GetSecretValue on WebhookSigning",
        f"secretsmanager:GetSecretValue on {WEBHOOK_AUTH}",
        *consuming("WebhooksDeliveriesQueue"),
    }


def test_requeue_may_find_what_is_parked_and_queue_it(rights_of: Rights) -> None:
    assert rights_of("Requeue") == {
        "dynamodb:Query on TablesNotifications/index/parked",
        "dynamodb:BatchGetItem on TablesNotifications",
        "dynamodb:UpdateItem on TablesNotifications",
        "sqs:SendMessage on WebhooksDeliveriesQueue",
    }


def test_the_gateway_may_fill_the_outbox_and_read_settings(template: Template) -> None:
    statements = template.of_type("AWS::IAM::ManagedPolicy")["GatewayPolicy"]["PolicyDocument"]["Statement"]

    assert {right for statement in statements for right in rights(statement)} == {
        "s3:PutObject on OutboxMessages/messages/*",
        "sqs:SendMessage on OutboxEnvelopesQueue",
        "dynamodb:GetItem on TablesSettings",
        "dynamodb:Query on TablesSettings",
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_its_own_log_and_no_other(template: Template, function: str) -> None:
    logging = {right for right in template.rights_of(f"{function}Role") if right.startswith("logs:")}

    assert logging == {
        f"logs:CreateLogStream on {function}Log",
        f"logs:PutLogEvents on {function}Log",
    }
    assert template.of_type("AWS::Lambda::Function")[function]["LoggingConfig"] == {
        "LogGroup": {"Ref": next(key for key in template.resources if key.startswith(f"{function}Log"))}
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_role_has_no_managed_policy(template: Template, function: str) -> None:
    assert template.of_type("AWS::IAM::Role")[f"{function}Role"].keys() == {"AssumeRolePolicyDocument"}


def test_every_action_exists(template: Template, tmp_path: Path) -> None:
    policies = template.of_type("AWS::IAM::Policy") | template.of_type("AWS::IAM::ManagedPolicy")
    for name, policy in policies.items():
        # Parliament does not know CloudFormation's references.
        statements = [{**statement, "Resource": "*"} for statement in policy["PolicyDocument"]["Statement"]]
        document = {"Version": "2012-10-17", "Statement": statements}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))

    # In a process of its own, because it warns of its own code as it is imported.
    found = subprocess.run(  # noqa: S603
        [
            Path(sys.executable).with_name("parliament"),
            *("--directory", tmp_path, "--minimum_severity", "MEDIUM"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(policies) >= len(FUNCTIONS)
    assert (found.stdout, found.returncode) == ("", 0)


def consuming(queue: str) -> set[str]:
    return {
        f"sqs:{action} on {queue}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    }
