"""The webhooks' queue, at a time that stands still."""

from collections.abc import Iterator

import pytest
import time_machine
from aws_lambda_powertools.utilities.typing import LambdaContext
from time_machine import Traveller

from tests.functions.conftest import Cloud
from tests.functions.webhooks.line import Line
from tests.functions.webhooks.one_endpoint import AT


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(AT, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def line(cloud: Cloud, context: LambdaContext, clock: Traveller) -> Line:
    assert clock
    return Line(cloud, context, cloud.sqs)
