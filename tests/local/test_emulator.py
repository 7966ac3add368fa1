"""Each gap of ministack that `local.emulator` closes: open without the patch, closed with it.

When the first half of such a test fails, ministack has closed the gap itself: delete the patch and its test.
"""

import io
import json
import string
import time
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import cloud
from local.cloud import Access, Cloud
from tests.local.conftest import free_port

PLAIN, PATCHED = "ministack", "local.emulator"

SES = "arn:aws:ses:us-east-1:000000000000"

RAW = (
    b"From: Shop <shop@example.com>\r\n"
    b"Message-ID: <own@example.com>\r\n"
    b"To: you@example.org\r\n"
    b"Bcc: secret@example.org,\r\n"
    b"\tanother@example.org\r\n"
    b"Subject:  two  spaces\r\n"
    b"DATE: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"X-Kept: yes\r\n"
    b"\r\n"
    b"Bcc: stays, it is text. \xff\r\n"
)


class Mailbox(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.mails: list[dict[str, Any]] = []
        self.answers = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Post(BaseHTTPRequestHandler):
    server: Mailbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.answers == 200:
            self.server.mails.append({"path": self.path, **json.loads(body)})
        self.send_response(self.server.answers)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def plain(cloud_python: Path, tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Cloud]:
    directory = tmp_path_factory.mktemp("plain")
    with cloud.start(cloud_python, free_port(), directory, mailbox.url, PLAIN) as running:
        set_up_sending(running)
        yield running


@pytest.fixture(scope="module")
def patched(
    cloud_python: Path, tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox
) -> Iterator[Cloud]:
    directory = tmp_path_factory.mktemp("patched")
    with cloud.start(cloud_python, free_port(), directory, mailbox.url, PATCHED) as running:
        set_up_sending(running)
        yield running


def test_the_ref_of_a_secret_is_its_arn(plain: Cloud, patched: Cloud) -> None:
    resources = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "s"}}}
    output = {"Ref": "Secret"}

    assert not created(plain, "Ref", resources, output).startswith("arn:")
    assert created(patched, "Ref", resources, output).startswith("arn:aws:secretsmanager:")


def test_a_secret_known_by_its_arn_can_be_updated_and_deleted(patched: Cloud) -> None:
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "first"}}
    arn = created(patched, "Changing", {"Secret": secret}, {"Ref": "Secret"})
    secrets = boto3.client("secretsmanager", **patched.access)

    secret["Properties"] = {"SecretString": "second"}
    same_arn = updated(patched, "Changing", {"Secret": secret}, {"Ref": "Secret"})
    value = secrets.get_secret_value(SecretId=arn)["SecretString"]
    delete(patched, "Changing")

    assert (same_arn, value) == (arn, "second")
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=arn)


def test_a_generated_secret_is_without_the_excluded_punctuation(plain: Cloud, patched: Cloud) -> None:
    generate = {"ExcludePunctuation": True, "PasswordLength": 300}
    resources = {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": generate}}
    }

    def generated(where: Cloud) -> str:
        arn = created(where, "Generated", resources, {"Fn::GetAtt": ["Secret", "Id"]})
        return boto3.client("secretsmanager", **where.access).get_secret_value(SecretId=arn)["SecretString"]

    assert set(generated(plain)) & set(string.punctuation)
    assert generated(patched).isalnum()


def test_a_user_pool_has_a_provider_url(plain: Cloud, patched: Cloud) -> None:
    resources: dict[str, Any] = {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}}}
    output = {"Fn::GetAtt": ["Pool", "ProviderURL"]}

    assert not created(plain, "Pool", resources, output).startswith("https://cognito-idp.")
    assert created(patched, "Pool", resources, output).startswith(
        "https://cognito-idp.us-east-1.amazonaws.com/"
    )


