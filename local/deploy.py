"""What `cdk deploy` does, without Node and a bootstrap stack: the synthesized template to the local cloud."""

import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from local.cloud import ACCOUNT, REGION, Access

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_s3 import S3Client

BOOTSTRAP_VERSION = ("/cdk-bootstrap/hnb659fds/version", "30")
"""The parameter by which a template asks for a new enough bootstrap stack."""

UP_TO_DATE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
NEVER_CREATED = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
"""The states of a stack that can only be deleted."""

POLL_SECONDS = 0.2


class DeploymentFailed(Exception):
    """The stack could not be created or updated; the message says why, resource by resource."""


def deploy(
    cdk_out: Path, access: Access, overrides: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, str]:
    """Create the stack of a cloud assembly, or bring it up to date.

    Args:
        cdk_out: What `cdk synth` wrote: an assembly with one stack.
        access: The administrator's.
        overrides: Environment variables that functions have here and not in AWS, by the stack output that
            names the function: `{"DeliverFunctionName": {"NAME": "value"}}`.

    Returns:
        The stack's outputs.

    Raises:
        DeploymentFailed: The template was refused, or a resource could not be created or changed.
    """
    artifacts = json.loads((cdk_out / "manifest.json").read_text())["artifacts"]
    (assets,) = _properties(artifacts, "cdk:asset-manifest")
    (stack,) = _properties(artifacts, "aws:cloudformation:stack")
    _upload(cdk_out, cdk_out / assets["file"], boto3.client("s3", **access))
    name, version = BOOTSTRAP_VERSION
    boto3.client("ssm", **access).put_parameter(Name=name, Value=version, Type="String", Overwrite=True)
    outputs = _bring_up_to_date(
        boto3.client("cloudformation", **access),
        stack["templateFile"].removesuffix(".template.json"),
        cdk_out / stack["templateFile"],
        _filled_in(stack["stackTemplateAssetObjectUrl"]).replace("s3:/", access["endpoint_url"]),
    )
    for output, variables in (overrides or {}).items():
        _override(outputs[output], variables, access)
    return outputs


def _properties(artifacts: dict[str, Any], kind: str) -> list[dict[str, str]]:
    return [artifact["properties"] for artifact in artifacts.values() if artifact["type"] == kind]


def _upload(cdk_out: Path, manifest: Path, s3: "S3Client") -> None:
    for asset in json.loads(manifest.read_text())["files"].values():
        source = cdk_out / asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket = _filled_in(destination["bucketName"])
            if not _exists(s3, bucket, destination["objectKey"]):
                content = _zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
                s3.create_bucket(Bucket=bucket)
                s3.put_object(Bucket=bucket, Key=destination["objectKey"], Body=content)


def _filled_in(text: str) -> str:
    return text.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)


def _exists(s3: "S3Client", bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        return False
    return True


def _zipped(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(directory.rglob("*")):
            archive.write(path, path.relative_to(directory))
    return buffer.getvalue()


def _bring_up_to_date(
    cloudformation: "CloudFormationClient", name: str, template: Path, url: str
) -> dict[str, str]:
    started_at = datetime.now(UTC)
    stack = _stack(cloudformation, name)
    if stack and stack["StackStatus"] in NEVER_CREATED:
        cloudformation.delete_stack(StackName=name)
        stack = _settled(cloudformation, name)
    try:
        if stack is None:
            cloudformation.create_stack(
                StackName=name, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"]
            )
        elif stack["StackStatus"] not in UP_TO_DATE or _is_changed(cloudformation, name, template):
            cloudformation.update_stack(
                StackName=name, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"]
            )
    except ClientError as error:
        raise DeploymentFailed(f"{name} was refused: {error}") from error
    stack = _settled(cloudformation, name)
    if stack is None or stack["StackStatus"] not in UP_TO_DATE:
        failures = "\n".join(_failures(cloudformation, name, started_at))
        raise DeploymentFailed(f"{name} is {stack['StackStatus'] if stack else 'gone'}:\n{failures}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _stack(cloudformation: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    stacks = cloudformation.get_paginator("describe_stacks").paginate().search("Stacks[]")
    return next((stack for stack in stacks if stack["StackName"] == name), None)


def _settled(cloudformation: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    while (stack := _stack(cloudformation, name)) and stack["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(POLL_SECONDS)
    return stack


def _is_changed(cloudformation: "CloudFormationClient", name: str, template: Path) -> bool:
    deployed = cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    return bool(deployed != json.loads(template.read_text()))


def _failures(cloudformation: "CloudFormationClient", name: str, since: datetime) -> Iterator[str]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
    for event in pages.search("StackEvents[]"):
        if event["Timestamp"] >= since and event["ResourceStatus"].endswith("_FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given")
            yield f"  {event['LogicalResourceId']} ({event['ResourceType']}): {reason}"


def _override(function: str, variables: Mapping[str, str], access: Access) -> None:
    client = boto3.client("lambda", **access)
    environment = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    if not variables.items() <= environment.items():
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**environment, **variables}}
        )
