"""What the tools say of the template."""

import json
import os
import subprocess
import sys
from pathlib import Path

from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from infra.app import open_tracking
from infra.wheels import ROOT


def test_cfn_lint_has_nothing_to_say(assembly: Path) -> None:
    found = subprocess.run(  # noqa: S603
        # W3005: CDK writes out dependencies that CloudFormation sees by itself.
        [
            Path(sys.executable).with_name("cfn-lint"),
            *("-i", "W3005", "--"),
            assembly / "OpenTracking.template.json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.stdout, found.returncode) == ("", 0)


def test_cdks_own_validation_finds_nothing(assembly: Path) -> None:
    reports = json.loads((assembly / "validation-report.json").read_text())["pluginReports"]

    assert [violation for report in reports for violation in report["violations"]] == []


def test_the_pinned_cli_reads_what_the_app_wrote(assembly: Path, tmp_path: Path) -> None:
    program = ROOT / "node_modules" / ".bin" / "cdk"
    assert program.exists(), "The CDK's command line is missing: run npm ci."

    listed = subprocess.run(  # noqa: S603
        [program, "list", "--app", assembly, "--output", tmp_path, "--no-notices"],
        env={**os.environ, "CDK_DISABLE_CLI_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (listed.stdout.strip(), listed.returncode) == ("OpenTracking", 0), listed.stderr


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(tmp_path: Path) -> None:
    app = open_tracking(outdir=tmp_path)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    app.synth()

    (report,) = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    assert (report["pluginName"], report["violations"]) == ("AwsSolutions", [])
