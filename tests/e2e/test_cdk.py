import os
import platform
import subprocess
from pathlib import Path

import boto3
import pytest

from local import cloud
from local.cloud import ACCOUNT, REGION, REPOSITORY
from tests.local.conftest import free_port

pytestmark = pytest.mark.e2e


def test_cdk_bootstrap_and_cdk_deploy_succeed_against_the_local_cloud(tmp_path: Path) -> None:
    python = cloud.install(REPOSITORY / ".local" / "cloud")

    with cloud.start(python, free_port(), tmp_path / "cloud") as ministack:
        _cdk(ministack.access, "bootstrap", f"aws://{ACCOUNT}/{REGION}", cdk_out=tmp_path / "cdk.out")
        _cdk(ministack.access, "deploy", "--require-approval", "never", cdk_out=tmp_path / "cdk.out")
        (stack,) = boto3.client("cloudformation", **ministack.access).describe_stacks(
            StackName="OpenTracking"
        )["Stacks"]

    assert stack["StackStatus"] == "CREATE_COMPLETE"


def _cdk(access: cloud.Access, *command: str, cdk_out: Path) -> None:
    architecture = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
    ended = subprocess.run(
        [
            "node_modules/.bin/cdk",
            *command,
            "--no-notices",
            "--output",
            str(cdk_out),
            "--context",
            f"architecture={architecture}",
        ],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "AWS_ENDPOINT_URL": access["endpoint_url"],
            "AWS_ACCESS_KEY_ID": access["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": access["aws_secret_access_key"],
            "AWS_REGION": REGION,
            "CDK_DISABLE_CLI_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
