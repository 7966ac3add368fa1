"""SMTP2GO's own client for Node (smtp2go-nodejs), in a process of its own."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from local.cloud import REPOSITORY
from local.endpoints import Endpoints

SCRIPT = Path(__file__).with_name("smtp2go.cjs")


@dataclass(frozen=True, slots=True)
class NodeClient:
    """The client, with one key."""

    questions: IO[str]
    answers: IO[str]

    def __call__(self, endpoint: str, fields: dict[str, object], method: str = "POST") -> Any:  # noqa: ANN401
        """The data of the answer to a call that succeeds."""
        status, body = self._consume({"endpoint": endpoint, "fields": fields, "method": method})
        assert status == 200, body
        return body["data"]

    def send(self, *mail: tuple[object, ...]) -> tuple[int, dict[str, Any]]:
        """Send a mail that its builder makes in these steps; the status and the whole answer."""
        return self._consume({"mail": mail})

    def _consume(self, question: dict[str, object]) -> tuple[int, dict[str, Any]]:
        print(json.dumps(question), file=self.questions, flush=True)
        answer = json.loads(self.answers.readline())
        return answer["status"], answer["body"]


@contextmanager
def node_client(found: Endpoints, key: str) -> Iterator[NodeClient]:
    with subprocess.Popen(
        ["node", SCRIPT, f"{found.api_url}/", key],
        cwd=REPOSITORY,
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield NodeClient(process.stdin, process.stdout)
