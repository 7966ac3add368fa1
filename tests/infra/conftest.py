"""The stack, synthesized once."""

import json
from pathlib import Path

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from infra.app import open_tracking
from tests.infra.templates import Template


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("cdk.out")
    open_tracking(outdir=outdir).synth()
    return outdir


@pytest.fixture(scope="session")
def template(assembly: Path) -> Template:
    return Template(json.loads((assembly / "OpenTracking.template.json").read_text()))


@pytest.fixture(scope="session")
def assembly_with_domains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("cdk.out")
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd"
    open_tracking(
        {
            "architecture": "x86_64",
            "tracking_domain": "t.example.com",
            "tracking_certificate_arn": certificate,
            "app_domain": "mail.example.com",
            "app_certificate_arn": certificate,
            "alarm_email": "ops@example.com",
            "read_time": "off",
            "gateway_host": "smtp.example.com",
        },
        outdir,
    ).synth()
    return outdir


@pytest.fixture(scope="session")
def template_with_domains(assembly_with_domains: Path) -> Template:
    return Template(json.loads((assembly_with_domains / "OpenTracking.template.json").read_text()))


@pytest.fixture(scope="session")
def assembly_with_mail_manager(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("cdk.out")
    app = open_tracking({"smtp": "mail-manager"}, outdir)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return outdir


@pytest.fixture(scope="session")
def template_with_mail_manager(assembly_with_mail_manager: Path) -> Template:
    return Template(json.loads((assembly_with_mail_manager / "OpenTracking.template.json").read_text()))
