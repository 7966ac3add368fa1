"""What each function's zip holds, and that it works with nothing else."""

import importlib.util
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from infra import wheels
from infra.function import imported_sources, staged
from tests.infra.runtime_api import FunctionFailed, invoke
from tests.infra.templates import Template

HANDLERS = (
    "functions.pixel.handler.handle",
    "functions.pixel.hold.handle",
    "functions.pixel.overflow.handle",
    "functions.pixel.recover.handle",
    "functions.inject.handler.handle",
    "functions.inject.feedback.handle",
    "functions.mail_manager.handler.handle",
    "functions.mail_manager.again.handle",
    "functions.api.handler.handle",
    "functions.webhooks.fan_out.handle",
    "functions.webhooks.readings.handle",
    "functions.webhooks.deliver.handle",
    "functions.webhooks.requeue.handle",
)
HOST = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
ELF_MACHINES = {"arm64": b"\xb7\x00", "x86_64": b"\x3e\x00"}
"""What stands in a compiled module's header at byte 18. Source: elf.h."""

ZIP_LIMIT_BYTES = 50 * 1024 * 1024

ENVIRONMENT = {
    "ACTIVITY_TABLE": "activity",
    "SETTINGS_TABLE": "settings",
    "OUTBOX_BUCKET": "outbox",
    "OUTBOX_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/outbox",
    "ARRIVALS_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/arrivals",
    "OVERFLOW_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/overflow",
    "READINGS_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/readings",
    "LOG_BUCKET": "access-logs",
    "READ_TIME": "on",
    "NOTIFICATIONS_TABLE": "notifications",
    "WEBHOOK_PORTS": "",
    "WEBHOOK_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/webhooks",
    "PIXEL_KEYS_SECRET": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys",
    "WEBHOOK_SIGNING_SECRET": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:signing",
    "PIXEL_URL": "https://t.example.com",
    "CONFIGURATION_SET": "set",
    # No AWS: port 9 refuses, once.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def sqs_event(body: Mapping[str, Any]) -> dict[str, Any]:
    record = {
        "messageId": "m-1",
        "receiptHandle": "r-1",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:queue",
        "awsRegion": "eu-west-1",
    }
    return {"Records": [record]}


def http_event(method: str, path: str, headers: Mapping[str, str], body: str | None = None) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers),
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
            "requestId": "q-1",
            "stage": "$default",
            "timeEpoch": 1764000000000,
        },
        "body": body,
        "isBase64Encoded": False,
    }


ARRIVAL = json.loads(
    (wheels.ROOT / "tests" / "data" / "mail_manager" / "alias_told.json")
    .read_text()
    .replace("SLUG", f"u-{'0' * 24}")
)
FUNCTION_ARN = f"arn:aws:lambda:eu-west-1:123456789012:function:Arrivals:u-{'0' * 24}"

