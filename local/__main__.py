"""`python -m local run|stop|demo`: the local system from the command line."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from local import demo, endpoints
from local.assembly import SynthFailed
from local.cloud import REPOSITORY, CloudUnavailable
from local.deploy import DeploymentFailed
from local.endpoints import Endpoints
from local.system import Ports, SystemUnavailable, running

PROCESS_FILE = "run.pid"
"""Under the system's directory: the process that runs it."""


def main() -> int:
    """Do what the command line says; the exit status."""
    options = _options()
    directory: Path = options.directory
    directory.mkdir(parents=True, exist_ok=True)
    ports = Ports(**{field.name: getattr(options, field.name) for field in fields(Ports)})
    try:
        match options.command:
            case "run":
                return asyncio.run(_run(directory, ports))
            case "demo":
                return asyncio.run(_demo(directory, ports))
            case _:
                return _stop(directory)
    except (CloudUnavailable, SynthFailed, DeploymentFailed, SystemUnavailable) as error:
        print(f"local: {error}", file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=("run", "stop", "demo"))
    parser.add_argument("--directory", type=Path, default=REPOSITORY / ".local", help="for all that it keeps")
    for field in fields(Ports):
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, type=int, default=field.default, metavar="PORT", help="default %(default)s")
    return parser.parse_args()


async def _run(directory: Path, ports: Ports) -> int:
    if process := _running(directory):
        print(f"The local system runs already, as process {process}.\n")
        print(_described(_known(directory)))
        return 0
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    file = directory / PROCESS_FILE
    file.write_text(str(os.getpid()))
    try:
        async with running(directory, ports, _timed()) as found:
            print(f"\n{_described(found)}\n\nRunning until Ctrl-C or `make stop`.", flush=True)
            await stopped.wait()
            print("\nstopping; the state stays", flush=True)
    finally:
        file.unlink(missing_ok=True)
    return 0


async def _demo(directory: Path, ports: Ports) -> int:
    if _running(directory):
        return await asyncio.to_thread(demo.perform, _known(directory))
    async with running(directory, ports, _timed()) as found:
        return await asyncio.to_thread(demo.perform, found)


def _stop(directory: Path) -> int:
    process = _running(directory)
    if process is None:
        print("The local system does not run.")
        return 0
    os.kill(process, signal.SIGTERM)
    while _running(directory):
        time.sleep(0.1)
    print("Stopped; the state stays.")
    return 0


def _running(directory: Path) -> int | None:
    """The process that runs the system; None if none does, whatever a killed one left behind."""
    file = directory / PROCESS_FILE
    try:
        process = int(file.read_text())
        os.kill(process, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return process


def _known(directory: Path) -> Endpoints:
    found = endpoints.read(directory)
    started_at = (directory / PROCESS_FILE).stat().st_mtime
    if found is None or (directory / endpoints.FILE).stat().st_mtime < started_at:
        raise SystemUnavailable("the local system is still starting; try again in a moment")
    return found


def _timed() -> Callable[[str], None]:
    started = time.monotonic()
    return lambda what: print(f"{time.monotonic() - started:5.1f} s  {what}", flush=True)


def _described(found: Endpoints) -> str:
    smtp = found.smtp
    return "\n".join(
        (
            f"Mailbox         {found.mailbox_url}  (what was sent; open a mail there)",
            f"Webhook sink    {found.webhook_sink_url}/",
            f"API             {found.api_url}  key {found.api_key}",
            f"SMTP            {smtp.host}:{smtp.port} (STARTTLS), :{smtp.tls_port} (TLS)",
            f"                user {smtp.user}  password {smtp.password}",
            f"Dashboard       {found.dashboard_url}",
            f"                user {found.dashboard_user}  password {found.dashboard_password}",
            f"Pixel           {found.pixel_url}",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
