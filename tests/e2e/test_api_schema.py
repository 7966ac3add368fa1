"""What the API answers is what its OpenAPI document says, whatever it is asked."""

import functools
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
import schemathesis
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig

from tests.e2e import console
from tests.e2e.clients.tour import DOCUMENT
from tests.e2e.conftest import LocalSystem
from tracking.mail.credentials import CredentialStatus

pytestmark = pytest.mark.e2e

SCHEMA = schemathesis.openapi.from_path(
    DOCUMENT,
    config=SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {"deterministic": True, "max-examples": 12, "no-shrink": True},
            "phases": {"coverage": {"enabled": False}},
        }
    ),
)


@SCHEMA.parametrize()
def test_it(case: schemathesis.Case, system: LocalSystem) -> None:
    key = _key(system, case.operation.label)
    case.call_and_validate(base_url=system.endpoints.api_url.removesuffix("/v3"), headers={"X-Smtp2go-Api-Key": key})


@functools.cache
def _key(system: LocalSystem, label: str) -> str:
    return console.new_key(system.endpoints, "*", status="sandbox", description=label)
