"""The rights that the gateway says it needs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import policy
from gateway.configuration import Stores

ROOT = Path(__file__).parents[2]
STORES = Stores("settings", "outbox", "https://sqs.eu-central-1.amazonaws.com/123456789012/queue")
VARIABLES = {
    "PATH": os.environ["PATH"],
    "SETTINGS_TABLE": STORES.settings_table,
    "OUTBOX_BUCKET": STORES.outbox_bucket,
    "OUTBOX_QUEUE": STORES.outbox_queue,
}


def rights(document: dict[str, list[dict[str, str]]]) -> set[tuple[str, str, str]]:
    return {(each["Effect"], each["Action"], each["Resource"]) for each in document["Statement"]}


def resources(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {each["Action"]: each["Resource"] for each in document["Statement"]}


def run(*arguments: str, environment: dict[str, str] = VARIABLES) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - Our own.
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_policy_names_the_stores_by_what_the_queues_url_says() -> None:
    assert rights(policy.document(STORES)) == {
        ("Allow", "s3:PutObject", "arn:aws:s3:::outbox/messages/*"),
        ("Allow", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:queue"),
        ("Allow", "dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/settings"),
        ("Allow", "dynamodb:Query", "arn:aws:dynamodb:eu-central-1:123456789012:table/settings"),
    }


@pytest.mark.parametrize(
    ("url", "arn"),
    [
        (
            "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q",
            "arn:aws-cn:sqs:cn-north-1:123456789012:q",
        ),
        (
            "https://sqs.us-gov-west-1.amazonaws.com/123456789012/q",
            "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q",
        ),
        ("http://127.0.0.1:4566/000000000000/q", "arn:aws:sqs:REGION:ACCOUNT:q"),
    ],
)
def test_other_partitions_have_other_arns_and_what_is_unknown_is_a_placeholder(url: str, arn: str) -> None:
    assert resources(policy.document(Stores("settings", "outbox", url)))["sqs:SendMessage"] == arn


def test_region_and_account_may_be_given() -> None:
    stores = Stores("settings", "outbox", "http://127.0.0.1:4566/000000000000/q")

    document = policy.document(stores, region="eu-west-1", account="210987654321")

    assert resources(document)["dynamodb:Query"] == "arn:aws:dynamodb:eu-west-1:210987654321:table/settings"


def test_the_command_prints_the_policy_and_needs_no_certificate() -> None:
    printed = run("policy")

    assert (printed.returncode, printed.stderr) == (0, "")
    assert json.loads(printed.stdout) == policy.document(STORES)


def test_the_command_takes_a_region_and_an_account() -> None:
    printed = run("policy", "--region", "eu-west-1", "--account", "210987654321")

    assert json.loads(printed.stdout) == policy.document(STORES, region="eu-west-1", account="210987654321")


def test_the_command_says_what_is_missing() -> None:
    printed = run("policy", environment=VARIABLES | {"OUTBOX_QUEUE": ""})

    assert (printed.returncode, printed.stdout) == (1, "")
    assert printed.stderr == "gateway: missing from the environment: OUTBOX_QUEUE\n"


def test_an_unknown_command_is_refused() -> None:
    assert run("nonsense").returncode == 2
