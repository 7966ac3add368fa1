import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from local.cloud import Cloud

ENVIRONMENT = cloud.REPOSITORY / ".local" / "cloud"


@pytest.fixture(scope="session")
def cloud_python() -> Path:
    return cloud.install(ENVIRONMENT)


@pytest.fixture(scope="session")
def running_cloud(cloud_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud.start(cloud_python, free_port(), tmp_path_factory.mktemp("cloud")) as running:
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
