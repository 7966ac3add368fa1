"""10,000 fetches while DynamoDB and SQS fail in random mixtures: every one is counted once, in the end."""

import base64
import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.model import OperationModel

from functions.pixel import handler, images, overflow, recover
from tests.functions.conftest import Cloud
from tests.functions.pixel.cloudfront import (
    AT,
    CHROME,
    EMAIL_ID,
    GMAIL,
    WGET,
    log,
    log_line,
    pixel_path,
    request,
)
from tests.functions.sqs import batch, left
from tracking.mail.deliveries import Delivery, TrackingMode

FETCHES = 10_000
URL = "https://aws.example/"

NEVER_INVOKED = {
    7: {"sc_status": "429", "sc_content_len": "33"},
    11: {"sc_status": "200", "sc_content_len": "53"},
    13: {"sc_status": "000", "sc_content_len": "-"},
}
"""Of 20 requests those that the function never saw, as the log has them."""

type Faults = tuple[Callable[[], Exception], ...]


def refused(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


DYNAMODB_FAULTS: Faults = (
    lambda: refused("ProvisionedThroughputExceededException", 400),
    lambda: refused("ThrottlingException", 400),
    lambda: refused("InternalServerError", 500),
    lambda: refused("ServiceUnavailable", 503),
    lambda: ConnectTimeoutError(endpoint_url=URL),
    lambda: ReadTimeoutError(endpoint_url=URL),
)
SQS_FAULTS: Faults = (
    lambda: refused("InternalError", 500),
    lambda: refused("OverLimit", 403),
    lambda: ReadTimeoutError(endpoint_url=URL),
)


class Aws:
    """A table and a queue that fail now and then: before they did what was asked, or after.

    moto takes milliseconds for a call, and is quadratic in places. What is needed here is short: GetItem,
    PutItem under the condition that there is no such item, and SendMessage.
    """

    def __init__(self, random: Random) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.messages: list[str] = []
        self.is_fair = True
        self.failed: Counter[str] = Counter()
        self._random = random

    def serve(self, client: BaseClient, rate: float, faults: Faults) -> None:
        """Answer a client's calls in place of the network. Source: botocore's event `before-call`."""

        def answer(model: OperationModel, params: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 -- botocore's hooks say that they answer nothing.
            self._spoil(f"{model.name} before", rate, faults)
            answered = getattr(self, xform_name(model.name))(json.loads(params["body"]))
            self._spoil(f"{model.name} after", rate, faults)
            status = 400 if "Error" in answered else 200
            return AWSResponse(URL, status, HTTPHeaders(), None), {
                "ResponseMetadata": {"HTTPStatusCode": status},
                **answered,
            }

        client.meta.events.register("before-call", answer)

    def _spoil(self, moment: str, rate: float, faults: Faults) -> None:
        if not self.is_fair and self._random.random() < rate:
            self.failed[moment] += 1
            fault = self._random.choice(faults)
            raise fault()

    def get_item(self, body: dict[str, Any]) -> dict[str, Any]:
        item = self.items.get(_key(body["Key"]))
        return {"Item": item} if item else {}

    def put_item(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body["ConditionExpression"] == "attribute_not_exists(pk)"
        if _key(body["Item"]) in self.items:
            return {"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}
        self.items[_key(body["Item"])] = body["Item"]
        return {}

    def send_message(self, body: dict[str, Any]) -> dict[str, Any]:
        self.messages.append(body["MessageBody"])
        return {"MessageId": "x"}

    def events(self) -> list[str]:
        return [sort_key.split("#", 2)[2] for _, sort_key in self.items if sort_key.count("#") > 1]


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


@pytest.fixture
def aws() -> Aws:
    aws = Aws(Random(2026))  # noqa: S311
    for module in (handler, overflow, recover):
        aws.serve(module._recorder().activity._dynamodb, 0.25, DYNAMODB_FAULTS)
    aws.serve(handler._overflow()._sqs, 0.3, SQS_FAULTS)
    handler._recorder().activity.start(
        Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT)
    )
    return aws


def test_every_fetch_gets_an_image_and_is_recorded_once_in_the_end(
    aws: Aws, cloud: Cloud, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for level in ("warning", "exception"):
        monkeypatch.setattr(handler.LOGGER, level, lambda *_, **__: None)
    path, logged = pixel_path(cloud), []
    wanted = [f"cf-{number}" for number in range(FETCHES)]

    aws.is_fair = False
    for number, event_id in enumerate(wanted):
        said = {"cs_uri_stem": path, "x_edge_request_id": event_id}
        # Asked for without TLS at first: that request has an id of its own.
        logged.append(log_line(**said | {"x_edge_request_id": f"http-{number}"}, sc_status="301"))
        if unanswered := NEVER_INVOKED.get(number % 20):
            logged.append(log_line(**said, **unanswered))
            continue
        user_agent = (WGET, GMAIL, CHROME)[number % 3]
        answer = handler.handle(request(path, user_agent=user_agent, x_amz_cf_id=event_id), None)
        assert is_an_image(answer)
        logged.append(log_line(**said, **as_logged(answer)))
    aws.is_fair = True
    at_once = len(aws.events())
    for start in range(0, len(aws.messages), 10):
        assert left(overflow.handle(batch(*aws.messages[start : start + 10]), context)) == []
    after_the_queue = len(aws.events())
    cloud.s3.put_object(Bucket=cloud.log_bucket, Key="pixel/x.gz", Body=log(*logged))
    told = json.dumps({"Records": [{"s3": {"object": {"key": "pixel/x.gz"}}}]})
    assert left(recover.handle(batch(told), context)) == []

    assert Counter(aws.events()) == Counter(wanted)
    assert FETCHES / 4 < at_once < after_the_queue < FETCHES
    assert min(aws.failed.values()) > FETCHES / 20
    assert len(aws.failed) == 6


def is_an_image(answer: dict[str, Any]) -> bool:
    """Or the way to one."""
    return answer["statusCode"] == 302 or answer in (
        images.image(images.RECORDED),
        images.image(images.UNRECORDED),
    )


def as_logged(answer: dict[str, Any]) -> dict[str, str]:
    return {
        "sc_status": str(answer["statusCode"]),
        "sc_content_len": str(len(base64.b64decode(answer["body"]))),
    }
