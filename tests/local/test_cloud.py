import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from local import cloud
from local.cloud import Cloud, CloudUnavailable, PortInUse
from tests.local.conftest import ENVIRONMENT, free_port


@pytest.mark.usefixtures("cloud_python")
def test_a_second_installation_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("UV", raising=False)

    assert cloud.install(ENVIRONMENT) == ENVIRONMENT / "bin" / "python"


def test_without_uv_the_installation_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("UV", "/nowhere/uv")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(CloudUnavailable, match="python -m pip install uv"):
        cloud.install(tmp_path)


def test_a_port_in_use_is_named(running_cloud: Cloud, cloud_python: Path, tmp_path: Path) -> None:
    with pytest.raises(PortInUse, match=f"port {running_cloud.port} of 127.0.0.1 is in use"):
        cloud.start(cloud_python, running_cloud.port, tmp_path)


def test_a_cloud_that_does_not_start_leads_to_its_log(cloud_python: Path, tmp_path: Path) -> None:
    with pytest.raises(CloudUnavailable, match="log says why"):
        cloud.start(cloud_python, free_port(), tmp_path, program="no_such_module")

    assert "No module named no_such_module" in (tmp_path / "log").read_text()


def test_stopping_twice_is_stopping_once(cloud_python: Path, tmp_path: Path) -> None:
    running = cloud.start(cloud_python, free_port(), tmp_path)

    running.stop()
    running.stop()

    assert running.process.poll() is not None


def test_a_cloud_that_does_not_stop_in_time_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud, "STOPS_WITHIN", timedelta(seconds=0.2))
    stubborn = subprocess.Popen(
        ["/bin/sh", "-c", "trap '' TERM; sleep 60 & echo started; wait"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert stubborn.stdout
    stubborn.stdout.readline()

    Cloud(0, tmp_path, stubborn).stop()

    # Its child held the other end, and would for a minute.
    stubborn.communicate(timeout=10)


def test_what_a_user_has_in_the_environment_does_not_reach_the_functions(
    cloud_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as users:
        users.setenv("AWS_PROFILE", "production")
        users.setenv("HTTP_PROXY", "http://proxy.example.com")
        started = cloud.start(cloud_python, free_port(), tmp_path)

    with started as running:
        create_function(running)
        environment = json.loads(
            boto3.client("lambda", **running.access).invoke(FunctionName="environment")["Payload"].read()
        )

    assert "AWS_LAMBDA_FUNCTION_NAME" in environment
    assert not {"AWS_PROFILE", "HTTP_PROXY", "VIRTUAL_ENV", "PYTHONPATH"} & set(environment)


def test_what_is_stored_survives_a_stop(cloud_python: Path, tmp_path: Path) -> None:
    port = free_port()

    with cloud.start(cloud_python, port, tmp_path) as running:
        create_function(running)
        create_table(running)
        s3 = boto3.client("s3", **running.access)
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="key", Body=b"\xff content")
        sqs = boto3.client("sqs", **running.access)
        queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="message")
        secrets = boto3.client("secretsmanager", **running.access)
        arn = secrets.create_secret(Name="secret", SecretString="value")["ARN"]

    with cloud.start(cloud_python, port, tmp_path) as running:
        dynamodb = boto3.client("dynamodb", **running.access)
        s3 = boto3.client("s3", **running.access)
        sqs = boto3.client("sqs", **running.access)
        secrets = boto3.client("secretsmanager", **running.access)
        functions = boto3.client("lambda", **running.access)
        assert dynamodb.get_item(TableName="table", Key={"pk": {"S": "key"}})["Item"]["n"] == {"N": "1"}
        assert s3.get_object(Bucket="bucket", Key="key")["Body"].read() == b"\xff content"
        assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "message"
        assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "value"
        assert functions.invoke(FunctionName="environment")["StatusCode"] == 200


def create_function(running: Cloud) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "module.py", "import os\n\ndef handle(event, context):\n    return dict(os.environ)\n"
        )
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = boto3.client("iam", **running.access).create_role(
        RoleName="function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    boto3.client("lambda", **running.access).create_function(
        FunctionName="environment",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="module.handle",
        Code={"ZipFile": buffer.getvalue()},
    )


def create_table(running: Cloud) -> None:
    dynamodb = boto3.client("dynamodb", **running.access)
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "key"}, "n": {"N": "1"}})
