import json
import uuid
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.cloud import Cloud
from local.deploy import DeploymentFailed, deploy

HANDLER = """
import os
import boto3

def handle(event, context):
    if "rawPath" in event:
        return {"statusCode": 200, "body": event["rawPath"]}
    if event == "environment":
        return dict(os.environ)
    try:
        boto3.client("sqs").send_message(QueueUrl=os.environ[event], MessageBody="message")
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
    return "sent"
"""

TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ASSETS = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


class Assembly:
    """What `cdk synth` would write: a function that may send to one queue and not to the other."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.name = f"Stack{uuid.uuid4().hex}"
        self.resources: dict[str, Any] = {
            "Allowed": {"Type": "AWS::SQS::Queue"},
            "Forbidden": {"Type": "AWS::SQS::Queue"},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]},
                    "Policies": [{"PolicyName": "Send", "PolicyDocument": send_to("Allowed")}],
                },
            },
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Handler": "module.handle",
                    "Code": {"S3Bucket": {"Fn::Sub": ASSETS}, "S3Key": f"{self.name}.zip"},
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Environment": {
                        "Variables": {"ALLOWED": {"Ref": "Allowed"}, "FORBIDDEN": {"Ref": "Forbidden"}}
                    },
                },
            },
            "Url": {
                "Type": "AWS::Lambda::Url",
                "Properties": {"AuthType": "AWS_IAM", "TargetFunctionArn": {"Ref": "Function"}},
            },
        }

    def write(self) -> Path:
        """Write it; again after a change of `resources`."""
        (self.directory / "code" / "below").mkdir(parents=True, exist_ok=True)
        (self.directory / "code" / "module.py").write_text(HANDLER)
        template = {
            "Resources": self.resources,
            "Outputs": {
                "FunctionName": {"Value": {"Ref": "Function"}},
                "FunctionUrl": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}},
            },
        }
        key = f"{uuid.uuid4().hex}.json"
        self._write(f"{self.name}.template.json", template)
        self._write(
            f"{self.name}.assets.json",
            {
                "files": {
                    "code": asset("code", "zip", f"{self.name}.zip"),
                    "template": asset(f"{self.name}.template.json", "file", key),
                }
            },
        )
        self._write(
            "manifest.json",
            {
                "artifacts": {
                    "assets": {
                        "type": "cdk:asset-manifest",
                        "properties": {"file": f"{self.name}.assets.json"},
                    },
                    self.name: {
                        "type": "aws:cloudformation:stack",
                        "properties": {
                            "templateFile": f"{self.name}.template.json",
                            "stackTemplateAssetObjectUrl": f"s3://{ASSETS}/{key}",
                        },
                    },
                }
            },
        )
        return self.directory

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self.directory / name).write_text(json.dumps(content))


def asset(path: str, packaging: str, key: str) -> dict[str, Any]:
    return {
        "source": {"path": path, "packaging": packaging},
        "destinations": {"here": {"bucketName": ASSETS, "objectKey": key}},
    }


def send_to(queue: str) -> dict[str, Any]:
    resource = {"Fn::GetAtt": [queue, "Arn"]}
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(tmp_path)


def test_a_function_may_do_what_its_role_may_and_nothing_else(
    assembly: Assembly, running_cloud: Cloud
) -> None:
    function = deploy(assembly.write(), running_cloud.access)["FunctionName"]

    assert invoke(running_cloud, function, "ALLOWED") == "sent"
    assert "AccessDenied" in invoke(running_cloud, function, "FORBIDDEN")


def test_a_function_url_answers_only_signed_requests(assembly: Assembly, running_cloud: Cloud) -> None:
    host = deploy(assembly.write(), running_cloud.access)["FunctionUrl"].split("/")[2]
    request = AWSRequest("GET", f"https://{host}/path", headers={"Host": host})
    SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(request)

    assert get(running_cloud, "/path", dict(request.headers.items())) == (200, b"/path")
    assert get(running_cloud, "/path", {"Host": host}) == (403, b'{"Message":"Forbidden"}')


def test_what_did_not_change_is_left_alone(assembly: Assembly, running_cloud: Cloud) -> None:
    outputs = deploy(assembly.write(), running_cloud.access)
    events = len(stack_events(running_cloud, assembly.name))

    assert deploy(assembly.write(), running_cloud.access) == outputs
    assert len(stack_events(running_cloud, assembly.name)) == events


def test_a_changed_template_updates_the_stack(assembly: Assembly, running_cloud: Cloud) -> None:
    function = deploy(assembly.write(), running_cloud.access)["FunctionName"]
    assembly.resources["Role"]["Properties"]["Policies"][0]["PolicyDocument"] = send_to("Forbidden")

    deploy(assembly.write(), running_cloud.access)

    assert invoke(running_cloud, function, "FORBIDDEN") == "sent"


def test_a_failure_names_the_resource_and_can_be_mended(assembly: Assembly, running_cloud: Cloud) -> None:
    assembly.resources["Odd"] = {
        "Type": "AWS::Lambda::Url",
        "Properties": {"AuthType": "AWS_IAM", "TargetFunctionArn": "missing"},
    }
    with pytest.raises(DeploymentFailed, match=r"Odd \(AWS::Lambda::Url\): .*missing"):
        deploy(assembly.write(), running_cloud.access)

    del assembly.resources["Odd"]

    assert "FunctionName" in deploy(assembly.write(), running_cloud.access)


def test_a_template_that_is_refused_says_why(assembly: Assembly, running_cloud: Cloud) -> None:
    assembly.resources["Odd"] = {"Type": "AWS::SQS::Kettle"}

    with pytest.raises(DeploymentFailed, match="AWS::SQS::Kettle"):
        deploy(assembly.write(), running_cloud.access)


def test_overrides_are_added_to_the_environment_of_a_function(
    assembly: Assembly, running_cloud: Cloud
) -> None:
    overrides = {"FunctionName": {"FORBIDDEN": "elsewhere", "NEW": "value"}}

    outputs = deploy(assembly.write(), running_cloud.access, overrides)

    environment = json.loads(invoke(running_cloud, outputs["FunctionName"], "environment", as_text=False))
    assert environment["ALLOWED"].startswith("http")
    assert (environment["FORBIDDEN"], environment["NEW"]) == ("elsewhere", "value")


def invoke(where: Cloud, function: str, event: str, *, as_text: bool = True) -> str:
    client = boto3.client("lambda", **where.access)
    payload = client.invoke(FunctionName=function, Payload=json.dumps(event))["Payload"].read()
    return str(json.loads(payload)) if as_text else payload.decode()


def get(where: Cloud, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", where.port)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def stack_events(where: Cloud, name: str) -> list[Any]:
    return list(
        boto3.client("cloudformation", **where.access).describe_stack_events(StackName=name)["StackEvents"]
    )