EVENTS: Mapping[str, Mapping[str, Any]] = {
    "functions.mail_manager.handler.handle": ARRIVAL,
    "functions.mail_manager.again.handle": sqs_event({"event": ARRIVAL, "function_arn": FUNCTION_ARN}),
    "functions.pixel.handler.handle": http_event("GET", f"/o/{'A' * 34}.gif", {"user-agent": "Mail/1"}),
    "functions.pixel.hold.handle": http_event("GET", f"/h/{'A' * 90}.gif", {"user-agent": "Mail/1"}),
    "functions.pixel.overflow.handle": sqs_event(
        {
            "token": "A" * 34,
            "event_id": "cf-1",
            "at": "2026-11-24T11:00:00.000000Z",
            "method": "GET",
            "user_agent": "Mail/1",
            "address": None,
            "asn": None,
            "country": None,
            "city": None,
            "headers": {},
        }
    ),
    "functions.pixel.recover.handle": sqs_event({"Records": [{"s3": {"object": {"key": "pixel/x.gz"}}}]}),
    "functions.webhooks.readings.handle": sqs_event(
        {"email_id": "06h0r9co15h30phg2640", "recipient": 1, "event_id": "cf-1"}
    ),
    "functions.api.handler.handle": http_event(
        "POST", "/v3/activity/search", {"x-smtp2go-api-key": f"api-{'0' * 32}"}, "{}"
    ),
    "functions.inject.handler.handle": sqs_event(
        {
            "email_id": "06h0r9co15h30phg2640",
            "kind": "smtp_user",
            "credential_id": "news",
            "mail_from": "news@example.com",
            "recipients": ["anna@example.org"],
            "received_at": "2026-11-24T11:00:00+00:00",
            "size": 100,
            "source_ip": None,
        }
    ),
    "functions.inject.feedback.handle": sqs_event(
        {
            "eventType": "Delivery",
            "mail": {
                "messageId": "s-1",
                "tags": {"email_id": ["06h0r9co15h30phg2640"], "recipient": ["001"]},
            },
            "delivery": {"timestamp": "2026-11-24T11:00:01.000Z", "smtpResponse": "250 ok"},
        }
    ),
    "functions.webhooks.deliver.handle": sqs_event(
        {
            "id": "msg_1",
            "endpoint_id": 1,
            "event": "open",
            "email_id": "06h0r9co15h30phg2640",
            "recipient": "anna@example.org",
            "event_at": "2026-11-24T11:00:00+00:00",
            "body": "event=open",
            "content_type": "application/x-www-form-urlencoded",
            "is_tried": False,
            "run": 0,
            "is_test": False,
        }
    ),
    "functions.webhooks.requeue.handle": {"source": "aws.events", "detail-type": "Scheduled Event"},
    "functions.webhooks.fan_out.handle": {
        "Records": [
            {
                "eventID": "e-1",
                "eventName": "INSERT",
                "eventSource": "aws:dynamodb",
                "awsRegion": "eu-west-1",
                "dynamodb": {
                    "Keys": {"pk": {"S": "EMAIL#06h0r9co15h30phg2640"}, "sk": {"S": "RCPT#001#processed"}},
                    "NewImage": {
                        "pk": {"S": "EMAIL#06h0r9co15h30phg2640"},
                        "sk": {"S": "RCPT#001#processed"},
                        "type": {"S": "processed"},
                        "at": {"S": "2026-11-24T11:00:00.000000Z"},
                        "details": {"M": {}},
                    },
                    "SequenceNumber": "111",
                    "StreamViewType": "NEW_IMAGE",
                },
            }
        ]
    },
}


