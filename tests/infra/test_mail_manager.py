"""SES Mail Manager as the SMTP server, and what it may do."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.mail_manager import adapters
from functions.mail_manager.accepting import KEPT_BACK
from tests.infra.templates import Properties, Template, rights, spelled
from tracking.mail.doors import NOBODY
from tracking.mail.envelopes import MAX_MESSAGE_BYTES
from tracking.storage.incoming import PREFIX
from tracking.storage.mail_manager import HandOver
from tracking.storage.user_doors import TAG

SES = "arn:AWS::Partition:ses:AWS::Region:AWS::AccountId"
OPENED = ("AWS::SES::MailManagerIngressPoint", "AWS::SES::MailManagerRuleSet")

type Condition = dict[str, dict[str, str]]


@pytest.fixture
def with_it(template_with_mail_manager: Template) -> Template:
    return template_with_mail_manager


def statements(template: Template, role: str) -> Iterator[tuple[str, str, Condition]]:
    """What a role may do: the action, on what, and on which condition."""
    for statement in template.policies_of(role):
        conditions = {
            operator: {key: spelled(value) for key, value in tests.items()}
            for operator, tests in statement.get("Condition", {}).items()
        }
        bare = {name: part for name, part in statement.items() if name != "Condition"}
        for right in rights(bare):
            action, _, resource = right.partition(" on ")
            yield action, resource, conditions


def test_with_the_gateway_nothing_of_it_is_there(template: Template, with_it: Template) -> None:
    added = with_it.resources.keys() - template.resources.keys()

    assert template.resources.keys() <= with_it.resources.keys()
    assert not [kind for kind in OPENED if template.of_type(kind)]
    assert not [name for name in json.dumps(template.content).split('"') if "MAIL_MANAGER" in name]
    for name in template.resources.keys() - {"Api", "ApiRoleDefaultPolicy"}:
        if not name.startswith("Api"):
            assert with_it.resources[name] == template.resources[name]
    assert {name for name in added if name.startswith("MailManager")}


def test_the_gateways_policy_is_there_in_both(template: Template, with_it: Template) -> None:
    policies = [each.of_type("AWS::IAM::ManagedPolicy")["GatewayPolicy"] for each in (template, with_it)]

    assert policies[0] == policies[1]


def test_mail_manager_may_write_below_its_prefix_and_invoke_aliases_as_a_rule_set_of_this_account(
    with_it: Template,
) -> None:
    (trust,) = with_it.of_type("AWS::IAM::Role")["MailManagerRole"]["AssumeRolePolicyDocument"]["Statement"]

    assert with_it.rights_of("MailManagerRole") == {
        f"s3:PutObject on OutboxMessages/{PREFIX}*",
        "s3:ListBucket on OutboxMessages",
        "lambda:InvokeFunction on Arrivals:*",
    }
    assert trust["Principal"] == {"Service": "ses.amazonaws.com"}
    assert spelled(trust["Condition"]["StringEquals"]["aws:SourceAccount"]) == "AWS::AccountId"
    assert spelled(trust["Condition"]["ArnLike"]["aws:SourceArn"]) == f"{SES}:mailmanager-rule-set/*"


@pytest.mark.parametrize(
    ("function", "besides"),
    [
        (
            "Arrivals",
            {
                "sqs:SendMessage on MailManagerWaitingQueue",
                "sqs:SendMessage on MailManagerWaitingDeadLetters",
            },
        ),
        (
            "ArrivalsAgain",
            {
                "sqs:ReceiveMessage on MailManagerWaitingQueue",
                "sqs:DeleteMessage on MailManagerWaitingQueue",
                "sqs:GetQueueAttributes on MailManagerWaitingQueue",
            },
        ),
    ],
)
def test_what_it_invokes_may_read_what_it_wrote_and_fill_the_outbox(
    with_it: Template, function: str, besides: set[str]
) -> None:
    assert with_it.rights_of(f"{function}Role") == {
        "dynamodb:GetItem on TablesSettings",
        f"s3:GetObject on OutboxMessages/{PREFIX}*",
        "s3:PutObject on OutboxMessages/messages/*",
        "sqs:SendMessage on OutboxEnvelopesQueue",
        f"logs:CreateLogStream on {function}Log",
        f"logs:PutLogEvents on {function}Log",
        *besides,
    }


def test_the_api_may_make_and_change_its_own_doors_and_no_others(
    template: Template, with_it: Template
) -> None:
    before = [*statements(template, "ApiRole")]
    tagged = {"StringEquals": {f"aws:RequestTag/{TAG}": "OpenTracking"}}
    own = {"StringEquals": {f"aws:ResourceTag/{TAG}": "OpenTracking"}}
    endpoints, rule_sets = f"{SES}:mailmanager-ingress-point/*", f"{SES}:mailmanager-rule-set/*"

    added = [right for right in statements(with_it, "ApiRole") if right not in before]

    assert sorted(map(str, added)) == sorted(
        map(
            str,
            [
                ("ses:CreateIngressPoint", "*", tagged),
                ("ses:CreateRuleSet", "*", tagged),
                ("ses:ListIngressPoints", "*", {}),
                ("ses:ListRuleSets", "*", {}),
                ("ses:TagResource", endpoints, tagged),
                ("ses:TagResource", rule_sets, tagged),
                ("ses:UpdateIngressPoint", endpoints, own),
                ("ses:DeleteIngressPoint", endpoints, own),
                ("ses:DeleteRuleSet", rule_sets, own),
                ("ses:UpdateRuleSet", "MailManagerIpRules.RuleSetArn", {}),
                ("ses:UpdateTrafficPolicy", "MailManagerIpPolicy.TrafficPolicyArn", {}),
                (
                    "iam:PassRole",
                    "MailManagerRole",
                    {"StringEquals": {"iam:PassedToService": "ses.amazonaws.com"}},
                ),
                ("lambda:CreateAlias", "Arrivals", {}),
                ("lambda:CreateAlias", "Arrivals:*", {}),
                ("lambda:GetAlias", "Arrivals", {}),
                ("lambda:GetAlias", "Arrivals:*", {}),
                ("lambda:DeleteAlias", "Arrivals", {}),
                ("lambda:DeleteAlias", "Arrivals:*", {}),
            ],
        )
    )


def test_the_api_is_told_what_doors_are_made_with(template: Template, with_it: Template) -> None:
    before, after = (
        each.of_type("AWS::Lambda::Function")["Api"]["Environment"]["Variables"]
        for each in (template, with_it)
    )

    assert {name: spelled(after[name]) for name in after.keys() - before.keys()} == {
        "MAIL_MANAGER_STACK": "OpenTracking",
        "MAIL_MANAGER_FUNCTION": "Arrivals",
        "MAIL_MANAGER_ROLE": "MailManagerRole",
        "MAIL_MANAGER_USER_POLICY": "MailManagerUserPolicy.TrafficPolicyId",
        "MAIL_MANAGER_IP_POLICY": "MailManagerIpPolicy.TrafficPolicyId",
        "MAIL_MANAGER_IP_RULE_SET": "MailManagerIpRules.RuleSetId",
    }


def test_the_door_for_addresses_lets_nobody_in_until_the_api_says_whom(with_it: Template) -> None:
    (door,) = with_it.of_type("AWS::SES::MailManagerIngressPoint").values()
    policy = with_it.of_type("AWS::SES::MailManagerTrafficPolicy")["MailManagerIpPolicy"]
    (rules,) = with_it.of_type("AWS::SES::MailManagerRuleSet").values()

    assert (door["Type"], door["TlsPolicy"]) == ("OPEN", "OPTIONAL")
    assert door["NetworkConfiguration"] == {"PublicNetworkConfiguration": {"IpType": "DUAL_STACK"}}
    assert spelled(door["TrafficPolicyId"]) == "MailManagerIpPolicy.TrafficPolicyId"
    assert spelled(door["RuleSetId"]) == "MailManagerIpRules.RuleSetId"
    assert (policy["DefaultAction"], policy["PolicyStatements"]) == ("DENY", [])
    assert [rule["Name"] for rule in rules["Rules"]] == [NOBODY]


def test_mail_that_no_rule_knows_is_handed_over_as_the_api_would_say_it(with_it: Template) -> None:
    (rules,) = with_it.of_type("AWS::SES::MailManagerRuleSet").values()
    (alias,) = with_it.of_type("AWS::Lambda::Alias").values()
    expected = HandOver(function="Arrivals", role="MailManagerRole", bucket="OutboxMessages").actions(NOBODY)

    (rule,) = rules["Rules"]
    written, invoked = (
        {name: value if isinstance(value, int) else spelled(value) for name, value in fields.items()}
        for action in rule["Actions"]
        for fields in action.values()
    )

    assert "Conditions" not in rule
    assert written == expected[0]["WriteToS3"]
    assert invoked == {**expected[1]["InvokeLambda"], "FunctionArn": "MailManagerNobody"}
    assert (spelled(alias["FunctionName"]), alias["FunctionVersion"]) == ("Arrivals", "$LATEST")
    assert alias["Name"] == NOBODY


def test_no_door_takes_more_than_ses_sends(with_it: Template) -> None:
    for policy in with_it.of_type("AWS::SES::MailManagerTrafficPolicy").values():
        assert policy["MaxMessageSizeBytes"] == MAX_MESSAGE_BYTES


def test_whoever_has_logged_in_may_send(with_it: Template) -> None:
    policy = with_it.of_type("AWS::SES::MailManagerTrafficPolicy")["MailManagerUserPolicy"]

    assert (policy["DefaultAction"], policy["PolicyStatements"]) == ("ALLOW", [])


def test_an_event_that_lambda_gives_up_is_a_dead_letter_whichever_alias_it_came_by(with_it: Template) -> None:
    function = with_it.of_type("AWS::Lambda::Function")["Arrivals"]

    assert spelled(function["DeadLetterConfig"]["TargetArn"]) == "MailManagerWaitingDeadLetters"
    assert "ReservedConcurrentExecutions" not in function


def test_what_waits_stays_hidden_for_longer_than_it_is_tried_and_is_kept_shorter_than_its_bytes(
    with_it: Template,
) -> None:
    functions = with_it.of_type("AWS::Lambda::Function")
    queue = with_it.of_type("AWS::SQS::Queue")["MailManagerWaitingQueue"]
    rules = with_it.of_type("AWS::S3::Bucket")["OutboxMessages"]["LifecycleConfiguration"]["Rules"]
    days = [rule["ExpirationInDays"] for rule in rules if PREFIX.startswith(rule.get("Prefix", ""))]

    assert queue["VisibilityTimeout"] >= 6 * functions["ArrivalsAgain"]["Timeout"]
    assert queue["MessageRetentionPeriod"] < min(days) * 24 * 60 * 60


def test_mail_that_is_not_accepted_raises_an_alarm(with_it: Template) -> None:
    alarms = with_it.of_type("AWS::CloudWatch::Alarm")
    (dead,) = (alarm for name, alarm in alarms.items() if "UnacceptedMail" in name)
    (waits,) = (alarm for name, alarm in alarms.items() if "WaitingArrivals" in name)

    assert [spelled(each["Value"]) for each in dead["Dimensions"]] == [
        "MailManagerWaitingDeadLetters.QueueName"
    ]
    assert (dead["MetricName"], dead["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 0)
    assert [spelled(each["Value"]) for each in waits["Dimensions"]] == ["MailManagerWaitingQueue.QueueName"]
    assert (waits["MetricName"], waits["Threshold"]) == ("ApproximateAgeOfOldestMessage", 30 * 60)


@pytest.mark.parametrize(
    ("name", "log"), [("KeptBackMail", "ArrivalsLog"), ("KeptBackLater", "ArrivalsAgainLog")]
)
def test_what_the_functions_log_of_mail_that_is_kept_back_raises_an_alarm(
    with_it: Template, name: str, log: str
) -> None:
    logged = with_it.of_type("AWS::Logs::MetricFilter")[name]
    (alarm,) = (alarm for each, alarm in with_it.of_type("AWS::CloudWatch::Alarm").items() if name in each)

    assert spelled(logged["LogGroupName"]) == log
    assert logged["FilterPattern"] == f'{{ $.message = "{KEPT_BACK}" }}'
    assert [each["MetricName"] for each in logged["MetricTransformations"]] == [alarm["MetricName"]]
    assert alarm["Threshold"] == 0


def test_where_two_services_hang_there_is_time_to_leave_an_event_to_lambda(with_it: Template) -> None:
    patience: Any = adapters.IMPATIENT
    attempts = patience.retries["total_max_attempts"]
    one = timedelta(seconds=attempts * (patience.connect_timeout + patience.read_timeout))

    # boto3 waits at most a second between two attempts.
    for function in ("Arrivals", "ArrivalsAgain"):
        timeout = timedelta(seconds=with_it.of_type("AWS::Lambda::Function")[function]["Timeout"])
        assert 2 * (one + timedelta(seconds=1)) < timeout


def test_an_operator_finds_the_host_the_function_and_the_queues(
    template: Template, with_it: Template
) -> None:
    assert with_it.content["Outputs"].keys() - template.content["Outputs"].keys() == {
        "IpDoorHost",
        "ArrivalsFunctionName",
        "ArrivalsQueueUrl",
        "ArrivalsDeadLetterQueueUrl",
    }


def test_its_logs_are_deleted_some_day_and_nothing_has_a_physical_name(with_it: Template) -> None:
    for name in ("ArrivalsLog", "ArrivalsAgainLog"):
        assert with_it.of_type("AWS::Logs::LogGroup")[name]["RetentionInDays"] == 30
    for kind, named in (
        ("IngressPoint", "IngressPointName"),
        ("RuleSet", "RuleSetName"),
        ("TrafficPolicy", "TrafficPolicyName"),
    ):
        for properties in with_it.of_type(f"AWS::SES::MailManager{kind}").values():
            assert named not in properties


def test_cfn_lint_has_nothing_to_say(assembly_with_mail_manager: Path) -> None:
    template = assembly_with_mail_manager / "OpenTracking.template.json"
    program = Path(sys.executable).with_name("cfn-lint")

    found = subprocess.run(  # noqa: S603
        [program, *("-i", "W3005", "--"), template], capture_output=True, text=True, check=False
    )

    assert (found.stdout, found.returncode) == ("", 0)


def test_neither_cdks_validation_nor_cdk_nag_finds_anything(assembly_with_mail_manager: Path) -> None:
    reports = json.loads((assembly_with_mail_manager / "validation-report.json").read_text())["pluginReports"]

    assert "AwsSolutions" in [report["pluginName"] for report in reports]
    assert [violation for report in reports for violation in report["violations"]] == []


def test_every_action_exists(with_it: Template, tmp_path: Path) -> None:
    for role in ("ApiRole", "ArrivalsRole", "ArrivalsAgainRole", "MailManagerRole"):
        # Parliament does not know CloudFormation's references, nor conditions on tags of these resources.
        allowed: list[Properties] = [
            {"Effect": "Allow", "Action": statement["Action"], "Resource": "*"}
            for statement in with_it.policies_of(role)
        ]
        document = {"Version": "2012-10-17", "Statement": allowed}
        (tmp_path / f"{role}.json").write_text(json.dumps(document))

    found = subprocess.run(  # noqa: S603
        [
            Path(sys.executable).with_name("parliament"),
            *("--directory", tmp_path, "--minimum_severity", "MEDIUM"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.stdout, found.returncode) == ("", 0)
