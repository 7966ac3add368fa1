"""`Custom::CDKBucketDeployment` unpacks assets into a bucket.

In AWS it is a function that calls the AWS CLI from a layer. ministack does not mount layers under /opt, so
the function fails there, and this stands in for it.
"""

import io
import json
import mimetypes
import os
import posixpath
import uuid
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import boto3
from ministack.core.responses import get_region
from ministack.services.cloudformation import provisioners

from local.emulator.secret_references import Provisioned

type Props = dict[str, Any]


def close() -> None:
    """Register what creates, updates and deletes a bucket deployment."""
    provisioners._RESOURCE_HANDLERS["Custom::CDKBucketDeployment"] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }


def _create(_logical_id: str, props: Props, _stack_name: str) -> Provisioned:
    return _deploy(f"aws.cdk.s3deployment.{uuid.uuid4()}", props)


def _update(physical_id: str, old: Props, new: Props, _stack_name: str) -> Provisioned:
    if _destination(old) != _destination(new):
        _delete(physical_id, old)
    return _deploy(physical_id, new)


def _delete(_physical_id: str, props: Props) -> None:
    if not _is_on(props, "RetainOnDelete"):
        _remove(props, kept=set())


def _deploy(physical_id: str, props: Props) -> Provisioned:
    bucket, prefix = _destination(props)
    system = {name.title().replace("-", ""): value for name, value in props.get("SystemMetadata", {}).items()}
    written = set()
    for name, content in _files(props):
        if _is_wanted(props, name):
            content_type = mimetypes.guess_type(name)[0] or "binary/octet-stream"
            arguments = {"ContentType": content_type, "Metadata": props.get("UserMetadata", {}), **system}
            _s3().put_object(Bucket=bucket, Key=prefix + name, Body=content, **arguments)
            written.add(prefix + name)
    if _is_on(props, "Prune"):
        _remove(props, kept=written)
    return physical_id, {
        "DestinationBucketArn": props.get("DestinationBucketArn", f"arn:aws:s3:::{bucket}"),
        "SourceObjectKeys": props["SourceObjectKeys"],
    }


def _files(props: Props) -> Iterator[tuple[str, bytes]]:
    count = len(props["SourceObjectKeys"])
    sources = zip(
        props["SourceBucketNames"],
        props["SourceObjectKeys"],
        props.get("SourceMarkers") or [{}] * count,
        props.get("SourceMarkersConfig") or [{}] * count,
        strict=True,
    )
    for bucket, key, markers, config in sources:
        source = _s3().get_object(Bucket=bucket, Key=key)["Body"].read()
        if not _is_on(props, "Extract"):
            yield posixpath.basename(key), source
            continue
        values = {marker: _value(text, config) for marker, text in markers.items()}
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    yield entry.filename, _replaced(archive.read(entry), values)


def _value(value: Any, config: dict[str, str]) -> str:
    if str(config.get("jsonEscape")).lower() == "true":
        text = json.dumps(value)
        return text[1:-1] if isinstance(value, str) else text
    return str(value)


def _replaced(content: bytes, values: dict[str, str]) -> bytes:
    for marker, value in values.items():
        content = content.replace(marker.encode(), value.encode())
    return content


def _remove(props: Props, kept: set[str]) -> None:
    bucket, prefix = _destination(props)
    for page in _s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if entry["Key"] not in kept and _is_wanted(props, entry["Key"].removeprefix(prefix)):
                _s3().delete_object(Bucket=bucket, Key=entry["Key"])


def _destination(props: Props) -> tuple[str, str]:
    prefix = props.get("DestinationBucketKeyPrefix", "").strip("/")
    return props["DestinationBucketName"], f"{prefix}/" if prefix else ""


def _is_wanted(props: Props, name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in props.get("Include", [])) or not any(
        fnmatch(name, pattern) for pattern in props.get("Exclude", [])
    )


def _is_on(props: Props, name: str) -> bool:
    return str(props.get(name, True)).lower() == "true"


def _s3() -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        region_name=get_region(),
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