def test_layers_are_not_mounted_so_a_bucket_deployment_needs_no_function(
    plain: Cloud, patched: Cloud
) -> None:
    layer_is_mounted = (
        "import os\n\ndef handle(event, context):\n    return os.path.exists('/opt/in-the-layer')\n"
    )
    client = boto3.client("lambda", **plain.access)
    layer = client.publish_layer_version(
        LayerName="layer", Content={"ZipFile": zipped({"in-the-layer": "yes"})}
    )["LayerVersionArn"]
    client.create_function(
        FunctionName="LooksAround",
        Runtime="python3.13",
        Role=role(plain),
        Handler="module.handle",
        Code={"ZipFile": zipped({"module.py": layer_is_mounted})},
        Layers=[layer],
    )
    put(patched, "sources", {"assets/site.zip": zipped({"index.html": "<h1>Hi</h1>"})})
    boto3.client("s3", **patched.access).create_bucket(Bucket="site")
    resources = {"Deployment": deployment("site", ["assets/site.zip"], ServiceToken="no function")}

    assert client.invoke(FunctionName="LooksAround")["Payload"].read() == b"false"
    created(patched, "Site", resources, {"Ref": "Deployment"})
    page = boto3.client("s3", **patched.access).get_object(Bucket="site", Key="index.html")
    assert (page["Body"].read(), page["ContentType"]) == (b"<h1>Hi</h1>", "text/html")


def test_a_bucket_deployment_fills_in_what_only_the_deployment_knows(patched: Cloud) -> None:
    put(patched, "sources", {"filled.zip": zipped({"config.json": '{"a":<<marker:0>>}', "b/": ""})})
    boto3.client("s3", **patched.access).create_bucket(Bucket="filled")
    properties = {
        "DestinationBucketKeyPrefix": "below/here",
        "SourceMarkers": [{"<<marker:0>>": '"value"'}],
        "SystemMetadata": {"cache-control": "no-cache"},
    }

    created(patched, "Filled", {"D": deployment("filled", ["filled.zip"], **properties)}, {"Ref": "D"})

    config = boto3.client("s3", **patched.access).get_object(Bucket="filled", Key="below/here/config.json")
    assert config["Body"].read() == b'{"a":"value"}'
    assert config["CacheControl"] == "no-cache"


def test_a_bucket_deployment_removes_what_it_no_longer_has_and_nothing_else(patched: Cloud) -> None:
    put(patched, "sources", {"1.zip": zipped({"old": "", "same": ""}), "2.zip": zipped({"same": ""})})
    put(patched, "pruned", {"below/log/1": b"", "beside": b""})
    properties = {"DestinationBucketKeyPrefix": "below", "Exclude": ["log/*"]}
    before = {"D": deployment("pruned", ["1.zip"], **properties)}
    after = {"D": deployment("pruned", ["2.zip"], **properties)}

    created(patched, "Pruned", before, {"Ref": "D"})
    keys_before = keys(patched, "pruned")
    updated(patched, "Pruned", after, {"Ref": "D"})

    assert keys_before == {"below/old", "below/same", "below/log/1", "beside"}
    assert keys(patched, "pruned") == {"below/same", "below/log/1", "beside"}


def test_a_policy_that_asks_for_tls_lets_local_requests_pass(plain: Cloud, patched: Cloud) -> None:
    def send(where: Cloud) -> None:
        sqs = boto3.client("sqs", **where.access)
        url = sqs.create_queue(QueueName="tls")["QueueUrl"]
        only_tls = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [only_tls]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        sqs.send_message(QueueUrl=url, MessageBody="message")

    with pytest.raises(ClientError, match="AccessDenied"):
        send(plain)
    send(patched)