@pytest.fixture(scope="session")
def runtime() -> Path:
    return wheels.installed("runtime", HOST)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(handler: str, runtime: Path) -> Any:  # noqa: ANN401 -- whatever the handler answers
    return invoke(
        handler, EVENTS[handler], code=staged(handler, HOST), runtime=runtime, environment=ENVIRONMENT
    )


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_zip_holds_what_its_handler_imports_and_its_own_third_party_packages(
    handler: str, snapshot: SnapshotAssertion
) -> None:
    folder = staged(handler, "arm64")
    sources = sorted(
        str(path.relative_to(folder))
        for name in ("functions", "tracking")
        for path in (folder / name).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
    third_party = sorted(path.name.split("-")[0] for path in folder.glob("*.dist-info"))

    assert {"sources": sources, "third_party": third_party} == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_zip_holds_nothing_of_another_function_nor_what_the_runtime_brings(handler: str) -> None:
    folder = staged(handler, "arm64")

    assert {path.name for path in (folder / "functions").iterdir()} == {
        "__init__.py",
        "__pycache__",
        handler.split(".")[1],
    }
    assert not {"boto3", "botocore", "bin", "tests", "infra", "gateway", "local"} & {
        path.name for path in folder.iterdir()
    }


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("architecture", ELF_MACHINES)
def test_a_zips_compiled_modules_are_for_its_architecture(handler: str, architecture: str) -> None:
    compiled = staged(handler, architecture).rglob("*.so*")

    assert {path.read_bytes()[18:20] for path in compiled} <= {ELF_MACHINES[architecture]}


def test_a_zip_is_the_same_whenever_it_is_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = staged("functions.api.handler.handle", "arm64")
    monkeypatch.setattr(wheels, "BUILD", tmp_path)
    second = staged("functions.api.handler.handle", "arm64")

    assert second != first
    assert contents(second) == contents(first)


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_zip_brings_bytecode_that_lambdas_python_takes_without_looking_at_the_sources(handler: str) -> None:
    folder = staged(handler, "arm64")

    for source in (*(folder / "tracking").rglob("*.py"), *(folder / "aws_lambda_powertools").rglob("*.py")):
        compiled = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        assert compiled[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(compiled[4:8], "little") == 0b01  # By hash, unchecked. Source: PEP 552.
        assert f"/var/task/{source.relative_to(folder)}".encode() in compiled


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_zip_is_small_enough_for_lambda(handler: str) -> None:
    size = sum(path.stat().st_size for path in staged(handler, "arm64").rglob("*") if path.is_file())

    assert size < ZIP_LIMIT_BYTES


def test_the_templates_deploy_these_handlers(
    template: Template, template_with_mail_manager: Template
) -> None:
    deployed, with_mail_manager = (
        {function["Handler"] for function in each.of_type("AWS::Lambda::Function").values()}
        for each in (template, template_with_mail_manager)
    )

    assert with_mail_manager == {*HANDLERS, "index.handler"}  # The last is the CDK's own, for static files.
    assert with_mail_manager - deployed == {
        "functions.mail_manager.handler.handle",
        "functions.mail_manager.again.handle",
    }


@pytest.mark.parametrize("handler", ["functions.pixel.handler.handle", "functions.pixel.hold.handle"])
def test_pixel_and_hop_answer_with_the_image_although_aws_does_not_answer(
    handler: str, runtime: Path
) -> None:
    answer = run(handler, runtime)

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "image/gif"


def test_the_api_says_that_it_cannot_answer_when_aws_does_not_answer(runtime: Path) -> None:
    answer = run("functions.api.handler.handle", runtime)

    assert answer["statusCode"] == 503
    assert answer["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "handler",
    [
        "functions.pixel.overflow.handle",
        "functions.pixel.recover.handle",
        "functions.inject.handler.handle",
        "functions.inject.feedback.handle",
        "functions.mail_manager.again.handle",
        "functions.webhooks.readings.handle",
        "functions.webhooks.deliver.handle",
    ],
)
def test_a_consumer_gives_a_message_back_when_aws_does_not_answer(handler: str, runtime: Path) -> None:
    assert run(handler, runtime) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}


def test_a_mail_that_can_neither_be_accepted_nor_wait_is_left_to_lambda(runtime: Path) -> None:
    with pytest.raises(FunctionFailed, match="OutboxUnavailable"):
        run("functions.mail_manager.handler.handle", runtime)


def test_requeue_fails_when_aws_does_not_answer(runtime: Path) -> None:
    with pytest.raises(FunctionFailed, match="NotificationsUnavailable"):
        run("functions.webhooks.requeue.handle", runtime)


def test_fan_out_gives_a_record_back_when_aws_does_not_answer(runtime: Path) -> None:
    answer = run("functions.webhooks.fan_out.handle", runtime)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "111"}]}


def test_a_package_that_is_missing_from_a_zip_is_noticed(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "functions" / "pixel").mkdir(parents=True)
    for source in imported_sources("functions.pixel.handler.handle"):
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((wheels.ROOT / source).read_bytes())

    with pytest.raises(FunctionFailed, match="No module named 'aws_lambda_powertools'"):
        invoke("functions.pixel.handler.handle", {}, code=tmp_path, runtime=runtime, environment=ENVIRONMENT)
