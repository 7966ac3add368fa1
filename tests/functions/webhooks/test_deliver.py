"""From the queue to a real server on the loopback address."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message as Headers
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from standardwebhooks import Webhook, WebhookVerificationError

from functions.webhooks.deliver import handle
from tests.functions.conftest import SIGNING_ROOT, Cloud
from tests.functions.sqs import batch, left
from tracking.mail.endpoints import AuthScheme, Endpoint, OutputFormat, signing_secret
from tracking.storage.secrets import Authorizations

AT = datetime(2026, 11, 24, tzinfo=UTC)
PAYLOAD = {"event": "open", "subject": "Grüße & №1", "rcpt": "bob@example.net"}
MESSAGE = json.dumps({"endpoint": 1, "webhook_id": "msg_1", "payload": PAYLOAD})


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: Headers
    body: str


@dataclass
class Receiver:
    """The customer's server."""

    port: int = 0
    status: int = 204
    requests: list[Request] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.requests.append(Request(self.path, self.headers, body))
            self.send_response(receiver.status)
            self.send_header("Location", f"http://{receiver.host}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        monkeypatch.setenv("WEBHOOK_EXEMPT_HOSTS", f"other.example:1,{receiver.host}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


def add(cloud: Cloud, url: str, output_format: OutputFormat = OutputFormat.FORM) -> Endpoint:
    endpoint = Endpoint(1, url, AT, output_format=output_format)
    cloud.settings.put_endpoint(endpoint)
    return endpoint


def test_a_webhook_is_a_post_of_the_payload_as_a_form(
    cloud: Cloud, context: LambdaContext, receiver: Receiver
) -> None:
    add(cloud, f"http://{receiver.host}/hook?customer=7")

    assert left(handle(batch(MESSAGE), context)) == []

    (request,) = receiver.requests
    assert request.path == "/hook?customer=7"
    assert request.headers["Host"] == receiver.host
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(request.body)) == PAYLOAD


def test_a_webhook_is_json_if_the_endpoint_wants_it(
    cloud: Cloud, context: LambdaContext, receiver: Receiver
) -> None:
    add(cloud, f"http://{receiver.host}", OutputFormat.JSON)

    handle(batch(MESSAGE), context)

    (request,) = receiver.requests
    assert request.path == "/"
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == PAYLOAD


@pytest.mark.parametrize("output_format", OutputFormat)
def test_a_webhook_is_signed_with_the_endpoints_own_secret(
    cloud: Cloud, context: LambdaContext, receiver: Receiver, output_format: OutputFormat
) -> None:
    endpoint = add(cloud, f"http://{receiver.host}/", output_format)

    handle(batch(MESSAGE), context)

    (request,) = receiver.requests
    assert request.headers["webhook-id"] == "msg_1"
    secret = signing_secret(endpoint, SIGNING_ROOT)
    Webhook(secret).verify(request.body, dict(request.headers), json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.body + " ", dict(request.headers), json_parse=False)


def test_a_webhook_without_authorization_has_no_such_header(
    cloud: Cloud, context: LambdaContext, receiver: Receiver
) -> None:
    add(cloud, f"http://{receiver.host}/")

    handle(batch(MESSAGE), context)

    (request,) = receiver.requests
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("scheme", "header"), [(AuthScheme.BEARER, "Bearer t0ken"), (AuthScheme.BASIC, "Basic dXNlcjpwYXNz")]
)
def test_a_webhook_carries_the_endpoints_authorization_as_it_is_at_that_moment(
    cloud: Cloud, context: LambdaContext, receiver: Receiver, scheme: AuthScheme, header: str
) -> None:
    endpoint = Endpoint(1, f"http://{receiver.host}/", AT, auth_scheme=scheme)
    authorizations = Authorizations(boto3.client("secretsmanager"), "Stack/webhooks/")
    for each in ("Bearer old", header):
        cloud.settings.put_endpoint(replace(endpoint, auth_secret=authorizations.add(1, each)))

        assert left(handle(batch(MESSAGE), context)) == []

    assert [request.headers["Authorization"] for request in receiver.requests] == ["Bearer old", header]


def test_a_webhook_whose_authorization_is_missing_waits(
    cloud: Cloud, context: LambdaContext, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"http://{receiver.host}/"
    endpoint = Endpoint(1, url, AT, auth_scheme=AuthScheme.BEARER, auth_secret="Stack/webhooks/1-gone")
    cloud.settings.put_endpoint(endpoint)

    assert left(handle(batch(MESSAGE), context)) == ["message-0"]

    assert receiver.requests == []
    assert "no authorization" in caplog.text


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_answer_of_success_ends_it(
    cloud: Cloud, context: LambdaContext, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    add(cloud, f"http://{receiver.host}/")

    assert left(handle(batch(MESSAGE), context)) == []


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410, 429, 500, 503])
def test_any_other_answer_leaves_the_webhook_in_the_queue_and_no_redirect_is_followed(
    cloud: Cloud, context: LambdaContext, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    add(cloud, f"http://{receiver.host}/")

    assert left(handle(batch(MESSAGE), context)) == ["message-0"]

    assert [request.path for request in receiver.requests] == ["/"]


def test_one_failure_does_not_keep_the_others_back(
    cloud: Cloud, context: LambdaContext, receiver: Receiver
) -> None:
    add(cloud, f"http://{receiver.host}/")

    assert left(handle(batch("{}", MESSAGE), context)) == ["message-0"]

    assert len(receiver.requests) == 1


def test_an_endpoint_that_is_gone_gets_nothing_any_more(
    cloud: Cloud, context: LambdaContext, receiver: Receiver
) -> None:
    cloud.settings.remove_endpoint(add(cloud, f"http://{receiver.host}/"))

    assert left(handle(batch(MESSAGE), context)) == []

    assert receiver.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://{host}/",
        "https://{host}/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:192.168.0.1]/",
        "https://0.0.0.0/",
        "https://example.com@127.0.0.1/",
        "https://name.invalid/",
        "https://",
        "http:///path",
        "https://127.0.0.1:99999/",
    ],
)
def test_a_url_that_leads_inside_is_not_followed(
    cloud: Cloud,
    context: LambdaContext,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
) -> None:
    monkeypatch.delenv("WEBHOOK_EXEMPT_HOSTS")
    add(cloud, url.format(host=receiver.host))

    assert left(handle(batch(MESSAGE), context)) == ["message-0"]

    assert receiver.requests == []


def test_a_server_that_is_not_there_leaves_the_webhook_in_the_queue(
    cloud: Cloud, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_EXEMPT_HOSTS", "127.0.0.1:9")
    add(cloud, "http://127.0.0.1:9/")

    assert left(handle(batch(MESSAGE), context)) == ["message-0"]


@pytest.mark.parametrize("variable", ["SETTINGS_TABLE", "WEBHOOK_SIGNING_SECRET"])
def test_when_storage_fails_the_webhook_stays_in_the_queue(
    cloud: Cloud,
    context: LambdaContext,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    add(cloud, f"http://{receiver.host}/")
    monkeypatch.setenv(variable, "missing")

    assert left(handle(batch(MESSAGE), context)) == ["message-0"]

    assert receiver.requests == []