def test_raw_mail_needs_the_right_on_identity_and_configuration_set(plain: Cloud, patched: Cloud) -> None:
    def sender(where: Cloud, name: str, *resources: str) -> Access:
        return user(where, name, "ses:SendRawEmail", *(f"{SES}:{resource}" for resource in resources))

    with pytest.raises(ClientError, match="AccessDenied"):
        send_raw(sender(plain, "both", "identity/example.com", "configuration-set/Set"))
    assert send_raw(sender(patched, "both", "identity/example.com", "configuration-set/Set"))
    with pytest.raises(ClientError, match=r"SendRawEmail on resource: \S*identity/example\.com"):
        send_raw(sender(patched, "other-identity", "identity/example.net", "configuration-set/Set"))
    with pytest.raises(ClientError, match=r"SendRawEmail on resource: \S*configuration-set/Set"):
        send_raw(sender(patched, "other-set", "identity/example.com", "configuration-set/Other"))


def test_a_batch_to_a_queue_needs_the_right_to_send_and_no_other(plain: Cloud, patched: Cloud) -> None:
    def send(where: Cloud, action: str) -> int:
        url = boto3.client("sqs", **where.access).create_queue(QueueName="batches")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:000000000000:batches"
        sqs = boto3.client("sqs", **user(where, action.partition(":")[2], action, arn))
        sent = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "message"}])
        return len(sent["Successful"])

    with pytest.raises(ClientError, match="AccessDenied"):
        send(plain, "sqs:SendMessage")
    assert send(patched, "sqs:SendMessage") == 1
    with pytest.raises(ClientError, match="AccessDenied"):
        send(patched, "sqs:ReceiveMessage")


def test_raw_mail_goes_out_byte_for_byte_but_for_what_ses_sets(
    plain: Cloud, patched: Cloud, mailbox: Mailbox
) -> None:
    mailbox.mails.clear()

    send_raw(plain.access)
    assert b"X-Kept" not in get(plain, "/_ministack/ses/messages")
    assert not mailbox.mails

    message_id = send_raw(patched.access)
    (mail,) = mailbox.mails
    first, second, rest = b64decode(mail.pop("raw")).split(b"\r\n", 2)
    assert first == f"Message-ID: <{message_id}>".encode()
    assert second.startswith(b"Date: ")
    assert abs(parsedate_to_datetime(second[6:].decode()).timestamp() - time.time()) < 60
    assert rest == (
        b"From: Shop <shop@example.com>\r\n"
        b"To: you@example.org\r\n"
        b"Subject:  two  spaces\r\n"
        b"X-Kept: yes\r\n"
        b"\r\n"
        b"Bcc: stays, it is text. \xff\r\n"
    )
    assert mail == {
        "path": "/deliver",
        "message_id": message_id,
        "mail_from": "shop@example.com",
        "recipients": ["you@example.org"],
        "configuration_set": "Set",
        "tags": {"email_id": "e1"},
    }


