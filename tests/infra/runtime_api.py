"""Lambda's runtime API, for one function in a process of its own.

A function's process asks for its next event, and posts what became of it:

| request | answer |
|---|---|
| `GET /2018-06-01/runtime/invocation/next` | the event, its id and deadline in headers; waits for one |
| `POST .../invocation/<id>/response` | 202; the body is the function's answer |
| `POST .../invocation/<id>/error` | 202; the body is the exception |
| `POST .../init/error` | 202; the body is why the handler could not be imported |

Source: "Using the Lambda runtime API for custom runtimes", Lambda developer guide.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
TIMEOUT = timedelta(seconds=30)


class FunctionFailed(Exception):
    """The function could not be imported, raised an exception, or did not answer."""


class _RuntimeApi(ThreadingHTTPServer):
    """Has one event, and waits for what becomes of it."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.events: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self.events.put(event)
        self.outcomes: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()


class _Request(BaseHTTPRequestHandler):
    server: _RuntimeApi

    def do_GET(self) -> None:
        event = self.server.events.get()
        if event is None:
            return
        deadline = int((time.time() + TIMEOUT.total_seconds()) * 1000)
        self._answer(
            200,
            json.dumps(event).encode(),
            {
                "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
                "Content-Type": "application/json",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.outcomes.put((self.path.rpartition("/")[2], body))
        self._answer(202, b"", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def invoke(
    handler: str,
    event: Mapping[str, Any],
    *,
    code: Path,
    runtime: Path,
    environment: Mapping[str, str],
) -> Any:  # noqa: ANN401 -- whatever the handler answers
    """Call a function once as Lambda does: through awslambdaric, in a new process.

    Args:
        handler: As in the template.
        event: What the function is given.
        code: The folder that becomes the function's zip.
        runtime: A folder with awslambdaric and boto3, which is all that the process finds besides `code`.
        environment: The function's environment variables.

    Returns:
        What the handler returned.

    Raises:
        FunctionFailed: The handler could not be imported, raised an exception, or did not answer.
    """
    with _serving(_RuntimeApi(event)) as api, _process(handler, api, code, runtime, environment) as process:
        try:
            kind, body = api.outcomes.get(timeout=TIMEOUT.total_seconds())
        except queue.Empty:
            kind, body = "timeout", b""
        finally:
            process.kill()
            output, _ = process.communicate()
    if kind != "response":
        raise FunctionFailed(f"{handler}: {kind} {body.decode()}\n{output}")
    return json.loads(body)


@contextmanager
def _serving(api: _RuntimeApi) -> Iterator[_RuntimeApi]:
    thread = threading.Thread(target=api.serve_forever)
    thread.start()
    try:
        yield api
    finally:
        api.events.put(None)
        api.shutdown()
        api.server_close()
        thread.join()


def _process(
    handler: str, api: _RuntimeApi, code: Path, runtime: Path, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    # -S: no site-packages, so that nothing of the project's own environment is found.
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-S", "-m", "awslambdaric", handler],
        cwd=code,
        env={
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "LAMBDA_TASK_ROOT": str(code),
            "PYTHONPATH": str(runtime),
            "PYTHONDONTWRITEBYTECODE": "1",
            "_HANDLER": handler,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