def test_ses_fails_while_the_mailbox_does(
    patched: Cloud, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(mailbox, "answers", 503)

    with pytest.raises(ClientError, match="InternalServiceError"):
        send_raw(patched.access)


def test_a_message_over_40_mb_is_refused(patched: Cloud) -> None:
    with pytest.raises(ClientError, match="Message length is more than 41943040 bytes"):
        send_raw(patched.access, RAW + b"x" * 40 * 1024 * 1024)


def test_decisions_about_principals_are_written_down(plain: Cloud, patched: Cloud) -> None:
    def ask(where: Cloud) -> None:
        put(where, "decisions", {"key": b""})
        s3 = boto3.client("s3", **user(where, "decided", "s3:GetObject", "arn:aws:s3:::decisions/key"))
        s3.get_object(Bucket="decisions", Key="key")
        with pytest.raises(ClientError):
            s3.put_object(Bucket="decisions", Key="key", Body=b"")

    ask(plain)
    ask(patched)

    assert not plain.iam_log.exists()
    decisions = [json.loads(line) for line in patched.iam_log.read_text().splitlines()]
    principal = "arn:aws:iam::000000000000:user/decided"
    assert [decision for decision in decisions if decision["principal"] == principal] == [
        {
            "principal": principal,
            "action": action,
            "resource": "arn:aws:s3:::decisions/key",
            "allowed": allowed,
        }
        for action, allowed in (("s3:GetObject", True), ("s3:PutObject", False))
    ]


def test_the_records_of_a_stream_survive_a_stop(cloud_python: Path, tmp_path: Path) -> None:
    def records_after_a_restart(program: str) -> int:
        port, directory = free_port(), tmp_path / program
        with cloud.start(cloud_python, port, directory, program=program) as running:
            arn = table_with_a_record(running)
        with cloud.start(cloud_python, port, directory, program=program) as running:
            streams = boto3.client("dynamodbstreams", **running.access)
            shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            return len(streams.get_records(ShardIterator=iterator)["Records"])

    assert records_after_a_restart(PLAIN) == 0
    assert records_after_a_restart(PATCHED) == 1


def table_with_a_record(where: Cloud) -> str:
    dynamodb = boto3.client("dynamodb", **where.access)
    dynamodb.create_table(
        TableName="streamed",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    dynamodb.put_item(TableName="streamed", Item={"pk": {"S": "key"}})
    return dynamodb.describe_table(TableName="streamed")["Table"]["LatestStreamArn"]


def created(where: Cloud, name: str, resources: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    cloudformation = boto3.client("cloudformation", **where.access)
    cloudformation.create_stack(StackName=name, TemplateBody=template(resources, output))
    return settled(where, name)


def updated(where: Cloud, name: str, resources: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    cloudformation = boto3.client("cloudformation", **where.access)
    cloudformation.update_stack(StackName=name, TemplateBody=template(resources, output))
    return settled(where, name)


def delete(where: Cloud, name: str) -> None:
    cloudformation = boto3.client("cloudformation", **where.access)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def settled(where: Cloud, name: str) -> str:
    cloudformation = boto3.client("cloudformation", **where.access)
    while True:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack["Outputs"][0]["OutputValue"] if stack.get("Outputs") else stack["StackStatus"]
        time.sleep(0.05)


def template(resources: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    return json.dumps({"Resources": resources, "Outputs": {"Output": {"Value": output}}})


def deployment(bucket: str, sources: list[str], **properties: object) -> dict[str, Any]:
    return {
        "Type": "Custom::CDKBucketDeployment",
        "Properties": {
            "SourceBucketNames": ["sources"] * len(sources),
            "SourceObjectKeys": sources,
            "DestinationBucketName": bucket,
            **properties,
        },
    }


def zipped(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def put(where: Cloud, bucket: str, objects: Mapping[str, bytes]) -> None:
    s3 = boto3.client("s3", **where.access)
    s3.create_bucket(Bucket=bucket)
    for key, body in objects.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def keys(where: Cloud, bucket: str) -> set[str]:
    found = boto3.client("s3", **where.access).list_objects_v2(Bucket=bucket)["Contents"]
    return {entry["Key"] for entry in found}


def get(where: Cloud, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", where.port)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body


def role(where: Cloud) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    answer = boto3.client("iam", **where.access).create_role(
        RoleName="function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    return answer["Role"]["Arn"]


def user(where: Cloud, name: str, action: str, *resources: str) -> Access:
    iam = boto3.client("iam", **where.access)
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": action, "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        **where.access,
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }


def set_up_sending(where: Cloud) -> None:
    sesv2 = boto3.client("sesv2", **where.access)
    sesv2.create_email_identity(EmailIdentity="example.com")
    sesv2.create_configuration_set(ConfigurationSetName="Set")


def send_raw(access: Access, message: bytes = RAW) -> str:
    answer = boto3.client("sesv2", **access).send_email(
        FromEmailAddress="shop@example.com",
        Destination={"ToAddresses": ["you@example.org"]},
        Content={"Raw": {"Data": message}},
        ConfigurationSetName="Set",
        EmailTags=[{"Name": "email_id", "Value": "e1"}],
    )
    return answer["MessageId"]
